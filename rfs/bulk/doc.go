// Package bulk sends batches of documents to a target until each document has a fate.
//
//	Batch ── Writer.Write ──> gate ──> permit ──> Target ──> Outcome
//	                ^                                |
//	                +----------- retryable ----------+       written, superseded, or refused with the target's reason
//
// A [Batch] is the body of one bulk request, cut by bytes, with the border of every operation. [Writer.Write] sends it,
// reads the result of every item, sends again only the items worth retrying, splits what is too large for the target,
// and returns an [Outcome]. A target that is away is waited for; one that stays away ends in an error, and nothing of
// the batch is decided then.
//
// All batches of a writer pass one gate, the oldest first. It lets so many requests to the target at once as suit it: more
// while its latency is flat, half as many when it pushes back (see window.go), and no more a second than [Limits] say. What
// waits at the gate costs no patience.
//
// It is not a queue: which batches are there, and in which order their outcomes count, is package rfs's.
package bulk
