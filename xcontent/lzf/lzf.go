package lzf

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

const (
	magic          = "ZV"
	typeRaw        = 0
	typeCompressed = 1
	// Sizes of a chunk's head: of a raw one, and of a compressed one, which knows its decompressed size too.
	rawHead, compressedHead = 5, 7
)

// CorruptError says that bytes are not LZF, or not all of it.
type CorruptError struct {
	Offset    int // in bytes from the start of the input
	Want, Got string
}

// Error implements error.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("invalid LZF at offset %d: want %s, got %s", e.Offset, e.Want, e.Got)
}

// Is tells whether src begins as an LZF stream does.
func Is(src []byte) bool {
	return len(src) >= rawHead && bytes.HasPrefix(src, []byte(magic)) && src[2] <= typeCompressed
}

// Decode appends to dst what the LZF stream src decompresses to, at most limit bytes of it. dst and src must not overlap.
// The only error is a *[CorruptError]; dst then comes back as it was.
func Decode(dst, src []byte, limit int) ([]byte, error) {
	out, at := dst, 0
	if len(src) == 0 {
		return dst, &CorruptError{Want: "a chunk", Got: "the end of the input"}
	}
	for at < len(src) {
		var size int
		var err *CorruptError
		if out, size, err = chunk(out, src[at:], limit-(len(out)-len(dst))); err != nil {
			err.Offset += at
			return dst, err
		}
		at += size
	}
	return out, nil
}

// chunk decodes the chunk at the start of src and says how long it was.
func chunk(dst, src []byte, limit int) ([]byte, int, *CorruptError) {
	if !Is(src) {
		return dst, 0, &CorruptError{Want: "a chunk (5a 56 00 or 5a 56 01, and its size)", Got: fmt.Sprintf("% x", src[:min(len(src), rawHead)])}
	}
	compressed := src[2] == typeCompressed
	head, size := rawHead, int(binary.BigEndian.Uint16(src[3:]))
	full := size
	if compressed {
		if head = compressedHead; len(src) < head {
			return dst, 0, &CorruptError{Want: "the head of a compressed chunk", Got: fmt.Sprintf("% x", src)}
		}
		full = int(binary.BigEndian.Uint16(src[5:]))
	}
	if size > len(src)-head {
		return dst, 0, &CorruptError{Offset: head, Want: fmt.Sprintf("%d bytes of a chunk", size), Got: fmt.Sprintf("%d until the end", len(src)-head)}
	}
	if full > limit {
		return dst, 0, &CorruptError{Want: "at most as many bytes as may come", Got: fmt.Sprintf("a chunk that exceeds them by %d", full-limit)}
	}
	body := src[head : head+size]
	if !compressed {
		return append(dst, body...), head + size, nil
	}
	out, err := expand(dst, body, full)
	if err != nil {
		err.Offset += head
	}
	return out, head + size, err
}

// expand decompresses the data of one chunk, which must give full bytes.
func expand(dst, src []byte, full int) ([]byte, *CorruptError) {
	start := len(dst)
	for at := 0; at < len(src); {
		var n, from int // n bytes from so many back
		token := int(src[at])
		body := at + 1
		switch n = token >> 5; n {
		case 0:
			n = token + 1
			body += n
		case 7:
			body += 2
		default:
			body++
		}
		if body > len(src) {
			return dst, &CorruptError{Offset: at, Want: fmt.Sprintf("%d bytes", body-at), Got: fmt.Sprintf("%d until the end of the chunk", len(src)-at)}
		}
		if token >= 32 {
			if n == 7 {
				n += int(src[at+1])
			}
			n += 2
			from = (token&31)<<8 + int(src[body-1]) + 1
		}
		written := len(dst) - start
		switch {
		case n > full-written:
			return dst, &CorruptError{Offset: at, Want: fmt.Sprintf("at most %d more bytes", full-written), Got: fmt.Sprint(n)}
		case from > written:
			return dst, &CorruptError{Offset: at, Want: fmt.Sprintf("a copy from at most %d bytes back", written), Got: fmt.Sprint(from)}
		case from == 0:
			dst = append(dst, src[body-n:body]...)
		default:
			dst = repeat(dst, from, n)
		}
		at = body
	}
	if len(dst)-start != full {
		return dst, &CorruptError{Offset: len(src), Want: fmt.Sprintf("%d bytes of a chunk", full), Got: fmt.Sprint(len(dst) - start)}
	}
	return dst, nil
}

// repeat appends n bytes that begin from bytes before the end of dst and may reach into what is appended.
func repeat(dst []byte, from, n int) []byte {
	for n > 0 {
		tail := dst[len(dst)-from:]
		step := min(n, from)
		dst = append(dst, tail[:step]...)
		n -= step
	}
	return dst
}
