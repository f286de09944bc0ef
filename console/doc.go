// Package console is the operator's verbs: what one types to look, not to migrate.
//
// Today it looks into snapshots: which there are, which indices and files one has, and what the reader makes
// of any of their files. Each verb returns data that prints itself, for people or as JSON.
//
// It is not a mode: it calls the modes and what they stand on, and nothing calls it but the command line.
package console
