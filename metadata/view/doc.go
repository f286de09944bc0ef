// Package view writes plans and reports of metadata for people and for programs.
// It decides nothing: what it writes is in the plan or in the report already.
package view
