// Package bulk sends batches of documents to a target until each document has a fate.
//
//	Batch ── Writer.Write ──> Target ──> Outcome
//	                ^            |
//	                +- retryable-+       written, or refused with the target's reason
//
// A [Batch] is the body of one bulk request, cut by bytes, with the border of every operation. [Writer.Write] sends it,
// reads the result of every item, sends again only the items worth retrying, splits what is too large for the target,
// and returns an [Outcome]. A target that is away is waited for; one that stays away ends in an error, and nothing of
// the batch is decided then.
//
// It is not a queue: how many batches are in flight, and in which order their outcomes count, is package rfs's.
package bulk
