package docvalues

import (
	"fmt"

	"migassist/lucene/input"
)

// termsSpec is what .dvm says of a dictionary.
type termsSpec interface {
	open(f *source) termSource
}

// termSource gives terms by ordinal, each valid until the next.
type termSource interface {
	at(ord int64) ([]byte, error)
}

// terms describes a dictionary of n terms in their order, as Lucene 7 and later write it, in blocks of 1<<shift. The
// first term of a block stands whole, the others without what they share with the one before:
//
//	VInt bytes, first term, then of each other: u4 bytes shared | u4 bytes more -1, VInts that add to 15, the bytes more
//
// Where they are compressed, VInt size and LZ4 of all others follow the first term, which in Lucene 9 primes it.
type terms struct {
	n       int64
	shift   int
	longest int // bytes of a term
	within  extent
	starts  *rising // where each block begins, from where the extent starts
	lz4     bool
	primed  bool
}

func (t *terms) open(f *source) termSource {
	return newDictionary(&blockTerms{terms: t, blockLoader: blockLoader{
		// a term has up to 11 bytes for its lengths, and LZ4 adds less than that
		win: f.window(t.within), places: t.starts.open(f), blocks: t.starts.n, most: int64(t.longest+16)<<t.shift*2 + 64,
	}}, t.n, t.shift, f)
}

// termBlocks reads a block of a dictionary.
type termBlocks interface {
	read(block int64, n int, into *termBlock) error
}

// termBlock is a block of terms, all of them whole.
type termBlock struct {
	number int64
	data   []byte
	ends   []int32
	used   int64 // when
}

func (b *termBlock) term(i int) []byte {
	from := int32(0)
	if i > 0 {
		from = b.ends[i-1]
	}
	return b.data[from:b.ends[i]:b.ends[i]]
}

// share adds a term whose first bytes are those of an earlier one. It fails where that has less, or the term is too long.
func (b *termBlock) share(c *input.Cursor, longest int, earlier []byte, shared int, more []byte) {
	if c.Err() != nil {
		return
	}
	if shared > len(earlier) || shared+len(more) > longest {
		c.Expect(false, fmt.Sprintf("a term of at most %d bytes that shares at most %d", longest, len(earlier)), fmt.Sprintf("%d, %d", shared+len(more), shared))
		return
	}
	b.data = append(append(b.data, earlier[:shared]...), more...)
	b.ends = append(b.ends, int32(len(b.data)))
}

// dictionary resolves ordinals, and keeps the blocks it used last.
type dictionary struct {
	reader termBlocks
	n      int64
	shift  int
	place  place
	most   int // bytes of the blocks kept; one is always
	held   int
	blocks []*termBlock
	last   *termBlock
	clock  int64
}

func newDictionary(reader termBlocks, n int64, shift int, f *source) *dictionary {
	return &dictionary{reader: reader, n: n, shift: shift, place: place{file: f.data}, most: keptWindows * f.most}
}

// keptWindows is how many times the bytes of a window the blocks kept may have.
const keptWindows = 4

// at returns a term, valid until the next one.
func (d *dictionary) at(ord int64) ([]byte, error) {
	if ord < 0 || ord >= d.n {
		return nil, d.place.outside(ord, d.n)
	}
	block, i := ord>>d.shift, int(ord&(1<<d.shift-1))
	if d.last == nil || d.last.number != block {
		if err := d.seek(block); err != nil {
			return nil, err
		}
	}
	return d.last.term(i), nil
}

// seek makes a block the last one used.
func (d *dictionary) seek(block int64) error {
	d.clock++
	for _, b := range d.blocks {
		if b.number == block {
			b.used, d.last = d.clock, b
			return nil
		}
	}
	b := d.room()
	b.number, b.data, b.ends = -1, b.data[:0], b.ends[:0]
	d.last = nil
	n := int(min(1<<d.shift, d.n-block<<d.shift))
	if err := d.reader.read(block, n, b); err != nil {
		return err
	}
	b.number, b.used, d.last = block, d.clock, b
	d.held += b.size()
	d.blocks = append(d.blocks, b)
	return nil
}

// size is what a block holds in memory.
func (b *termBlock) size() int { return cap(b.data) + 4*cap(b.ends) + 64 }

// room takes out the blocks that were not used for longest until one more fits, and returns one of them, or a new one.
func (d *dictionary) room() *termBlock {
	free := &termBlock{}
	for len(d.blocks) > 0 && d.held+d.held/len(d.blocks) > d.most {
		oldest := 0
		for i, b := range d.blocks {
			if b.used < d.blocks[oldest].used {
				oldest = i
			}
		}
		free = d.blocks[oldest]
		d.held -= free.size()
		d.blocks[oldest] = d.blocks[len(d.blocks)-1]
		d.blocks = d.blocks[:len(d.blocks)-1]
	}
	return free
}

// blockTerms reads the blocks of Lucene 7 and later.
type blockTerms struct {
	*terms
	blockLoader

	packed []byte // what was compressed, behind the first term
	inner  input.Cursor
}

func (t *blockTerms) read(block int64, n int, into *termBlock) error {
	c, err := t.load(block)
	if err != nil {
		return err
	}
	first := c.Bytes(c.VInt())
	into.share(c, t.longest, nil, 0, first)
	if c.Err() != nil {
		return c.Err()
	}
	if n > 1 && t.lz4 {
		c = t.inflate(c, first, n)
	}
	for i := 1; i < n && c.Err() == nil; i++ {
		token := c.U8()
		shared, more := int(token&0xF), 1+int(token>>4)
		if shared == 15 {
			shared += c.VInt()
		}
		if more == 16 {
			more += c.VInt()
		}
		into.share(c, t.longest, into.term(i-1), shared, c.Bytes(more))
	}
	return c.Err()
}

// blockLoader reads the bytes of blocks of terms.
type blockLoader struct {
	win    *window
	places sequence // where each begins, from where the extent starts
	blocks int64
	most   int64 // more bytes than a block takes
	raw    []byte
	cursor input.Cursor
}

// load reads the bytes of a block, which the next one ends.
func (l *blockLoader) load(block int64) (*input.Cursor, error) {
	from, err := l.places.at(block)
	if err != nil {
		return nil, err
	}
	within, name := l.win.within, l.win.file.Name()
	to := within.length
	if block+1 < l.blocks {
		if to, err = l.places.at(block + 1); err != nil {
			return nil, err
		}
	}
	at := within.offset + from
	if from < 0 || to < from || to > within.length || to-from > l.most {
		return nil, &input.CorruptError{File: name, Offset: within.offset, Want: fmt.Sprintf("a block of terms from %d on within %d bytes", from, within.length), Got: fmt.Sprintf("to %d", to)}
	}
	if int64(cap(l.raw)) < to-from {
		l.raw = make([]byte, to-from)
	}
	l.raw = l.raw[:to-from]
	l.cursor = *input.NewCursor(name, l.raw, at)
	return &l.cursor, l.win.read(l.raw, at)
}

// inflate decompresses what follows the first term and returns a cursor over it.
func (t *blockTerms) inflate(c *input.Cursor, first []byte, n int) *input.Cursor {
	size := c.VInt()
	if size > (t.longest+11)*n || size > lz4Most*c.Remaining() {
		c.Expect(false, fmt.Sprintf("at most the bytes of %d terms", n), size)
	}
	if c.Err() != nil {
		return c
	}
	there := 0
	if t.primed {
		there = len(first)
	}
	if cap(t.packed) < there+size {
		t.packed = make([]byte, there+size)
	}
	t.packed = t.packed[:there+size]
	copy(t.packed, first[:there])
	at := c.Offset()
	inflate(c, t.packed, there)
	if c.Err() != nil {
		return c
	}
	t.inner = *input.NewCursor(t.win.file.Name(), t.packed[there:], at)
	return &t.inner
}
