package effect

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"strings"
	"sync"

	"migassist/capture"
	"migassist/xcontent/cbor"
	"migassist/xcontent/smile"
)

// MaxBody bounds what a body becomes when it is unpacked, in bytes: more than the servers take.
const MaxBody = 256 << 20

// Plain returns the body of a message without its Content-Encoding: the captured bytes where it has none. What can't be unpacked is an
// error, with what came out before it.
func Plain(m *capture.Message) ([]byte, error) {
	coding := strings.ToLower(string(bytes.TrimSpace(m.Head.Get("Content-Encoding"))))
	if len(m.Body) == 0 {
		return m.Body, nil
	}
	switch coding {
	case "", "identity":
		return m.Body, nil
	case "gzip", "x-gzip":
		return gunzip(m.Body)
	case "deflate":
		return inflate(m.Body)
	}
	return nil, fmt.Errorf("content encoding %q is not known", coding)
}

var unzippers sync.Pool // of *gzip.Reader

func gunzip(packed []byte) ([]byte, error) {
	z, ok := unzippers.Get().(*gzip.Reader)
	if !ok {
		z = new(gzip.Reader)
	}
	defer unzippers.Put(z)
	if err := z.Reset(bytes.NewReader(packed)); err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	return all(z, "gzip")
}

// inflate takes what is called deflate: zlib, or deflate as such, as netty does.
func inflate(packed []byte) ([]byte, error) {
	if z, err := zlib.NewReader(bytes.NewReader(packed)); err == nil {
		return all(z, "zlib")
	}
	return all(flate.NewReader(bytes.NewReader(packed)), "deflate")
}

func all(r io.Reader, name string) ([]byte, error) {
	plain, err := io.ReadAll(io.LimitReader(r, MaxBody+1))
	if err != nil {
		return plain, fmt.Errorf("%s: %w", name, err)
	}
	if len(plain) > MaxBody {
		return nil, fmt.Errorf("%s: more than %d bytes", name, MaxBody)
	}
	return plain, nil
}

// separator ends a value of a bulk in SMILE. It lies in no value.
const separator = 0xFF

// JSON returns the body of a request unpacked and as JSON, or as lines of it, as bulks have them. What it is not sure of is an [Error].
func JSON(m *capture.Message, lines bool) ([]byte, error) {
	plain, err := Plain(m)
	if err != nil {
		return plain, &Error{Kind: Encoding, What: err.Error()}
	}
	named := strings.ToLower(string(m.Head.Get("Content-Type")))
	switch {
	case smile.Is(plain):
		return smileBody(plain, lines)
	case strings.Contains(named, "cbor") && len(plain) > 0:
		// A break of CBOR has the byte that separates the values of a bulk: where one ends is not known without reading as the server does.
		if lines {
			return nil, &Error{Kind: Encoding, What: "a bulk in CBOR"}
		}
		text, err := cbor.AppendJSON(nil, plain, MaxBody)
		if err != nil {
			return nil, &Error{Kind: Encoding, What: err.Error()}
		}
		return text, nil
	case strings.Contains(named, "yaml") && len(plain) > 0:
		return nil, &Error{Kind: Encoding, What: "YAML"}
	}
	return plain, nil
}

func smileBody(plain []byte, lines bool) ([]byte, error) {
	if !lines {
		text, err := smile.AppendJSON(nil, bytes.TrimSuffix(plain, []byte{separator}), MaxBody)
		if err != nil {
			return nil, &Error{Kind: Encoding, What: err.Error()}
		}
		return text, nil
	}
	var text []byte
	for at := 0; at < len(plain); {
		end := bytes.IndexByte(plain[at:], separator)
		if end < 0 {
			return text, &Error{Kind: Encoding, Offset: at, What: "a value of SMILE without its end"}
		}
		if end > 0 {
			var err error
			if text, err = smile.AppendJSON(text, plain[at:at+end], MaxBody-len(text)); err != nil {
				return text, &Error{Kind: Encoding, Offset: at, What: err.Error()}
			}
		}
		text = append(text, '\n')
		at += end + 1
	}
	return text, nil
}
