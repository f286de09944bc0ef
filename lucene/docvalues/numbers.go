package docvalues

import "migassist/lucene/input"

// maxCount bounds what is counted, so that no product of it overflows.
const maxCount = 1 << 50

// sequenceSpec is what .dvm says of a sequence.
type sequenceSpec interface {
	open(f *source) sequence
}

// numbers describes n numbers as Lucene 7 and later write them.
type numbers struct {
	n      int64
	table  []int64 // not nil: the packed numbers are places in it
	shift  int     // of blocks with widths and minima of their own; -1: there are none
	bits   int
	min    int64
	gcd    int64
	within extent
	jumps  int64 // offset of the table of blocks; negative: there is none
	little bool
}

// open gives the numbers.
func (n *numbers) open(f *source) sequence {
	switch {
	case n.shift >= 0:
		return f.blocks(n)
	case n.bits == 0:
		return n.over(zeros{n.n, place{f.data, n.within.offset}}, f.data)
	default:
		return n.over(&packed{win: f.window(n.within), start: n.within.offset, n: n.n, bits: n.bits, little: n.little}, f.data)
	}
}

// over maps packed numbers to what they stand for.
func (n *numbers) over(packed sequence, file input.File) sequence {
	switch {
	case n.table != nil && n.bits > 0:
		return &tabled{sequence: packed, table: n.table, place: place{file, n.within.offset}}
	case n.gcd != 1 || n.min != 0:
		return &scaled{sequence: packed, min: n.min, gcd: n.gcd}
	default:
		return packed
	}
}

// scaled is min + gcd*number. It overflows as Java does: the difference of two numbers need not fit.
type scaled struct {
	sequence

	min, gcd int64
}

func (s *scaled) at(i int64) (int64, error) {
	v, err := s.sequence.at(i)
	return s.min + s.gcd*v, err
}

// tabled is a number in a table.
type tabled struct {
	sequence

	table []int64
	place place
}

func (t *tabled) at(i int64) (int64, error) {
	v, err := t.sequence.at(i)
	if err != nil {
		return 0, err
	}
	if v < 0 || v >= int64(len(t.table)) {
		return 0, t.place.outside(v, int64(len(t.table)))
	}
	return t.table[v], nil
}

// blockNumbers reads blocks of 1<<shift numbers, each with a width of its own:
//
//	u8 bits, i64 min, where bits > 0: i32 bytes, packed numbers
type blockNumbers struct {
	*numbers

	packed packed
	jump   *packed // where blocks start; nil: not said
	block  int64   // that is open; -1: none
	next   int64   // offset of the block after it
	base   int64   // its min
}

func (f *source) blocks(n *numbers) *blockNumbers {
	b := &blockNumbers{numbers: n, packed: packed{win: f.window(n.within), little: n.little}, block: -1, next: n.within.offset}
	if count := blocks(n.n, n.shift); n.jumps >= 0 {
		table := extent{n.jumps, min(count*8, max(0, n.within.end()-n.jumps))}
		b.jump = &packed{win: f.window(table), start: n.jumps, n: count, bits: 64, little: n.little}
	}
	return b
}

// at implements sequence.
func (b *blockNumbers) at(i int64) (int64, error) {
	if i < 0 || i >= b.n {
		return 0, place{b.packed.win.file, b.within.offset}.outside(i, b.n)
	}
	if block := i >> b.shift; block != b.block {
		if err := b.seek(block); err != nil {
			return 0, err
		}
	}
	if b.packed.bits == 0 {
		return b.base, nil
	}
	v, err := b.packed.at(i & (1<<b.shift - 1))
	return b.base + b.gcd*v, err
}

// seek opens a block: through the table of blocks where it is not the next one, or past those between.
func (b *blockNumbers) seek(block int64) error {
	from := b.block + 1
	switch {
	case block > from && b.jump != nil, block < from && b.jump != nil:
		at, err := b.jump.at(block)
		if err != nil {
			return err
		}
		b.next, from = at, block
	case block < from:
		b.next, from = b.within.offset, 0
	}
	for ; from <= block; from++ {
		if err := b.readHead(); err != nil {
			return err
		}
		b.block = from
	}
	return nil
}

// readHead reads the head of the next block.
func (b *blockNumbers) readHead() error {
	b.block = -1
	win, at := b.packed.win, b.next
	head, err := win.bytes(at, 1+8)
	if err != nil {
		return err
	}
	c := input.NewCursor(win.file.Name(), head[:1+8+slack], at)
	c.SetLittleEndian(b.little)
	bits := int(c.U8())
	expectWidth(c, bits)
	b.base = c.I64()
	size := int64(0)
	b.packed.start = at + 1 + 8
	if bits > 0 {
		if err := win.check(at, 1+8+4); err != nil {
			return err
		}
		if head, err = win.bytes(at, 1+8+4); err != nil {
			return err
		}
		c = input.NewCursor(win.file.Name(), head[1+8:1+8+4], at+1+8)
		c.SetLittleEndian(b.little)
		size = int64(c.I32())
		c.Expect(size >= 0 && size <= win.within.end()-at, "the bytes of a block", size)
		b.packed.start += 4
	}
	b.packed.bits, b.packed.n = bits, 1<<b.shift
	b.next = b.packed.start + size
	return c.Err()
}
