// Package lucene reads documents out of the files of an index of Lucene 4 to 10, straight from where they lie.
//
//	segments_N ── Commit ── Segment ─┬─ .si   size, codec, compound or not
//	                                 ├─ .fnm  field names and numbers
//	                                 ├─ .liv .del  which documents were deleted, .dvm .dvd which softly so
//	                                 └─ .fdm .fdx .fdt  stored fields, in compressed chunks
//
// [OpenCommit] gives the segments, [Segment.Open] one segment's documents. [Documents.Spans] cuts them into runs of raw
// chunks, in order and from any document on; a [Decoder] per goroutine turns a span into documents, whose wanted fields lie
// ready; [Doc.Fields] walks all of them, and [Documents.Column] goes along with doc values. Only
// these files are read: an unknown postings or vector format never stops a migration.
//
// A format is chosen by the codec name in the header of each file, never by the codec name of a
// segment, which plugins choose as they like. Formats are rows of tables; a new Lucene is a new row.
//
// Every checksum is verified as its bytes are read; [Verification] is for stores where reading costs. Lengths are bounded before anything is allocated.
//
// It does not know Elasticsearch: what _id or _source mean belongs to package rfs.
package lucene
