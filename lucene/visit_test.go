package lucene

import (
	"slices"
	"testing"
)

// Documents read out of turn are those that the spans hold.
func TestVisitReadsAnyRange(t *testing.T) {
	for _, shard := range fixtureShards(t, "merged/0", "nested/0") {
		commit, err := OpenCommit(t.Context(), shard.dir)
		if err != nil {
			t.Fatal(shard.name, err)
		}
		for _, segment := range commit.Segments {
			docs, err := segment.Open(t.Context())
			if err != nil {
				t.Fatal(shard.name, err)
			}
			visitRanges(t, docs)
			if err := docs.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func visitRanges(t *testing.T, docs *Documents) {
	t.Helper()
	var all []int
	for span, err := range docs.Spans(t.Context(), 0, nil) {
		if err != nil {
			t.Fatal(err)
		}
		var d Decoder
		if err := d.Decode(span, 0, func(doc *Doc) error { all = append(all, doc.Number); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if len(all) == 0 {
		return
	}
	last := all[len(all)-1] + 1
	for _, window := range [][2]int{{0, last}, {last / 3, last / 2}, {last - 1, last}, {last, last + 5}, {0, 0}} {
		var got, want []int
		for _, number := range all {
			if number >= window[0] && number < window[1] {
				want = append(want, number)
			}
		}
		err := docs.Visit(t.Context(), &Decoder{}, window[0], window[1], func(doc *Doc) error {
			got = append(got, doc.Number)
			return nil
		})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("documents %v: %v, %v, want %v", window, got, err, want)
		}
	}
}
