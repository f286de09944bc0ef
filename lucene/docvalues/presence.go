package docvalues

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"migassist/lucene/input"
)

// An IndexedDISI is a set of document numbers in blocks of 65536:
//
//	u16 block, u16 n-1, then n <= 4095: n u16 within the block    n = 65536: nothing, all are in
//	                         otherwise: a rank table, then a bitmap of 1024 words
//
// The last block, after any other, is the one of the number 0x7FFFFFFF alone; a jump table follows. Source:
// org.apache.lucene.codecs.lucene70.IndexedDISI (and lucene80, lucene90).
const (
	presenceBlock  = 1 << 16
	presenceSparse = 4095 // up to so many numbers stand one by one, more as a bitmap
	presenceWords  = presenceBlock / 64
	presenceEnd    = 0x7FFFFFFF
)

// presence says where an IndexedDISI lies in .dvd, or that all documents are in it, or none.
type presence struct {
	extent // offset -1: all documents, -2: none

	jumps     int // entries of the jump table at its end
	rankPower int // of the rank table of dense blocks; negative: they have none
	little    bool
}

const (
	presentInAll  = -1
	presentInNone = -2
)

// String says it in words.
func (p presence) String() string {
	switch p.offset {
	case presentInAll:
		return "all"
	case presentInNone:
		return "none"
	default:
		return fmt.Sprintf("in %d bytes at %d, %d jumps, rank power %d", p.length, p.offset, p.jumps, p.rankPower)
	}
}

// open implements docsSpec.
func (p presence) open(f *source) docSet {
	switch p.offset {
	case presentInAll:
		return everyDoc{}
	case presentInNone:
		return noDoc{}
	default:
		return &present{presence: p, win: f.window(p.extent), block: -1, end: p.offset}
	}
}

// rankBytes is the size of the rank table of a dense block.
func (p presence) rankBytes() int64 {
	if p.rankPower < 0 {
		return 0
	}
	return presenceWords >> max(p.rankPower-7, 0)
}

// present walks an IndexedDISI.
type present struct {
	presence

	win    *window
	block  int   // that is open, doc>>16; -1: none
	first  int64 // place of its first document
	count  int
	body   int64 // offset of its numbers or its bitmap
	end    int64 // offset behind it
	passed int   // sparse: numbers before the one looked at; dense: words before word
	rank   int64 // dense: documents in the words before word
	word   uint64
}

// find implements docSet.
func (p *present) find(doc int) (int64, bool, error) {
	target := doc >> 16
	if target > p.block {
		if err := p.seek(target); err != nil {
			return 0, false, err
		}
	}
	switch low := doc & (presenceBlock - 1); {
	case target < p.block:
		return 0, false, nil
	case p.count == presenceBlock:
		return p.first + int64(low), true, nil
	case p.count <= presenceSparse:
		return p.findSparse(low)
	default:
		return p.findDense(low)
	}
}

func (p *present) findSparse(low int) (int64, bool, error) {
	for ; p.passed < p.count; p.passed++ {
		b, err := p.win.bytes(p.body+int64(p.passed)*2, 2)
		if err != nil {
			return 0, false, err
		}
		n := int(binary.BigEndian.Uint16(b))
		if p.little {
			n = int(binary.LittleEndian.Uint16(b))
		}
		if n >= low {
			return p.first + int64(p.passed), n == low, nil
		}
	}
	return 0, false, nil
}

func (p *present) findDense(low int) (int64, bool, error) {
	for target := low / 64; p.passed <= target; p.passed++ {
		b, err := p.win.bytes(p.body+int64(p.passed)*8, 8)
		if err != nil {
			return 0, false, err
		}
		p.rank += int64(bits.OnesCount64(p.word))
		p.word = binary.BigEndian.Uint64(b)
		if p.little {
			p.word = binary.LittleEndian.Uint64(b)
		}
	}
	bit := uint64(1) << (low & 63)
	return p.first + p.rank + int64(bits.OnesCount64(p.word&(bit-1))), p.word&bit != 0, nil
}

// seek opens the first block not before target.
func (p *present) seek(target int) error {
	if p.jumps > 0 && target > p.block+1 {
		if err := p.jump(min(target, p.jumps-1)); err != nil {
			return err
		}
	}
	for p.block < target {
		if err := p.readHead(); err != nil {
			return err
		}
	}
	return nil
}

// jump goes to where the table says that the first block not before the n-th is:
//
//	per block: i32 place of its first document, i32 offset from the start of the set
func (p *present) jump(n int) error {
	at := p.extent.end() - int64(p.jumps-n)*8
	b := make([]byte, 8)
	if err := p.win.check(at, 8); err != nil {
		return err
	}
	if err := input.ReadFull(p.win.file, b, at); err != nil {
		return err
	}
	c := input.NewCursor(p.win.file.Name(), b, at)
	c.SetLittleEndian(p.little)
	first, offset := int64(c.I32()), int64(c.I32())
	known, end := p.first+int64(p.count), p.end-p.offset
	c.Expect(first >= known && offset >= end && offset < p.length, fmt.Sprintf("a jump to document %d at %d or later", known, end), fmt.Sprintf("to %d at %d", first, offset))
	p.first, p.count, p.end = first, 0, p.offset+offset
	return c.Err()
}

// readHead opens the block after the one that is open.
func (p *present) readHead() error {
	b, err := p.win.bytes(p.end, 4)
	if err != nil {
		return err
	}
	c := input.NewCursor(p.win.file.Name(), b[:4], p.end)
	c.SetLittleEndian(p.little)
	block, n := int(c.U16()), int(c.U16())+1
	c.Expect(block > p.block, fmt.Sprintf("block %d or later", p.block+1), block)
	p.first += int64(p.count)
	p.block, p.count, p.body = block, n, p.end+4
	p.passed, p.rank, p.word = 0, 0, 0
	switch {
	case n <= presenceSparse:
		p.end = p.body + int64(n)*2
	case n == presenceBlock:
		p.end = p.body
	default:
		p.body += p.rankBytes()
		p.end = p.body + presenceWords*8
	}
	return c.Err()
}

// fill sets the bit of each document that is in it. trace, which may be nil, is told of all bytes.
func (p presence) fill(f *source, set []uint64, trace *input.Trace) error {
	switch p.offset {
	case presentInAll:
		fillBits(set, f.maxDoc)
		return nil
	case presentInNone:
		return nil
	}
	if p.length > f.data.Size()-p.offset {
		return &input.CorruptError{File: f.data.Name(), Offset: p.offset, Want: fmt.Sprintf("%d bytes", p.length), Got: fmt.Sprintf("a file of %d", f.data.Size())}
	}
	data := make([]byte, p.length)
	input.WillRead(f.data, p.offset, p.length)
	if err := input.ReadFull(f.data, data, p.offset); err != nil {
		return err
	}
	c := input.NewCursor(f.data.Name(), data, p.offset)
	c.SetLittleEndian(p.little)
	if trace != nil {
		c.Attach(trace)
	}
	return parsePresence(c, p.rankPower, f.maxDoc, set)
}

// fillBits sets the first n bits.
func fillBits(set []uint64, n int) {
	for i := range n / 64 {
		set[i] = ^uint64(0)
	}
	if n&63 != 0 {
		set[n/64] |= 1<<(n&63) - 1
	}
}

func parsePresence(c *input.Cursor, rankPower, maxDoc int, set []uint64) error {
	for next := 0; c.Err() == nil; {
		block, n := int(c.U16()), int(c.U16())+1
		base := block * presenceBlock
		if endsPresence(c, base, n) {
			return nil
		}
		c.Expect(block >= next && base < maxDoc, fmt.Sprintf("block %d or later, below document %d, or the end", next, maxDoc), block)
		if c.Err() != nil {
			break
		}
		next = block + 1
		switch {
		case n <= presenceSparse:
			parseSparse(c, base, n, maxDoc, set)
		case n == presenceBlock:
			setRange(c, base, maxDoc, set)
		default:
			parseDense(c, base, n, rankPower, set)
		}
	}
	return c.Err()
}

// endsPresence passes over the last block, where this is it. An index as large as Lucene allows has documents
// in a block of the same number.
func endsPresence(c *input.Cursor, base, n int) bool {
	if base != presenceEnd&^(presenceBlock-1) || n != 1 {
		return false
	}
	at := c.Pos()
	if base+int(c.U16()) == presenceEnd {
		c.Note("the end")
		if c.Remaining() > 0 {
			c.Skip(c.Remaining())
			c.Note("jump table")
		}
		return c.Err() == nil
	}
	c.Seek(at)
	return false
}

func parseSparse(c *input.Cursor, base, n, maxDoc int, set []uint64) {
	next := base
	for range n {
		doc := base + int(c.U16())
		if c.Err() == nil && (doc < next || doc >= maxDoc) {
			c.Expect(false, fmt.Sprintf("a document from %d to %d", next, maxDoc-1), doc)
		}
		if c.Err() != nil {
			return
		}
		next = doc + 1
		set[doc>>6] |= 1 << (doc & 63)
	}
	c.Note("block at %d: %d documents, one by one", base, n)
}

func setRange(c *input.Cursor, base, maxDoc int, set []uint64) {
	c.Expect(base+presenceBlock <= maxDoc, fmt.Sprintf("documents below %d", maxDoc), base+presenceBlock-1)
	if c.Err() != nil {
		return
	}
	for i := range presenceWords {
		set[base/64+i] = ^uint64(0)
	}
	c.Note("block at %d: all documents", base)
}

func parseDense(c *input.Cursor, base, n, rankPower int, set []uint64) {
	if rankPower >= 0 {
		c.Skip(presenceWords >> max(rankPower-7, 0))
		c.Note("block at %d: %d documents, rank table", base, n)
	}
	words := c.Bytes(presenceWords * 8)
	got := 0
	for i := range len(words) / 8 {
		word := binary.BigEndian.Uint64(words[i*8:])
		if c.LittleEndian() {
			word = binary.LittleEndian.Uint64(words[i*8:])
		}
		got += bits.OnesCount64(word)
		if word == 0 {
			continue
		}
		if base/64+i >= len(set) {
			c.Expect(false, "no document beyond the last", fmt.Sprintf("one at %d or later", base+i*64))
			return
		}
		set[base/64+i] |= word
	}
	c.Expect(got == n, fmt.Sprintf("%d documents in a block", n), got)
	c.Note("block at %d: %d documents in a bitmap", base, n)
}
