// Package rfs backfills: it reads documents out of a snapshot's Lucene files and writes them to a target, by any number of workers.
//
//	Snapshot ─ Plan ─> Work: items in a lease.Store <──── claim, checkpoint, split, finish ────┐
//	                     │ spans, in order                 batches, in order                   │
//	                     └──────────> decode (parallel) ──────────> Sink: bulk requests in flight, or a file
//	                                                                  │ outcomes, in order     │
//	                                                  dead letters <──┴─> Progress: cursor, counts, sums
//
// A [Plan] lists the shards to read, as far as metadata tells. [Backfill.Run] is one worker: it begins the run or joins it, works items
// off until none is left for anyone, and returns the summary of the whole run, which one worker makes for all. The cursor of an
// item is the low-water mark of what the sink has decided; after a kill, another worker goes on there. Per index,
// read + made = written + superseded + skipped + refused + dropped ([Transform] makes several of one document, or drops it), and every document that was skipped or refused is in the dead letters with the reason.
//
// It does not create indices: that is package metadata's. It does not know where the store is, nor how leases are kept: that is
// package lease's.
package rfs
