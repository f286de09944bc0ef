package docvalues

import (
	"fmt"
	"math"

	"migassist/lucene/input"
)

// monotonicEntry is the number of bytes of a block's metadata.
const monotonicEntry = 8 + 4 + 8 + 1

// rising describes n rising numbers, DirectMonotonicReader in Lucene: per block of 1<<shift numbers a straight line,
// and per number how far it lies above the line.
//
//	number(i) = min + int(float32(slope*i)) + packed(i)          i within the block
type rising struct {
	n      int64
	shift  int
	within extent // of .dvd, for the packed numbers
	little bool
	blocks []risingBlock
}

type risingBlock struct {
	min    int64
	offset int64 // of the packed numbers, from where the extent starts
	slope  float32
	bits   uint8 // per packed number; 0: all lie on the line
}

// parseRising reads the metadata of n numbers in blocks of 1<<shift.
func parseRising(c *input.Cursor, of string, n int64, shift int) *rising {
	c.Expect(n >= 0 && n <= maxCount && shift >= 0 && shift < 32, "a number of values and a block shift", fmt.Sprintf("%d, %d", n, shift))
	count := blocks(n, shift)
	c.Expect(count <= int64(c.Remaining()/monotonicEntry), "as many blocks as fit", count)
	r := &rising{n: n, shift: shift, little: c.LittleEndian()}
	if c.Err() != nil {
		return r
	}
	r.blocks = make([]risingBlock, count)
	for i := range r.blocks {
		b := risingBlock{min: c.I64()}
		b.slope = math.Float32frombits(uint32(c.I32()))
		b.offset = c.I64()
		bits := int(c.U8())
		expectWidth(c, bits)
		b.bits = uint8(bits)
		r.blocks[i] = b
	}
	c.Note("    %s: %d numbers that rise, in blocks of %d", of, n, 1<<shift)
	return r
}

// blocks is how many blocks of 1<<shift hold n values.
func blocks(n int64, shift int) int64 {
	if n <= 0 || shift < 0 || shift >= 32 {
		return 0
	}
	return (n-1)>>shift + 1
}

// open gives the numbers.
func (r *rising) open(f *source) sequence {
	return &risingNumbers{rising: r, packed: packed{win: f.window(r.within), little: r.little}, block: -1}
}

type risingNumbers struct {
	*rising
	packed

	block int64 // that packed is of
}

// at implements sequence.
func (r *risingNumbers) at(i int64) (int64, error) {
	if i < 0 || i >= r.rising.n {
		return 0, place{r.win.file, r.within.offset}.outside(i, r.rising.n)
	}
	block, j := i>>r.shift, i&(1<<r.shift-1)
	b := &r.blocks[block]
	// Rounded to float32 before it is truncated, as Java does; the conversion also forbids a fused multiply-add.
	value := b.min + truncate(float32(b.slope*float32(j)))
	if b.bits == 0 {
		return value, nil
	}
	if block != r.block {
		r.start, r.bits, r.packed.n, r.block = r.within.offset+b.offset, int(b.bits), 1<<r.shift, block
	}
	above, err := r.packed.at(j)
	return value + above, err
}

// truncate is Java's cast to long, for numbers that damage can make as large as it likes.
func truncate(f float32) int64 {
	switch {
	case f != f: //nolint:gocritic // NaN
		return 0
	case f >= 1<<63:
		return math.MaxInt64
	case f < -1<<63:
		return math.MinInt64
	}
	return int64(f)
}
