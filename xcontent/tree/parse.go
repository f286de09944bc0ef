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

// span is where in the text of an object or array a member or element is: white space and comma from begin on, the key from keyed, the
// value from value to end.
type span struct{ begin, keyed, colon, value, end int }

// parse takes an object or array apart. What it keeps is allocated once it is known how much that is.
func (v *Value) parse() {
	if v.parts != nil {
		return
	}
	v.parts = &parts{}
	var few [24]span // on the stack
	spans, last := v.spans(few[:0])
	text := v.raw
	v.tail = text[last : len(text)-1]
	values := make([]Value, len(spans))
	if v.kind == Array {
		v.elements = make([]place, len(spans))
	} else {
		v.members = make([]member, len(spans), len(spans)+1) // one more is what is added most
	}
	for i := range spans {
		s, value := &spans[i], &values[i]
		value.kind, value.raw = kindOf(text[s.value]), text[s.value:s.end:s.end]
		var p *place
		if v.kind == Array {
			p = &v.elements[i]
		} else {
			m := &v.members[i]
			p, m.key, m.name = &m.place, s.value-s.begin, unquote(text[s.keyed:s.colon])
		}
		p.text, p.lead, p.value = text[s.begin:s.end:s.end], s.keyed-s.begin, value
	}
}

// spans appends where the members or elements are, and returns where the last one ends.
func (v *Value) spans(spans []span) (_ []span, end int) {
	text, object := v.raw, v.kind == Object
	closing := len(text) - 1
	for i := 1; ; {
		s := span{begin: i}
		if i = space(text, i); i == closing {
			return spans, s.begin
		}
		if text[i] == ',' {
			i = space(text, i+1)
		}
		s.keyed = i
		if object {
			s.colon = skipString(text, i)
			i = space(text, space(text, s.colon)+1)
		}
		s.value = i
		i = skip(text, i)
		s.end = i
		spans = append(spans, s)
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
