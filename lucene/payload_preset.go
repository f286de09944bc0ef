package lucene

import (
	"fmt"

	"migassist/lucene/input"
)

// preset is data in blocks that share a dictionary: the first bytes of the data itself, compressed alone, prime each block after them,
// and no block another.
type preset struct {
	format string
	// unpack decompresses src into buf[at:end], where matches reach back to the begin of buf, and returns how many bytes of src it took.
	unpack func(buf []byte, at, end int, src []byte) (int, error)

	parts []part // the dictionary and the blocks
	spare []byte // a copy of the dictionary, where one is needed
}

// part is compressed bytes, and where they lie in the file.
type part struct {
	offset int64
	data   []byte
}

func (p *preset) reset() { p.parts = p.parts[:0] }

// add takes the next size bytes as the next part.
func (p *preset) add(c *input.Cursor, size int) {
	p.parts = append(p.parts, part{offset: c.Offset(), data: c.Bytes(size)})
}

// fill decompresses the dictionary and then the blocks, the last one first: each finds a copy of the dictionary right before it, where
// afterwards the end of the block before it goes. So no match has to ask whether it lies in the dictionary.
//
//	+------------+---------+----------------------+---------+
//	| dictionary | block 1 | block 2   dictionary | block 3 |      while block 3 is decompressed
//	+------------+---------+----------------------+---------+
func (p *preset) fill(c *input.Cursor, out []byte, dictionary, block int) {
	if c.Err() != nil {
		return
	}
	p.part(c, 0, out, 0, dictionary)
	shared := out[:dictionary]
	if dictionary > block { // as no writer has it: the copies lie in each other's way
		p.spare = append(p.spare[:0], shared...)
		shared = p.spare
	}
	for i := len(p.parts) - 1; i > 0 && c.Err() == nil; i-- {
		begin := (i - 1) * block // of the copy
		copy(out[begin:], shared)
		p.part(c, i, out[begin:], dictionary, min(dictionary+block, len(out)-begin))
	}
}

// part decompresses part i into buf[at:end].
func (p *preset) part(c *input.Cursor, i int, buf []byte, at, end int) {
	if at == end { // a dictionary of no bytes takes some all the same
		return
	}
	from := p.parts[i]
	switch n, err := p.unpack(buf, at, end, from.data); {
	case err != nil:
		c.FailAt(from.offset, fmt.Sprintf("%s that makes %d bytes", p.format, end-at), err.Error())
	case n != len(from.data):
		c.FailAt(from.offset+int64(n), "the end of "+p.format, fmt.Sprintf("%d bytes more", len(from.data)-n))
	}
}
