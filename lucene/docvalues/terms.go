package docvalues

import (
	"fmt"

	"migassist/lucene/input"
)

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

func (t *terms) open(f *source) *dictionary {
	return newDictionary(&blockTerms{terms: t, file: f.data, places: t.starts.open(f)}, t.n, t.shift, f)
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

// appendTerm adds a term that shares its first bytes with an earlier one.
func (b *termBlock) appendTerm(c *input.Cursor, longest int, shared, more []byte) {
	if n := len(shared) + len(more); n > longest {
		c.Expect(false, fmt.Sprintf("a term of at most %d bytes", longest), n)
		return
	}
	b.data = append(append(b.data, shared...), more...)
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

	file   input.File
	places sequence
	raw    []byte
	packed []byte // what was compressed, behind the first term
}

func (t *blockTerms) read(block int64, n int, into *termBlock) error {
	c, err := t.load(block)
	if err != nil {
		return err
	}
	length := c.VInt()
	c.Expect(length <= t.longest, fmt.Sprintf("a term of at most %d bytes", t.longest), length)
	first := c.Bytes(length)
	if c.Err() != nil {
		return c.Err()
	}
	into.appendTerm(c, t.longest, nil, first)
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
		last := into.term(i - 1)
		if c.Err() == nil && shared > len(last) {
			c.Expect(false, fmt.Sprintf("at most the %d bytes of the term before to be shared", len(last)), shared)
		}
		rest := c.Bytes(more)
		if c.Err() == nil {
			into.appendTerm(c, t.longest, last[:shared], rest)
		}
	}
	return c.Err()
}

// load reads the bytes of a block, which the next one ends.
func (t *blockTerms) load(block int64) (*input.Cursor, error) {
	from, err := t.places.at(block)
	if err != nil {
		return nil, err
	}
	to := t.within.length
	if block+1 < t.starts.n {
		if to, err = t.places.at(block + 1); err != nil {
			return nil, err
		}
	}
	at := t.within.offset + from
	if from < 0 || to < from || to > t.within.length || to-from > t.mostRaw() {
		return nil, &input.CorruptError{File: t.file.Name(), Offset: t.within.offset, Want: fmt.Sprintf("a block of terms from %d on within %d bytes", from, t.within.length), Got: fmt.Sprintf("to %d", to)}
	}
	if int64(cap(t.raw)) < to-from {
		t.raw = make([]byte, to-from)
	}
	t.raw = t.raw[:to-from]
	return input.NewCursor(t.file.Name(), t.raw, at), input.ReadFull(t.file, t.raw, at)
}

// mostRaw is more bytes than any block takes: a term has up to 11 bytes for its lengths, LZ4 adds less.
func (t *blockTerms) mostRaw() int64 { return int64(t.longest+16)<<t.shift*2 + 64 }

// inflate decompresses what follows the first term and returns a cursor over it.
func (t *blockTerms) inflate(c *input.Cursor, first []byte, n int) *input.Cursor {
	size := c.VInt()
	c.Expect(size <= (t.longest+11)*n && size <= lz4Most*c.Remaining(), fmt.Sprintf("at most the bytes of %d terms", n), size)
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
	return input.NewCursor(t.file.Name(), t.packed[there:], at)
}
