// Package snapshot reads snapshot repositories of Elasticsearch and OpenSearch where they lie: which
// snapshots there are, which indices in them with which settings and mappings, and which Lucene files
// make up a shard.
//
//	Open ─> Repository ── index-N: snapshots, indices, where their metadata lies (before Elasticsearch 5: names)
//	          └ Snapshot ── snap-UUID.dat, meta-UUID.dat (templates: Global)
//	              └ Index ── meta-….dat: settings, mappings, aliases
//	                  └ Shard ── N/snap-UUID.dat: Lucene file -> blobs
//	                      └ Directory ── Open(name): bytes by range, parts joined
//
// The layouts of the versions are rows of one table (layout.go). What the table does not hold is refused
// by name, with what was found. Everything read is checked: the CRC of every metadata blob (where there is
// none, in Elasticsearch 1 and in index-N, its structure), and for Lucene files the recorded length against
// the blobs and the recorded checksum against the file's footer. The content of a Lucene file is for its
// reader to verify, as its bytes pass.
//
// It writes nothing, decodes no Lucene file, and takes no logger: what deserves a warning is data
// ([Snapshot.Warnings]). docs/formats/snapshot.md draws the layout.
package snapshot
