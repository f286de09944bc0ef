// Package verify proves that a target holds what a source says it should, document by document.
//
//	Source ── operations as a backfill would send them ──┐                  ┌── documents in _doc order ── Cluster
//	(Snapshot: the pipeline of rfs, or Live)             v                  v
//	                                            65,536 buckets by hash of index, id and routing,
//	                                            each: a count, and sums of a 128-bit digest of id and source
//	                                                        │ differ in
//	          one document each         │       several        │            very many
//	   the sums themselves name them    │  lookups take out    │    a second read of the target
//	                                    │  what both have      │    names them
//	                                                        v
//	          the source is read again where these documents lie ([BlockSource]), the target is asked for them by id:
//	          compared as bytes, then as JSON values ──> [Finder]: missing, extra, different at these paths
//
// Sums do not depend on order, and memory does not grow with the corpus: a table is about 10 MB, the sieve that knows where documents lie has a
// fixed size, and what is kept of documents that may differ is bounded ([Options].Memory). Beyond that, indices are reported as a whole, and the
// summary says so. Where nearly everything differs in bytes, since the target writes sources in another form, the indices concerned are read once
// more, with digests of JSON values.
//
// Routing is part of a document's name: the same id under another routing is another document, and lies on another shard. Nested
// children and deleted documents are none. Versions are not compared.
//
// It sends nothing to either side but searches. Sending again what differs is the caller's, who is given each operation; package rfs
// says what a source is.
package verify
