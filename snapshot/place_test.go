package snapshot_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"migassist/internal/blob"
	"migassist/snapshot"
)

// hashedAt is a repository whose shard lies at a path of OpenSearch's choice, kind as in shard_path_type. The repository's own
// folder is base, "" for the root of the tree.
func hashedAt(t testing.TB, kind int, path, base string) tree {
	h := newHandmade()
	h.add("segments_1", pattern(50), 20)
	h.index["shard_path_type"] = kind
	built := tree{}
	if base != "" {
		base += "/"
	}
	for name, data := range h.build(t) {
		if below, ok := strings.CutPrefix(name, "indices/I/0/"); ok {
			built[path+below] = data
			continue
		}
		built[base+name] = data
	}
	built[base+"snapshot_shard_paths/snapshot_path_I.x.1."+string(rune('0'+kind))+".1"] = toJSON(t, object{
		"indexId": "I", "indexName": "x", "number_of_shards": 1, "shard_path_type": kind, "shard_path_hash_algorithm": 1, "paths": []string{path},
	})
	return built
}

// onDisk writes a tree into a folder and opens what is below it there.
func onDisk(t testing.TB, r tree, below string) blob.Reader {
	t.Helper()
	root := t.TempDir()
	for name, data := range r {
		at := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	store, err := blob.Open(t.Context(), filepath.Join(root, filepath.FromSlash(below)), blob.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// readShard reads the one shard of x in s to its last byte.
func readShard(t testing.TB, store blob.Reader) error {
	t.Helper()
	r, err := snapshot.Open(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Snapshot(t.Context(), "s")
	if err != nil {
		t.Fatal(err)
	}
	return readIndex(t.Context(), s, "x")
}

func TestShardsOnHashedPaths(t *testing.T) {
	for name, c := range map[string]struct {
		kind       int
		path, base string
	}{
		"prefix":              {1, "A1010/indices/I/0/", ""},
		"prefix, base_path":   {1, "A1010/deep/base/indices/I/0/", "deep/base"},
		"infix":               {2, "A1010/indices/I/0/", ""},
		"infix, base_path":    {2, "deep/base/A1010/indices/I/0/", "deep/base"},
		"a prefix of its own": {1, "mineA1010/deep/base/indices/I/0/", "deep/base"},
	} {
		if err := readShard(t, onDisk(t, hashedAt(t, c.kind, c.path, c.base), c.base)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTheListOfPathsIsFound: an index of that name had more shards once, or the list is in an envelope.
func TestTheListOfPathsIsFound(t *testing.T) {
	const list = "snapshot_shard_paths/snapshot_path_I.x.1.1.1"
	repo := hashedAt(t, 1, "A1010/indices/I/0/", "")
	more := repo.without(list).with("snapshot_shard_paths/snapshot_path_I.x.12.1.1", repo[list]).with("snapshot_shard_paths/snapshot_path_I.x.3.1.1", []byte("{}")).
		with("snapshot_shard_paths/snapshot_path_II.x.99.1.1", []byte("{}")).with("snapshot_shard_paths/snapshot_path_I.odd", nil)
	if err := readShard(t, more.store()); err != nil {
		t.Error(err)
	}
	if err := readShard(t, repo.with(list, seal("snapshot_shard_paths", repo[list])).store()); err != nil {
		t.Error(err)
	}
}

func TestHashedPathsThatMakeNoSense(t *testing.T) {
	const list = "snapshot_shard_paths/snapshot_path_I.x.1.1.1"
	repo := hashedAt(t, 1, "A1010/indices/I/0/", "")
	based := hashedAt(t, 1, "A1010/deep/base/indices/I/0/", "")
	for want, r := range map[string]blob.Reader{
		"shard_path_type is 7, which is not known":                      hashedAt(t, 7, "A1010/indices/I/0/", "").store(),
		"find its shards, whose paths are hashed (shard_path_type 1)":   repo.without(list).store(),
		`want a path that ends in indices/I/0, got "A1/indices/I/1/"`:   repo.with(list, []byte(`{"indexId":"I","paths":["A1/indices/I/1/"]}`)).store(),
		`want a path that ends in indices/I/0, got "../../indices/I/0"`: repo.with(list, []byte(`{"indexId":"I","paths":["../../indices/I/0"]}`)).store(),
		`want a path that ends in indices/I/0, got "indices/I/0"`:       repo.with(list, []byte(`{"indexId":"I","paths":["indices/I/0"]}`)).store(),
		"want the paths of 1 shards, got 0":                             repo.with(list, []byte(`{"indexId":"I","paths":[]}`)).store(),
		"want the paths of index I, got those of J":                     repo.with(list, []byte(`{"indexId":"J","paths":["A1010/indices/I/0/"]}`)).store(),
		"corrupt " + list: repo.with(list, repo[list][:20]).store(),
		"it lies outside of the repository, at A1010/deep/base/indices/I/0/ from": based.store(),
		"should end in deep/base, as when it was written":                         onDisk(t, based, ""),
	} {
		err := readShard(t, r)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want %q", err, want)
		}
		if lost := strings.HasPrefix(want, "find its"); errors.Is(err, fs.ErrNotExist) != lost {
			t.Errorf("got error %v", err)
		}
	}
}
