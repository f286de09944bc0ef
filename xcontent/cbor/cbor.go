package cbor

import (
	"bytes"
	"fmt"
)

// maxDepth bounds nesting; Jackson refuses more too.
const maxDepth = 1000

// SyntaxError says that bytes are not CBOR, or mean nothing in JSON.
type SyntaxError struct {
	Offset    int // in bytes from the start of the input
	Want, Got string
}

// Error implements error.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("invalid CBOR at offset %d: want %s, got %s", e.Offset, e.Want, e.Got)
}

// selfDescribed is tag 55799, which may stand before any CBOR.
const selfDescribed = "\xd9\xd9\xf7"

// Is tells whether src begins as a CBOR document does: with tag 55799, or as a map. No JSON, SMILE or YAML begins so.
func Is(src []byte) bool {
	return bytes.HasPrefix(src, []byte(selfDescribed)) || len(src) > 0 && src[0]>>5 == majorMap
}

// AppendJSON appends the JSON text of src, one CBOR item, to dst, at most limit bytes. The only error is a *[SyntaxError];
// dst then comes back as it was.
func AppendJSON(dst, src []byte, limit int) ([]byte, error) {
	d := decoder{src: src, out: dst, limit: len(dst) + limit}
	d.value(0)
	if d.err == nil && d.pos < len(src) {
		d.failAt(d.pos, "the end of the input", fmt.Sprintf("%d more bytes", len(src)-d.pos))
	}
	if d.err != nil {
		return dst, d.err
	}
	return d.out, nil
}

// decoder reads src front to back and writes out. After the first error nothing more is read or written.
type decoder struct {
	src []byte
	pos int
	err *SyntaxError

	out   []byte
	limit int // of bytes in out
	text  []byte
}

func (d *decoder) failAt(offset int, want, got string) {
	if d.err == nil {
		d.err = &SyntaxError{Offset: offset, Want: want, Got: got}
	}
}

// take returns the next n bytes of the input.
func (d *decoder) take(n uint64) []byte {
	if d.err != nil {
		return nil
	}
	if n > uint64(len(d.src)-d.pos) {
		d.failAt(d.pos, fmt.Sprintf("%d more bytes", n), fmt.Sprintf("%d until the end", len(d.src)-d.pos))
		return nil
	}
	b := d.src[d.pos : d.pos+int(n)]
	d.pos += int(n)
	return b
}

// head is the first byte of an item and its argument.
type head struct {
	at       int // in the input
	major    byte
	short    byte // the five bits after the major type
	argument uint64
}

// indefinite tells whether the item has no length, but an end.
func (h head) indefinite() bool { return h.short == shortIndefinite }

func (d *decoder) head() head {
	h := head{at: d.pos}
	first := d.take(1)
	if first == nil {
		return h
	}
	h.major, h.short = first[0]>>5, first[0]&0x1F
	switch {
	case h.short < 24:
		h.argument = uint64(h.short)
	case h.short < 28:
		for _, b := range d.take(1 << (h.short - 24)) {
			h.argument = h.argument<<8 | uint64(b)
		}
	case h.short != shortIndefinite:
		d.unexpected("an item", h)
	}
	return h
}

func (d *decoder) unexpected(want string, h head) {
	d.failAt(h.at, want, fmt.Sprintf("byte %02x", h.major<<5|h.short))
}

// ends tells whether the end of an indefinite item is next, and passes it.
func (d *decoder) ends() bool {
	if d.err != nil {
		return true
	}
	if d.pos < len(d.src) && d.src[d.pos] == breakByte {
		d.pos++
		return true
	}
	return false
}

// enter fails where nesting is too deep.
func (d *decoder) enter(h head, depth int) bool {
	if depth > maxDepth {
		d.failAt(h.at, fmt.Sprintf("at most %d levels", maxDepth), "more")
	}
	return d.err == nil
}

// grown fails when the output exceeds its bound.
func (d *decoder) grown() {
	if len(d.out) > d.limit {
		d.failAt(d.pos, "no more JSON than may come", fmt.Sprintf("%d bytes too many", len(d.out)-d.limit))
	}
}
