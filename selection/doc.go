// Package selection decides which indices and templates take part. Metadata,
// backfill, verification and console all ask it, so that they agree.
//
//	names in ──▶ allowlist? ── yes ──▶ in it, or excluded
//	                 │
//	                 no ──▶ built-in exclusions ──▶ chosen, or excluded with the reason
//
// Nothing is left out in silence: what is not chosen comes out as excluded, with
// its reason, and an entry of the allowlist that names nothing comes out as
// missing. The package knows names only, no cluster and no snapshot.
package selection
