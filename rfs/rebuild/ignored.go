package rebuild

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// ignored is a value of _ignored_source: what the server keeps as it was sent, because nothing else in the index
// says it.
type ignored struct {
	parent *node  // the object it belongs to
	name   []byte // dotted, from the root
	leaf   []byte // the name within the parent
	value  []byte // encoded
}

// order sorts by parent and name, so that the values of one object lie together, as its members are written.
func (e ignored) order(other ignored) int {
	return cmp.Or(cmp.Compare(e.parent.id, other.parent.id), bytes.Compare(e.name, other.name))
}

// maxParent bounds the length of a parent's name in the layout until 9.1: it shares 32 bits with another length.
const maxParent = 1 << 16

// readIgnored reads one stored value of _ignored_source, in the layout until Elasticsearch 9.1:
//
//	int32 LE n + 65536·p, name, encoded value
//
// n is the length of the name and p that of the parent's with its dot, 0 for the root, both in UTF-16. Values of objects
// that the mapping does not have are left out, as the server leaves them out. Source: IgnoredSourceFieldMapper.
func (p *Plan) readIgnored(entries []ignored, raw []byte) ([]ignored, error) {
	if p.keepsNew {
		return p.readCoalesced(entries, raw)
	}
	if len(raw) < 4 {
		return entries, fmt.Errorf("%w: %s of %d bytes", errCoding, ignoredField, len(raw))
	}
	lengths := binary.LittleEndian.Uint32(raw)
	name, ok := units(raw[4:], int(lengths%maxParent))
	if !ok {
		return entries, fmt.Errorf("%w: a name in %s beyond the end", errCoding, ignoredField)
	}
	return p.addIgnored(entries, name, int(lengths/maxParent), raw[4+len(name):])
}

// readCoalesced reads the layout from Elasticsearch 9.2 on, all values of a name in one:
//
//	VInt count, name, count times: VInt p, VInt length, encoded value
func (p *Plan) readCoalesced(entries []ignored, raw []byte) ([]ignored, error) {
	errShort := fmt.Errorf("%w: %s beyond the end", errCoding, ignoredField)
	count, n := binary.Uvarint(raw)
	if n <= 0 || count > uint64(len(raw)) {
		return entries, errShort
	}
	raw = raw[n:]
	length, n := binary.Uvarint(raw)
	if n <= 0 || length > uint64(len(raw)) {
		return entries, errShort
	}
	name, ok := units(raw[n:], int(length))
	if !ok {
		return entries, errShort
	}
	raw = raw[n+len(name):]
	for range count {
		parent, n := binary.Uvarint(raw)
		if n <= 0 || parent > uint64(len(name)) {
			return entries, errShort
		}
		size, m := binary.Uvarint(raw[n:])
		if m <= 0 || size > uint64(len(raw)-n-m) {
			return entries, errShort
		}
		raw = raw[n+m:]
		var err error
		if entries, err = p.addIgnored(entries, name, int(parent), raw[:size]); err != nil {
			return entries, err
		}
		raw = raw[size:]
	}
	return entries, nil
}

func (p *Plan) addIgnored(entries []ignored, name []byte, parentUnits int, value []byte) ([]ignored, error) {
	if len(value) == 0 {
		return entries, fmt.Errorf("%w: %s of %q is empty", errCoding, ignoredField, name)
	}
	head, ok := units(name, parentUnits)
	if !ok {
		return entries, fmt.Errorf("%w: the parent of %q in %s", errCoding, name, ignoredField)
	}
	parent, ok := p.byPath[string(bytes.TrimSuffix(head, []byte{'.'}))]
	if !ok {
		return entries, nil
	}
	return append(entries, ignored{parent: parent, name: name, leaf: name[len(head):], value: value}), nil
}

// units returns the beginning of UTF-8 text that has n units of UTF-16.
func units(text []byte, n int) ([]byte, bool) {
	at := 0
	for n > 0 && at < len(text) {
		r, size := utf8.DecodeRune(text[at:])
		if r > 0xFFFF {
			n--
		}
		n--
		at += size
	}
	return text[:at], n == 0
}
