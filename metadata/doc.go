// Package metadata brings indices (settings, mappings, aliases), templates, data streams, pipelines, scripts, policies and settings of
// the cluster from a snapshot or a living cluster to a target.
//
//	snapshot, cluster ▶ Source ┐
//	                           ├─ selection ─ rules ──NewPlan──▶ Plan ──Apply──▶ Report
//	target ── what it has ─────┘                                  │                 │
//	                                                          evaluate           migrate
//
// A plan is data: every item of the source with what becomes of it (created,
// there already, left out, refused), the item before and after, each change
// with its reason, and the request that would be sent. Evaluating is making and
// printing the plan; migrating is applying the same plan. No code path asks
// whether this is a dry run. What has to wait until the documents are there is
// in Plan.Finish, and ApplyFinish does it.
//
// How an item is rewritten is the business of package rules, which indices take
// part that of package selection. Documents are not touched here: that is rfs.
package metadata
