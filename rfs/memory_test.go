package rfs_test

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"migassist/rfs"
)

// TestLargeDocumentsPassWithLittleMemory reads an index with documents of up to a megabyte in ever more memory: what does not fit is a
// dead letter with its size, all else arrives, and no run waits for memory that nobody gives back.
func TestLargeDocumentsPassWithLittleMemory(t *testing.T) {
	for _, fixture := range []string{"elasticsearch-7.10.2/second", "elasticsearch-8.19.0/second", "elasticsearch-1.7.6/second"} {
		snap := openFixture(t, fixture)
		plan := planAll(t, snap)
		all := &keep{t: t, docs: map[string]string{}}
		whole := run(t, snap, plan, all, rfs.Options{})
		before := int64(1 << 60)
		for _, memory := range []int{256 << 10, 1 << 20, 3 << 20, 5 << 20, 8 << 20} {
			got, letters := &keep{t: t, docs: map[string]string{}}, filepath.Join(t.TempDir(), "dead.ndjson")
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			summary, err := rfs.New(of(snap, plan), got, rfs.Options{Memory: memory, InFlight: 3, BatchBytes: 64 << 10, DeadLetterFile: letters}).Run(ctx)
			cancel()
			if err != nil {
				t.Fatalf("%s with %d bytes: %v", fixture, memory, err)
			}
			total := summary.Total
			left := total.Skipped - whole.Total.Skipped
			if total.Read != whole.Total.Read || !total.Balanced() || left > before || int64(len(got.docs)) != total.Written {
				t.Errorf("%s with %d bytes: %+v, in all %+v", fixture, memory, total, whole.Total)
			}
			if large := tooLarge(t, letters); large > left || large == 0 && memory == 256<<10 {
				t.Errorf("%s with %d bytes: %d documents are said to be too large, of %d that were left out", fixture, memory, large, left)
			}
			for id, source := range got.docs {
				if source != all.docs[id] {
					t.Errorf("%s with %d bytes: %s came out as another", fixture, memory, id)
				}
			}
			before = left
		}
		if before != 0 {
			t.Errorf("%s: in the end %d documents are too large", fixture, before)
		}
	}
}

// tooLarge counts the dead letters that are too large, each of which says so.
func tooLarge(t *testing.T, name string) (n int64) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		return 0 // there are none
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var letter struct {
			FailureType string `json:"failureType"`
			DocumentID  string `json:"documentId"`
		}
		if err := json.Unmarshal(lines.Bytes(), &letter); err != nil {
			t.Fatal(err)
		}
		if letter.FailureType == "too_large" {
			n++
		}
	}
	return n
}
