package snapshot

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"

	"migassist/lucene/input"
	"migassist/xcontent/lzf"
	"migassist/xcontent/smile"
)

// kind is what the body of a metadata blob is, told by its first bytes.
type kind string

const (
	kindSMILE   kind = "SMILE"
	kindDEFLATE kind = "SMILE in DEFLATE"
	kindZSTD    kind = "SMILE in zstd"
	kindJSON    kind = "JSON"
	kindLZF     kind = "JSON in LZF"
	kindUnknown kind = "unknown"
)

// markers are the first bytes of a body. Source: the compressors of either product ("DFL\0" and "ZSTD\0"
// are their own headers before the compressed stream).
var markers = []struct {
	prefix string
	kind   kind
}{
	{":)\n", kindSMILE},
	{"DFL\x00", kindDEFLATE},
	{"ZSTD\x00", kindZSTD},
	{"{", kindJSON},
	{"[", kindJSON},
	{"ZV", kindLZF},
}

func kindOf(body []byte) kind {
	for _, m := range markers {
		if bytes.HasPrefix(body, []byte(m.prefix)) {
			return m.kind
		}
	}
	return kindUnknown
}

// decodeBody returns the JSON that body is, whose first byte lies at offset at of the blob called name.
func decodeBody(name string, at int64, body []byte) ([]byte, error) {
	k := kindOf(body)
	switch k {
	case kindJSON:
		return body, nil
	case kindSMILE:
		return fromSMILE(name, at, body)
	case kindDEFLATE, kindZSTD, kindLZF:
		inflated, err := inflate(k, body)
		if err != nil {
			return nil, &input.CorruptError{File: name, Offset: at, Want: "a body of " + string(k), Got: err.Error()}
		}
		if kindOf(inflated) == kindJSON {
			return inflated, nil
		}
		// Offsets within the inflated bytes mean nothing in the file.
		return fromSMILE(name+" (decompressed)", 0, inflated)
	default:
		return nil, &input.CorruptError{File: name, Offset: at, Want: "a body of SMILE, DEFLATE, zstd, LZF or JSON", Got: fmt.Sprintf("% x (%s)", body[:min(len(body), 8)], k)}
	}
}

func fromSMILE(name string, at int64, body []byte) ([]byte, error) {
	text, err := smile.ToJSON(body)
	if syntax, ok := errors.AsType[*smile.SyntaxError](err); ok {
		return nil, &input.CorruptError{File: name, Offset: at + int64(syntax.Offset), Want: syntax.Want, Got: syntax.Got}
	}
	return text, err
}

// errBomb is the error for a body that grows out of proportion.
var errBomb = errors.New("more decompressed bytes than any metadata has")

// inflate decompresses body, at most to maxBlob and 200 times its size (but 4 MiB in any case): real
// metadata shrinks to a tenth or a fiftieth, a bomb to a thousandth and less.
func inflate(k kind, body []byte) ([]byte, error) {
	limit := min(int64(len(body))*200+4<<20, maxBlob)
	if k == kindLZF {
		return lzf.Decode(nil, body, int(limit))
	}
	var r io.Reader
	if k == kindDEFLATE {
		r = flate.NewReader(bytes.NewReader(body[len("DFL\x00"):]))
	} else {
		z, err := zstd.NewReader(bytes.NewReader(body[len("ZSTD\x00"):]), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxBlob))
		if err != nil {
			return nil, err
		}
		defer z.Close()
		r = z
	}
	out, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(out)) > limit {
		err = errBomb
	}
	return out, err
}
