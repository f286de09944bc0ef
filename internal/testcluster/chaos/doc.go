// Package chaos makes trouble for workers of a backfill, and writes down what came of it.
//
//	workers ──> Proxy ── 429, 503, cuts, slowness ──> target
//	   ^          └─> Journal: who wrote which document, when, and whether it held the lease then
//	   └── Fleet: starts them, kills, freezes and wakes them, starts them anew
//
// A worker is known by the header X-Opaque-Id of its requests. The proxy reads a bulk to its end before it asks who holds the
// lease and passes it on: what a frozen worker had half sent counts when the rest arrives.
//
// It is not a proxy for anything but tests: requests and answers are held in memory.
package chaos
