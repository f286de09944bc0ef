package lucene

import (
	"fmt"

	"migassist/lucene/input"
	"migassist/lucene/lz4"
)

// lz4Blocks is LZ4 with a preset dictionary. Source: LZ4WithPresetDictCompressionMode.
//
//	VInt dictionary size, VInt block size, VInt compressed size of the dictionary and of each block,
//	the dictionary, the blocks
type lz4Blocks struct {
	sizes  []int
	preset preset
}

func newLZ4() payload { return &lz4Blocks{preset: preset{format: "LZ4", unpack: lz4.Decode}} }

func (l *lz4Blocks) decode(c *input.Cursor, out []byte) {
	dictionary, block := presetHead(c, out)
	l.sizes = append(l.sizes[:0], c.VInt())
	for at := dictionary; at < len(out) && c.Err() == nil; at += block {
		l.sizes = append(l.sizes, c.VInt())
	}
	if c.Traced() {
		c.Note("  LZ4: sizes of a dictionary of %d bytes and of blocks of %d", dictionary, block)
	}
	l.preset.reset()
	for _, size := range l.sizes {
		l.preset.add(c, size)
	}
	l.preset.fill(c, out, dictionary, block)
	if c.Traced() {
		c.Note("  dictionary and %d blocks, %d bytes decompressed", len(l.sizes)-1, len(out))
	}
}

// lz4Stream is one LZ4 block that does not say how long it is: it ends when it has made as many bytes as it should.
// Source: CompressionMode.FAST.
type lz4Stream struct{}

func newLZ4Stream() payload { return lz4Stream{} }

func (lz4Stream) decode(c *input.Cursor, out []byte) {
	begin := c.Pos()
	n, err := lz4.Decode(out, 0, len(out), c.Bytes(c.Remaining()))
	if c.Seek(begin); err != nil {
		c.Fail(fmt.Sprintf("LZ4 that makes %d bytes", len(out)), err.Error())
		return
	}
	c.Skip(n)
	if c.Traced() {
		c.Note("  LZ4: %d bytes decompressed", len(out))
	}
}
