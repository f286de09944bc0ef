package tree

import (
	"bytes"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// Parse checks a text, which must be one JSON value (RFC 8259), and returns it. The value refers to the text.
func Parse(text []byte) (*Value, error) {
	begin := space(text, 0)
	end, err := check(text, begin, 0)
	if err != nil {
		return nil, fmt.Errorf("JSON: %w", err)
	}
	if rest := space(text, end); rest != len(text) {
		return nil, fmt.Errorf("JSON: byte %d: more follows the value", rest)
	}
	return &Value{kind: kindOf(text[begin]), raw: text[begin:end]}, nil
}

func kindOf(first byte) Kind {
	switch first {
	case '{':
		return Object
	case '[':
		return Array
	case '"':
		return String
	case 't', 'f':
		return Bool
	case 'n':
		return Null
	}
	return Number
}

// The functions from here on read text that was checked.

// skip returns where the value ends that begins at i.
func skip(text []byte, i int) int {
	switch text[i] {
	case '"':
		return skipString(text, i)
	case '{', '[':
		return skipDeep(text, i)
	}
	for i < len(text) && text[i] > ' ' && text[i] != ',' && text[i] != ']' && text[i] != '}' {
		i++
	}
	return i
}

func skipDeep(text []byte, i int) int {
	for depth := 0; ; {
		switch text[i] {
		case '"':
			i = skipString(text, i)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
}

func skipString(text []byte, i int) int {
	for i++; ; i += 2 {
		if i = plain(text, i); text[i] == '"' {
			return i + 1
		}
	}
}

// parse takes an object or array apart.
func (v *Value) parse() {
	if v.parts != nil {
		return
	}
	v.parts = &parts{}
	text := v.raw
	last := len(text) - 1
	var block []Value
	for i := 1; ; {
		begin := i
		if i = space(text, i); i == last {
			v.tail = text[begin:i]
			return
		}
		if text[i] == ',' {
			i = space(text, i+1)
		}
		keyed := i
		var name []byte
		if v.kind == Object {
			i = skipString(text, i)
			name = unquote(text[keyed:i])
			i = space(text, space(text, i)+1)
		}
		from := i
		i = skip(text, from)
		if len(block) == 0 { // values are allocated in blocks, each as large as all before it
			block = make([]Value, min(max(4, len(v.members)+len(v.elements)), 1024))
		}
		value := &block[0]
		block = block[1:]
		value.kind, value.raw = kindOf(text[from]), text[from:i:i]
		p := place{text: text[begin:i:i], lead: keyed - begin, value: value}
		if v.kind == Array {
			v.elements = append(v.elements, p)
		} else {
			v.members = append(v.members, member{place: p, key: from - begin, name: name})
		}
	}
}

// unquote returns what a quoted string says. Half a surrogate pair becomes U+FFFD, as what can't be said in UTF-8.
func unquote(quoted []byte) []byte {
	inner := quoted[1 : len(quoted)-1]
	slash := bytes.IndexByte(inner, '\\')
	if slash < 0 {
		return inner
	}
	out := make([]byte, slash, len(inner))
	copy(out, inner)
	for i := slash; i < len(inner); i++ {
		if inner[i] != '\\' {
			out = append(out, inner[i])
			continue
		}
		i++
		switch inner[i] {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r := unhex(inner[i+1:])
			i += 4
			if utf16.IsSurrogate(r) && i+6 < len(inner) && inner[i+1] == '\\' && inner[i+2] == 'u' {
				if pair := utf16.DecodeRune(r, unhex(inner[i+3:])); pair != utf8.RuneError {
					r, i = pair, i+6
				}
			}
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, inner[i])
		}
	}
	return out
}

func unhex(digits []byte) (r rune) {
	for _, c := range digits[:4] {
		r <<= 4
		switch {
		case c <= '9':
			r |= rune(c - '0')
		default:
			r |= rune(c|0x20-'a') + 10
		}
	}
	return r
}
