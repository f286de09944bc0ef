// Package retry is patience: how often something is tried, and how long to wait in between.
//
// It does not know what is worth repeating; whoever made the request does.
package retry
