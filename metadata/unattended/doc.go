// Package unattended is a migration of metadata that a clock starts, and nobody watches.
//
//	lock ──▶ plan ──▶ held against the last plan ──▶ what can be added is added ──▶ report, last plan
//	  │held: the other is named      └ drift             └ what a person has to decide waits
//
// Added is what has no finding. An item that would lose something, that the target has in another form, that is refused, or that the target had and has
// no more, waits for a person, with what needs it. Nothing on the target is changed or removed.
//
// The folder of the runs:
//
//	plan.json                          the last plan: what was there when that run ended "exists", what waited is "create"
//	reports/20261123T090501Z-4711.json what a run did, by its beginning in UTC and the number of its process
package unattended
