package snapshot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"

	"migassist/internal/blob"
	"migassist/lucene/input"
)

// Codec names in the headers of .dat blobs. Source: BlobStoreRepository of either product.
const (
	codecGlobal   = "metadata"
	codecIndex    = "index-metadata"
	codecSnapshot = "snapshot"  // snapshot info at the root, and file lists in a shard
	codecShard    = "snapshots" // index-… in a shard
)

// maxBlob bounds one metadata blob, as stored and as inflated. Global metadata of the largest clusters
// is some tens of megabytes.
const maxBlob = 256 << 20

// envelope is a metadata blob taken out of its header and footer:
//
//	+--------------+-------------+----------+----------------------------------+--------------+
//	| magic, codec | version (1) | body: SMILE, DEFLATE or zstd of it, or JSON | footer, CRC32 |
//	+--------------+-------------+----------+----------------------------------+--------------+
type envelope struct {
	header input.Header
	at     int64  // offset of the body
	body   []byte // as stored
}

// parseEnvelope reads header and footer and verifies the CRC over all bytes.
func parseEnvelope(c *input.Cursor, name string, data []byte) (envelope, error) {
	e := envelope{header: c.Header(), at: c.Offset()}
	c.ExpectVersion(e.header, 1, 1)
	if c.Err() != nil {
		return e, c.Err()
	}
	if c.Remaining() < input.FooterSize {
		c.Fail(fmt.Sprintf("a body and a footer of %d bytes", input.FooterSize), fmt.Sprintf("%d bytes", c.Remaining()))
		return e, c.Err()
	}
	e.body = c.Bytes(c.Remaining() - input.FooterSize)
	c.Note("body, %s", kindOf(e.body))
	c.Footer()
	if c.Err() != nil {
		return e, c.Err()
	}
	return e, input.CheckCRC(name, data)
}

// decodeEnvelope returns the JSON in data, a blob whose header must carry the codec.
func decodeEnvelope(name string, data []byte, codec string) ([]byte, error) {
	c := input.NewCursor(name, data, 0)
	e, err := parseEnvelope(c, name, data)
	if err != nil {
		return nil, err
	}
	if e.header.Codec != codec {
		return nil, &input.CorruptError{File: name, Offset: 4, Want: fmt.Sprintf("codec %q", codec), Got: fmt.Sprintf("%q", e.header.Codec)}
	}
	return decodeBody(name, e.at, e.body)
}

// read reads the metadata blob called name, in the form the layout has, and decodes its JSON into v.
func (l *layout) read(ctx context.Context, r blob.Reader, name, codec string, v any) error {
	if l.plain {
		return readPlain(ctx, r, name, v)
	}
	data, err := blob.ReadAll(ctx, r, name, maxBlob)
	if err != nil {
		return err
	}
	text, err := decodeEnvelope(name, data, codec)
	if err != nil {
		return err
	}
	return unmarshal(name, text, v)
}

// readPlain reads a metadata blob without envelope and decodes its JSON into v.
func readPlain(ctx context.Context, r blob.Reader, name string, v any) error {
	data, err := blob.ReadAll(ctx, r, name, maxBlob)
	if err != nil {
		return err
	}
	if k := kindOf(data); k != kindJSON && k != kindLZF {
		return &input.CorruptError{
			File: name, Want: "JSON, or LZF of it (client_side_encryption, which can't be read, makes it neither)",
			Got: fmt.Sprintf("% x", data[:min(len(data), 8)]),
		}
	}
	text, err := decodeBody(name, 0, data)
	if err != nil {
		return err
	}
	return unmarshal(name, text, v)
}

// unmarshal decodes JSON that was found in the blob called name. The offset of an error is within the
// JSON, which the message says where the blob is not JSON itself.
func unmarshal(name string, text []byte, v any) error {
	err := json.Unmarshal(text, v)
	if err == nil {
		return nil
	}
	if !strings.HasPrefix(path.Base(name), rootPrefix) {
		name += " (decoded to JSON)"
	}
	corrupt := &input.CorruptError{File: name, Want: "the JSON of its kind", Got: err.Error()}
	var syntax *json.SyntaxError
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		corrupt.Offset = syntax.Offset
	case errors.As(err, &mismatch):
		corrupt.Offset = mismatch.Offset
		corrupt.Got = fmt.Sprintf("%s where %s should stand", mismatch.Value, mismatch.Field)
	}
	return corrupt
}
