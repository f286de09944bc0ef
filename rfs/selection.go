package rfs

import (
	"context"
	"fmt"
	"strings"

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

// sourceFindings says what an index does not keep of its documents, and whether what it keeps can be moved.
func sourceFindings(index *snapshot.Index) (findings []Finding, readable bool) {
	source := index.Source()
	switch source.Mode {
	case snapshot.SourceStored:
		return nil, true
	case snapshot.SourceFiltered:
		return []Finding{{Index: index.Name, Kind: "filtered-source", Reason: filtered(source)}}, true
	default:
		return []Finding{{Index: index.Name, Kind: "no-source", Reason: fmt.Sprintf("its _source is %s, so its documents can't be read; nothing of it was moved", source.Mode)}}, false
	}
}

func filtered(source snapshot.Source) string {
	var parts []string
	if len(source.Includes) > 0 {
		parts = append(parts, "only "+strings.Join(source.Includes, ", "))
	}
	if len(source.Excludes) > 0 {
		parts = append(parts, "not "+strings.Join(source.Excludes, ", "))
	}
	return "its _source keeps " + strings.Join(parts, ", and ") + "; what it leaves out is not moved and can't be searched on the target"
}
