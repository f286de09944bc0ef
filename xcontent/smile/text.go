package smile

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"migassist/xcontent/literal"
)

// shortString writes a string of n bytes, which later values may refer to.
func (d *decoder) shortString(n int) {
	s := d.take(n)
	if d.shareValues && d.err == nil {
		d.values.add(s)
	}
	d.text(s)
}

// name notes a key that later keys may refer to. The specification shares short names only; Jackson
// numbers the long ones too, when writing and when reading, so they count.
func (d *decoder) name(s []byte) []byte {
	if d.shareNames && d.err == nil {
		d.names.add(s)
	}
	return s
}

// longString reads up to the marker that no UTF-8 text contains.
func (d *decoder) longString() []byte {
	if d.err != nil {
		return nil
	}
	n := bytes.IndexByte(d.src[d.pos:], tokenStringEnd)
	if n < 0 {
		d.failAt(d.tokenStartedAt, "a string that ends with fc", "the end of the input")
		return nil
	}
	s := d.take(n)
	d.pos++
	return s
}

// text writes s as a JSON string.
func (d *decoder) text(s []byte) {
	if d.err != nil {
		return
	}
	if !utf8.Valid(s) {
		d.failAt(d.tokenStartedAt, "text in UTF-8", fmt.Sprintf("% x", s[:min(len(s), 16)]))
		return
	}
	d.out = literal.AppendText(d.out, s)
}
