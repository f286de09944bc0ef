package lucene

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"migassist/internal/blob"
	"migassist/lucene/input"
	"migassist/snapshot"
)

// The stored fields that the tests ask for; a document always has the first.
var testFields = []string{"_id", "_source", "_routing"}

// memory is a Directory of bytes, which counts the files that are open.
type memory struct {
	files map[string][]byte
	open  atomic.Int64
}

// Names implements Directory.
func (m *memory) Names() []string { return slices.Sorted(maps.Keys(m.files)) }

// Open implements Directory.
func (m *memory) Open(_ context.Context, name string) (input.File, error) {
	data, ok := m.files[name]
	if !ok {
		return nil, fmt.Errorf("open %s: %w", name, fs.ErrNotExist)
	}
	m.open.Add(1)
	return &counted{File: input.NewBytes(name, data), open: &m.open}, nil
}

// with returns a directory in which one file has other bytes; nil takes it away.
func (m *memory) with(name string, data []byte) *memory {
	files := maps.Clone(m.files)
	if files[name] = data; data == nil {
		delete(files, name)
	}
	return &memory{files: files}
}

type counted struct {
	input.File
	open   *atomic.Int64
	closed bool
}

// Close implements input.File.
func (c *counted) Close() error {
	if c.closed {
		panic(c.Name() + " was closed twice")
	}
	c.closed = true
	c.open.Add(-1)
	return c.File.Close()
}

// shard is one shard of the committed fixtures.
type shard struct {
	name string // repository/snapshot/index/number
	dir  *memory
}

// fixtureRepositories are the folders that hold a repository.
func fixtureRepositories(t testing.TB) []string {
	t.Helper()
	folders, err := filepath.Glob("../testdata/snapshots/*/repository")
	if err != nil || len(folders) == 0 {
		t.Fatal("there are no fixtures", err)
	}
	return folders
}

// fixtureShards reads every shard of every snapshot of the fixtures, those only whose name contains one of the parts.
func fixtureShards(t testing.TB, parts ...string) []shard {
	t.Helper()
	var shards []shard
	for _, folder := range fixtureRepositories(t) {
		repository, err := snapshot.Open(t.Context(), blob.FromFS(os.DirFS(folder), folder))
		if err != nil {
			t.Fatal(err)
		}
		for _, summary := range repository.Snapshots() {
			snap, err := repository.Snapshot(t.Context(), summary.Name)
			if err != nil {
				t.Fatal(err)
			}
			for _, index := range snap.IndexNames() {
				prefix := filepath.Base(filepath.Dir(folder)) + "/" + summary.Name + "/" + index + "/"
				shards = append(shards, indexShards(t, snap, index, prefix, parts)...)
			}
		}
	}
	if len(shards) == 0 {
		t.Fatal("there is no shard like", parts)
	}
	if len(parts) == 0 {
		return distinct(shards)
	}
	return shards
}

// distinct leaves out shards whose files an earlier one has: snapshots share them.
func distinct(shards []shard) []shard {
	seen := map[uint32]bool{}
	return slices.DeleteFunc(shards, func(s shard) bool {
		sum := crc32.NewIEEE()
		for _, name := range s.dir.Names() {
			fmt.Fprintf(sum, "%s %d\n", name, len(s.dir.files[name]))
			_, _ = sum.Write(s.dir.files[name])
		}
		twice := seen[sum.Sum32()]
		seen[sum.Sum32()] = true
		return twice
	})
}

func indexShards(t testing.TB, snap *snapshot.Snapshot, name, prefix string, parts []string) []shard {
	t.Helper()
	index, err := snap.Index(t.Context(), name)
	if errors.Is(err, snapshot.ErrUnsupported) {
		return nil // of a mode that is refused
	}
	if err != nil {
		t.Fatal(err)
	}
	var shards []shard
	for n := range index.Shards {
		name := fmt.Sprint(prefix, n)
		if len(parts) > 0 && !slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(name, part) }) {
			continue
		}
		files, err := index.Shard(t.Context(), n)
		if errors.Is(err, snapshot.ErrIncomplete) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		shards = append(shards, shard{name: name, dir: load(t, files.Directory())})
	}
	return shards
}

// load takes all files of a directory into memory.
func load(t testing.TB, dir Directory) *memory {
	t.Helper()
	m := &memory{files: map[string][]byte{}}
	for _, name := range dir.Names() {
		file, err := dir.Open(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(io.NewSectionReader(file, 0, file.Size()))
		if err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		m.files[name] = data
	}
	return m
}

// readAll yields the live documents of an index, segment after segment, up to the first error.
func readAll(ctx context.Context, dir Directory) iter.Seq2[document, error] {
	return func(yield func(document, error) bool) {
		commit, err := OpenCommit(ctx, dir)
		if err != nil {
			yield(document{}, err)
			return
		}
		for _, segment := range commit.Segments {
			for doc, err := range readSegment(ctx, segment, 0) {
				if !yield(doc, err) || err != nil {
					return
				}
			}
		}
	}
}

// readSegment yields the live documents of a segment from a number on, up to the first error.
func readSegment(ctx context.Context, segment *Segment, from int) iter.Seq2[document, error] {
	return func(yield func(document, error) bool) {
		docs, err := segment.Open(ctx, testFields...)
		if err != nil {
			yield(document{}, err)
			return
		}
		err = readSpans(ctx, &Decoder{}, docs, from, func(doc *Doc) error {
			d := document{segment: segment.Name, number: doc.Number, values: slices.Clone(doc.Values)}
			for i, value := range d.values {
				d.values[i].Bytes = bytes.Clone(value.Bytes)
			}
			if !yield(d, nil) {
				return errStopped
			}
			return nil
		})
		if closeErr := docs.Close(); err == nil {
			err = closeErr
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(document{}, err)
		}
	}
}

// readSpans decodes each span as it comes, with a pool, as package rfs does.
func readSpans(ctx context.Context, decoder *Decoder, docs *Documents, from int, visit func(*Doc) error) error {
	pool := NewSpanPool(2)
	for span, err := range docs.Spans(ctx, from, pool) {
		if err != nil {
			return err
		}
		if err := decoder.Decode(span, from, visit); err != nil {
			return err
		}
		pool.Put(span)
	}
	return nil
}

// allFiles names the files of a directory and those within compound files.
func allFiles(t testing.TB, dir Directory) []string {
	t.Helper()
	commit, err := OpenCommit(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	names := slices.DeleteFunc(dir.Names(), func(name string) bool { return name == expectedFile })
	for _, segment := range commit.Segments {
		f, err := segment.openFiles(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		names = slices.AppendSeq(names, maps.Keys(f.entries))
		if err := f.close(); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(names)
	return names
}

// checkError checks that an error, if any, is of a kind that foreign bytes may cause, and names a place that there is.
func checkError(t testing.TB, dir *memory, err error) {
	t.Helper()
	var corrupt *input.CorruptError
	var unsupported *UnsupportedError
	switch {
	case err == nil, errors.Is(err, fs.ErrNotExist):
	case errors.As(err, &unsupported):
		if unsupported.File == "" || len(unsupported.Known) == 0 {
			t.Errorf("%+v", unsupported)
		}
	case errors.As(err, &corrupt):
		size := int64(0)
		for _, data := range dir.files {
			size = max(size, int64(len(data)))
		}
		if corrupt.File == "" || path.Ext(corrupt.File) == "" && !strings.HasPrefix(corrupt.File, commitPrefix) || corrupt.Offset < 0 || corrupt.Offset > size {
			t.Errorf("file %q, offset %d: %v", corrupt.File, corrupt.Offset, err)
		}
	default:
		t.Errorf("%T: %v", err, err)
	}
}
