package verify

import (
	"encoding/binary"
	"math/bits"
	"sync"
	"sync/atomic"
)

// sieve tells, of a document and a block of the source, whether the block may hold it: a Bloom filter with two bits for each pair, and two for
// the document's bucket. It has a fixed size: with many documents it tells less, and more blocks are read again than need be.
type sieve struct {
	bits []uint64
	mask uint64

	mu     sync.Mutex
	sieved map[string]bool // parts of the source whose documents are in it
}

// newSieve makes one of at most so many bytes.
func newSieve(bytes int) *sieve {
	words := 1 << (bits.Len(uint(max(bytes, 64)/8)) - 1)
	return &sieve{bits: make([]uint64, words), mask: uint64(words)*64 - 1, sieved: map[string]bool{}}
}

// at mixes block and key to the numbers of two bits. Source of the constants: splitmix64.
func (s *sieve) at(block uint64, key [16]byte) (uint64, uint64) {
	x := binary.LittleEndian.Uint64(key[8:]) + block*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	x ^= x >> 31
	return x & s.mask, bits.RotateLeft64(x, 32) * 0x9e3779b97f4a7c15 >> 20 & s.mask
}

func (s *sieve) add(block uint64, key [16]byte) {
	one, two := s.at(block, key)
	s.set(one)
	s.set(two)
}

func (s *sieve) set(bit uint64) {
	if !s.isSet(bit) {
		atomic.OrUint64(&s.bits[bit/64], 1<<(bit%64))
	}
}

func (s *sieve) has(block uint64, key [16]byte) bool {
	one, two := s.at(block, key)
	return s.isSet(one) && s.isSet(two)
}

func (s *sieve) isSet(bit uint64) bool { return atomic.LoadUint64(&s.bits[bit/64])>>(bit%64)&1 == 1 }

// bucketKey takes the place of a document's key, for all of a bucket.
func bucketKey(bucket uint16) (key [16]byte) {
	binary.LittleEndian.PutUint16(key[8:], bucket)
	return key
}

// end notes that all documents of a part are in it.
func (s *sieve) end(part string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sieved[part] = true
}

func (s *sieve) knows(part string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sieved[part]
}
