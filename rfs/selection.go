package rfs

import (
	"context"
	"fmt"

	"migassist/selection"
	"migassist/snapshot"
)

// Select decides which indices of the snapshot take part. What an allowlist names and the snapshot lacks becomes
// a finding.
func Select(ctx context.Context, snap *snapshot.Snapshot, allow selection.Allowlist) (selection.Result, []Finding, error) {
	streams := map[string]string{}
	if len(snap.DataStreams) > 0 {
		global, err := snap.Global(ctx)
		if err != nil {
			return selection.Result{}, nil, err
		}
		streams = global.BackingIndices()
	}
	var candidates []selection.Candidate
	for _, name := range snap.IndexNames() {
		candidates = append(candidates, selection.Candidate{Name: name, DataStream: streams[name]})
	}
	chosen := selection.Indices(candidates, allow)
	var findings []Finding
	for _, name := range chosen.Missing {
		findings = append(findings, Finding{Index: name, Kind: "missing", Reason: fmt.Sprintf("the allowlist names it, snapshot %s does not have it", snap.Name)})
	}
	return chosen, findings, nil
}
