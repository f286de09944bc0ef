package lucene

import "math/bits"

// bitset holds a bit per document of a segment.
type bitset []uint64

func newBitset(n int) bitset { return make(bitset, (n+63)/64) }

func (b bitset) has(i int) bool { return b[i>>6]&(1<<(i&63)) != 0 }

func (b bitset) fill(n int) {
	for i := range b {
		b[i] = ^uint64(0)
	}
	if n&63 != 0 {
		b[len(b)-1] = 1<<(n&63) - 1
	}
}

func (b bitset) count() int {
	n := 0
	for _, word := range b {
		n += bits.OnesCount64(word)
	}
	return n
}

// count8 counts the set bits of byte i.
func (b bitset) count8(i int) int { return bits.OnesCount8(byte(b[i/8] >> (i % 8 * 8))) }

// any tells whether a bit of from..to-1 is set.
func (b bitset) any(from, to int) bool {
	for from < to {
		word := b[from>>6] >> (from & 63)
		span := min(64-from&63, to-from)
		if span < 64 {
			word &= 1<<span - 1
		}
		if word != 0 {
			return true
		}
		from += span
	}
	return false
}
