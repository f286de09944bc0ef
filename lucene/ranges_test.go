package lucene

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/lucene/input"
)

// TestRangesAreTheWhole reads every segment of the fixtures, and of what Lucene wrote, in ranges cut at random: the documents
// are those of one reading, and the sums of the ranges, joined in any order, are that of the file.
func TestRangesAreTheWhole(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	indices := luceneIndices(t)
	for _, s := range fixtureShards(t) {
		indices[s.name] = s.dir
	}
	indices["many spans"] = built{chunks: manyChunks(24)}.index()
	claimed := 0
	for name, dir := range indices {
		commit, err := OpenCommit(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, segment := range commit.Segments {
			docs, err := segment.Open(t.Context(), testFields...)
			if err != nil {
				t.Fatal(err)
			}
			want, decoder := readTail(t, &Decoder{}, docs, 0), &Decoder{}
			if _, ok, err := docs.Sum(); ok && err == nil {
				claimed++
			}
			for range 3 {
				checkRanges(t, name+"/"+segment.Name, docs, decoder, randomCuts(random, segment.MaxDoc), want)
			}
			if err := docs.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	if claimed < 60 {
		t.Errorf("only %d segments have a checksum", claimed)
	}
}

func manyChunks(n int) (chunks [][]string) {
	for i := range n {
		chunks = append(chunks, []string{storedDoc(strconv.Itoa(2*i), strings.Repeat("x", i*spanBytes/9)), storedDoc(strconv.Itoa(2*i+1), "y")})
	}
	return chunks
}

// randomCuts cuts n documents into up to eight ranges, some of them empty.
func randomCuts(random *rand.Rand, n int) []int {
	cuts := []int{0, n}
	for range random.IntN(8) {
		cuts = append(cuts, random.IntN(n+1))
	}
	slices.Sort(cuts)
	return cuts
}

func checkRanges(t *testing.T, name string, docs *Documents, decoder *Decoder, cuts []int, want []seen) {
	t.Helper()
	var got []seen
	var sums []Sum
	for i := range len(cuts) - 1 {
		tail, sum := readRange(t, decoder, docs, cuts[i], cuts[i+1])
		got, sums = append(got, tail...), append(sums, sum)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s cut at %v: %d documents, want %d", name, cuts, len(got), len(want))
	}
	rand.Shuffle(len(sums), func(i, j int) { sums[i], sums[j] = sums[j], sums[i] })
	if err := docs.Verify(sums...); err != nil {
		t.Errorf("%s cut at %v: %v", name, cuts, err)
	}
}

// readRange reads one range as package rfs does: in pieces that end anywhere, each with its sum.
func readRange(t *testing.T, decoder *Decoder, docs *Documents, from, to int) (tail []seen, sum Sum) {
	t.Helper()
	pool := NewSpanPool(1)
	for span, err := range docs.SpansIn(t.Context(), from, to, pool) {
		if err != nil {
			t.Fatal(err)
		}
		next := span.From
		for _, end := range []int{(span.From + span.To) / 2, span.To} {
			joined, ok := sum.Join(span.Sum(next, end))
			if !ok {
				t.Fatalf("documents %d to %d: %+v does not follow %+v", next, end, span.Sum(next, end), sum)
			}
			sum, next = joined, end
		}
		if err := decoder.Decode(span, 0, func(doc *Doc) error {
			if doc.Number < from || doc.Number >= to {
				return fmt.Errorf("document %d of %d to %d", doc.Number, from, to)
			}
			tail = append(tail, seen{number: doc.Number, digest: digestOf(doc)})
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		pool.Put(span)
	}
	return tail, sum
}

// TestCutsLieOnChunks cuts a segment of chunks of very different sizes at several sizes.
func TestCutsLieOnChunks(t *testing.T) {
	commit, err := OpenCommit(t.Context(), built{chunks: manyChunks(40)}.index())
	if err != nil {
		t.Fatal(err)
	}
	docs, err := commit.Segments[0].Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer docs.Close()
	var begins []int
	places := map[int]int64{}
	if err := docs.stored.chunks(0, func(ch chunk) (bool, error) {
		begins, places[ch.doc] = append(begins, ch.doc), ch.from
		return true, nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int64{1, 100, spanBytes, 5 * spanBytes, docs.Bytes() / 2, docs.Bytes(), 1 << 60} {
		cuts, err := docs.Cuts(size)
		if err != nil || cuts[0] != 0 || len(cuts) > 1+int(2*docs.Bytes()/size) {
			t.Errorf("of %d bytes: %v, %v", size, cuts, err)
		}
		for i, cut := range cuts {
			if !slices.Contains(begins, cut) {
				t.Errorf("of %d bytes: %d is within a chunk", size, cut)
			}
			if next := slices.Index(begins, cut) + 1; i+1 < len(cuts) && cuts[i+1] != begins[next] && places[cuts[i+1]]-places[cut] > size {
				t.Errorf("of %d bytes: %d to %d have %d", size, cut, cuts[i+1], places[cuts[i+1]]-places[cut])
			}
		}
		if size == 1 && len(cuts) != len(begins) || size >= docs.Bytes() && len(cuts) != 1 {
			t.Errorf("of %d bytes: %d ranges", size, len(cuts))
		}
	}
}

// TestDamageIsFoundInRanges flips one bit anywhere in the file of stored fields: the sum of the ranges is another, although most of
// what was read decompresses to something.
func TestDamageIsFoundInRanges(t *testing.T) {
	dir := built{chunks: manyChunks(8)}.index()
	whole := dir.files["_0.fdt"]
	for at := 0; at < len(whole); at += 1 + len(whole)/200 {
		damaged := bytes.Clone(whole)
		damaged[at] ^= 1 << (at % 8)
		commit, err := OpenCommit(t.Context(), dir.with("_0.fdt", damaged))
		if err != nil {
			t.Fatal(err)
		}
		docs, err := commit.Segments[0].Open(t.Context())
		if err != nil {
			continue // the header
		}
		var sums []Sum
		for _, part := range [][2]int{{0, 5}, {5, 12}, {12, 16}} {
			for span, err := range docs.SpansIn(t.Context(), part[0], part[1], nil) {
				if err != nil {
					t.Fatal(err)
				}
				sums = append(sums, span.Sum(span.From, span.To))
			}
		}
		var corrupt *input.CorruptError
		if err := docs.Verify(sums...); !errors.As(err, &corrupt) {
			t.Errorf("with byte %d flipped: %v", at, err)
		}
		_ = docs.Close()
	}
}

// TestWhatWasNotReadIsSaid leaves a range out, and reads one twice.
func TestWhatWasNotReadIsSaid(t *testing.T) {
	commit, err := OpenCommit(t.Context(), built{chunks: manyChunks(8)}.index())
	if err != nil {
		t.Fatal(err)
	}
	docs, err := commit.Segments[0].Open(t.Context(), testFields...)
	if err != nil {
		t.Fatal(err)
	}
	defer docs.Close()
	decoder := &Decoder{}
	_, a := readRange(t, decoder, docs, 0, 4)
	_, b := readRange(t, decoder, docs, 4, 10)
	_, c := readRange(t, decoder, docs, 10, 16)
	for name, sums := range map[string][]Sum{"none": nil, "begin": {b, c}, "middle": {a, c}, "end": {a, b}, "twice": {a, b, b, c}} {
		if err := docs.Verify(sums...); err == nil || !strings.Contains(err.Error(), "_0.fdt") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := docs.Verify(c, a, b); err != nil {
		t.Error(err)
	}
}

func TestSumsJoinWithTheirNeighboursOnly(t *testing.T) {
	a, b, c := Sum{From: 5, To: 9, CRC: 1}, Sum{From: 9, To: 20, CRC: 2}, Sum{From: 21, To: 30, CRC: 3}
	ab, ok := a.Join(b)
	if want := (Sum{From: 5, To: 20, CRC: input.Combine(1, 2, 11)}); !ok || ab != want {
		t.Errorf("%+v, %v", ab, ok)
	}
	if _, ok := ab.Join(c); ok {
		t.Error("a hole was joined")
	}
	if _, ok := b.Join(a); ok {
		t.Error("joined backwards")
	}
	if got, ok := a.Join(Sum{From: 7, To: 7}); !ok || got != a {
		t.Errorf("with nothing: %+v, %v", got, ok)
	}
	var sums []Sum
	for _, s := range []Sum{c, {From: 40, To: 40}, a, b} {
		sums = AddSum(sums, s)
	}
	if diff := cmp.Diff([]Sum{ab, c}, sums); diff != "" {
		t.Error(diff)
	}
}

// TestFarRangesReadOnlyTheirOwn: a range of documents costs the bytes of its chunks, in few requests.
func TestFarRangesReadOnlyTheirOwn(t *testing.T) {
	var chunks [][]string
	for i := range 12 {
		chunks = append(chunks, []string{storedDoc(strconv.Itoa(i), strings.Repeat("x", spanBytes))})
	}
	store := &far{memory: built{chunks: chunks}.index()}
	commit, err := OpenCommit(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	docs, err := commit.Segments[0].Open(t.Context(), testFields...)
	if err != nil {
		t.Fatal(err)
	}
	defer docs.Close()
	for from := range chunks {
		for to := from + 1; to <= len(chunks); to++ {
			store.bytes, store.requests = 0, 0
			for _, part := range docs.stored.data.(*farFile).parts {
				part.from, part.to = 0, 0 // what was announced before is not again
			}
			if tail, _ := readRange(t, &Decoder{}, docs, from, to); len(tail) != to-from {
				t.Errorf("%d to %d: %d documents", from, to, len(tail))
			}
			if most := int64(to-from)*(spanBytes+2<<10) + 64; store.bytes > most || store.requests > 1+most/farBlock {
				t.Errorf("%d to %d: %d bytes in %d requests, want %d", from, to, store.bytes, store.requests, most)
			}
		}
	}
}
