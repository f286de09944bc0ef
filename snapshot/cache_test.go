package snapshot_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"migassist/internal/awsauth"
	"migassist/internal/blob"
	"migassist/internal/blob/blobtest"
	objects "migassist/internal/blob/object"
	"migassist/lucene/input"
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

// TestAFarRepositoryIsAskedSeldom: what a shard costs until its files can be opened, request by request.
func TestAFarRepositoryIsAskedSeldom(t *testing.T) {
	for name, c := range map[string]struct {
		prefix string
		want   []string
	}{
		"elasticsearch-1.1.2":        {"", []string{"list", "index.latest", "list", "index", "snapshot-small", "snapshot-small", "1", "snapshot-small"}},
		"elasticsearch-8.19.0":       {"", []string{"list", "index.latest", "index-0", "snap.dat", "meta.dat", "snap.dat"}},
		"opensearch-3.3.0-base_path": {"/deep/base", []string{"list", "index.latest", "index-0", "snap.dat", "meta.dat", "paths", "snap.dat"}},
	} {
		files := treeOf(t, "testdata/repositories/"+name)
		server := blobtest.NewS3(t, files)
		options := blob.Options{S3: objects.S3Options{Endpoint: server.URL, Options: awsauth.Options{Region: "eu-west-1", AccessKey: "AKIATEST", SecretKey: "secret-of-the-test"}}}
		store, err := blob.Open(t.Context(), "s3://"+blobtest.Bucket+c.prefix, options)
		if err != nil {
			t.Fatal(err)
		}
		server.Reset()
		r, err := snapshot.Open(t.Context(), store)
		if err != nil {
			t.Fatal(err)
		}
		s, err := r.Snapshot(t.Context(), "small")
		if err != nil {
			t.Fatal(err)
		}
		x, err := s.Index(t.Context(), "books")
		if err != nil {
			t.Fatal(err)
		}
		shard, err := x.Shard(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(server.Requests()); got > len(c.want) {
			t.Errorf("%s: %d requests, want at most %d: %v\n%v", name, got, len(c.want), c.want, server.Requests())
		}
		checkFiles(t, shard)
	}
}

// checkFiles reads every file to its end.
func checkFiles(t *testing.T, shard *snapshot.Shard) {
	t.Helper()
	d := shard.Directory()
	for _, name := range d.Names() {
		f, err := d.Open(t.Context(), name)
		if err != nil {
			t.Error(err)
			continue
		}
		if err := errors.Join(input.ReadFull(f, make([]byte, f.Size()), 0), f.Close()); err != nil {
			t.Error(err)
		}
	}
}
