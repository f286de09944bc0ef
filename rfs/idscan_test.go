package rfs

import (
	"crypto/sha256"
	"fmt"
	"os"
	"testing"
)

func TestIDsAreSortedWithinTheirMemory(t *testing.T) {
	for _, memory := range []int{1, 10 * idRecordSize, 1000 * idRecordSize, 1 << 20} {
		dir := t.TempDir()
		s := newIDSorter(dir, memory)
		const n = 3000
		var batch []idRecord
		for i := range n {
			r := idRecord{origin: uint32(i % 7), segment: uint32(i), doc: uint32(n - i)}
			sum := sha256.Sum256(fmt.Append(nil, i/2))
			copy(r.hash[:], sum[:])
			if batch = append(batch, r); len(batch) == 17 || i == n-1 {
				if err := s.add(batch); err != nil {
					t.Fatal(err)
				}
				batch = batch[:0]
			}
		}
		seen := map[uint32]bool{}
		var last idRecord
		for r, err := range s.sorted() {
			if err != nil {
				t.Fatal(err)
			}
			if r.compare(last) < 0 {
				t.Fatalf("%x after %x", r.hash, last.hash)
			}
			if seen[r.segment] || r.doc != n-r.segment || r.origin != r.segment%7 {
				t.Fatalf("record %+v", r)
			}
			seen[r.segment], last = true, r
		}
		if len(seen) != n || cap(s.records) > 2*max(s.most, 17) {
			t.Errorf("%d of %d records with memory for %d, of which %d were held", len(seen), n, s.most, cap(s.records))
		}
		if err := s.close(); err != nil {
			t.Fatal(err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	}
}

// A run that was cut short on disk is an error, not fewer ids.
func TestIDsThatAreLostOnDiskAreAnError(t *testing.T) {
	s := newIDSorter(t.TempDir(), idRecordSize*2)
	if err := s.add(make([]idRecord, 9)); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.close() }()
	if err := s.file.Truncate(s.size - idRecordSize); err != nil {
		t.Fatal(err)
	}
	var err error
	for _, each := range s.sorted() {
		err = each
	}
	if err == nil {
		t.Error("no error")
	}
}
