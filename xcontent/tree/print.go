package tree

import (
	"bytes"
	"errors"
	"unicode/utf8"
)

// AppendJSON appends the value as JSON. Only a value that lies in itself, or too deep, can't be printed.
func (v *Value) AppendJSON(dst []byte) ([]byte, error) { return v.emit(dst, 0) }

var errCycle = errors.New("the value lies in itself, or too deep in others, and can't be printed")

func (v *Value) emit(dst []byte, depth int) (_ []byte, err error) {
	switch {
	case v == nil:
		return append(dst, "null"...), nil
	case v.parts == nil:
		return append(dst, v.raw...), nil
	case depth >= MaxDepth:
		return nil, errCycle
	case v.kind == Array:
		dst = append(dst, '[')
		for i := range v.elements {
			p := &v.elements[i]
			if dst, err = p.emit(dst, p.lead, i == 0, depth); err != nil {
				return nil, err
			}
		}
		return append(append(dst, v.tail...), ']'), nil
	}
	dst = append(dst, '{')
	first := true
	for i := range v.members {
		m := &v.members[i]
		if m.value == nil {
			continue
		}
		if dst, err = m.emit(dst, m.key, first, depth); err != nil {
			return nil, err
		}
		first = false
	}
	return append(append(dst, v.tail...), '}'), nil
}

// emit appends what stands at a place, whose text comes to the value at begin. It may have been at another place, so that the comma before it
// may have to go, or to come.
func (p *place) emit(dst []byte, begin int, first bool, depth int) ([]byte, error) {
	text := p.text
	comma := 0
	if p.lead != 1 || text[0] != ',' { // as most have it
		comma = bytes.IndexByte(text[:p.lead], ',')
	}
	if first && comma >= 0 {
		dst, text, begin = append(dst, text[:comma]...), text[comma+1:], begin-comma-1
	} else if !first && comma < 0 {
		dst = append(dst, ',')
	}
	if p.value.parts == nil && len(text) > begin {
		return append(dst, text...), nil
	}
	return p.value.emit(append(dst, text[:begin]...), depth+1)
}

const hexDigits = "0123456789abcdef"

// appendQuoted appends s as a JSON string.
func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		case c < utf8.RuneSelf:
			dst = append(dst, c)
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			dst = utf8.AppendRune(dst, r)
			i += n
			continue
		}
		i++
	}
	return append(dst, '"')
}
