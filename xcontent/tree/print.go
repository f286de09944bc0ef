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
	case !v.parsed:
		return append(dst, v.raw...), nil
	case depth >= MaxDepth:
		return nil, errCycle
	case v.kind == Array:
		dst = append(dst, '[')
		for i, e := range v.elements {
			if dst, err = e.value.emit(appendLead(dst, e.lead, i), depth+1); err != nil {
				return nil, err
			}
		}
		return append(append(dst, v.tail...), ']'), nil
	}
	dst = append(dst, '{')
	for i, m := range v.members {
		dst = append(appendLead(dst, m.lead, i), m.key...)
		if dst, err = m.value.emit(dst, depth+1); err != nil {
			return nil, err
		}
	}
	return append(append(dst, v.tail...), '}'), nil
}

// appendLead appends what stands before value i, which may have been at another place.
func appendLead(dst, lead []byte, i int) []byte {
	comma := bytes.IndexByte(lead, ',')
	switch {
	case i > 0 && comma < 0:
		return append(append(dst, ','), lead...)
	case i == 0 && comma >= 0:
		return append(append(dst, lead[:comma]...), lead[comma+1:]...)
	}
	return append(dst, lead...)
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
