package snapshot

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBackingIndicesBelongToTheirStreams(t *testing.T) {
	g := &Global{DataStreams: map[string]json.RawMessage{
		"logs":  json.RawMessage(`{"indices":[{"index_name":".ds-logs-1","index_uuid":"a"},{"index_name":".ds-logs-2","index_uuid":"b"}]}`),
		"empty": json.RawMessage(`{"indices":[]}`),
		"odd":   json.RawMessage(`"not an object"`),
	}}
	want := map[string]string{".ds-logs-1": "logs", ".ds-logs-2": "logs"}
	if diff := cmp.Diff(want, g.BackingIndices()); diff != "" {
		t.Error(diff)
	}
}
