package lucene

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"
	"testing"

	"migassist/lucene/input"
)

// The targets take the body of a file, without footer, and append a right one, so that mutations get past the
// checksum. Seeds are real files, taken out of the fixtures when the test runs.

// bodies yields the files with an extension, or with commitPrefix segments_N, without their footers, each content once.
func bodies(tb testing.TB, extension string, parts ...string) [][]byte {
	tb.Helper()
	var found [][]byte
	count := map[string]int{}
	add := func(dir *memory, most int) {
		for _, name := range allFiles(tb, dir) {
			if path.Ext(name) != extension && (extension != commitPrefix || !strings.HasPrefix(name, commitPrefix)) {
				continue
			}
			data := fileBytes(tb, dir, name)
			body := unsealed(data)
			header := input.NewCursor("header", body, 0).Header()
			format := fmt.Sprint(header.Codec, header.Version)
			if count[format] < most && !slices.ContainsFunc(found, func(other []byte) bool { return bytes.Equal(other, body) }) {
				count[format]++
				found = append(found, body)
			}
		}
	}
	for _, s := range fixtureShards(tb, parts...) {
		add(s.dir, allOfFormat)
	}
	for _, dir := range luceneIndices(tb) {
		add(dir, someOfFormat)
	}
	if len(found) == 0 {
		tb.Fatal("there is no ", extension)
	}
	return found
}

// unsealed is a file without its footer, where it has one.
func unsealed(data []byte) []byte {
	if endsInFooter(input.NewBytes("", data)) {
		return data[:len(data)-input.FooterSize]
	}
	return data
}

// sealed is a body with a footer, where its format has one.
func sealed(body []byte) []byte {
	if hasFooter(input.NewCursor("header", body, 0).Header()) {
		return seal(body)
	}
	return body
}

// How many seeds of one format come from the fixtures, and how many there may be of it in all: with too many the fuzzer
// spends its time on them.
const (
	allOfFormat  = 100
	someOfFormat = 8
)

// seedShards are those whose files are seeds.
var seedShards = []string{"second/recreated/0", "7.10.2/second/hard-deletes/0", "2.19.1/second/not-compound/0", "second/best-compression/0"}

// owner returns a segment to which a file with this body may belong, and the file's name.
func owner(body []byte, extension string) (*Segment, string) {
	header := input.NewCursor("header", body, 0).IndexHeader()
	s := &Segment{Name: "_0", ID: header.ID, deletesGen: noGeneration, fieldsGen: noGeneration}
	if _, s.plain = firstFooters[header.Codec]; s.plain || extension == ".del" {
		s.plain = true
		return s, s.Name + extension
	}
	if header.Suffix != "" {
		return s, s.Name + "_" + header.Suffix + extension
	}
	return s, s.Name + extension
}

// bounded runs what reads size bytes of input: it must not allocate far more, and its error must name a place in a file.
func bounded(t *testing.T, size, factor int, read func() error) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := read()
	runtime.ReadMemStats(&after)
	if got, limit := after.TotalAlloc-before.TotalAlloc, uint64(size*factor+4<<20); got > limit {
		t.Fatalf("%d bytes of input made it allocate %d, more than %d: %v", size, got, limit, err)
	}
	var corrupt *input.CorruptError
	var unsupported *UnsupportedError
	var tooLarge *TooLargeError
	switch {
	case err == nil, errors.As(err, &unsupported) && unsupported.File != "", errors.As(err, &tooLarge):
	case errors.As(err, &corrupt) && corrupt.File != "" && corrupt.Offset >= 0:
	default:
		t.Fatalf("%T: %v", err, err)
	}
}

// perByte is how many bytes of memory a byte of metadata may take: a string of no bytes takes 16, a map's entry more.
const perByte = 200

func FuzzCommit(f *testing.F) {
	for _, body := range bodies(f, commitPrefix, seedShards...) {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		header := input.NewCursor("header", body, 0).IndexHeader()
		data := sealed(body)
		bounded(t, len(data), perByte, func() error {
			commit, err := parseCommit(input.NewCursor("segments_"+header.Suffix, data, 0), commitPrefix+header.Suffix)
			if err == nil && commit == nil {
				t.Error("neither a commit nor an error")
			}
			return err
		})
	})
}

func FuzzSegmentInfo(f *testing.F) {
	for _, body := range bodies(f, ".si", seedShards...) {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		data := sealed(body)
		s, _ := owner(body, ".si")
		bounded(t, len(data), perByte, func() error {
			err := s.parseInfo(input.NewCursor("_0.si", data, 0))
			if err == nil && (s.MaxDoc < 0 || s.MaxDoc > MaxDocs) {
				t.Errorf("%d documents", s.MaxDoc)
			}
			return err
		})
	})
}

func FuzzCompoundEntries(f *testing.F) {
	for _, body := range bodies(f, ".cfe", seedShards...) {
		f.Add(body, int64(1<<20))
	}
	f.Fuzz(func(t *testing.T, body []byte, size int64) {
		data := sealed(body)
		s, _ := owner(body, ".cfe")
		size = max(size, 0)
		bounded(t, len(data), perByte, func() error {
			entries, err := s.parseEntries(input.NewCursor("_0.cfe", data, 0), size)
			for name, e := range entries {
				if err == nil && (e.offset < 0 || e.length < 0 || e.offset+e.length > size || e.offset+e.length < 0) {
					t.Errorf("%s has %d bytes at %d of %d", name, e.length, e.offset, size)
				}
			}
			return err
		})
	})
}

func FuzzFields(f *testing.F) {
	for _, body := range bodies(f, ".fnm", seedShards...) {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		data := sealed(body)
		s, name := owner(body, ".fnm")
		bounded(t, len(data), perByte, func() error {
			fields, err := s.parseFields(input.NewCursor(name, data, 0), name)
			if err == nil && len(slotsOf(fields, testFields)) > maxFieldNumber+1 {
				t.Error("a table of slots larger than any")
			}
			return err
		})
	})
}

func FuzzLiveDocs(f *testing.F) {
	for _, body := range bodies(f, ".liv", seedShards...) {
		f.Add(body, uint32(25), uint32(8))
		f.Add(body, uint32(90), uint32(10))
	}
	for _, body := range bodies(f, ".del", "second/recreated/0") {
		f.Add(body, uint32(25), uint32(6))
		f.Add(body, uint32(40), uint32(10))
	}
	f.Fuzz(func(t *testing.T, body []byte, maxDoc, deleted uint32) {
		data, extension := sealed(body), ".liv"
		if bytes.HasPrefix(body, []byte{0xFF, 0xFF, 0xFF, 0xFE}) {
			data, extension = seal(body), ".del"
		}
		s, name := owner(body, extension)
		s.MaxDoc, s.Deleted = int(maxDoc%100_000), int(deleted)
		bounded(t, len(data)+s.MaxDoc, perByte, func() error {
			live := newBitset(s.MaxDoc)
			live.fill(s.MaxDoc)
			err := s.parseDeletes(input.NewCursor(name, data, 0), name, live)
			if err == nil && s.MaxDoc-live.count() != s.Deleted {
				t.Errorf("%d of %d documents are live, %d deleted", live.count(), s.MaxDoc, s.Deleted)
			}
			return err
		})
	})
}

// FuzzChunkIndex reads .fdm and .fdx and walks the chunks they tell of, from several documents on.
func FuzzChunkIndex(f *testing.F) {
	for _, meta := range bodies(f, ".fdm", seedShards...) {
		f.Add(meta, make([]byte, 64), 100_000, 1)
	}
	manyBlocks := built{chunks: someChunks(5, 1, 30, 2, 1, 4, 4), shift: 1}.index()
	f.Add(unsealed(manyBlocks.files["_0.fdm"]), unsealed(manyBlocks.files["_0.fdx"]), len(manyBlocks.files["_0.fdt"]), 47)
	for _, index := range bodies(f, ".fdx", "second/recreated/0") {
		f.Add(index, []byte{}, 20_000, 40)
	}
	f.Fuzz(func(t *testing.T, meta, index []byte, size, docs int) {
		size, docs = max(0, min(size, 1<<20)), max(0, min(docs, 1<<20))
		data := seal(meta)
		s, _ := owner(meta, ".fdm")
		s.MaxDoc = docs
		codec := input.NewCursor("header", meta, 0).Header().Codec
		for name, format := range storedFormats {
			if codec != format.index+"Meta" && codec != format.legacy {
				continue
			}
			st := &stored{name: "_0.fdt", codec: name, format: format, version: format.newest, begin: 54}
			st.data = input.NewBytes("_0.fdt", make([]byte, size))
			bounded(t, len(data)+len(index)+size, 4*perByte, func() (err error) {
				if st.index, err = anyIndex(st, s, codec, data, seal(index)); err != nil {
					return err
				}
				return walkChunks(t, st, docs)
			})
			break
		}
	})
}

// anyIndex reads the chunk index in .fdm and .fdx, or in .fdx alone, of whichever codec.
func anyIndex(st *stored, s *Segment, codec string, data, index []byte) (chunkIndex, error) {
	if codec == st.format.legacy {
		st.version = min(st.format.newest, 1) // so that it says where the chunks end, or does not
		return st.parseLegacy(input.NewCursor("_0.fdx", data, 0), s, nil)
	}
	q, err := st.parseMeta(input.NewCursor("_0.fdm", data, 0), s)
	if err == nil {
		q.file = input.NewBytes("_0.fdx", index)
	}
	return q, err
}

// walkChunks checks that the chunks from a document on follow each other and end with the last document.
func walkChunks(t *testing.T, st *stored, docs int) error {
	t.Helper()
	for _, from := range []int{0, docs / 2, docs} {
		next := -1
		err := st.chunks(from, func(ch chunk) (bool, error) {
			if ch.endDoc <= ch.doc || ch.endDoc > docs || ch.endDoc <= from || next >= 0 && ch.doc != next || from == 0 && next < 0 && ch.doc != 0 {
				t.Errorf("from %d: chunk of documents %d to %d of %d, want %d", from, ch.doc, ch.endDoc, docs, next)
			}
			next = ch.endDoc
			return true, nil
		})
		if err != nil {
			return err
		}
		if next >= 0 && next != docs {
			t.Errorf("from %d: the chunks end at %d of %d", from, next, docs)
		}
	}
	return nil
}

// FuzzInts reads the numbers in a chunk's head in both codings: none is negative, all are there.
func FuzzInts(f *testing.F) {
	for _, width := range []int{8, 16, 31} {
		f.Add(pack(randomInts(130, width), width), true, 130)
		f.Add(group(randomInts(300, width), (width+7)/8*8), false, 300)
	}
	f.Add([]byte{0, 5}, false, 7)
	f.Fuzz(func(t *testing.T, data []byte, packed bool, n int) {
		values := make([]int32, max(1, min(n, 4096)))
		read := groupedInts
		if packed {
			read = packedInts
		}
		bounded(t, len(data), 1, func() error {
			c := input.NewCursor("_0.fdt", data, 0)
			read(c, values)
			if c.Err() == nil && slices.Min(values) < 0 {
				t.Errorf("%d among %d numbers", slices.Min(values), len(values))
			}
			return c.Err()
		})
	})
}

// FuzzChunk decodes one chunk in each format: its head, its payload, the fields of its documents.
func FuzzChunk(f *testing.F) {
	formats := slices.Sorted(slices.Values(keys(storedFormats)))
	for _, s := range fixtureShards(f, append(seedShards, "second/large-deflate/0", "large/0")...) {
		addChunks(f, s.dir, formats)
	}
	for _, dir := range luceneIndices(f) {
		addChunks(f, dir, formats)
	}
	addChunks(f, built{chunks: someChunks(200, 1, 130)}.index(), formats)
	decoder := Decoder{Limit: 8 << 20}
	f.Fuzz(func(t *testing.T, kind byte, version bool, data []byte, doc, n, chunkSize int) {
		codec := formats[int(kind)%len(formats)]
		st := &stored{name: "_0.fdt", codec: codec, format: storedFormats[codec], version: storedFormats[codec].newest, ints: storedFormats[codec].ints, chunkSize: max(1, chunkSize), maxDoc: MaxDocs}
		if version {
			st.version = st.format.oldest
		}
		doc, n = max(0, min(doc, 1<<20)), max(1, min(n, 1<<18))
		docs := &Documents{segment: &Segment{Name: "_0"}, stored: st, wanted: testFields, slots: []int16{0, 1, 2, -1, 0, 1}}
		span := &Span{FirstDoc: doc, EndDoc: doc + n, From: doc, To: doc + n, docs: docs, data: data, size: len(data), base: 54, chunks: []chunk{{doc: doc, endDoc: doc + n, from: 54, to: 54 + int64(len(data))}}}
		bounded(t, len(data), 2*st.format.ratio, func() error {
			next := doc
			return decoder.Decode(span, 0, func(d *Doc) error {
				if d.Number != next || len(d.Values) != len(testFields) {
					t.Errorf("document %d with %d values, want %d", d.Number, len(d.Values), next)
				}
				next++
				return nil
			})
		})
		part := Decoder{Limit: len(data) / 2}
		part.Skipped = func(d *Doc, size int) error {
			if d.Number < doc || d.Number >= doc+n || size < 0 {
				t.Errorf("document %d of %d bytes", d.Number, size)
			}
			return nil
		}
		span.part = true
		bounded(t, len(data), 2*st.format.ratio, func() error {
			return part.Decode(span, 0, func(*Doc) error { return nil })
		})
	})
}

// smallSeed is how large a seed may be: of large ones, which are mostly text, the fuzzer learns nothing for its time.
const smallSeed = 2 << 10

func addChunks(f *testing.F, dir *memory, formats []string) {
	f.Helper()
	commit, err := OpenCommit(f.Context(), dir)
	if err != nil {
		f.Fatal(err)
	}
	for _, segment := range commit.Segments {
		docs, err := segment.Open(f.Context())
		if err != nil {
			f.Fatal(err)
		}
		for span, err := range docs.Spans(f.Context(), 0, nil) {
			if err != nil {
				f.Fatal(err)
			}
			st := docs.stored
			for _, ch := range span.chunks {
				if ch.to-ch.from < smallSeed {
					f.Add(byte(slices.Index(formats, st.codec)), st.version == st.format.oldest, span.data[ch.from-span.base:ch.to-span.base], ch.doc, ch.endDoc-ch.doc, st.chunkSize)
				}
			}
		}
		if err := docs.Close(); err != nil {
			f.Fatal(err)
		}
	}
}

// FuzzSegment reads and describes a whole index in which one file has another body.
func FuzzSegment(f *testing.F) {
	var indices []*memory
	for _, name := range []string{"8.11.4-fast-plain", "8.11.4-high-plain", "9.0.0-fast-compound", "9.12.1-fast-sorted", "10.3.1-high-plain"} {
		indices = append(indices, unzip(f, "testdata/written/lucene-"+name+".zip"))
	}
	for _, name := range []string{"lucene-4.10.4-fast-plain", "lucene-4.6.1-fast-compound", "lucene-5.5.5-high-compound", "lucene-7.7.3-fast-plain", "lucene-8.5.2-fast-plain", "plugin-9.12.0-zstd", "plugin-9.12.0-qat-lz4", "plugin-9.12.0-qat-deflate"} {
		indices = append(indices, unzip(f, "testdata/golden/"+name+".zip"))
	}
	for _, s := range fixtureShards(f, seedShards...) {
		indices = append(indices, s.dir)
	}
	for i, dir := range indices {
		for k, name := range dir.Names() {
			// Two of the segments have every kind of file.
			if name != expectedFile && len(dir.files[name]) < smallSeed && (strings.HasPrefix(name, "_0") || strings.HasPrefix(name, "_5") || strings.HasPrefix(name, commitPrefix)) {
				f.Add(byte(i), byte(k), unsealed(dir.files[name]))
			}
		}
	}
	decoder := &Decoder{Limit: 8 << 20}
	f.Fuzz(func(t *testing.T, index, file byte, body []byte) {
		dir := indices[int(index)%len(indices)]
		name := dir.Names()[int(file)%len(dir.files)]
		changed := dir.with(name, sealed(body))
		size := 0
		for _, data := range changed.files {
			size += len(data)
		}
		bounded(t, size+len(body)*ratioDeflate/perByte, perByte, func() error { return withoutMissing(readLimited(t.Context(), decoder, changed)) })
		bounded(t, size+len(body)*ratioDeflate/perByte, perByte, func() error {
			err := Describe(t.Context(), changed, name, io.Discard)
			if err != nil && strings.Contains(err.Error(), "no segment of the commit") || name == expectedFile {
				return nil
			}
			return withoutMissing(err)
		})
		if open := changed.open.Load(); open != 0 {
			t.Fatalf("%d files were left open", open)
		}
	})
}

// withoutMissing passes over files that are not there because another one names them.
func withoutMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// readLimited reads all documents with a decoder that has a limit.
func readLimited(ctx context.Context, decoder *Decoder, dir *memory) error {
	commit, err := OpenCommit(ctx, dir)
	if err != nil {
		return err
	}
	for _, segment := range commit.Segments {
		docs, err := segment.Open(ctx, testFields...)
		if err != nil {
			return err
		}
		err = readSpans(ctx, decoder, docs, 0, func(*Doc) error { return nil })
		if closeErr := docs.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			return err
		}
	}
	return nil
}
