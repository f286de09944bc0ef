package lucene

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/flate"
	"github.com/pierrec/lz4/v4"

	"migassist/lucene/input"
)

// payload decompresses one slice of a chunk from the cursor; out is exactly its uncompressed size.
// A payload belongs to one goroutine.
type payload interface {
	decode(c *input.Cursor, out []byte)
}

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

// presetHead reads the sizes of the dictionary and of the blocks after it.
func presetHead(c *input.Cursor, out []byte) (dictionary, block int) {
	dictionary, block = c.VInt(), c.VInt()
	c.Expect(dictionary <= len(out) && (block > 0 || dictionary == len(out)),
		fmt.Sprintf("a dictionary and blocks within %d bytes", len(out)), fmt.Sprintf("%d and %d", dictionary, block))
	return min(dictionary, len(out)), block
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

// deflateBlocks is DEFLATE with a preset dictionary. Source: DeflateWithPresetDictCompressionMode.
//
//	VInt dictionary size, VInt block size, then for the dictionary and each block: VInt compressed size, raw DEFLATE
type deflateBlocks struct {
	source bytes.Reader
	stream io.ReadCloser
}

func newDeflate() payload { return &deflateBlocks{} }

func (d *deflateBlocks) decode(c *input.Cursor, out []byte) {
	dictionary, block := presetHead(c, out)
	d.inflate(c, out[:dictionary], nil)
	for at := dictionary; at < len(out) && c.Err() == nil; at += block {
		d.inflate(c, out[at:min(at+block, len(out))], out[:dictionary])
	}
	if c.Traced() {
		c.Note("  DEFLATE: a dictionary of %d bytes, blocks of %d, %d bytes decompressed", dictionary, block, len(out))
	}
}

func (d *deflateBlocks) inflate(c *input.Cursor, out, dictionary []byte) {
	size := c.VInt()
	at := c.Offset()
	data := c.Bytes(size)
	if c.Err() != nil || len(out) == 0 {
		return
	}
	d.source.Reset(data)
	if d.stream == nil {
		d.stream = flate.NewReaderDict(&d.source, dictionary)
	} else if err := d.stream.(flate.Resetter).Reset(&d.source, dictionary); err != nil {
		c.FailAt(at, "a DEFLATE stream", err.Error())
		return
	}
	if n, err := io.ReadFull(d.stream, out); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		c.FailAt(at, fmt.Sprintf("a DEFLATE stream of %d bytes", len(out)), fmt.Sprintf("%d bytes, %v", n, err))
	}
}
