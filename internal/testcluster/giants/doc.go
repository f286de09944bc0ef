// Package giants holds the real binary against documents of 90 MB, written by a real server: its resident memory stays within
// the budget, and what a target does not take is a dead letter with its reason. It has end-to-end tests only.
package giants
