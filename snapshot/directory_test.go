package snapshot_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"migassist/lucene/input"
	"migassist/snapshot"
)

// shard reads the one shard of a handmade repository.
func (h *handmade) shard(t testing.TB) (*snapshot.Shard, error) {
	t.Helper()
	x, err := h.readIndex(t)
	if err != nil {
		t.Fatal(err)
	}
	return x.Shard(t.Context(), 0)
}

func (h *handmade) directory(t testing.TB) *snapshot.Directory {
	t.Helper()
	s, err := h.shard(t)
	if err != nil {
		t.Fatal(err)
	}
	return s.Directory()
}

func TestPartsReadAsOneFile(t *testing.T) {
	data := pattern(1000)
	for _, partSize := range []int{1, 7, 16, 100, 508, 1015, 1016, 1017, 5000} {
		h := newHandmade()
		h.add("_0.fdt", data, partSize)
		f, err := h.directory(t).Open(t.Context(), "_0.fdt")
		if err != nil {
			t.Errorf("parts of %d: %v", partSize, err)
			continue
		}
		if err := iotest.TestReader(io.NewSectionReader(f, 0, f.Size()), data); err != nil {
			t.Errorf("parts of %d: %v", partSize, err)
		}
		checkRandomReads(t, f, data)
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if _, err := f.ReadAt(make([]byte, 1), 0); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("read after close: %v", err)
		}
	}
}

func checkRandomReads(t *testing.T, f input.File, data []byte) {
	t.Helper()
	for off := 0; off < len(data)+20; off += 13 {
		for _, n := range []int{0, 1, 15, 16, 200, 2000} {
			p := make([]byte, n)
			got, err := f.ReadAt(p, int64(off))
			want := data[min(off, len(data)):min(off+n, len(data))]
			if !bytes.Equal(p[:got], want) || (got < n) != errors.Is(err, io.EOF) && n > 0 {
				t.Fatalf("%d bytes at %d: got %d, error %v", n, off, got, err)
			}
		}
	}
	if _, err := f.ReadAt(make([]byte, 1), -1); err == nil {
		t.Error("a negative offset was read")
	}
}

// TestPartSizeThatMeansOnePart: Long.MAX_VALUE, zero and nothing.
func TestPartSizeThatMeansOnePart(t *testing.T) {
	data := pattern(50)
	for _, partSize := range []any{int64(math.MaxInt64), 0, -1, nil} {
		h := newHandmade()
		h.add("_0.si", data, 1000)
		h.files[0]["part_size"] = partSize
		f, err := h.directory(t).Open(t.Context(), "_0.si")
		if err != nil {
			t.Errorf("%v: %v", partSize, err)
			continue
		}
		if got, err := input.ReadVerified(f); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%v: %d bytes, error %v", partSize, len(got), err)
		}
	}
}

func TestEmptyFileHasOneEmptyBlob(t *testing.T) {
	h := newHandmade()
	h.files = append(h.files, object{"name": "__e", "physical_name": "empty", "length": 0, "part_size": 10})
	h.blobs["__e"] = []byte{}
	f, err := h.directory(t).Open(t.Context(), "empty")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := f.ReadAt(make([]byte, 3), 0); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("got %d, error %v", n, err)
	}
}

func TestVirtualFileIsServedAndVerified(t *testing.T) {
	data := pattern(200)
	h := newHandmade()
	h.addVirtual("segments_3", data)
	f, err := h.directory(t).Open(t.Context(), "segments_3")
	if err != nil {
		t.Fatal(err)
	}
	checkRandomReads(t, f, data)

	broken := bytes.Clone(data)
	broken[7] ^= 1
	for want, entry := range map[string]object{
		"CRC32":                       {"name": "v__x", "physical_name": "segments_3", "length": len(data), "checksum": checksum(data), "meta_hash": broken},
		"as the snapshot recorded":    {"name": "v__x", "physical_name": "segments_3", "length": len(data), "checksum": "1", "meta_hash": data},
		"a recorded checksum in base": {"name": "v__x", "physical_name": "segments_3", "length": len(data), "checksum": "?", "meta_hash": data},
	} {
		h := newHandmade()
		h.files = []object{entry}
		_, err := h.directory(t).Open(t.Context(), "segments_3")
		var corrupt *input.CorruptError
		if !errors.As(err, &corrupt) || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want %q", err, want)
		}
	}
}

func TestFileListsThatMakeNoSenseAreCorrupt(t *testing.T) {
	entry := func(change object) object {
		e := object{"name": "__1", "physical_name": "_0.si", "length": 20, "checksum": "x", "part_size": 100}
		maps.Copy(e, change)
		return e
	}
	for want, files := range map[string][]object{
		"a blob name for file number 0":   {entry(object{"name": ""})},
		"a blob name for file number 1":   {entry(nil), entry(object{"name": "../../x"})},
		"a physical_name":                 {entry(object{"physical_name": "a/b"})},
		"a length":                        {entry(object{"length": nil})},
		"meta_hash with all 20 bytes":     {entry(object{"name": "v__1", "meta_hash": []byte("short")})},
		"each physical_name once":         {entry(nil), entry(nil)},
		`where files.length should stand`: {entry(object{"length": 1e99})},
	} {
		h := newHandmade()
		h.files = files
		_, err := h.shard(t)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "corrupt indices/I/0/snap-U.dat") {
			t.Errorf("got error %v, want %q", err, want)
		}
	}
}

// TestAbsurdLengthCostsNothing: 2^62 bytes in parts of one.
func TestAbsurdLengthCostsNothing(t *testing.T) {
	h := newHandmade()
	h.add("_0.si", pattern(3), 100)
	h.files[0]["length"], h.files[0]["part_size"] = int64(1)<<62, 1
	if _, err := h.directory(t).Open(t.Context(), "_0.si"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got error %v", err)
	}
}

func TestChecksumOfTheSnapshotIsComparedOnOpen(t *testing.T) {
	h := newHandmade()
	h.add("_0.si", pattern(64), 16)
	h.files[0]["checksum"] = checksum(pattern(65))
	_, err := h.directory(t).Open(t.Context(), "_0.si")
	var corrupt *input.CorruptError
	if !errors.As(err, &corrupt) || corrupt.File != "_0.si" || corrupt.Offset != 72 {
		t.Errorf("got error %v", err)
	}
	tiny := newHandmade()
	tiny.add("_0.si", pattern(0), 100)
	tiny.files[0]["length"], tiny.blobs["__0"] = 5, []byte("12345")
	if _, err := tiny.directory(t).Open(t.Context(), "_0.si"); err == nil || !strings.Contains(err.Error(), "a footer of 16 bytes, got a file of 5") {
		t.Errorf("got error %v", err)
	}
}

func TestBlobThatShrinksWhileOpenIsCorrupt(t *testing.T) {
	h := newHandmade()
	h.add("_0.fdt", pattern(100), 30)
	repo := h.build(t)
	fsys := shrinking{tree: repo}
	r, err := snapshot.Open(t.Context(), &fsys)
	if err != nil {
		t.Fatal(err)
	}
	s, _ := r.Snapshot(t.Context(), "s")
	x, _ := s.Index(t.Context(), "x")
	shard, err := x.Shard(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	f, err := shard.Directory().Open(t.Context(), "_0.fdt")
	if err != nil {
		t.Fatal(err)
	}
	fsys.shrunk = true
	_, err = f.ReadAt(make([]byte, 100), 0)
	var corrupt *input.CorruptError
	if !errors.As(err, &corrupt) || !strings.HasPrefix(corrupt.File, "indices/I/0/__0.part") {
		t.Errorf("got error %v", err)
	}
}

func TestUnknownFileAndShardAreNamed(t *testing.T) {
	h := newHandmade()
	h.add("_0.si", pattern(1), 100)
	d := h.directory(t)
	if _, err := d.Open(t.Context(), "_1.si"); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "[_0.si]") {
		t.Errorf("got error %v", err)
	}
	x, err := h.readIndex(t)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{-1, 1} {
		if _, err := x.Shard(t.Context(), n); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("shards 0 to 0, not %d", n)) {
			t.Errorf("got error %v", err)
		}
	}
}

func TestReadingStopsWithTheContextOfOpen(t *testing.T) {
	h := newHandmade()
	h.add("_0.si", pattern(10), 4)
	d := h.directory(t)
	ctx, cancel := context.WithCancel(t.Context())
	f, err := d.Open(ctx, "_0.si")
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := f.ReadAt(make([]byte, 10), 0); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v", err)
	}
}

func BenchmarkReadAt(b *testing.B) {
	h := newHandmade()
	h.add("_0.fdt", pattern(1<<20), 1<<18)
	f, err := h.directory(b).Open(b.Context(), "_0.fdt")
	if err != nil {
		b.Fatal(err)
	}
	p := make([]byte, 1<<16)
	b.SetBytes(int64(len(p)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := f.ReadAt(p, int64(i*9973)%(1<<20-1<<16)); err != nil {
			b.Fatal(err)
		}
	}
}
