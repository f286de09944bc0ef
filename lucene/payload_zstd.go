package lucene

import (
	"fmt"

	"github.com/klauspost/compress/zstd"

	"migassist/lucene/input"
)

// zstdFrames decompresses Zstandard frames. Its memory is bounded by what it writes to.
type zstdFrames struct {
	decoder *zstd.Decoder
	primed  bool // a dictionary is set
}

// prime sets the dictionary of the frames that follow, which have raw content and no number; nil: none.
func (z *zstdFrames) prime(dictionary []byte) (err error) {
	if z.decoder == nil {
		// Goroutines would outlive a decoder that nobody closes; with nothing to read and a concurrency of 1 there are none.
		if z.decoder, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true)); err != nil {
			return err
		}
	}
	switch {
	case len(dictionary) > 0:
		z.primed = true
		return z.decoder.ResetWithOptions(nil, zstd.WithDecoderDictRaw(0, dictionary))
	case z.primed:
		z.primed = false
		return z.decoder.ResetWithOptions(nil, zstd.WithDecoderDictDelete())
	default:
		return nil
	}
}

// inflate reads VInt compressed size and a frame that fills out.
func (z *zstdFrames) inflate(c *input.Cursor, out []byte) {
	data := c.Bytes(c.VInt())
	if c.Err() != nil || len(out) == 0 && len(data) == 0 {
		return
	}
	if err := z.unpack(out, data); err != nil {
		c.Expect(false, fmt.Sprintf("a Zstandard frame of %d bytes", len(out)), err)
	}
}

// unpack fills out from frames.
func (z *zstdFrames) unpack(out, data []byte) error {
	got, err := z.decoder.DecodeAll(data, out[:0:len(out)])
	switch {
	case err != nil:
		return err
	case len(got) != len(out):
		return fmt.Errorf("%d bytes", len(got))
	case len(out) > 0 && &got[0] != &out[0]:
		copy(out, got)
	}
	return nil
}

// begin sets the dictionary, or fails.
func (z *zstdFrames) begin(c *input.Cursor, dictionary []byte) {
	if err := z.prime(dictionary); err != nil {
		c.Fail("a Zstandard frame", err.Error())
	}
}

// zstdFrame is one frame. Source: org.elasticsearch.index.codec.zstd.Zstd814StoredFieldsFormat.
//
//	VInt compressed size, frame
type zstdFrame struct{ frames zstdFrames }

func newZstdFrame() payload { return &zstdFrame{} }

func (z *zstdFrame) decode(c *input.Cursor, out []byte) {
	z.frames.begin(c, nil)
	z.frames.inflate(c, out)
	if c.Traced() {
		c.Note("  Zstandard: %d bytes decompressed", len(out))
	}
}

// zstdPreset is frames with a preset dictionary, as DEFLATE has it. Source: ZstdCompressionMode of OpenSearch's
// custom-codecs; unproven on a real server, see docs/formats/lucene.md.
//
//	VInt dictionary size, VInt block size, then for the dictionary and each block: VInt compressed size, frame
type zstdPreset struct{ frames zstdFrames }

func newZstdPreset() payload { return &zstdPreset{} }

func (z *zstdPreset) decode(c *input.Cursor, out []byte) {
	dictionary, block := presetHead(c, out)
	z.frames.begin(c, nil)
	z.frames.inflate(c, out[:dictionary])
	z.frames.begin(c, out[:dictionary])
	for at := dictionary; at < len(out) && c.Err() == nil; at += block {
		z.frames.inflate(c, out[at:min(at+block, len(out))])
	}
	if c.Traced() {
		c.Note("  Zstandard: a dictionary of %d bytes, blocks of %d, %d bytes decompressed", dictionary, block, len(out))
	}
}
