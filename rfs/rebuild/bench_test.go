package rebuild

import (
	"fmt"
	"testing"

	"migassist/lucene"
)

// BenchmarkAppend rebuilds the documents of a fixture as if their source had not been kept, columns and all; bytes are those
// of the JSON that is made.
func BenchmarkAppend(b *testing.B) {
	index, err := openIndex(b.Context(), "../../testdata/snapshots/opensearch-2.19.1/repository", "second", "merged")
	if err != nil {
		b.Fatal(err)
	}
	if _, ok := disabled(b, index); !ok {
		b.Fatal("the fixture's mapping has no fields")
	}
	plan, err := NewPlan(index)
	if err != nil {
		b.Fatal(err)
	}
	plan.bare = true
	forEachSegment(b, index, func(docs *lucene.Documents) {
		if docs.Live() > 100 {
			b.Run(fmt.Sprintf("%d documents", docs.Live()), func(b *testing.B) { benchmarkSegment(b, plan, docs) })
		}
	})
}

func benchmarkSegment(b *testing.B, plan *Plan, docs *lucene.Documents) {
	b.ReportAllocs()
	var decoder lucene.Decoder
	var json []byte
	for b.Loop() {
		size := 0
		rebuilder, err := plan.Open(b.Context(), docs)
		if err != nil {
			b.Fatal(err)
		}
		err = docs.Visit(b.Context(), &decoder, 0, 1<<30, func(doc *lucene.Doc) error {
			json, err = rebuilder.Append(json[:0], doc)
			size += len(json)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(size))
	}
}

// Putting a document together allocates nothing once buffers have grown.
func TestAppendAllocatesNothing(t *testing.T) {
	index, err := openIndex(t.Context(), "../../testdata/snapshots/opensearch-2.19.1/repository", "second", "basic")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := disabled(t, index); !ok {
		t.Fatal("the fixture's mapping has no fields")
	}
	plan, err := NewPlan(index)
	if err != nil {
		t.Fatal(err)
	}
	plan.bare = true
	forEachSegment(t, index, func(docs *lucene.Documents) {
		rebuilder, err := plan.Open(t.Context(), docs)
		if err != nil {
			t.Fatal(err)
		}
		json, documents := make([]byte, 0, 1<<20), 0
		err = docs.Visit(t.Context(), &lucene.Decoder{}, 0, 1<<30, func(doc *lucene.Doc) error {
			documents++
			once := false
			allocations := testing.AllocsPerRun(1, func() {
				if !once { // the first run is not counted, and columns do not go back
					once = true
					return
				}
				json, err = rebuilder.Append(json[:0], doc)
			})
			if err == nil && documents > 50 && allocations > 2 {
				t.Errorf("document %d took %v allocations", doc.Number, allocations)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
