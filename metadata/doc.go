// Package metadata brings indices (settings, mappings, aliases) and templates
// from a snapshot to a target.
//
//	snapshot ──Read──▶ Source ─┐
//	                           ├─ selection ─ rules ──NewPlan──▶ Plan ──Apply──▶ Report
//	target ── what it has ─────┘                                  │                 │
//	                                                          evaluate           migrate
//
// A plan is data: every item of the source with what becomes of it (created,
// there already, left out, refused), the item before and after, each change
// with its reason, and the request that would be sent. Evaluating is making and
// printing the plan; migrating is applying the same plan. No code path asks
// whether this is a dry run.
//
// How an item is rewritten is the business of package rules, which indices take
// part that of package selection. Documents are not touched here: that is rfs.
package metadata
