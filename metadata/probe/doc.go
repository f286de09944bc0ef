// Package probe asks the real target whether it would take what a plan creates, and leaves nothing there.
//
// Each item is made under a throw-away name and removed:
//
//	index              migassist-probe-RUN-x000042: one shard, no copies, its aliases under throw-away names, each of its analyzers used
//	index template     simulated as it is, which finds others of the same priority; then made for a pattern of no index
//	legacy, component  made for a pattern of no index
//	search pipelines   made and removed, as stored scripts and policies are; of ingest pipelines the plan has asked already
//
// Indices that are alike but for their names are tried once. How many shards they want together is computed.
//
// One probe at a time works on a target (package lock). It removes what it made when it ends, however it ends; what a killed one left, all of it with names
// that begin with migassist-probe-, goes with the next probe. A template above all others keeps those of the target from adding to the indices.
package probe
