package rebuild

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestRaw(t *testing.T) {
	pattern := os.Getenv("RAW")
	if pattern == "" {
		t.Skip()
	}
	files, _ := filepath.Glob(pattern)
	for _, file := range files {
		if strings.Contains(file, "sent") {
			continue
		}
		index := strings.TrimSuffix(filepath.Base(file), ".ndjson")
		t.Run(filepath.Base(filepath.Dir(file))+"/"+index, func(t *testing.T) {
			x, err := openIndex(t.Context(), filepath.Join(filepath.Dir(file), "repository"), index)
			if err != nil {
				t.Fatal(err)
			}
			got, plan, err := rebuilt(t.Context(), x)
			if err != nil {
				t.Error(err)
			}
			if plan != nil {
				for _, l := range plan.Losses() {
					t.Log("LOSS", l.Field, l.Reason, l.Gone)
				}
			}
			want := answered(t, file)
			if _, err := os.Stat(strings.TrimSuffix(file, ".ndjson") + ".sent.ndjson"); err == nil && os.Getenv("SENT") != "" {
				want = answered(t, strings.TrimSuffix(file, ".ndjson")+".sent.ndjson")
			}
			for _, id := range slices.Sorted(maps.Keys(want)) {
				if g, ok := got[id]; !ok {
					t.Errorf("%s is missing", id)
				} else if len(want[id]) > 0 && !same(value(t, []byte(g)), value(t, want[id])) {
					t.Errorf("%s:\n got %s\nwant %s", id, g, want[id])
				}
			}
			if len(got) != len(want) {
				t.Errorf("%d documents, want %d", len(got), len(want))
			}
		})
	}
}
