package snapshot_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"migassist/lucene/input"
	"migassist/snapshot"
)

// readEverything reads a repository to its last byte, and returns the first error.
func readEverything(ctx context.Context, r tree) error {
	repo, err := snapshot.Open(ctx, r.store())
	if err != nil {
		return err
	}
	for _, summary := range repo.Snapshots() {
		s, err := repo.Snapshot(ctx, summary.Name)
		if err != nil {
			return err
		}
		if _, err := s.Global(ctx); err != nil {
			return err
		}
		for _, name := range s.IndexNames() {
			if err := readIndex(ctx, s, name); err != nil {
				return err
			}
		}
	}
	return nil
}

func readIndex(ctx context.Context, s *snapshot.Snapshot, name string) error {
	x, err := s.Index(ctx, name)
	if err != nil {
		return err
	}
	for n := range x.Shards {
		shard, err := x.Shard(ctx, n)
		if errors.Is(err, snapshot.ErrIncomplete) {
			continue
		}
		if err != nil {
			return err
		}
		d := shard.Directory()
		for _, file := range d.Names() {
			f, err := d.Open(ctx, file)
			if err != nil {
				return err
			}
			_, err = input.ReadVerified(f)
			if err := errors.Join(err, f.Close()); err != nil {
				return err
			}
		}
	}
	return nil
}

// neverRead are the blobs that a migration does not need: the shards' own lists of all snapshots, and
// index.latest, which only confirms what the listing says.
func neverRead(name string) bool {
	return name == "index.latest" || strings.HasPrefix(path.Base(name), "index-") && strings.Contains(name, "/") || strings.HasPrefix(name, "snapshot_shard_paths/")
}

// needed returns the blobs of r that must be whole, in order.
func needed(r tree) []string {
	var names []string
	for name := range r {
		if !neverRead(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// expectNamed checks that an error says which blob, or Lucene file in it, is damaged.
func expectNamed(t *testing.T, what, blobName string, err error) {
	t.Helper()
	var corrupt *input.CorruptError
	switch {
	case err == nil:
		t.Errorf("%s: no error", what)
	case !errors.As(err, &corrupt) && !errors.Is(err, fs.ErrNotExist):
		t.Errorf("%s: got error %v, want a CorruptError", what, err)
	case strings.HasSuffix(blobName, ".dat") && !strings.Contains(err.Error(), blobName):
		t.Errorf("%s: the error does not name the blob: %v", what, err)
	case strings.Contains(blobName, "/__") && !strings.Contains(err.Error(), blobName) && (corrupt == nil || !strings.HasPrefix(corrupt.File, "_") && !strings.HasPrefix(corrupt.File, "segments_")):
		t.Errorf("%s: the error names neither blob nor file: %v", what, err)
	}
}

func TestUndamagedFixturesRead(t *testing.T) {
	for _, name := range fixtures(t) {
		if err := readEverything(t.Context(), fixture(t, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestTruncatedBlobIsNamed(t *testing.T) {
	for _, name := range []string{"elasticsearch-7.10.2-chunked", "opensearch-2.19.1-chunked"} {
		repo := fixture(t, name)
		for i, blobName := range needed(repo) {
			size := len(repo[blobName])
			for _, n := range []int{0, 1, 3, 4, 15, 16, size / 3, size * 2 / 3, size - 17, size - 16, size - 9, size - 8, size - 1, (i * 37) % (size + 1)} {
				if n < 0 || n >= size {
					continue
				}
				err := readEverything(t.Context(), repo.with(blobName, repo[blobName][:n]))
				expectNamed(t, fmt.Sprintf("%s cut to %d of %d bytes", blobName, n, size), blobName, err)
			}
		}
	}
}

func TestLengthenedBlobIsNamed(t *testing.T) {
	repo := fixture(t, "elasticsearch-7.10.2-chunked")
	for _, name := range needed(repo) {
		if name == "index-0" { // trailing blanks are JSON
			continue
		}
		expectNamed(t, name+" with a byte more", name, readEverything(t.Context(), repo.with(name, append(slices.Clone(repo[name]), 0))))
	}
}

func TestMissingBlobIsNamed(t *testing.T) {
	repo := fixture(t, "elasticsearch-7.10.2-chunked")
	for _, name := range needed(repo) {
		if name == "index-0" {
			continue
		}
		err := readEverything(t.Context(), repo.without(name))
		if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: got error %v", name, err)
		}
		if strings.Contains(name, "/__") && (!strings.Contains(err.Error(), "open file ") || !strings.Contains(err.Error(), `of shard `) || !strings.Contains(err.Error(), `in snapshot "chunked"`)) {
			t.Errorf("without %s: the error says not what it was for: %v", name, err)
		}
	}
}

// TestEveryFlippedBitOfAMetadataBlobIsFound flips each bit of each .dat blob in turn.
func TestEveryFlippedBitOfAMetadataBlobIsFound(t *testing.T) {
	repo := fixture(t, "elasticsearch-7.10.2-chunked")
	for _, name := range needed(repo) {
		if !strings.HasSuffix(name, ".dat") || path.Base(path.Dir(name)) == "3" {
			continue
		}
		broken := repo.with(name, slices.Clone(repo[name]))
		reader := damagedReader(t, broken, name)
		for i := range broken[name] {
			for bit := range 8 {
				broken[name][i] ^= 1 << bit
				if err := reader(); err == nil || !strings.Contains(err.Error(), name) {
					t.Fatalf("%s, bit %d of byte %d flipped: got error %v", name, bit, i, err)
				}
				broken[name][i] ^= 1 << bit
			}
		}
	}
}

// damagedReader returns a function that reads the one blob called name, with all above it already open:
// the store serves the tree's own bytes, so that changes show.
func damagedReader(t *testing.T, r tree, name string) func() error {
	s, err := open(t, r).Snapshot(t.Context(), "chunked")
	if err != nil {
		t.Fatal(err)
	}
	repo := open(t, r)
	parts := strings.Split(name, "/")
	switch {
	case strings.HasPrefix(name, "snap-"):
		return func() error { _, err := repo.Snapshot(t.Context(), "chunked"); return err }
	case strings.HasPrefix(name, "meta-"):
		return func() error { _, err := s.Global(t.Context()); return err }
	}
	for _, indexName := range s.IndexNames() {
		x, err := s.Index(t.Context(), indexName)
		if err != nil {
			t.Fatal(err)
		}
		if x.ID != parts[1] {
			continue
		}
		if len(parts) == 3 {
			return func() error { s.Forget(); _, err := s.Index(t.Context(), indexName); return err }
		}
		return func() error { s.Forget(); _, err := x.Shard(t.Context(), int(parts[2][0]-'0')); return err }
	}
	t.Fatalf("nothing reads %s", name)
	return nil
}

func TestFlippedBitOfADataBlobIsFound(t *testing.T) {
	repo := fixture(t, "elasticsearch-7.10.2-chunked")
	for _, name := range needed(repo) {
		if !strings.Contains(name, "/__") {
			continue
		}
		for _, at := range []int{0, len(repo[name]) / 2, len(repo[name]) - 1} {
			broken := slices.Clone(repo[name])
			broken[at] ^= 0x10
			expectNamed(t, fmt.Sprintf("%s with a bit flipped at %d", name, at), name, readEverything(t.Context(), repo.with(name, broken)))
		}
	}
}

// TestDamagedTableOfContents: index-N has no checksum, so a flipped letter may go unseen; it must never
// do worse than an error.
func TestDamagedTableOfContents(t *testing.T) {
	repo := fixture(t, "elasticsearch-7.10.2-chunked")
	for i := range repo["index-0"] {
		broken := slices.Clone(repo["index-0"])
		broken[i] ^= 0x04
		if r, err := snapshot.Open(t.Context(), repo.with("index-0", broken).store()); err == nil {
			for _, s := range r.Snapshots() {
				if snap, err := r.Snapshot(t.Context(), s.Name); err == nil {
					for _, name := range snap.IndexNames() {
						_, _ = snap.Index(t.Context(), name) // an error, or the index: both are right
					}
				}
			}
		}
	}
}

func TestBlobsOfAnotherSnapshotAreNoticed(t *testing.T) {
	repo := fixture(t, "elasticsearch-7.10.2")
	uuids := map[string]string{}
	for _, s := range open(t, repo).Snapshots() {
		uuids[s.Name] = s.UUID
	}
	first, second := "snap-"+uuids["first"]+".dat", "snap-"+uuids["second"]+".dat"
	_, err := open(t, repo.with(first, repo[second])).Snapshot(t.Context(), "first")
	expectNamed(t, "snapshot info of another", first, err)
}
