package lucene

import (
	"fmt"

	"github.com/pierrec/lz4/v4"

	"migassist/lucene/input"
)

// lz4Blocks is LZ4 with a preset dictionary: the first bytes of the data itself, compressed alone, prime every
// block after them. Source: LZ4WithPresetDictCompressionMode.
//
//	VInt dictionary size, VInt block size, VInt compressed size of the dictionary and of each block,
//	the dictionary, the blocks
type lz4Blocks struct{ sizes []int }

func newLZ4() payload { return &lz4Blocks{} }

func (l *lz4Blocks) decode(c *input.Cursor, out []byte) {
	dictionary, block := presetHead(c, out)
	l.sizes = append(l.sizes[:0], c.VInt())
	for at := dictionary; at < len(out) && c.Err() == nil; at += block {
		l.sizes = append(l.sizes, c.VInt())
	}
	if c.Err() != nil {
		return
	}
	if c.Traced() {
		c.Note("  LZ4: sizes of a dictionary of %d bytes and of blocks of %d", dictionary, block)
	}
	inflateLZ4(c, l.sizes[0], out[:dictionary], nil)
	at := dictionary
	for _, size := range l.sizes[1:] {
		part := out[at:min(at+block, len(out))]
		inflateLZ4(c, size, part, out[:dictionary])
		at += len(part)
	}
	if c.Traced() {
		c.Note("  dictionary and %d blocks, %d bytes decompressed", len(l.sizes)-1, len(out))
	}
}

func inflateLZ4(c *input.Cursor, size int, out, dictionary []byte) {
	at := c.Offset()
	data := c.Bytes(size)
	if c.Err() != nil || len(out) == 0 {
		return
	}
	n, err := lz4.UncompressBlockWithDict(data, out, dictionary)
	if err != nil || n != len(out) {
		c.FailAt(at, fmt.Sprintf("an LZ4 block of %d bytes", len(out)), fmt.Sprintf("%d bytes, %v", max(n, 0), err))
	}
}

// lz4Stream is one LZ4 block that does not say how long it is: it ends when it has made as many bytes as it should.
// Source: CompressionMode.FAST.
type lz4Stream struct{}

func newLZ4Stream() payload { return lz4Stream{} }

func (lz4Stream) decode(c *input.Cursor, out []byte) {
	at := c.Pos()
	rest := c.Bytes(c.Remaining())
	size, ok := lz4Size(rest, len(out))
	if c.Seek(at); !ok {
		c.Fail(fmt.Sprintf("an LZ4 block of %d bytes", len(out)), "another")
		return
	}
	inflateLZ4(c, size, out, nil)
	if c.Traced() {
		c.Note("  LZ4: %d bytes decompressed", len(out))
	}
}

// lz4Size finds where a block ends that makes n bytes: right after literals that complete them.
//
//	token: u4 literals, u4 match-4 | more literals | literals | u16 offset | more of the match |      15: bytes to add follow
func lz4Size(block []byte, n int) (size int, ok bool) {
	at, made := 0, 0
	for at < len(block) {
		token := block[at]
		literals, next := lz4Length(block, at+1, int(token>>4), n)
		made += literals
		at = next + literals
		if made >= n || at > len(block)-2 {
			return at, made == n && at <= len(block)
		}
		match, next := lz4Length(block, at+2, int(token&0xF), n)
		at = next
		made += match + 4
	}
	return 0, false
}

// lz4Length reads the bytes that go on with a length of 15, until it is above n.
func lz4Length(block []byte, at, length, n int) (total, next int) {
	if length < 15 {
		return length, at
	}
	for at < len(block) && length <= n {
		b := block[at]
		at++
		if length += int(b); b != 255 {
			break
		}
	}
	return length, at
}
