package snapshot_test

import (
	"context"
	"sync/atomic"
	"testing"

	"migassist/internal/blob"
	"migassist/snapshot"
)

// counting counts what a store is asked.
type counting struct {
	blob.Reader
	asked atomic.Int64
}

func (c *counting) List(ctx context.Context, dir string) ([]blob.Entry, error) {
	c.asked.Add(1)
	return c.Reader.List(ctx, dir)
}

func (c *counting) Stat(ctx context.Context, name string) (blob.Entry, error) {
	return c.Reader.Stat(ctx, name)
}

func (c *counting) ReadAt(ctx context.Context, name string, p []byte, off int64) (int, error) {
	c.asked.Add(1)
	return c.Reader.ReadAt(ctx, name, p, off)
}

// TestASnapshotIsReadOnce: a plan and the run after it ask for the same metadata.
func TestASnapshotIsReadOnce(t *testing.T) {
	store := &counting{Reader: fixture(t, fixtures(t)[0]).store()}
	r, err := snapshot.Open(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Snapshot(t.Context(), r.Snapshots()[0].Name)
	if err != nil {
		t.Fatal(err)
	}
	walk := func() int64 {
		before := store.asked.Load()
		for _, name := range s.IndexNames() {
			x, err := s.Index(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			for n := range x.Shards {
				if _, err := x.Shard(t.Context(), n); err != nil {
					t.Fatal(err)
				}
			}
		}
		return store.asked.Load() - before
	}
	opened := store.asked.Load()
	if opened > 4 { // a listing, index.latest, index-N, the snapshot
		t.Errorf("%d questions to open a snapshot", opened)
	}
	shards := int64(0)
	for _, name := range s.IndexNames() {
		x, _ := s.Index(t.Context(), name)
		shards += int64(x.Shards)
	}
	s.Forget()
	if first := walk(); first != int64(len(s.IndexNames()))+shards {
		t.Errorf("%d questions for %d indices with %d shards", first, len(s.IndexNames()), shards)
	}
	if again := walk(); again != 0 {
		t.Errorf("%d questions when asked again", again)
	}
}
