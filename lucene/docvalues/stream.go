package docvalues

import (
	"fmt"
	"math"

	"migassist/lucene/input"
)

// Versions of packed numbers, from org.apache.lucene.util.packed.PackedInts.
const (
	packingBytes = 1 // numbers end with their last byte, not word
	packingPlain = 2 // what lies above a line is never below it
)

// stream describes n numbers in blocks of 1<<shift, each right behind the other:
//
//	BlockPacked           u8 width<<1 | min is 0, otherwise VLong zigzag(min)-1, packed numbers above min
//	MonotonicBlockPacked  min, f32 slope, VInt width, packed numbers above the line         VLong min, or zigzag since version 2
//
// Nothing says where they end.
type stream struct {
	offset  int64 // in .dvd
	n       int64
	shift   int
	packing int
	rising  bool
}

// open gives the numbers.
func (s *stream) open(f *source) sequence {
	win := newWindow(f.data, extent{s.offset, max(0, f.data.Size()-s.offset)}, f.most)
	win.told = true // how much will be read is not known
	return &streamNumbers{stream: s, packed: packed{win: win}, next: s.offset, block: -1}
}

// streamNumbers walks the blocks and remembers their heads.
type streamNumbers struct {
	*stream

	packed packed
	heads  []streamHead // of the blocks passed
	next   int64        // offset of the block after them
	block  int64        // that packed is of
}

type streamHead struct {
	min    int64
	offset int64 // of the packed numbers
	slope  float32
	bits   uint8
}

// at implements sequence.
func (s *streamNumbers) at(i int64) (int64, error) {
	if i < 0 || i >= s.n {
		return 0, place{s.packed.win.file, s.offset}.outside(i, s.n)
	}
	block, j := i>>s.shift, i&(1<<s.shift-1)
	for int64(len(s.heads)) <= block {
		if err := s.readHead(); err != nil {
			return 0, err
		}
	}
	head := &s.heads[block]
	value := head.min
	if s.rising {
		value += truncate(float32(head.slope * float32(j)))
	}
	if head.bits == 0 {
		return value, nil
	}
	if block != s.block {
		s.packed.start, s.packed.bits, s.packed.n, s.block = head.offset, int(head.bits), 1<<s.shift, block
	}
	above, err := s.packed.at(j)
	if s.rising && s.packing < packingPlain {
		above = unzigzag(uint64(above))
	}
	return value + above, err
}

// longestHead is as many bytes as the head of a block has.
const longestHead = 10 + 4 + 5

// readHead reads the head of the next block.
func (s *streamNumbers) readHead() error {
	win := s.packed.win
	b, err := win.bytes(s.next, int(min(longestHead, max(1, win.within.end()-s.next))))
	if err != nil {
		return err
	}
	c := input.NewCursor(win.file.Name(), b[:min(longestHead, max(1, win.within.end()-s.next))], s.next)
	var head streamHead
	width := 0
	if s.rising {
		if s.packing < packingPlain {
			head.min = c.VLong()
		} else {
			head.min = c.ZLong()
		}
		head.slope = math.Float32frombits(uint32(c.I32()))
		width = c.VInt()
	} else {
		token := c.U8()
		width = int(token >> 1)
		if token&1 == 0 {
			head.min = unzigzag(1 + looseVLong(c))
		}
	}
	c.Expect(width <= 64, "a width of packed numbers", width)
	head.offset, head.bits = c.Offset(), uint8(width)
	left := s.n - int64(len(s.heads))<<s.shift
	size := packedSize(min(left, 1<<s.shift), width)
	if s.packing < packingBytes {
		size = (size + 7) &^ 7
	}
	c.Expect(size <= win.within.end()-head.offset, fmt.Sprintf("a block within %d bytes", win.within.end()-head.offset), size)
	if c.Err() != nil {
		return c.Err()
	}
	s.next = head.offset + size
	s.heads = append(s.heads, head)
	return nil
}

// looseVLong reads a VLong whose ninth byte has eight bits. Source: BlockPackedReaderIterator.
func looseVLong(c *input.Cursor) uint64 {
	var v uint64
	for shift := 0; shift < 56; shift += 7 {
		b := c.U8()
		v |= uint64(b&0x7F) << shift
		if b < 0x80 {
			return v
		}
	}
	return v | uint64(c.U8())<<56
}

func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

// ends gives where something begins, of numbers that say where it ends: each begins where the one before ends.
type ends struct{ sequenceSpec }

func (e ends) open(f *source) sequence { return begins{e.sequenceSpec.open(f)} }

type begins struct{ sequence }

func (b begins) at(i int64) (int64, error) {
	if i == 0 {
		return 0, nil
	}
	return b.sequence.at(i - 1)
}

// scaledSpec is min + gcd*number.
type scaledSpec struct {
	sequenceSpec

	min, gcd int64
}

func (s scaledSpec) open(f *source) sequence {
	return &scaled{sequence: s.sequenceSpec.open(f), min: s.min, gcd: s.gcd}
}
