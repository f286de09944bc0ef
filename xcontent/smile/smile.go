package smile

import (
	"bytes"
	"fmt"
)

const (
	// maxDepth bounds nesting. Mappings stop at 20 levels by default; Jackson itself refuses 1000.
	maxDepth = 1000
	// A reference of one byte stands for a string of up to 65, which escaping may lengthen. So that small
	// input cannot become huge output, it is bounded: no honest text reaches 72 times its size.
	maxGrowth, freeGrowth, maxOutput = 72, 1 << 20, 1 << 30
	headerSize                       = 4
)

// SyntaxError says that bytes are not SMILE.
type SyntaxError struct {
	Offset int // in bytes from the start of the input
	Want   string
	Got    string
}

// Error implements error.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("invalid SMILE at offset %d: want %s, got %s", e.Offset, e.Want, e.Got)
}

// Is tells whether src begins as SMILE does.
func Is(src []byte) bool { return bytes.HasPrefix(src, []byte(":)\n")) }

// ToJSON returns the JSON text of src, which must be one SMILE value with its header. The only error is
// a *[SyntaxError].
func ToJSON(src []byte) ([]byte, error) {
	return AppendJSON(make([]byte, 0, min(2*len(src), maxOutput)), src, maxOutput)
}

// AppendJSON is [ToJSON] that appends to dst, at most limit bytes.
func AppendJSON(dst, src []byte, limit int) ([]byte, error) {
	d := decoder{src: src, out: dst, base: len(dst)}
	d.limit = min(freeGrowth+maxGrowth*len(src), maxOutput, limit)
	d.header()
	d.value(d.token("a value"), 0)
	d.end()
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
	base  int // what out held before
	limit int // of bytes written

	names, values  table
	shareNames     bool
	shareValues    bool
	tokenStartedAt int // where the token being read began, for errors
}

func (d *decoder) failAt(offset int, want, got string) {
	if d.err == nil {
		d.err = &SyntaxError{Offset: offset, Want: want, Got: got}
	}
}

// take returns the next n bytes of the input.
func (d *decoder) take(n int) []byte {
	if d.err != nil {
		return nil
	}
	if n < 0 || n > len(d.src)-d.pos {
		d.failAt(d.pos, fmt.Sprintf("%d more bytes", n), fmt.Sprintf("%d until the end", len(d.src)-d.pos))
		return nil
	}
	b := d.src[d.pos : d.pos+n]
	d.pos += n
	return b
}

// u8 reads one byte; 0 after an error.
func (d *decoder) u8() byte {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

// token reads the byte that says what follows.
func (d *decoder) token(want string) byte {
	d.tokenStartedAt = d.pos
	if d.err == nil && d.pos == len(d.src) {
		d.failAt(d.pos, want, "the end of the input")
	}
	return d.u8()
}

func (d *decoder) unexpected(want string, token byte) {
	d.failAt(d.tokenStartedAt, want, fmt.Sprintf("token %02x", token))
}

func (d *decoder) header() {
	h := d.take(headerSize)
	if h == nil {
		return
	}
	if !Is(h) {
		d.failAt(0, "the header 3a 29 0a", fmt.Sprintf("% x", h[:3]))
	}
	if version := h[3] >> 4; version != 0 {
		d.failAt(3, "format version 0", fmt.Sprint(version))
	}
	d.shareNames, d.shareValues = h[3]&1 != 0, h[3]&2 != 0
}

// end accepts the end of the input, or the marker for it.
func (d *decoder) end() {
	if d.err == nil && d.pos < len(d.src) && d.src[d.pos] == tokenEndOfContent {
		d.pos++
	}
	if d.err == nil && d.pos < len(d.src) {
		d.failAt(d.pos, "the end of the input", fmt.Sprintf("%d more bytes", len(d.src)-d.pos))
	}
}

// grown fails when the output exceeds its bound.
func (d *decoder) grown() {
	if d.err == nil && len(d.out)-d.base > d.limit {
		d.failAt(d.tokenStartedAt, fmt.Sprintf("at most %d bytes of JSON from %d", d.limit, len(d.src)), "more")
	}
}

// tableSize is how many strings can be referred to; a full table is emptied.
const tableSize = 1024

// table holds the strings that references mean, as slices of the input.
type table struct{ strings [][]byte }

func (t *table) add(s []byte) {
	if len(t.strings) == tableSize {
		t.strings = t.strings[:0]
	}
	t.strings = append(t.strings, s)
}

// shared returns the string number i of t.
func (d *decoder) shared(t *table, i int, kind string) []byte {
	if d.err == nil && i >= len(t.strings) {
		d.failAt(d.tokenStartedAt, fmt.Sprintf("a reference to one of %d shared %s", len(t.strings), kind), fmt.Sprint(i))
	}
	if d.err != nil {
		return nil
	}
	return t.strings[i]
}
