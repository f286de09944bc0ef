package lucene

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/flate"

	"migassist/lucene/input"
)

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

// deflateStream is one DEFLATE stream. Source: CompressionMode.HIGH_COMPRESSION.
//
//	VInt compressed size, raw DEFLATE
type deflateStream struct{ blocks deflateBlocks }

func newDeflateStream() payload { return &deflateStream{} }

func (d *deflateStream) decode(c *input.Cursor, out []byte) {
	d.blocks.inflate(c, out, nil)
	if c.Traced() {
		c.Note("  DEFLATE: %d bytes decompressed", len(out))
	}
}
