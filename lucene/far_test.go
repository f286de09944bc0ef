package lucene

import (
	"context"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"migassist/lucene/input"
)

// far is a directory that counts as a far store does: what was announced comes in blocks, once each, and every other
// read is a request.
type far struct {
	*memory
	requests, bytes int64
}

const farBlock = 4 << 20

// Far tells that each read is a request.
func (f *far) Far() bool { return true }

// Open implements Directory.
func (f *far) Open(ctx context.Context, name string) (input.File, error) {
	file, err := f.memory.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	return &farFile{File: file, store: f}, nil
}

type farFile struct {
	input.File
	store *far
	parts []*farPart
}

// farPart is a range that was announced, and how far it has come.
type farPart struct{ from, to, came int64 }

// WillRead takes the announcement.
func (f *farFile) WillRead(off, length int64) {
	f.parts = append(f.parts, &farPart{from: off, to: off + length, came: off})
}

// ReadAt implements input.File.
func (f *farFile) ReadAt(p []byte, off int64) (int, error) {
	for _, part := range f.parts {
		if off < part.from || off >= part.to {
			continue
		}
		for part.came < min(off+int64(len(p)), part.to) {
			size := min(farBlock, part.to-part.came)
			part.came += size
			f.store.requests++
			f.store.bytes += size
		}
		return f.File.ReadAt(p, off)
	}
	f.store.requests++
	f.store.bytes += int64(len(p))
	return f.File.ReadAt(p, off)
}

// TestFarStoresAreAskedSeldom reads each segment as from a far store: ten requests, and one per block; and hardly more
// bytes than the files and the column have.
func TestFarStoresAreAskedSeldom(t *testing.T) {
	indices := goldenIndices(t)
	for _, s := range fixtureShards(t, "second/not-compound/0", "second/merged/0", "second/large/0") {
		indices[s.name] = s.dir
	}
	for name, dir := range indices {
		t.Run(name, func(t *testing.T) {
			store := &far{memory: dir}
			commit, err := readCommit(t.Context(), store)
			if err != nil {
				t.Fatal(err)
			}
			for _, segment := range commit.Segments {
				store.requests, store.bytes = 0, 0
				if err := segment.readInfo(t.Context()); err != nil {
					t.Fatal(err)
				}
				before := store.requests
				if err := segment.Check(t.Context()); err != nil {
					t.Fatal(err)
				}
				if asked := store.requests - before; asked > 2 {
					t.Errorf("%s: %d requests before a run", segment.Name, asked)
				}
				store.requests = before
				for _, err := range readSegment(t.Context(), segment, 0) {
					if err != nil {
						t.Fatal(err)
					}
				}
				need := neededBytes(t, dir, segment)
				if store.requests > 10+need/farBlock || store.bytes > need*105/100+usualHeader+sparedSize {
					t.Errorf("%s: %d requests for %d bytes, where %d are needed", segment.Name, store.requests, store.bytes, need)
				}
			}
		})
	}
}

// neededBytes is the size of the files of a segment that its documents are read from; of columns all.
func neededBytes(t *testing.T, dir *memory, segment *Segment) (need int64) {
	t.Helper()
	for _, name := range allFiles(t, dir) {
		extension := path.Ext(name)
		if !strings.HasPrefix(name, segment.Name+"_") && !strings.HasPrefix(name, segment.Name+".") ||
			!slices.Contains([]string{".si", ".cfe", ".fdm", ".fdx", ".fdt", ".fnm", ".liv", ".del", ".dvm"}, extension) ||
			extension == ".fnm" && name != segment.fieldsFile() ||
			extension == ".dvm" && segment.SoftDeleted == 0 {
			continue
		}
		need += int64(len(fileBytes(t, dir, name)))
	}
	return need
}

// TestDamageToColumnsInFarStores flips each byte of each .dvd: where a generation of doc values is small beside the
// stored fields, it is verified whole although the store is far, so that no other document is taken for deleted.
func TestDamageToColumnsInFarStores(t *testing.T) {
	for name, dir := range goldenIndices(t, "7.7.3", "8.11.4", "9.12.0-high", "10.3.1") {
		t.Run(name, func(t *testing.T) {
			d := newDamager(t, dir)
			found := 0
			for _, file := range dir.Names() {
				if path.Ext(file) != ".dvd" {
					continue
				}
				for at := range dir.files[file] {
					damaged := slices.Clone(dir.files[file])
					damaged[at] ^= 1 << (at % 8)
					got, err := d.digest(t, &far{memory: dir.with(file, damaged)})
					switch {
					case err != nil:
						found++
					case !slices.Equal(got, d.want):
						t.Errorf("%s with byte %d flipped gave other documents, without an error", file, at)
					}
				}
			}
			if found == 0 {
				t.Error("no damage was found")
			}
		})
	}
}

// TestFarResumesReadOnlyTheRest: what lies before the first document is not fetched, and the documents are the same.
func TestFarResumesReadOnlyTheRest(t *testing.T) {
	var chunks [][]string
	for i := range 12 {
		chunks = append(chunks, []string{storedDoc(strconv.Itoa(i), strings.Repeat("x", spanBytes))})
	}
	store := &far{memory: built{chunks: chunks}.index()}
	commit, err := OpenCommit(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	for from := range chunks {
		store.bytes, store.requests = 0, 0
		next := from
		for doc, err := range readSegment(t.Context(), commit.Segments[0], from) {
			if err != nil || string(doc.values[0].Bytes) != strconv.Itoa(next) {
				t.Fatalf("from %d: %v, %v", from, doc.number, err)
			}
			next++
		}
		if most := int64(len(chunks)-from)*(spanBytes+2<<10) + 4<<10; next != len(chunks) || store.bytes > most || store.requests > 10 {
			t.Errorf("from %d to %d: %d bytes in %d requests, want %d", from, next, store.bytes, store.requests, most)
		}
	}
}
