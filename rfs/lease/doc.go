// Package lease shares items of work among workers that may die, freeze or lose the network at any moment, over a small
// [Store] with compare-and-set. It knows nothing of what the work is.
//
//	Add ─> waiting ── Claim ──> leased ── Finish ──> done
//	          ^                 │  │ └─── Split ───> split (its children exist by then)
//	          └── Release, Fail ┘  └ Checkpoint, Renew
//	                             Fail, or death, too often ─> aside, with the reason
//
// No two clocks are compared. A lease is dead when its version has not moved for the lease time on the clock of whoever watches it; its
// holder counts from before the request that last renewed it, so it knows of the end no later than anyone else.
//
// It is not a queue: what is claimed comes in no order.
package lease
