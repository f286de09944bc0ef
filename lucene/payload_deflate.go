package lucene

import (
	"fmt"

	"migassist/lucene/inflate"
	"migassist/lucene/input"
)

// deflateBlocks is DEFLATE with a preset dictionary. Source: DeflateWithPresetDictCompressionMode.
//
//	VInt dictionary size, VInt block size, then for the dictionary and each block: VInt compressed size, raw DEFLATE
type deflateBlocks struct{ preset preset }

func newDeflate() payload {
	return &deflateBlocks{preset: preset{format: "DEFLATE", unpack: new(inflate.Decoder).Decode}}
}

func (d *deflateBlocks) decode(c *input.Cursor, out []byte) {
	dictionary, block := presetHead(c, out)
	d.preset.reset()
	d.preset.add(c, c.VInt())
	for at := dictionary; at < len(out) && c.Err() == nil; at += block {
		d.preset.add(c, c.VInt())
	}
	d.preset.fill(c, out, dictionary, block)
	if c.Traced() {
		c.Note("  DEFLATE: a dictionary of %d bytes, blocks of %d, %d bytes decompressed", dictionary, block, len(out))
	}
}

// deflateStream is one DEFLATE stream. Source: CompressionMode.HIGH_COMPRESSION.
//
//	VInt compressed size, raw DEFLATE
type deflateStream struct{ decoder inflate.Decoder }

func newDeflateStream() payload { return &deflateStream{} }

func (d *deflateStream) decode(c *input.Cursor, out []byte) {
	size := c.VInt()
	at := c.Offset()
	data := c.Bytes(size)
	if c.Err() != nil {
		return
	}
	if n, err := d.decoder.Decode(out, 0, len(out), data); err != nil || n != size {
		c.FailAt(at, fmt.Sprintf("DEFLATE that makes %d bytes of %d", len(out), size), fmt.Sprintf("%d, %v", n, err))
	}
	if c.Traced() {
		c.Note("  DEFLATE: %d bytes decompressed", len(out))
	}
}
