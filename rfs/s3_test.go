package rfs_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"migassist/internal/awsauth"
	"migassist/internal/blob"
	"migassist/internal/blob/blobtest"
	"migassist/internal/blob/object"
	"migassist/lucene"
	"migassist/rfs"
	"migassist/snapshot"
)

// TestSnapshotsInS3 reads every fixture from an S3 server: the same documents as from the folder, in few requests and
// few bytes more than reading touches, as the server counts them.
func TestSnapshotsInS3(t *testing.T) {
	for _, name := range fixtureSnapshots(t) {
		t.Run(name, func(t *testing.T) {
			dir, snapName, _ := strings.Cut(name, "/")
			folder := filepath.Join(*fixtures, dir, "repository")
			near := &touching{Reader: blob.FromFS(os.DirFS(folder), folder), touched: map[string][]stretch{}}
			want, _ := readAllOf(t, near, snapName)

			server := blobtest.NewS3(t, filesIn(t, folder))
			store, err := blob.Open(t.Context(), "s3://"+blobtest.Bucket, blob.Options{S3: object.S3Options{
				Endpoint: server.URL, Options: awsauth.Options{Region: "us-east-1", AccessKey: "a", SecretKey: "b"},
			}})
			if err != nil {
				t.Fatal(err)
			}
			got, snap := readAllOf(t, store, snapName)
			compare(t, want, got)
			requests, bytes := int64(len(server.Requests())), server.Bytes()
			shards, segments := sizeOf(t, snap)
			needed := near.bytes()
			// Index and shard have their own blobs, and the repository some: what is not read per segment.
			allowed := needed/(4<<20) + 10*segments + 4*shards + 8
			t.Logf("%d bytes of %d needed (%.3f), %d requests of %d allowed, %d segments in %d shards", bytes, needed, float64(bytes)/float64(needed), requests, allowed, segments, shards)
			if float64(bytes-listing) > 1.05*float64(needed) {
				t.Errorf("%d bytes were fetched, and %d needed", bytes, needed)
			}
			if requests > allowed {
				t.Errorf("%d requests, at most %d are allowed:\n%s", requests, allowed, strings.Join(server.Requests(), "\n"))
			}
		})
	}
}

// listing is more bytes than the XML has with which the server answers what the root holds.
const listing = 4 << 10

// readAllOf reads all documents of a snapshot, planning included.
func readAllOf(t *testing.T, store blob.Reader, name string) (map[string]string, *snapshot.Snapshot) {
	t.Helper()
	repository, err := snapshot.Open(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	snap, err := repository.Snapshot(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	got := &keep{docs: map[string]string{}, t: t}
	run(t, snap, planAll(t, snap), got, rfs.Options{})
	return got.docs, snap
}

// sizeOf counts what a snapshot has.
func sizeOf(t *testing.T, snap *snapshot.Snapshot) (shards, segments int64) {
	t.Helper()
	for _, name := range planAll(t, snap).Indices() {
		index, err := snap.Index(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		for n := range index.Shards {
			shard, err := index.Shard(t.Context(), n)
			if errors.Is(err, snapshot.ErrIncomplete) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			commit, err := lucene.OpenCommit(t.Context(), shard.Directory())
			if err != nil {
				t.Fatal(err)
			}
			shards++
			segments += int64(len(commit.Segments))
		}
	}
	return shards, segments
}

// filesIn are the contents of a folder by name.
func filesIn(t testing.TB, folder string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	root := os.DirFS(folder)
	if err := fs.WalkDir(root, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		files[name], err = fs.ReadFile(root, name)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return files
}

// touching is a store that notes which bytes are read, each once.
type touching struct {
	blob.Reader
	mu      sync.Mutex
	touched map[string][]stretch
}

type stretch struct{ off, end int64 }

// ReadAt implements blob.Reader.
func (s *touching) ReadAt(ctx context.Context, name string, p []byte, off int64) (int, error) {
	n, err := s.Reader.ReadAt(ctx, name, p, off)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.touched[name] = append(s.touched[name], stretch{off, off + int64(n)})
	return n, err
}

// bytes counts what was read, however often, once.
func (s *touching) bytes() int64 {
	total := int64(0)
	for _, all := range s.touched {
		slices.SortFunc(all, func(a, b stretch) int { return int(a.off - b.off) })
		end := int64(0)
		for _, one := range all {
			total += max(0, one.end-max(end, one.off))
			end = max(end, one.end)
		}
	}
	return total
}
