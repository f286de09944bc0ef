// Package spool stands between the taps of a proxy and the log of its capture. It makes batches out of records, tells who waits when
// his is durable, and knows what to do while the log takes nothing.
//
//	taps ── Put ──> queue ── batch ──> log            direct
//	                           │
//	                           └─────> spill ──> log  away: the log failed, or was too slow; records go to a folder, and from there, in
//	                           │                      their order, to the log once it works again
//	                           └─────> gap            neither takes them: they are counted, and the log gets a record that says so
//
// All that wait while a batch is on its way share the next one, and with it one sync or one produce. Batches that nobody waits for go
// out when they are a moment old. Of each record it is known in the end that it is in the log, or in the spill, or counted in a gap.
//
// It does not know HTTP.
package spool
