package lucene

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestDocumentsThatDoNotFitAreToldByName reads fixtures with documents of hundreds of kilobytes, in each way to compress, with
// less memory than these need: the small ones come out as ever, those beside a large one in its chunk too, the large ones are
// told with their size, and the sums of what was left out are right.
func TestDocumentsThatDoNotFitAreToldByName(t *testing.T) {
	named := 0
	for _, s := range fixtureShards(t) {
		if !strings.Contains(s.name, "large") {
			continue
		}
		commit, err := OpenCommit(t.Context(), s.dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, segment := range commit.Segments {
			docs, err := segment.Open(t.Context(), testFields...)
			if err != nil {
				t.Fatal(err)
			}
			want := readTail(t, &Decoder{}, docs, 0)
			for _, limit := range []int{64 << 10, 100 << 10, 300 << 10} {
				named += checkLarge(t, s.name+"/"+segment.Name, docs, limit, want)
			}
			_ = docs.Close()
		}
	}
	if named < 10 {
		t.Errorf("of %d large documents the id was told", named)
	}
}

// TestLargeSpansAreLeftOut does the same with documents that do not compress, so that their bytes are not held either.
func TestLargeSpansAreLeftOut(t *testing.T) {
	var chunks [][]string
	for i := range 20 {
		small := storedDoc(fmt.Sprint(2*i), strings.Repeat("s", 100*i))
		chunks = append(chunks, []string{small, storedDoc(fmt.Sprint(2*i+1), strings.Repeat("x", i*builtSlice))})
	}
	commit, err := OpenCommit(t.Context(), built{chunks: chunks, sliced: true}.index())
	if err != nil {
		t.Fatal(err)
	}
	docs, err := commit.Segments[0].Open(t.Context(), testFields...)
	if err != nil {
		t.Fatal(err)
	}
	defer docs.Close()
	want := readTail(t, &Decoder{}, docs, 0)
	for _, limit := range []int{100 << 10, 300 << 10, 700 << 10} {
		large := 20 - limit/builtSlice
		if named := checkLarge(t, "built", docs, limit, want); named < large-1 || len(want) != 40 {
			t.Errorf("with %d: of %d large documents the id was told, want %d", limit, named, large)
		}
	}
}

// checkLarge returns of how many documents that do not fit the id was told.
func checkLarge(t *testing.T, name string, docs *Documents, limit int, want []seen) (named int) {
	t.Helper()
	large := map[int]int{}
	sizes := sizesOf(t, docs)
	pool := NewSpanPool(1)
	pool.Admit = func(_ context.Context, s *Span) (bool, error) {
		if s.Largest > s.Raw || s.Raw == 0 {
			t.Errorf("%s: %d to %d have %d bytes, the largest %d", name, s.FirstDoc, s.EndDoc, s.Raw, s.Largest)
		}
		return s.Largest <= limit, nil
	}
	decoder := &Decoder{Limit: limit}
	decoder.Skipped = func(doc *Doc, size int) error {
		large[doc.Number] = size
		for _, value := range doc.Values {
			if value.Kind != Absent {
				named++
			}
		}
		return nil
	}
	var got []seen
	var sum Sum
	for span, err := range docs.SpansIn(t.Context(), 0, docs.segment.MaxDoc, pool) {
		if err != nil {
			t.Fatal(err)
		}
		if err := decoder.Decode(span, 0, func(doc *Doc) error {
			got = append(got, seen{number: doc.Number, digest: digestOf(doc)})
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if cap(span.data) > limit && cap(span.data) > headSlack+2*docs.stored.chunkSize && cap(span.data) > spanBytes {
			t.Errorf("%s: a span of %d bytes was held", name, cap(span.data))
		}
		sum, _ = sum.Join(span.Sum(span.From, span.To))
		pool.Put(span)
	}
	if err := docs.Verify(sum); err != nil {
		t.Errorf("%s with %d: %v", name, limit, err)
	}
	fits := slices.DeleteFunc(slices.Clone(want), func(s seen) bool { return large[s.number] > 0 })
	if !slices.Equal(got, fits) {
		t.Errorf("%s with %d: %d documents, want %d", name, limit, len(got), len(fits))
	}
	if len(got)+len(large) != len(want) {
		t.Errorf("%s with %d: %d documents and %d large ones of %d", name, limit, len(got), len(large), len(want))
	}
	for number, size := range large {
		if size != sizes[number] || size < limit-2*docs.stored.chunkSize {
			t.Errorf("%s with %d: document %d of %d bytes was left out as one of %d", name, limit, number, sizes[number], size)
		}
	}
	for number, size := range sizes {
		if size > limit && large[number] == 0 {
			t.Errorf("%s with %d: document %d of %d bytes came out", name, limit, number, size)
		}
	}
	return named
}

func sizesOf(t *testing.T, docs *Documents) map[int]int {
	t.Helper()
	sizes := map[int]int{}
	if err := readSpans(t.Context(), &Decoder{}, docs, 0, func(doc *Doc) error {
		sizes[doc.Number] = len(doc.raw)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return sizes
}
