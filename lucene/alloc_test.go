package lucene

import (
	"strings"
	"testing"
)

// TestDecodingAllocatesNothing: once a decoder has its buffers, documents cost no memory, nor do chunks. Only a dictionary of Zstandard
// and the streams of QAT, which come from libraries, are set up anew for each chunk.
func TestDecodingAllocatesNothing(t *testing.T) {
	for name, dir := range goldenIndices(t) {
		t.Run(name, func(t *testing.T) {
			var spans []*Span
			chunks, seen := 0, 0
			commit, err := OpenCommit(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, segment := range commit.Segments {
				docs, err := segment.Open(t.Context(), testFields...)
				if err != nil {
					t.Fatal(err)
				}
				defer docs.Close()
				for span, err := range docs.Spans(t.Context(), 0, nil) {
					if err != nil {
						t.Fatal(err)
					}
					spans, chunks = append(spans, span), chunks+len(span.chunks)
				}
			}
			var decoder Decoder
			n := testing.AllocsPerRun(5, func() {
				for _, span := range spans {
					if err := decoder.Decode(span, span.FirstDoc, func(*Doc) error { seen++; return nil }); err != nil {
						t.Fatal(err)
					}
				}
			})
			allowed := 0
			if strings.HasSuffix(name, "-zstd") || strings.Contains(name, "-qat-") {
				allowed = 60 * chunks
			}
			if int(n) > allowed {
				t.Errorf("%.0f allocations for %d documents in %d chunks", n, seen/6, chunks)
			}
		})
	}
}
