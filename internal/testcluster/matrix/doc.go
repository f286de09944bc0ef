// Package matrix holds the metadata of every source version against every target
// version that migassist brings it to.
//
//	leaves     every leaf of what a source has is on the target, or named by the plan with a reason
//	plans      the plan of each pair, golden, in few words (testdata/plans)
//	matrix     real servers: evaluate, migrate, rfs, finish; what the target then has and answers
//
// The first two need no server: they read snapshots that real servers wrote. The third
// is behind the build tag e2e (make e2e-metadata). It starts each source once, and each
// target once; what a source says and answers is kept while it lives, so that no more
// than three servers run at a time.
package matrix
