package lucene

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"migassist/lucene/input"
)

// monotonic is a rising sequence of numbers, DirectMonotonicReader in Lucene: per block of 1<<shift values a
// straight line, and per value how far it lies above the line.
//
//	value(i) = min + int(float32(slope*i)) + packed(i)          i within the block
type monotonic struct {
	n      int64
	shift  int
	blocks []monotonicBlock
	little bool
}

type monotonicBlock struct {
	min    int64
	slope  float32
	offset int64 // of the packed values, in bytes from the sequence's start in the data file
	bits   int   // per packed value; 0: all lie on the line
}

// parseMonotonic reads the metadata of n values.
func parseMonotonic(c *input.Cursor, n int64, shift int) monotonic {
	c.Expect(n >= 0 && shift >= 1 && shift <= 22, "a number of values and a block shift of 1 to 22", fmt.Sprintf("%d, %d", n, shift))
	count := blocks(n, shift)
	c.Expect(count <= int64(c.Remaining()/monotonicEntry), "as many blocks as fit", count)
	m := monotonic{n: n, shift: shift, little: c.LittleEndian()}
	if c.Err() != nil {
		return m
	}
	m.blocks = make([]monotonicBlock, count)
	for i := range m.blocks {
		b := monotonicBlock{min: c.I64()}
		b.slope = math.Float32frombits(uint32(c.I32()))
		b.offset = c.I64()
		c.Expect(b.offset >= 0, "an offset", b.offset)
		b.bits = int(c.U8())
		c.Expect(slices.Contains(packedWidths, b.bits), "a width of packed values", b.bits)
		c.Note("  block %d: from %d, %g more each, plus %d bits at %d", i, b.min, b.slope, b.bits, b.offset)
		m.blocks[i] = b
	}
	return m
}

// packedWidths are the widths in bits that DirectWriter writes.
var packedWidths = []int{0, 1, 2, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64}

// size is how many values block b holds.
func (m *monotonic) size(b int) int {
	return int(min(int64(1)<<m.shift, m.n-int64(b)<<m.shift))
}

// bytes is how many bytes the packed values of block b take.
func (m *monotonic) bytes(b int) int64 {
	return (int64(m.size(b))*int64(m.blocks[b].bits) + 7) / 8
}

// readBlock appends the values of block b, whose packed values lie in file from offset start on.
func (m *monotonic) readBlock(values []int64, file input.File, start int64, b int) ([]int64, error) {
	block, n := m.blocks[b], m.size(b)
	size := m.bytes(b)
	if left := file.Size() - start; block.offset > left || size > left-block.offset {
		return nil, &input.CorruptError{File: file.Name(), Offset: file.Size(), Want: fmt.Sprintf("%d bytes at %d+%d", size, start, block.offset), Got: "the end of the file"}
	}
	data := make([]byte, size+8) // 8 more, to load words blindly
	if size > 0 {
		if err := input.ReadFull(file, data[:size], start+block.offset); err != nil {
			return nil, err
		}
	}
	for i := range n {
		// Rounded to float32 before it is truncated, as Java does; the conversion also forbids a fused multiply-add.
		value := block.min + int64(float32(block.slope*float32(i)))
		if block.bits > 0 {
			value += unpack(data, i, block.bits, m.little)
		}
		values = append(values, value)
	}
	return values, nil
}

// unpack returns value i of a DirectWriter stream: lowest bits first (Lucene 9) or highest first.
func unpack(data []byte, i, width int, little bool) int64 {
	at := i * width
	if width == 64 {
		if little {
			return int64(binary.LittleEndian.Uint64(data[at/8:]))
		}
		return int64(binary.BigEndian.Uint64(data[at/8:]))
	}
	mask := uint64(1)<<width - 1
	if little {
		return int64(binary.LittleEndian.Uint64(data[at/8:]) >> (at & 7) & mask)
	}
	return int64(binary.BigEndian.Uint64(data[at/8:]) >> (64 - at&7 - width) & mask)
}

// monotonicEntry is the number of bytes of a block's metadata.
const monotonicEntry = 8 + 4 + 8 + 1

// blocks is how many blocks of 1<<shift hold n values.
func blocks(n int64, shift int) int64 {
	if n <= 0 || shift < 0 || shift >= 32 {
		return 0
	}
	return (n-1)>>shift + 1
}
