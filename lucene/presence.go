package lucene

import (
	"context"
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
// org.apache.lucene.codecs.lucene90.IndexedDISI (and lucene80).
const (
	presenceBlock  = 1 << 16
	presenceSparse = 4095 // up to so many numbers stand one by one, more as a bitmap
	presenceWords  = presenceBlock / 64
	presenceEnd    = 0x7FFFFFFF
)

// readPresence returns a bit for each document that p names. All of .dvd is read for its checksum, but
// not held.
func (s *Segment) readPresence(ctx context.Context, f *files, name string, p presence) (set bitset, err error) {
	switch p.offset {
	case presentInAll:
		set = newBitset(s.MaxDoc)
		set.fill(s.MaxDoc)
		return set, nil
	case presentInNone:
		return newBitset(s.MaxDoc), nil
	}
	file, err := f.open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer func() { err = closeWith(err, file) }()
	if s.Verification == VerifyFiles {
		if err := s.checkHeader(file, name, p.format.data, p.version); err != nil {
			return nil, err
		}
		if err := verify(ctx, file); err != nil {
			return nil, err
		}
	}
	c, err := p.cursor(file, name)
	if err != nil {
		return nil, err
	}
	set = newBitset(s.MaxDoc)
	return set, parsePresence(c, p.rankPower, s.MaxDoc, set)
}

// cursor reads the bytes of .dvd that hold the set.
func (p presence) cursor(file input.File, name string) (*input.Cursor, error) {
	if p.offset < 0 || p.length < 0 || p.offset > file.Size()-p.length {
		return nil, &input.CorruptError{File: name, Offset: max(p.offset, 0), Want: fmt.Sprintf("%d bytes", p.length), Got: fmt.Sprintf("a file of %d", file.Size())}
	}
	data := make([]byte, p.length)
	if err := input.ReadFull(file, data, p.offset); err != nil {
		return nil, err
	}
	c := input.NewCursor(name, data, p.offset)
	c.SetLittleEndian(p.format.little)
	return c, nil
}

func parsePresence(c *input.Cursor, rankPower, maxDoc int, set bitset) error {
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

func parseSparse(c *input.Cursor, base, n, maxDoc int, set bitset) {
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
		set.set(doc)
	}
	c.Note("block at %d: %d documents, one by one", base, n)
}

func setRange(c *input.Cursor, base, maxDoc int, set bitset) {
	c.Expect(base+presenceBlock <= maxDoc, fmt.Sprintf("documents below %d", maxDoc), base+presenceBlock-1)
	if c.Err() != nil {
		return
	}
	for i := range presenceWords {
		set[base/64+i] = ^uint64(0)
	}
	c.Note("block at %d: all documents", base)
}

func parseDense(c *input.Cursor, base, n, rankPower int, set bitset) {
	if rankPower >= 0 {
		c.Expect(rankPower >= 7 && rankPower <= 15, "a rank power of 7 to 15", rankPower)
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
