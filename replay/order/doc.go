// Package order decides which captured requests may be sent now, so that a target ends as the source did.
//
//	Add (in any order of time) ─> settled: all that began before its answer are known ─> ready ─> Next ─> sent ─> Done
//	                                                                                      └ waits for others:
//	                                                                                        of its connection    by number
//	                                                                                        of its documents     by rank, else by time
//	                                                                                        barriers             by the time of answers
//
// The rank of a write is the sequence number that the source gave it. Between clients there is no other way to know which of two writes
// of a document came first: a request that began later may have been carried out earlier.
//
// Two bulks that were carried out at the same time can each have come first for one document. No order of the two is right
// then: one of them is sent in pieces ([Unit.Writes]). Where the times of several machines contradict the ranks, the times give way, and
// [Order.Untied] counts it.
//
// It knows nothing of HTTP, and waits for nothing: it is a data structure, for one goroutine at a time.
package order
