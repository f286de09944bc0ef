// Command compare reads the same segment files with our reader and with Apache Lucene's own, turn and turn about, and prints how they
// compare.
//
//	go run ./internal/testcluster/compare -out DIR    # makes DIR/lucene-9.12.1-fast-300000 and the others on first use
//
// Both run as children that wait for a line and then read the whole index once: the five passes of each alternate, so that whatever else
// the machine does meets both, and Java's compiler has done its work before the first one counts. Both count the documents, the bytes of
// their _id and _source, and a checksum of these; the run fails where they differ. On one core both are pinned to the same one, and
// Java collects its garbage serially.
//
// Lucene reads as it does when it merges, which is its fastest way: the merge instance of a segment's stored fields, memory-mapped. Rival.java
// has it; Maven brings lucene-core.
package main
