// Package telemetry is how the program talks to its operator while it runs: the
// logger that internal/cli makes once and hands down.
//
//	log line  ->  console form on a terminal, one JSON object otherwise  ->  standard error
//
// Libraries below take no logger unless they serve an operator. Results are not
// talk: they go to standard output, through internal/cli.
package telemetry
