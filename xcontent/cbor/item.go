package cbor

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	"migassist/xcontent/literal"
)

// Major types, the first three bits of an item. Source: RFC 8949, section 3.1.
const (
	majorUnsigned = iota
	majorNegative
	majorBytes
	majorText
	majorArray
	majorMap
	majorTag
	majorOther
)

const (
	shortIndefinite = 31
	breakByte       = 0xFF
)

// value writes the next item.
func (d *decoder) value(depth int) {
	h := d.head()
	if h.major == majorTag {
		var tag uint64
		if tag, h = d.tags(h); d.tagged(tag, h) {
			return
		}
	}
	d.item(h, depth)
}

func (d *decoder) item(h head, depth int) {
	if d.err != nil {
		return
	}
	switch h.major {
	case majorUnsigned, majorNegative:
		d.integer(h)
	case majorBytes:
		d.out = literal.AppendBytes(d.out, d.joined(h))
	case majorText:
		d.out = literal.AppendText(d.out, d.utf8(h))
	case majorArray:
		d.array(h, depth+1)
	case majorMap:
		d.object(h, depth+1)
	case majorOther:
		d.other(h)
	}
	d.grown()
}

func (d *decoder) array(h head, depth int) {
	if !d.enter(h, depth) {
		return
	}
	d.out = append(d.out, '[')
	for n := uint64(0); d.more(h, n); n++ {
		if n > 0 {
			d.out = append(d.out, ',')
		}
		d.value(depth)
	}
	d.out = append(d.out, ']')
}

func (d *decoder) object(h head, depth int) {
	if !d.enter(h, depth) {
		return
	}
	d.out = append(d.out, '{')
	for n := uint64(0); d.more(h, n); n++ {
		if n > 0 {
			d.out = append(d.out, ',')
		}
		d.key()
		d.out = append(d.out, ':')
		d.value(depth)
	}
	d.out = append(d.out, '}')
}

// more tells whether an array or map has an entry after n of them.
func (d *decoder) more(h head, n uint64) bool {
	if h.indefinite() {
		return !d.ends()
	}
	return d.err == nil && n < h.argument
}

// key writes a key as text, as JSON needs it.
func (d *decoder) key() {
	h := d.head()
	for h.major == majorTag && d.err == nil {
		h = d.head()
	}
	if d.err != nil {
		return
	}
	switch h.major {
	case majorText, majorBytes:
		d.out = literal.AppendText(d.out, d.utf8(h))
	case majorUnsigned, majorNegative:
		d.out = append(d.out, '"')
		d.integer(h)
		d.out = append(d.out, '"')
	default:
		d.unexpected("a key of text or a number", h)
	}
}

// joined returns the bytes of a text or byte string, the parts of one without length put together. They are valid until
// the next call.
func (d *decoder) joined(h head) []byte {
	if !h.indefinite() {
		return d.take(h.argument)
	}
	d.text = d.text[:0]
	for !d.ends() {
		part := d.head()
		if d.err == nil && (part.major != h.major || part.indefinite()) {
			d.unexpected("a part of the string that has a length", part)
		}
		d.text = append(d.text, d.take(part.argument)...)
	}
	return d.text
}

func (d *decoder) utf8(h head) []byte {
	s := d.joined(h)
	if d.err == nil && !utf8.Valid(s) {
		d.failAt(h.at, "text in UTF-8", fmt.Sprintf("% x", s[:min(len(s), 16)]))
		return nil
	}
	return s
}

// Items of major type 7. Source: RFC 8949, section 3.3.
const (
	otherFalse     = 20
	otherTrue      = 21
	otherNull      = 22
	otherUndefined = 23
	otherSimple    = 24
	otherFloat16   = 25
	otherFloat32   = 26
	otherFloat64   = 27
)

func (d *decoder) other(h head) {
	switch h.short {
	case otherFalse:
		d.out = append(d.out, "false"...)
	case otherTrue:
		d.out = append(d.out, "true"...)
	case otherNull, otherUndefined:
		d.out = append(d.out, "null"...)
	case otherFloat16:
		d.out = literal.AppendFloat(d.out, half(uint16(h.argument)), 32)
	case otherFloat32, otherFloat64:
		d.float(h)
	case shortIndefinite:
		d.unexpected("an item", h)
	default:
		if h.short == otherSimple && h.argument < 32 {
			d.failAt(h.at, "a simple value of 32 or more in two bytes", strconv.FormatUint(h.argument, 10))
		}
		d.out = strconv.AppendUint(d.out, h.argument, 10)
	}
}
