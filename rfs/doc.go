// Package rfs backfills: it reads documents out of a snapshot's Lucene files and writes them to a target.
//
//	Snapshot ─ Plan ─> Item (index, shard)
//	                     │ spans, in order                 batches, in order
//	                     └──────────> decode (parallel) ──────────> Sink: bulk requests in flight, or a file
//	                                                                  │ outcomes, in order
//	                                         State (cursor, counts) <─┴─> dead letters
//
// A [Plan] lists the shards to read and what can't be read. [Backfill.Run] works the items off. The cursor of an item is
// the low-water mark of what the sink has decided; after a kill, the run goes on there. Per index,
// read = written + skipped + refused, and every document that was not written is in the dead letters with the reason.
//
// It does not create indices: that is package metadata's.
package rfs
