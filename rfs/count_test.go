package rfs_test

import (
	"strings"
	"testing"
)

// TestMetadataTellsHowManyDocumentsThereAre counts every index of every fixture without reading a document, and compares with what the
// server said. Only where indices from before 6.1 have nested objects, the count may be of more, and says so.
func TestMetadataTellsHowManyDocumentsThereAre(t *testing.T) {
	counted, uncertain := 0, 0
	for _, name := range fixtureSnapshots(t) {
		snap := openFixture(t, name)
		plan := planAll(t, snap)
		for _, index := range plan.Indices() {
			live, err := plan.CountLive(t.Context(), snap, index)
			if err != nil {
				t.Errorf("%s: %s: %v", name, index, err)
				continue
			}
			want := int64(len(expected(t, name, index)))
			counted++
			switch {
			case live.Children && live.Documents >= want:
				uncertain++
				if old := strings.Contains(name, "elasticsearch-1.") || strings.Contains(name, "elasticsearch-2.") || strings.Contains(name, "elasticsearch-5.") || strings.HasPrefix(name, "upgraded"); !old {
					t.Errorf("%s: %s: nested objects can't be told from the %d documents", name, index, want)
				}
			case live.Documents != want:
				t.Errorf("%s: %s: %d documents, want %d (%+v)", name, index, live.Documents, want, live)
			}
		}
	}
	if counted < 300 || uncertain == 0 {
		t.Errorf("%d indices counted, of which %d with nested objects", counted, uncertain)
	}
}
