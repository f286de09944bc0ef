// Package supported is the table of what this version reads, and on what each row was proven.
//
//	Snapshots ─> `migassist version --supported`
//	         └─> README, which a test holds equal to it
//
// It is for people. What decides is in the tables of packages snapshot and lucene; tests hold this one against the
// fixtures, so that a row says "proven" only of a version whose server wrote what the tests read.
package supported
