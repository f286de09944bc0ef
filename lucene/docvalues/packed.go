package docvalues

import (
	"encoding/binary"
	"fmt"

	"migassist/lucene/input"
)

// sequence gives numbers by index.
type sequence interface {
	at(i int64) (int64, error)
}

// spans gives where things begin and end, of numbers that say where each begins and the last ends.
type spans struct {
	starts sequence
	next   int64 // whose begin is known, for it is the end of the one before; -1: none
	begin  int64
}

func newSpans(starts sequence) *spans { return &spans{starts: starts, next: -1} }

func (s *spans) at(i int64) (from, to int64, err error) {
	if from = s.begin; i != s.next {
		if from, err = s.starts.at(i); err != nil {
			return 0, 0, err
		}
	}
	if to, err = s.starts.at(i + 1); err != nil {
		return 0, 0, err
	}
	s.next, s.begin = i+1, to
	return from, to, nil
}

// packedWidths are the widths in bits that DirectWriter writes, a bit each.
const packedWidths = 1<<0 | 1<<1 | 1<<2 | 1<<4 | 1<<8 | 1<<12 | 1<<16 | 1<<20 | 1<<24 | 1<<28 | 1<<32 | 1<<40 | 1<<48 | 1<<56

// expectWidth fails unless DirectWriter writes numbers of this width.
func expectWidth(c *input.Cursor, bits int) {
	ok := bits == 64 || bits >= 0 && bits < 64 && packedWidths>>bits&1 != 0
	c.Expect(ok, "a width of packed numbers", bits)
}

// packedSize is the number of bytes of n numbers.
func packedSize(n int64, bits int) int64 {
	return n/8*int64(bits) + (n%8*int64(bits)+7)/8
}

// packed is a run of n numbers of the same width, as DirectWriter and before it PackedInts write it: a stream of bits,
// lowest first (Lucene 9) or highest first. All but the last few bytes of what is read belong to it.
type packed struct {
	win    *window
	start  int64 // of the run
	n      int64
	bits   int
	little bool
}

// at returns a number, which may have all 64 bits.
func (p *packed) at(i int64) (int64, error) {
	if i < 0 || i >= p.n {
		return 0, place{p.win.file, p.start}.outside(i, p.n)
	}
	bit := i * int64(p.bits)
	shift := uint(bit & 7)
	b, err := p.win.bytes(p.start+bit>>3, (int(shift)+p.bits+7)>>3)
	if err != nil {
		return 0, err
	}
	if p.little {
		return int64(binary.LittleEndian.Uint64(b) >> shift & (^uint64(0) >> (64 - p.bits))), nil
	}
	word := binary.BigEndian.Uint64(b) << shift
	if int(shift)+p.bits > 64 { // never of DirectWriter's
		word |= uint64(b[8]) >> (8 - shift)
	}
	return int64(word >> (64 - p.bits)), nil
}

// zeros are n numbers that take no bits.
type zeros struct {
	n     int64
	place place
}

// at implements sequence.
func (z zeros) at(i int64) (int64, error) {
	if i < 0 || i >= z.n {
		return 0, z.place.outside(i, z.n)
	}
	return 0, nil
}

// place is where a sequence begins, for errors.
type place struct {
	file   input.File
	offset int64
}

// outside says that there is no number of that index.
func (p place) outside(i, n int64) error {
	return &input.CorruptError{File: p.file.Name(), Offset: p.offset, Want: fmt.Sprintf("an index below %d", n), Got: fmt.Sprint(i)}
}
