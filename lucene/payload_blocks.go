package lucene

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/pierrec/lz4/v4"

	"migassist/lucene/input"
)

// blockPayload is data cut into blocks that are compressed alone, each into streams that say where they end. Source:
// ZstdNoDictCompressionMode and QatCompressionMode of OpenSearch's custom-codecs; unproven on a real server, see
// docs/formats/lucene.md.
//
//	VInt block size, then for each block: VInt compressed size, one or more streams
type blockPayload struct {
	name   string
	unpack func(out, data []byte) error
}

func (b *blockPayload) decode(c *input.Cursor, out []byte) {
	size := c.VInt()
	if size == 0 && len(out) > 0 {
		c.Expect(false, fmt.Sprintf("a size of blocks for %d bytes", len(out)), size)
	}
	for at := 0; at < len(out) && c.Err() == nil; at += size {
		data, part := c.Bytes(c.VInt()), out[at:min(at+size, len(out))]
		if c.Err() != nil {
			return
		}
		if err := b.unpack(part, data); err != nil {
			c.Expect(false, fmt.Sprintf("%s of %d bytes", b.name, len(part)), err)
		}
	}
	if c.Traced() {
		c.Note("  %s: blocks of %d, %d bytes decompressed", b.name, size, len(out))
	}
}

// newZstdBlocks is index.codec zstd_no_dict, and qat_zstd, where hardware finds what repeats.
func newZstdBlocks() payload {
	frames := &zstdFrames{}
	return &blockPayload{name: "Zstandard", unpack: func(out, data []byte) error {
		if err := frames.prime(nil); err != nil {
			return err
		}
		return frames.unpack(out, data)
	}}
}

// newGzipBlocks is qat_deflate: QATzip's gzip members of at most 64 KiB each, with a field of its own in the header.
func newGzipBlocks() payload {
	var source bytes.Reader
	var stream gzip.Reader
	return &blockPayload{name: "gzip", unpack: func(out, data []byte) error {
		source.Reset(data)
		if err := stream.Reset(&source); err != nil {
			return err
		}
		return fill(out, &stream)
	}}
}

// newLZ4Frames is qat_lz4: frames of LZ4, one after the other.
func newLZ4Frames() payload {
	var source bytes.Reader
	stream := lz4.NewReader(nil)
	return &blockPayload{name: "LZ4 frames", unpack: func(out, data []byte) error {
		source.Reset(data)
		for {
			stream.Reset(&source)
			n, err := io.ReadFull(stream, out)
			out = out[n:]
			switch {
			case err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF):
				return err
			case len(out) == 0:
				return ended(stream, &source)
			case n == 0:
				return fmt.Errorf("%d bytes are missing", len(out))
			}
		}
	}}
}

// fill reads exactly out, after which the stream must end.
func fill(out []byte, stream io.Reader) error {
	if n, err := io.ReadFull(stream, out); err != nil {
		return fmt.Errorf("%d bytes, %w", n, err)
	}
	return ended(stream, nil)
}

// ended tells whether a stream, and the bytes that it comes from, have no more. A stream that has checks its
// checksum with its end.
func ended(stream io.Reader, source *bytes.Reader) error {
	var more [1]byte
	n, err := io.ReadFull(stream, more[:])
	switch {
	case n > 0 || err == nil || source != nil && source.Len() > 0:
		return errors.New("more bytes")
	case errors.Is(err, io.EOF):
		return nil
	default:
		return err
	}
}
