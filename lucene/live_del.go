package lucene

import (
	"fmt"

	"migassist/lucene/input"
)

// A .del file of Lucene 4 has its header after a number that no older file begins with, and is a bitmap of bytes, or,
// where few documents are deleted, the bytes that are not full. Source: org.apache.lucene.codecs.lucene40.BitVector.
//
//	i32 -2, header | i32 documents | i32 live | bytes, lowest bit first
//	               | i32 -1 | i32 documents | i32 live | VInt gap, byte | VInt gap, byte | …
const (
	bitVectorHead   = -2
	bitVectorSparse = -1
	bitVectorCodec  = "BitVector"
	bitVectorNewest = 2
	// bitVectorSet is the header version from which a set bit is a live document; before, a deleted one.
	bitVectorSet = 1
)

// parseBitVector clears the bits of the deleted documents in live.
func (s *Segment) parseBitVector(c *input.Cursor, name string, live bitset) error {
	first := c.BE32()
	if c.Err() == nil && first != bitVectorHead {
		return &UnsupportedError{File: name, Codec: fmt.Sprintf("%d of Lucene 3 or older", first), Known: append(keys(liveFormats), bitVectorCodec)}
	}
	c.Note("a header follows")
	header := c.Header()
	if c.Err() == nil && header.Codec != bitVectorCodec {
		return &UnsupportedError{File: name, Codec: header.Codec, Known: append(keys(liveFormats), bitVectorCodec)}
	}
	c.ExpectVersion(header, 0, bitVectorNewest)
	size := c.BE32()
	sparse := size == bitVectorSparse
	if sparse {
		c.Note("only bytes with a difference")
		size = c.BE32()
	}
	c.Expect(int(size) == s.MaxDoc, fmt.Sprintf("%d documents", s.MaxDoc), size)
	c.Note("%d documents", size)
	set := int(c.BE32())
	c.Expect(set >= 0 && set <= s.MaxDoc, "a number of set bits", set)
	c.Note("%d bits set", set)
	bits, inverted := newBitset(s.MaxDoc), header.Version < bitVectorSet
	if sparse {
		parseGaps(c, bits, s.MaxDoc, set, inverted)
	} else {
		for i, b := range c.Bytes((s.MaxDoc + 7) / 8) {
			bits[i/8] |= uint64(b) << (i % 8 * 8)
		}
	}
	c.Note("the bits")
	s.clear(c, live, bits, set, inverted)
	finish(c, header)
	return c.Err()
}

// parseGaps reads the bytes that are not all set or, inverted, not all clear, until as many bits differ as there should.
func parseGaps(c *input.Cursor, bits bitset, maxDoc, set int, inverted bool) {
	left := set
	if !inverted {
		left = maxDoc - set
		bits.fill(maxDoc)
	}
	count := (maxDoc + 7) / 8
	for at := 0; left > 0 && c.Err() == nil; {
		gap := c.VInt()
		c.Expect(gap < count-at, fmt.Sprintf("a gap within %d bytes", count-at), gap)
		at += gap
		b := c.U8()
		if c.Err() != nil {
			return
		}
		before := bits.count8(at)
		bits[at/8] = bits[at/8]&^(0xFF<<(at%8*8)) | uint64(b)<<(at%8*8)
		if change := bits.count8(at) - before; inverted {
			left -= change
		} else {
			left += change
		}
	}
	c.Expect(left >= 0, "as many bits as are counted", left)
}

// clear takes the documents that bits says are deleted out of live, and compares their number.
func (s *Segment) clear(c *input.Cursor, live, bits bitset, set int, inverted bool) {
	got := bits.count()
	c.Expect(got == set, fmt.Sprintf("%d bits set", set), got)
	for i, word := range bits {
		if inverted {
			word = ^word
		}
		live[i] &= word
	}
	got = s.MaxDoc - live.count()
	c.Expect(got == s.Deleted, fmt.Sprintf("%d deleted documents", s.Deleted), got)
}
