package lucene

import (
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"
)

// manyStarts is above the size of all segments but a few, which have thousands of small documents: of these not every
// one is a start, but those around the borders of chunks are.
const manyStarts = 400

// TestResumesFromEveryDocument reads every segment of the fixtures from each document on, which must give the tail
// of what a read from the start gives, byte for byte.
func TestResumesFromEveryDocument(t *testing.T) {
	segments := 0
	for _, s := range fixtureShards(t) {
		commit, err := OpenCommit(t.Context(), s.dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, segment := range commit.Segments {
			segments++
			t.Run(s.name+"/"+segment.Name, func(t *testing.T) {
				t.Parallel()
				checkResumes(t, segment, 1+segment.MaxDoc/manyStarts)
			})
		}
	}
	if segments < 60 {
		t.Errorf("only %d segments", segments)
	}
}

// TestResumesWhatLuceneWrote does the same with columns, deletes and sizes that the fixtures lack.
func TestResumesWhatLuceneWrote(t *testing.T) {
	for name, dir := range luceneIndices(t) {
		commit, err := OpenCommit(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, segment := range commit.Segments {
			t.Run(name+"/"+segment.Name, func(t *testing.T) { checkResumes(t, segment, 1+segment.MaxDoc/manyStarts) })
		}
	}
}

// TestResumesAcrossSpans has documents so large that each chunk is a span.
func TestResumesAcrossSpans(t *testing.T) {
	var chunks [][]string
	for i := range 12 {
		chunks = append(chunks, []string{storedDoc(fmt.Sprint(2*i), strings.Repeat("x", spanBytes/2)), storedDoc(fmt.Sprint(2*i+1), strings.Repeat("y", i*40_000))})
	}
	commit, err := OpenCommit(t.Context(), built{chunks: chunks}.index())
	if err != nil {
		t.Fatal(err)
	}
	if n := checkResumes(t, commit.Segments[0], 1); n != 24 {
		t.Errorf("%d documents", n)
	}
}

// checkResumes starts at every document of a segment that is a multiple of stride, and at the borders of chunks. It
// returns how many documents are live.
func checkResumes(t *testing.T, segment *Segment, stride int) int {
	t.Helper()
	docs, err := segment.Open(t.Context(), testFields...)
	if err != nil {
		t.Fatal(err)
	}
	defer docs.Close()
	decoder := &Decoder{}
	want := readTail(t, decoder, docs, 0)
	if len(want) != docs.Live() {
		t.Errorf("%d documents, but %d are live", len(want), docs.Live())
	}
	starts := []int{0, segment.MaxDoc}
	if err := docs.stored.chunks(0, func(ch chunk) (bool, error) {
		starts = append(starts, ch.doc, max(ch.doc-1, 0), ch.doc+1)
		return true, nil
	}); err != nil {
		t.Fatal(err)
	}
	for from := 0; from < segment.MaxDoc; from += stride {
		starts = append(starts, from)
	}
	slices.Sort(starts)
	for _, from := range slices.Compact(starts) {
		tail := want
		for len(tail) > 0 && tail[0].number < from {
			tail = tail[1:]
		}
		if got := readTail(t, decoder, docs, from); !slices.Equal(got, tail) {
			t.Fatalf("from %d: %d documents, want %d", from, len(got), len(tail))
		}
	}
	return len(want)
}

// seen is a document as a number and a digest of its values.
type seen struct {
	number int
	digest uint32
}

func readTail(t *testing.T, decoder *Decoder, docs *Documents, from int) []seen {
	t.Helper()
	tail, err := tryTail(t, decoder, docs, from)
	if err != nil {
		t.Fatal(err)
	}
	return tail
}

// tryTail reads the documents of a segment from a number on, up to the first error.
func tryTail(t *testing.T, decoder *Decoder, docs *Documents, from int) (tail []seen, err error) {
	t.Helper()
	next := from
	err = readSpans(t.Context(), decoder, docs, from, func(doc *Doc) error {
		if doc.Number < next {
			return fmt.Errorf("document %d after %d", doc.Number, next-1)
		}
		next = doc.Number + 1
		tail = append(tail, seen{number: doc.Number, digest: digestOf(doc)})
		return nil
	})
	return tail, err
}

// digestOf is a digest of a document's values.
func digestOf(doc *Doc) uint32 {
	digest := uint32(0)
	for _, value := range doc.Values {
		digest = crc32.Update(digest, crc32.IEEETable, []byte{byte(value.Kind), byte(len(value.Bytes))})
		digest = crc32.Update(digest, crc32.IEEETable, value.Bytes)
	}
	return digest
}
