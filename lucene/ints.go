package lucene

import (
	"encoding/binary"
	"slices"

	"migassist/lucene/input"
)

// packedInts reads VInt width and a stream of values, highest bits first; width 0: one VInt for all.
// Source: StoredFieldsInts before Lucene 9, PackedInts.Format.PACKED.
func packedInts(c *input.Cursor, values []int32) {
	width := c.VInt()
	if width == 0 {
		fillInts(values, c.VInt())
		return
	}
	c.Expect(width <= 31, "a width of 0 to 31 bits", width)
	data := c.Bytes(packedBytes(len(values), width, packedAligned))
	if c.Err() != nil {
		return
	}
	var bits uint64
	have, at := 0, 0
	for i := range values {
		for have < width {
			bits = bits<<8 | uint64(data[at])
			at++
			have += 8
		}
		have -= width
		values[i] = int32(bits >> have & (1<<width - 1))
	}
}

// paddedInts is packedInts of the oldest version, whose streams end with a word of eight bytes.
func paddedInts(c *input.Cursor, values []int32) {
	at := c.Pos()
	width := c.VInt()
	c.Seek(at)
	packedInts(c, values)
	if c.Err() == nil {
		c.Skip(packedBytes(len(values), width, 0) - packedBytes(len(values), width, packedAligned))
	}
}

// packedBytes is how many bytes n values of width bits take in a version of packed integers.
func packedBytes(n, width, version int) int {
	size := (n*width + 7) / 8
	if version < packedAligned {
		size = (size + 7) &^ 7
	}
	return size
}

// bitReader takes numbers of any width from a stream of bits, highest first.
type bitReader struct {
	data []byte
	at   int // in bits
}

// next returns the next number of width bits, of which there must be as many.
func (r *bitReader) next(width int) (v uint64) {
	for width > 0 {
		free := 8 - r.at&7
		n := min(width, free)
		v = v<<n | uint64(r.data[r.at>>3])>>(free-n)&(1<<n-1)
		r.at += n
		width -= n
	}
	return v
}

// intGroup is how many values groupedInts transposes together.
const intGroup = 128

// groupedInts reads a byte of width and the values, of which there is at least one: whole groups of 128 transposed into words, the rest
// plain. Source: org.apache.lucene.codecs.lucene90.compressing.StoredFieldsInts.
func groupedInts(c *input.Cursor, values []int32) {
	width := int(c.U8())
	switch width {
	case 0:
		fillInts(values, c.VInt())
		return
	case 8, 16, 32:
	default:
		c.Expect(false, "a width of 0, 8, 16 or 32 bits", width)
	}
	data := c.Bytes(len(values) * width / 8)
	if c.Err() != nil {
		return
	}
	rest := values
	for len(rest) >= intGroup {
		untranspose(data, rest[:intGroup], width)
		data, rest = data[intGroup*width/8:], rest[intGroup:]
	}
	for i := range rest {
		rest[i] = plainInt(data, i, width)
	}
	if lowest := slices.Min(values); lowest < 0 {
		c.Expect(false, "numbers of at least 0", lowest)
	}
}

// untranspose takes a group apart: word i holds, from its highest lane down, values i, i+L, i+2L, …
// where L is the number of words.
func untranspose(data []byte, values []int32, width int) {
	lanes := 64 / width
	words := intGroup / lanes
	mask := uint64(1)<<width - 1
	for i := range words {
		word := binary.LittleEndian.Uint64(data[i*8:])
		for lane := range lanes {
			values[lane*words+i] = int32(word >> (64 - (lane+1)*width) & mask)
		}
	}
}

func plainInt(data []byte, i, width int) int32 {
	switch width {
	case 8:
		return int32(data[i])
	case 16:
		return int32(binary.LittleEndian.Uint16(data[i*2:]))
	default:
		return int32(binary.LittleEndian.Uint32(data[i*4:]))
	}
}

func fillInts(values []int32, v int) {
	for i := range values {
		values[i] = int32(v)
	}
}
