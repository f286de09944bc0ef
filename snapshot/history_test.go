package snapshot_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/snapshot"
)

// TestRepositoriesWithAPast: several versions wrote into the same repository in turn, the index "books" anew each time.
//
// In several-elasticsearch 1.7.6 began, 2.4.6 went on, 5.6.16 set the snapshot of 1.7.6 apart as incompatible and failed to take
// its own, 6.8.23, 7.10.2 and 8.17.0 went on in the format of old. In upgraded-elasticsearch the snapshot of 7.2.0, which kept
// 7.6.2 and 8.11.0 to that format, was deleted.
func TestRepositoriesWithAPast(t *testing.T) {
	for name, c := range map[string]struct {
		layout, generation string
		want               []string
	}{
		"several-elasticsearch":  {"Elasticsearch 5.0 to 7.5", "index-3", []string{"of-1.7.6 1.7.6", "of-2.4.6 2.4.6", "of-6.8.23 6.8.23", "of-7.10.2 7.10.2", "of-8.17.0 8.17.0"}},
		"upgraded-elasticsearch": {"Elasticsearch 7.6 to 7.8", "index-4", []string{"last 8.11.0", "of-7.6.2 7.6.2", "of-8.11.0 8.11.0"}},
	} {
		r := openSmall(t, name)
		if r.Layout() != c.layout || r.Generation() != c.generation || len(r.Warnings()) > 0 {
			t.Errorf("%s: layout %q, %s, warnings %q", name, r.Layout(), r.Generation(), r.Warnings())
		}
		all, err := r.Summaries(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, summary := range all {
			got = append(got, summary.Name+" "+summary.Version)
			if summary.State != snapshot.Success || summary.Indices != 1 || summary.Problem != nil || summary.Started.IsZero() {
				t.Errorf("%s: %+v", name, summary)
			}
			s, err := r.Snapshot(t.Context(), summary.Name)
			if err != nil {
				t.Error(err)
				continue
			}
			if s.Release().Flavor.Short() != "ES" || s.Version != summary.Version {
				t.Errorf("%s: release %s", summary.Name, s.Release())
			}
			checkBooks(t, s)
			checkSmallGlobal(t, s)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestPartialSnapshotOfARealServer: a shard that was not allocated.
func TestPartialSnapshotOfARealServer(t *testing.T) {
	_, s := small(t, "elasticsearch-1.7.6-partial")
	want := []string{`snapshot "small" is PARTIAL: 1 of 2 shards are not in it: lost[0] (primary shard is not allocated)`}
	if diff := cmp.Diff(want, s.Warnings()); diff != "" || s.State != snapshot.Partial {
		t.Error(s.State, diff)
	}
	checkBooks(t, s)
	x, err := s.Index(t.Context(), "lost")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Shard(t.Context(), 0); !errors.Is(err, snapshot.ErrIncomplete) {
		t.Errorf("got error %v", err)
	}
}

// TestVectorsAreLeftOutByElasticsearch92: the server answers without them, and keeps in _source what is not indexed.
func TestVectorsAreLeftOutByElasticsearch92(t *testing.T) {
	s, err := openSmall(t, "elasticsearch-9.2.0-vectors").Snapshot(t.Context(), "s")
	if err != nil {
		t.Fatal(err)
	}
	x, err := s.Index(t.Context(), "vec")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(snapshot.Source{Mode: snapshot.SourceFiltered, Excludes: []string{"o.w", "sp", "v"}}, x.Source()); diff != "" {
		t.Error(diff)
	}
}
