package smile

import "migassist/xcontent/literal"

// Tokens in value position, and tokenKeyLong and tokenObjectEnd in key position; the rest are ranges,
// written out where they are decoded. Source: the SMILE specification, "Token types".
const (
	tokenEmpty        = 0x20
	tokenNull         = 0x21
	tokenFalse        = 0x22
	tokenTrue         = 0x23
	tokenInt32        = 0x24
	tokenInt64        = 0x25
	tokenBigInteger   = 0x26
	tokenFloat32      = 0x28
	tokenFloat64      = 0x29
	tokenBigDecimal   = 0x2A
	tokenLongASCII    = 0xE0
	tokenLongUTF8     = 0xE4
	tokenBytes7       = 0xE8
	tokenArray        = 0xF8
	tokenArrayEnd     = 0xF9
	tokenObject       = 0xFA
	tokenObjectEnd    = 0xFB
	tokenStringEnd    = 0xFC
	tokenBytesRaw     = 0xFD
	tokenEndOfContent = 0xFF
	tokenKeyLong      = 0x34
)

// value writes the value that token t begins.
func (d *decoder) value(t byte, depth int) {
	if d.err != nil {
		return
	}
	switch {
	case t >= 0x01 && t <= 0x1F:
		d.text(d.shared(&d.values, int(t)-1, "strings"))
	case t >= 0x40 && t <= 0x7F: // ASCII, 1 to 64 bytes
		d.shortString(int(t) - 0x40 + 1)
	case t >= 0x80 && t <= 0xBF: // UTF-8, 2 to 65 bytes
		d.shortString(int(t) - 0x80 + 2)
	case t >= 0xC0 && t <= 0xDF:
		d.integer(unzigzag(uint64(t & 0x1F)))
	case t >= 0xEC && t <= 0xEF:
		d.text(d.shared(&d.values, int(t&3)<<8|int(d.u8()), "strings"))
	case t == tokenArray:
		d.array(depth + 1)
	case t == tokenObject:
		d.object(depth + 1)
	default:
		d.rarer(t)
	}
	d.grown()
}

// rarer writes the values that have a token of their own.
func (d *decoder) rarer(t byte) {
	switch t {
	case tokenEmpty:
		d.out = append(d.out, `""`...)
	case tokenNull:
		d.out = append(d.out, "null"...)
	case tokenFalse:
		d.out = append(d.out, "false"...)
	case tokenTrue:
		d.out = append(d.out, "true"...)
	case tokenInt32:
		d.integer(unzigzag(d.vint(32)))
	case tokenInt64:
		d.integer(unzigzag(d.vint(64)))
	case tokenBigInteger:
		d.bigInteger()
	case tokenFloat32:
		d.float32()
	case tokenFloat64:
		d.float64()
	case tokenBigDecimal:
		d.bigDecimal()
	case tokenLongASCII, tokenLongUTF8:
		d.text(d.longString())
	case tokenBytes7:
		d.base64(d.bytes7(d.length()))
	case tokenBytesRaw:
		d.base64(d.take(d.length()))
	default:
		d.unexpected("a value", t)
	}
}

// enter fails where nesting is too deep.
func (d *decoder) enter(depth int) bool {
	if depth > maxDepth {
		d.failAt(d.tokenStartedAt, "at most 1000 levels", "more")
	}
	return d.err == nil
}

func (d *decoder) array(depth int) {
	if !d.enter(depth) {
		return
	}
	d.out = append(d.out, '[')
	for first := true; d.err == nil; first = false {
		t := d.token("a value or the end of an array")
		if t == tokenArrayEnd {
			break
		}
		if !first {
			d.out = append(d.out, ',')
		}
		d.value(t, depth)
	}
	d.out = append(d.out, ']')
}

func (d *decoder) object(depth int) {
	if !d.enter(depth) {
		return
	}
	d.out = append(d.out, '{')
	for first := true; d.err == nil; first = false {
		t := d.token("a key or the end of an object")
		if t == tokenObjectEnd {
			break
		}
		if !first {
			d.out = append(d.out, ',')
		}
		d.text(d.key(t))
		d.out = append(d.out, ':')
		d.value(d.token("a value"), depth)
	}
	d.out = append(d.out, '}')
}

// key returns the key that token t begins.
func (d *decoder) key(t byte) []byte {
	switch {
	case t == tokenEmpty:
		return nil
	case t >= 0x30 && t <= 0x33:
		return d.shared(&d.names, int(t&3)<<8|int(d.u8()), "names")
	case t == tokenKeyLong:
		return d.name(d.longString())
	case t >= 0x40 && t <= 0x7F:
		return d.shared(&d.names, int(t&0x3F), "names")
	case t >= 0x80 && t <= 0xBF: // ASCII, 1 to 64 bytes
		return d.name(d.take(int(t&0x3F) + 1))
	case t >= 0xC0 && t <= 0xF7: // UTF-8, 2 to 57 bytes
		return d.name(d.take(int(t&0x3F) + 2))
	}
	d.unexpected("a key", t)
	return nil
}

// base64 writes bytes as text.
func (d *decoder) base64(b []byte) { d.out = literal.AppendBytes(d.out, b) }
