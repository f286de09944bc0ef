// Package rules rewrites the metadata of one product and version so that
// another takes it: settings, mappings, aliases and templates, each rule a
// small pure function in one table.
//
//	Item ──▶ type level ──▶ settings ──▶ analysis ──▶ fields ──▶ what the target does not know ──▶ Outcome
//	          │               │            │            │             │
//	          └───────────────┴────────────┴────────────┴─────────────┴──▶ Changes{Path, Before, After, Rule, Why, Fidelity}
//
// A rule has a name, the pairs of versions and the kinds of items it applies
// to, the reason, and how much of the source's behaviour it keeps. It edits a
// draft, and every edit is recorded with its path: what is not in the list of
// changes has not been changed. One walker reaches properties, multi-fields and
// dynamic templates, in indices and in every kind of template alike.
//
// What the target accepts is data (known/, asked from real servers; see
// ask_test.go), not the reading of its complaints. So a plan made without the
// target says what it will say.
//
// The package knows nothing of clusters, snapshots or requests: package
// metadata reads the items and sends the results.
package rules
