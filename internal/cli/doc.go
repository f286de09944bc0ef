// Package cli is the command line of migassist.
//
//	arguments -> command -> config (file < environment < flags) -> one call of a mode -> results, exit code
//
// A command has a file: the command, its flags, one call, the printing. Results
// go to standard output, in words or as JSON (--output json); everything else,
// log and errors, goes to standard error. What the modes do stands in their
// packages, not here.
package cli
