// Package arch holds the import table of migassist and the test that keeps it true.
//
//	8 main
//	7 internal/cli
//	6 console, internal/demo
//	…
//	0 config, cluster/version, lucene/input, …
//
// A package imports only packages of lower rows. The table (table_test.go) is
// data: a new package gets a line there before the tests pass, and whoever adds
// the line decides where it belongs. Walls against foreign libraries are not
// here but in .golangci.yml (depguard). The package has no code of its own:
// nothing imports it.
package arch
