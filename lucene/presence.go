package lucene

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/bits"

	"migassist/lucene/input"
)

// An IndexedDISI is a set of document numbers in blocks of 65536. Source: org.apache.lucene.codecs.lucene90.IndexedDISI
// (and lucene80).
const (
	presenceBlock  = 1 << 16
	presenceSparse = 4095 // up to so many numbers stand one by one, more as a bitmap
	presenceWords  = presenceBlock / 64
	presenceEnd    = 0x7FFFFFFF // a last block holds just this number
)

// verifyBuffer is how much of a large file is read at once only to check its CRC.
const verifyBuffer = 1 << 20

// readPresence returns a bit for each document that p names. All of .dvd is read for its checksum, but
// not held.
func (s *Segment) readPresence(ctx context.Context, f *files, name string, p presence) (set bitset, err error) {
	set = newBitset(s.MaxDoc)
	switch p.offset {
	case presentInAll:
		set.fill(s.MaxDoc)
		return set, nil
	case presentInNone:
		return set, nil
	}
	file, err := f.open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer func() { err = closeWith(err, file) }()
	if err := new(input.Checksum).Finish(file, make([]byte, min(verifyBuffer, file.Size()))); err != nil {
		return nil, err
	}
	if p.offset < 0 || p.length < 0 || p.offset > file.Size()-p.length {
		return nil, &input.CorruptError{File: name, Offset: p.offset, Want: fmt.Sprintf("%d bytes", p.length), Got: fmt.Sprintf("a file of %d", file.Size())}
	}
	data := make([]byte, p.length)
	if err := input.ReadFull(file, data, p.offset); err != nil {
		return nil, err
	}
	c := input.NewCursor(name, data, p.offset)
	c.SetLittleEndian(p.little)
	return set, parsePresence(c, p.rankPower, s.MaxDoc, set)
}

func parsePresence(c *input.Cursor, rankPower, maxDoc int, set bitset) error {
	for next := 0; c.Err() == nil; {
		block, n := int(c.U16()), int(c.U16())+1
		c.Expect(block >= next, fmt.Sprintf("block %d or later", next), block)
		next = block + 1
		base := block * presenceBlock
		if base > maxDoc {
			c.Expect(base == presenceEnd&^(presenceBlock-1) && n == 1, "a block below the number of documents, or the end", block)
			return c.Err()
		}
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

func parseSparse(c *input.Cursor, base, n, maxDoc int, set bitset) {
	for range n {
		doc := base + int(c.U16())
		if c.Err() != nil {
			return
		}
		if doc == presenceEnd { // of an index that has documents in the last possible block
			return
		}
		c.Expect(doc < maxDoc, fmt.Sprintf("a document below %d", maxDoc), doc)
		if c.Err() == nil {
			set.set(doc)
		}
	}
}

func setRange(c *input.Cursor, base, maxDoc int, set bitset) {
	c.Expect(base+presenceBlock <= maxDoc, fmt.Sprintf("documents below %d", maxDoc), base+presenceBlock-1)
	if c.Err() != nil {
		return
	}
	for i := range presenceWords {
		set[base/64+i] = ^uint64(0)
	}
}

func parseDense(c *input.Cursor, base, n, rankPower int, set bitset) {
	if rankPower >= 0 {
		c.Expect(rankPower >= 7 && rankPower <= 15, "a rank power of 7 to 15", rankPower)
		c.Skip(presenceWords >> max(rankPower-7, 0))
	}
	words := c.Bytes(presenceWords * 8)
	if c.Err() != nil {
		return
	}
	got := 0
	for i := range presenceWords {
		word := binary.BigEndian.Uint64(words[i*8:])
		if c.LittleEndian() {
			word = binary.LittleEndian.Uint64(words[i*8:])
		}
		got += bits.OnesCount64(word)
		if word == 0 {
			continue
		}
		if base/64+i >= len(set) {
			c.Fail("no document beyond the last", fmt.Sprintf("one at %d or later", base+i*64))
			return
		}
		set[base/64+i] |= word
	}
	c.Expect(got == n, fmt.Sprintf("%d documents in a block", n), got)
}
