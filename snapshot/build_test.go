package snapshot_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"testing/fstest"

	"migassist/internal/blob"
	"migassist/snapshot"
)

// tree is a repository in memory: content by name.
type tree map[string][]byte

func (r tree) store() blob.Reader {
	fsys := fstest.MapFS{}
	for name, data := range r {
		fsys[name] = &fstest.MapFile{Data: data}
	}
	return blob.FromFS(fsys, "memory:repo")
}

// with returns a copy of r in which one blob is another.
func (r tree) with(name string, data []byte) tree {
	c := maps.Clone(r)
	c[name] = data
	return c
}

func (r tree) without(name string) tree {
	c := maps.Clone(r)
	delete(c, name)
	return c
}

// fixtures returns the repositories that real servers wrote, by name.
func fixtures(t testing.TB) []string {
	names, err := filepath.Glob("../testdata/snapshots/*/repository")
	if err != nil || len(names) < 4 {
		t.Fatalf("%d fixtures, error %v", len(names), err)
	}
	for i := range names {
		names[i] = filepath.Base(filepath.Dir(names[i]))
	}
	return names
}

// fixture loads a repository that a real server wrote.
func fixture(t testing.TB, name string) tree {
	return treeOf(t, filepath.Join("../testdata/snapshots", name, "repository"))
}

// treeOf loads a folder.
func treeOf(t testing.TB, root string) tree {
	repo := tree{}
	err := fs.WalkDir(os.DirFS(root), ".", func(at string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		repo[at], err = os.ReadFile(filepath.Join(root, at))
		return err
	})
	if err != nil || len(repo) == 0 {
		t.Fatalf("%s: %d blobs, error %v", root, len(repo), err)
	}
	return repo
}

// open opens a repository that must be one.
func open(t testing.TB, r tree) *snapshot.Repository {
	t.Helper()
	repo, err := snapshot.Open(t.Context(), r.store())
	if err != nil {
		t.Fatal(err)
	}
	return repo
}

// seal puts a body between header and footer.
func seal(codec string, body []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, 0x3FD76C17)
	out = append(out, byte(len(codec)))
	out = append(out, codec...)
	out = binary.BigEndian.AppendUint32(out, 1)
	return footed(append(out, body...))
}

// footed appends a footer with the right CRC.
func footed(data []byte) []byte {
	out := binary.BigEndian.AppendUint32(bytes.Clone(data), 0xC02893E8)
	out = binary.BigEndian.AppendUint32(out, 0)
	return binary.BigEndian.AppendUint64(out, uint64(crc32.ChecksumIEEE(out)))
}

// checksum is what a snapshot records for a file with footer.
func checksum(file []byte) string {
	return strconv.FormatUint(binary.BigEndian.Uint64(file[len(file)-8:]), 36)
}

func toJSON(t testing.TB, v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

type object = map[string]any

// handmade is a repository with one snapshot "s" of one index "x" with one shard, whose files and
// metadata a test may change before building.
type handmade struct {
	root     object
	entry    object // of the snapshot in index-0
	index    object // of the index in index-0
	info     object // snap-U.dat
	settings object
	meta     object // of the index
	global   object
	files    []object
	blobs    tree // in the shard's folder
}

func newHandmade() *handmade {
	h := &handmade{blobs: tree{}}
	h.entry = object{"name": "s", "uuid": "U", "state": 1, "version": "7.10.2", "index_metadata_lookup": object{"I": "ident"}}
	h.index = object{"id": "I", "snapshots": []string{"U"}, "shard_generations": []string{"g"}}
	h.root = object{
		"min_version": "7.9.0", "snapshots": []any{h.entry}, "indices": object{"x": h.index},
		"index_metadata_identifiers": object{"ident": "M"},
	}
	h.info = object{
		"name": "s", "uuid": "U", "version_id": 7100299, "indices": []string{"x"}, "state": "SUCCESS",
		"start_time": 1700000000123, "end_time": 1700000001000, "total_shards": 1, "failures": []any{},
	}
	h.settings = object{"index.number_of_shards": "1", "index.version.created": "7100299", "index.uuid": "cluster-uuid"}
	h.meta = object{"state": "open", "routing_num_shards": 1024, "settings": h.settings, "mappings": []any{object{"_doc": object{}}}, "aliases": object{}}
	h.global = object{"templates": object{}}
	return h
}

// add puts a Lucene file into the shard, cut into blobs of partSize.
func (h *handmade) add(name string, data []byte, partSize int) {
	id := fmt.Sprintf("__%d", len(h.files))
	entry := object{"name": id, "physical_name": name, "length": len(data), "checksum": checksum(data), "part_size": partSize, "written_by": "8.7.0"}
	h.files = append(h.files, entry)
	if len(data) <= partSize {
		h.blobs[id] = data
		return
	}
	for i := 0; len(data) > 0; i++ {
		n := min(partSize, len(data))
		h.blobs[fmt.Sprintf("%s.part%d", id, i)] = data[:n]
		data = data[n:]
	}
}

// addVirtual puts a Lucene file into the file list itself.
func (h *handmade) addVirtual(name string, data []byte) {
	h.files = append(h.files, object{"name": "v__" + name, "physical_name": name, "length": len(data), "checksum": checksum(data), "part_size": 1 << 30, "meta_hash": data})
}

func (h *handmade) build(t testing.TB) tree {
	repo := tree{
		"index-0":              toJSON(t, h.root),
		"index.latest":         make([]byte, 8),
		"snap-U.dat":           seal("snapshot", toJSON(t, object{"snapshot": h.info})),
		"meta-U.dat":           seal("metadata", toJSON(t, object{"meta-data": h.global})),
		"indices/I/meta-M.dat": seal("index-metadata", toJSON(t, object{"x": h.meta})),
	}
	repo["indices/I/0/snap-U.dat"] = seal("snapshot", toJSON(t, object{"name": "s", "files": h.files}))
	for name, data := range h.blobs {
		repo["indices/I/0/"+name] = data
	}
	return repo
}

// index builds the repository and reads its one index.
func (h *handmade) readIndex(t testing.TB) (*snapshot.Index, error) {
	t.Helper()
	s, err := open(t, h.build(t)).Snapshot(t.Context(), "s")
	if err != nil {
		t.Fatal(err)
	}
	return s.Index(t.Context(), "x")
}

// pattern is n bytes that differ from their neighbours, with a footer.
func pattern(n int) []byte {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(i * 7)
	}
	return footed(data)
}

// shrinking is a store whose data blobs lose their second half once shrunk is set.
type shrinking struct {
	tree
	shrunk bool
}

func (s *shrinking) URI() string { return "memory:shrinking" }

func (s *shrinking) List(ctx context.Context, dir string) ([]blob.Entry, error) {
	return s.store().List(ctx, dir)
}

func (s *shrinking) Stat(ctx context.Context, name string) (blob.Entry, error) {
	return s.store().Stat(ctx, name)
}

func (s *shrinking) ReadAt(ctx context.Context, name string, p []byte, off int64) (int, error) {
	if s.shrunk {
		return s.with(name, s.tree[name][:len(s.tree[name])/2]).store().ReadAt(ctx, name, p, off)
	}
	return s.store().ReadAt(ctx, name, p, off)
}
