package rfs

import (
	"crypto/sha256"
	"encoding/binary"
	"testing"
)

// BenchmarkIDs hashes, sorts on disk and merges the ids of 2,000,000 documents in 16 MiB.
func BenchmarkIDs(b *testing.B) {
	const n = 2_000_000
	b.SetBytes(n * idRecordSize)
	b.ReportAllocs()
	for b.Loop() {
		s := newIDSorter(b.TempDir(), 16<<20)
		records := make([]idRecord, 0, recordsAtOnce)
		for i := range n {
			var key [8]byte
			binary.LittleEndian.PutUint64(key[:], uint64(i))
			sum := sha256.Sum256(key[:])
			r := idRecord{doc: uint32(i)}
			copy(r.hash[:], sum[:])
			if records = append(records, r); len(records) == cap(records) || i == n-1 {
				if err := s.add(records); err != nil {
					b.Fatal(err)
				}
				records = records[:0]
			}
		}
		seen := 0
		for _, err := range s.sorted() {
			if err != nil {
				b.Fatal(err)
			}
			seen++
		}
		if err := s.close(); err != nil || seen != n {
			b.Fatal(seen, err)
		}
	}
}
