package docvalues

import (
	"encoding/binary"

	"migassist/lucene/input"
)

const (
	prefixShift   = 4 // of blocks of terms before Lucene 7
	prefixedShort = 0xFF
)

// prefixed describes a dictionary of n terms in blocks of 16, of Lucene before 7:
//
//	≤ 4.9   of each VInt bytes shared with the one before, VInt bytes more, the bytes more
//	≥ 4.10  VInt bytes, first term, 15 u8 bytes more -1 of the others, or 0xff, 15 u16; of each: u8 bytes shared with the first, the bytes more
type prefixed struct {
	n       int64
	shift   int
	longest int
	within  extent
	starts  *stream // where each block begins, from where the extent starts
	shorts  bool
}

func (t *prefixed) open(f *source) termSource {
	return newDictionary(&prefixedTerms{prefixed: t, blockLoader: blockLoader{
		win: f.window(t.within), places: t.starts.open(f), blocks: t.starts.n, most: int64(t.longest+16) << t.shift,
	}}, t.n, t.shift, f)
}

// prefixedTerms reads the blocks.
type prefixedTerms struct {
	*prefixed
	blockLoader
}

func (t *prefixedTerms) read(block int64, n int, into *termBlock) error {
	c, err := t.load(block)
	if err != nil {
		return err
	}
	if t.shorts {
		return t.readShorts(c, n, into)
	}
	for i := range n {
		shared, more := c.VInt(), c.VInt()
		var last []byte
		if i > 0 {
			last = into.term(i - 1)
		}
		into.share(c, t.longest, last, shared, c.Bytes(more))
		if c.Err() != nil {
			break
		}
	}
	return c.Err()
}

func (t *prefixedTerms) readShorts(c *input.Cursor, n int, into *termBlock) error {
	into.share(c, t.longest, nil, 0, c.Bytes(c.VInt()))
	const others = 1<<prefixShift - 1
	at, width := c.Pos(), 1
	lengths := c.Bytes(others)
	if len(lengths) > 0 && lengths[0] == prefixedShort {
		c.Seek(at + 1)
		lengths, width = c.Bytes(2*others), 2
	}
	for i := 1; i < n && c.Err() == nil; i++ {
		more := 1
		if width == 1 {
			more += int(lengths[i-1])
		} else {
			more += int(binary.BigEndian.Uint16(lengths[2*i-2:]))
		}
		shared := int(c.U8())
		into.share(c, t.longest, into.term(0), shared, c.Bytes(more))
	}
	return c.Err()
}
