package lucene

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"migassist/lucene/input"
)

// ids reads an index and returns the _id of each live document, up to the first error.
func ids(ctx context.Context, dir Directory) (found []string, err error) {
	for doc, err := range readAll(ctx, dir) {
		if err != nil {
			return found, err
		}
		found = append(found, string(doc.values[0].Bytes))
	}
	return found, nil
}

func numbersTo(n int) []string {
	want := make([]string, n)
	for i := range want {
		want[i] = fmt.Sprint(i)
	}
	return want
}

// TestBuiltIndicesAreRight: what the tests below make wrong is right before.
func TestBuiltIndicesAreRight(t *testing.T) {
	for _, sizes := range [][]int{{}, {1}, {3}, {200}, {1, 1, 1}, {5, 1, 300, 2, 1, 4, 4, 7, 1, 1, 2}} {
		for shift := 1; shift < 6; shift++ {
			n := 0
			for _, size := range sizes {
				n += size
			}
			dir := built{chunks: someChunks(sizes...), shift: shift}.index()
			got, err := ids(t.Context(), dir)
			if err != nil || !slices.Equal(got, numbersTo(n)) {
				t.Errorf("chunks of %v, block shift %d: %v, %v", sizes, shift, got, err)
			}
		}
	}
}

// TestResumesAcrossBlocksOfTheIndex starts at every document where the chunk index has many blocks.
func TestResumesAcrossBlocksOfTheIndex(t *testing.T) {
	const n = 5 + 1 + 30 + 2 + 1 + 4 + 4 + 7 + 1 + 1 + 2
	dir := built{chunks: someChunks(5, 1, 30, 2, 1, 4, 4, 7, 1, 1, 2), shift: 1}.index()
	commit, err := OpenCommit(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	for from := -1; from <= n+1; from++ {
		var got []string
		for doc, err := range readSegment(t.Context(), commit.Segments[0], from) {
			if err != nil {
				t.Fatal(from, err)
			}
			got = append(got, string(doc.values[0].Bytes))
		}
		if want := numbersTo(n)[min(max(from, 0), n):]; !slices.Equal(got, want) {
			t.Errorf("from %d: %v", from, got)
		}
	}
}

// TestWrongIndicesAreRefused makes an index wrong in one way, with checksums that are right, and wants a corruption that
// names the file; never a panic, never fewer documents in silence.
func TestWrongIndicesAreRefused(t *testing.T) {
	many := []int{200, 5, 5, 5, 5, 5}
	for name, test := range map[string]struct {
		file string
		built
	}{
		"negative lengths in a whole group": {"_0.fdt", built{lengths: func(chunk int, lengths []int64) {
			if chunk == 0 {
				lengths[0], lengths[1] = -1000, lengths[0]+lengths[1]+1000
			}
		}}},
		"lengths beyond the data": {"_0.fdt", built{lengths: func(_ int, lengths []int64) { lengths[1] = 1 << 30 }}},
		"lengths that overlap":    {"_0.fdt", built{lengths: func(_ int, lengths []int64) { lengths[0]++; lengths[1]-- }}},
		"documents beyond the last": {"_0.fdx", built{firstDocs: func(docs []int64) {
			for i := 1; i < len(docs)-1; i++ {
				docs[i] += 1 << 20
			}
		}}},
		"the first documents left out":     {"_0.fdx", built{firstDocs: func(docs []int64) { docs[0] = 3 }}},
		"the first chunk left out":         {"_0.fdx", built{pointers: func(pointers []int64) { pointers[0] = pointers[1] - 1 }}},
		"a document in two chunks":         {"_0.fdt", built{firstDocs: func(docs []int64) { docs[2]-- }}},
		"no document in a chunk":           {"_0.fdx", built{firstDocs: func(docs []int64) { docs[2] = docs[1] }}},
		"chunks that run backwards":        {"_0.fdx", built{pointers: func(p []int64) { p[2] = p[1] - 1 }}},
		"a chunk beyond the end":           {"_0.fdx", built{pointers: func(p []int64) { p[3] = 1 << 40 }}},
		"a chunk of negative place":        {"_0.fdx", built{pointers: func(p []int64) { p[3] = -1 << 40 }}},
		"a last chunk that is short":       {"_0.fdx", built{pointers: func(p []int64) { p[len(p)-1]-- }}},
		"fewer documents than the segment": {"_0.fdx", built{firstDocs: func(docs []int64) { docs[len(docs)-1]-- }}},
		"bytes after the last chunk":       {"_0.fdm", built{tail: []byte{1, 2, 3}}},
		"an end before the end":            {"_0.fdm", built{meta: func(m *builtMeta) { m.ends-- }}},
		"another number of documents":      {"_0.fdm", built{meta: func(m *builtMeta) { m.docs++ }}},
		"no chunk size":                    {"_0.fdm", built{meta: func(m *builtMeta) { m.chunkSize = 0 }}},
		"no entries":                       {"_0.fdm", built{meta: func(m *builtMeta) { m.entries = 0 }}},
		"negative entries":                 {"_0.fdm", built{meta: func(m *builtMeta) { m.entries = -5 }}},
		"two billion chunks":               {"_0.fdm", built{meta: func(m *builtMeta) { m.entries, m.shift, m.bits = 1<<31-1, 22, 0 }}},
		"a shift of 0":                     {"_0.fdm", built{meta: func(m *builtMeta) { m.shift = 0 }}},
		"a shift of 40":                    {"_0.fdm", built{meta: func(m *builtMeta) { m.shift = 40 }}},
		"a width of 7 bits":                {"_0.fdm", built{meta: func(m *builtMeta) { m.bits = 7 }}},
		"blocks of negative place":         {"_0.fdm", built{meta: func(m *builtMeta) { m.blockAt = -1 << 40 }}},
		"blocks far away":                  {"_0.fdx", built{meta: func(m *builtMeta) { m.blockAt = 1<<63 - 1000 }}},
		"an index that is far away":        {"_0.fdx", built{meta: func(m *builtMeta) { m.docsAt = 1<<63 - 1000 }}},
		"an index of negative place":       {"_0.fdm", built{meta: func(m *builtMeta) { m.docsAt = -1000 }}},
		"a field number of two billions":   {"_0.fnm", built{fields: []builtField{{name: "_id", number: 1<<31 - 1, gen: -1}}}},
		"a field number twice":             {"_0.fnm", built{fields: []builtField{{name: "_id", gen: -1}, {name: "a", gen: -1}}}},
		"a field of negative generation":   {"_0.fnm", built{fields: []builtField{{name: "_id", gen: -2}}}},
		"an unknown kind of doc values":    {"_0.fnm", built{fields: []builtField{{name: "_id", kind: 6, gen: -1}}}},
		"an unknown commit id":             {"segments_1", built{infos: func(i *builtInfo) { i.marker = 2 }}},
		"negative fields of columns":       {"segments_1", built{infos: func(i *builtInfo) { i.columns = -1 }}},
		"a segment twice":                  {"segments_1", built{infos: func(i *builtInfo) { i.times = 2 }}},
		"a segment with a path":            {"segments_1", built{infos: func(i *builtInfo) { i.name = "_../../0" }}},
		"a segment without a name":         {"segments_1", built{infos: func(i *builtInfo) { i.name = "" }}},
		"another generation's commit":      {"segments_1", built{infos: func(i *builtInfo) { i.suffix = "2" }}},
		"deleted documents of nowhere":     {"segments_1", built{infos: func(i *builtInfo) { i.deleted = 1 }}},
		"a strange generation":             {"segments_1", built{infos: func(i *builtInfo) { i.deletes = -2 }}},
		"a strange generation of fields":   {"segments_1", built{infos: func(i *builtInfo) { i.fields = -2 }}},
		"negative soft deletes":            {"segments_1", built{infos: func(i *builtInfo) { i.soft = -1 }}},
		"more soft deletes than documents": {"_0.si", built{infos: func(i *builtInfo) { i.soft = 1 << 20 }}},
		"soft deletes without a field":     {"_0.fnm", built{infos: func(i *builtInfo) { i.soft = 1 }}},
		"soft deletes of no format": {"_0.fnm", built{
			infos:  func(i *builtInfo) { i.soft = 1 },
			fields: []builtField{{name: "_id", gen: -1}, {name: "__soft_deletes", number: 1, bits: bitSoftDeletes, kind: byte(Numeric), gen: -1}},
		}},
		"a compound that is maybe":   {"_0.si", built{infos: func(i *builtInfo) { i.compound = 3 }}},
		"more documents than Lucene": {"_0.si", built{infos: func(i *builtInfo) { i.maxDoc = MaxDocs + 1 }}},
		"an info of a generation":    {"_0.si", built{infos: func(i *builtInfo) { i.infoSuffix = "1" }}},
	} {
		t.Run(name, func(t *testing.T) {
			test.chunks = someChunks(many...)
			dir := test.index()
			err := checkRead(t, dir, 64<<20)
			var corrupt *input.CorruptError
			if !errors.As(err, &corrupt) || corrupt.File != test.file {
				t.Errorf("got %v, want a corrupt %s", err, test.file)
			}
		})
	}
}

// TestDocumentsBeyondTheLast: a chunk of an early span claims documents that no bit of the live ones is for.
func TestDocumentsBeyondTheLast(t *testing.T) {
	large := make([][]string, 4)
	for i := range large {
		large[i] = []string{storedDoc(fmt.Sprint(i), strings.Repeat("x", spanBytes))}
	}
	dir := built{
		chunks:    large,
		infos:     func(i *builtInfo) { i.deletes, i.deleted = 1, 4 },
		firstDocs: func(docs []int64) { docs[1], docs[2], docs[3] = 1<<20, 1<<21, 1<<22 },
	}.index()
	var live bytesOut
	live.header("Lucene90LiveDocs", 0, "1")
	live.i64(0) // none is live: all of a chunk's bits are looked at
	dir.files["_0_1.liv"] = live.seal()
	var corrupt *input.CorruptError
	if err := checkRead(t, dir, 64<<20); !errors.As(err, &corrupt) || corrupt.File != "_0.fdx" {
		t.Error(err)
	}
}

// checkRead reads all of an index and checks what must hold for any bytes: nothing is allocated beyond the limit, no file is
// left open, errors name a file and a place within it. It returns the error.
func checkRead(t testing.TB, dir *memory, limit uint64) error {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := ids(t.Context(), dir)
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > limit {
		t.Errorf("%d bytes were allocated", got)
	}
	if open := dir.open.Load(); open != 0 {
		t.Errorf("%d files were left open after %v", open, err)
	}
	checkError(t, dir, err)
	return err
}

// TestOldSegmentInfosWithOneDiagnostic: before Lucene 9.9 a 1 after the compound byte is a count, not a byte of its own.
func TestOldSegmentInfosWithOneDiagnostic(t *testing.T) {
	dir := built{chunks: someChunks(3), infos: func(i *builtInfo) {
		i.lucene, i.blocks, i.diagnostics = [3]int64{9, 4, 2}, nil, []string{"source", "flush"}
	}}.index()
	if got, err := ids(t.Context(), dir); err != nil || len(got) != 3 {
		t.Error(got, err)
	}
}

// TestFilesOfAnotherSegmentAreRefused puts the sound file of one segment in the place of another's.
func TestFilesOfAnotherSegmentAreRefused(t *testing.T) {
	for _, s := range fixtureShards(t, "second/not-compound/0") {
		t.Run(s.name, func(t *testing.T) {
			checkSwaps(t, s.dir)
		})
	}
	for name, dir := range luceneIndices(t) {
		if !strings.Contains(name, "lucene-4") { // whose headers have no ids
			t.Run(name, func(t *testing.T) { checkSwaps(t, dir) })
		}
	}
}

// checkSwaps exchanges each file that is read with those of the same extension and suffix, and with another generation.
func checkSwaps(t *testing.T, dir *memory) {
	t.Helper()
	read, swaps := opened(t, dir), 0
	for _, name := range read {
		for _, other := range dir.Names() {
			_, extension, _ := strings.Cut(name, ".")
			if other == name || !strings.HasSuffix(other, "."+extension) {
				continue
			}
			swaps++
			swapped := dir.with(name, dir.files[other])
			var corrupt *input.CorruptError
			if _, err := ids(t.Context(), swapped); !errors.As(err, &corrupt) {
				t.Errorf("%s in the place of %s: %v", other, name, err)
			}
			if open := swapped.open.Load(); open != 0 {
				t.Errorf("%s in the place of %s: %d files were left open", other, name, open)
			}
		}
	}
	if swaps == 0 {
		t.Error("nothing was swapped")
	}
}

// opened names the files that reading an index opens.
func opened(t testing.TB, dir *memory) []string {
	t.Helper()
	spy := &spy{memory: dir}
	for _, err := range readAll(t.Context(), spy) {
		if err != nil {
			t.Fatal(err)
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(spy.names)))
}

// spy notes which files are opened.
type spy struct {
	*memory
	names []string
}

// Open implements Directory.
func (s *spy) Open(ctx context.Context, name string) (input.File, error) {
	s.names = append(s.names, name)
	return s.memory.Open(ctx, name)
}

// TestUnknownFormatsAreNamed replaces the codec name in each header that chooses a format.
func TestUnknownFormatsAreNamed(t *testing.T) {
	for _, s := range fixtureShards(t, "elasticsearch-7.10.2/second/hard-deletes/0", "opensearch-2.19.1/second/not-compound/0") {
		for _, name := range opened(t, s.dir) {
			data := s.dir.files[name]
			_, format, _ := strings.Cut(name, ".")
			if format == "cfs" || strings.HasPrefix(name, "segments_") || format == "dvd" {
				continue // follow from others, or have no formats to choose from
			}
			other := slices.Clone(data[:len(data)-input.FooterSize])
			copy(other[5:], "Lucene77")
			unknown := s.dir.with(name, seal(other))
			var unsupported *UnsupportedError
			if _, err := ids(t.Context(), unknown); !errors.As(err, &unsupported) || unsupported.File != name {
				t.Errorf("%s: %v", name, err)
			}
			if err := check(t.Context(), unknown); !errors.As(err, &unsupported) || unsupported.File != name {
				t.Errorf("%s is found only while reading: %v", name, err)
			}
			if open := unknown.open.Load(); open != 0 {
				t.Errorf("%s: %d files were left open", name, open)
			}
		}
	}
}

// check does what planning a run does.
func check(ctx context.Context, dir Directory) error {
	commit, err := OpenCommit(ctx, dir)
	if err != nil {
		return err
	}
	for _, segment := range commit.Segments {
		if err := segment.Check(ctx); err != nil {
			return err
		}
	}
	return nil
}

func TestCheckPassesAllFixtures(t *testing.T) {
	for _, s := range fixtureShards(t) {
		if err := check(t.Context(), s.dir); err != nil || s.dir.open.Load() != 0 {
			t.Errorf("%s: %v, %d files left open", s.name, err, s.dir.open.Load())
		}
	}
}

// TestLargeChunksAreRefusedByName asks for less memory than a chunk needs.
func TestLargeChunksAreRefusedByName(t *testing.T) {
	dir := built{chunks: someChunks(3, 200)}.index()
	commit, err := OpenCommit(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	docs, err := commit.Segments[0].Open(t.Context(), testFields...)
	if err != nil {
		t.Fatal(err)
	}
	defer docs.Close()
	decoder, n := Decoder{Limit: 100}, 0
	var tooLarge *TooLargeError
	for span, err := range docs.Spans(t.Context(), 0, nil) {
		if err != nil {
			t.Fatal(err)
		}
		err = decoder.Decode(span, 0, func(*Doc) error { n++; return nil })
		if !errors.As(err, &tooLarge) {
			t.Fatal(err)
		}
	}
	if tooLarge == nil || tooLarge.FirstDoc != 3 || tooLarge.EndDoc != 203 || tooLarge.File != "_0.fdt" || tooLarge.Limit != 100 || n != 3 {
		t.Errorf("after %d documents: %+v", n, tooLarge)
	}
}

// TestLargeSpansAreRefusedByName: the compressed bytes are bounded, too, before they are read.
func TestLargeSpansAreRefusedByName(t *testing.T) {
	dir := built{chunks: [][]string{{storedDoc("0")}, {storedDoc("1", strings.Repeat("x", 2*spanBytes))}, {storedDoc("2")}}}.index()
	commit, err := OpenCommit(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	docs, err := commit.Segments[0].Open(t.Context(), testFields...)
	if err != nil {
		t.Fatal(err)
	}
	defer docs.Close()
	pool := NewSpanPool(1)
	pool.Limit = spanBytes
	spans := 0
	for _, err = range docs.Spans(t.Context(), 0, pool) {
		spans++
	}
	var tooLarge *TooLargeError
	if !errors.As(err, &tooLarge) || tooLarge.FirstDoc != 1 || tooLarge.EndDoc != 2 || tooLarge.Limit != spanBytes || spans != 2 {
		t.Errorf("%d spans, %v", spans, err)
	}
}

// TestCancelledReadsEnd: neither the verifying of what lies before the first document nor the rest goes on.
func TestCancelledReadsEnd(t *testing.T) {
	dir := built{chunks: someChunks(200, 200)}.index()
	commit, err := OpenCommit(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	docs, err := commit.Segments[0].Open(t.Context(), testFields...)
	if err != nil {
		t.Fatal(err)
	}
	defer docs.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, from := range []int{0, 300, 400} {
		for _, err := range docs.Spans(ctx, from, nil) {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("from %d: %v", from, err)
			}
		}
	}
}

// TestDescribeOfAStrayTable: a .cfe beside a segment that has no compound file is no reason to panic.
func TestDescribeOfAStrayTable(t *testing.T) {
	dir := built{chunks: someChunks(3)}.index().with("_0.cfe", seal(nil))
	if err := Describe(t.Context(), dir, "_0.cfe", io.Discard); err == nil {
		t.Error("it was described")
	}
}
