package tree

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxDepth is how deep values may lie in each other.
const MaxDepth = 1000

var errDepth = fmt.Errorf("values lie more than %d deep in each other", MaxDepth)

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
	return view(text[begin:end]), nil
}

// view is the value of a text that was checked.
func view(raw []byte) *Value { return &Value{kind: kindOf(raw[0]), raw: raw} }

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

// space returns where white space that begins at i ends.
func space(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\n' || text[i] == '\t' || text[i] == '\r') {
		i++
	}
	return i
}

// check returns where the value that begins at i ends.
func check(text []byte, i, depth int) (int, error) {
	if i >= len(text) {
		return i, errors.New("it ends too early")
	}
	switch text[i] {
	case '{':
		return checkObject(text, i, depth)
	case '[':
		return checkArray(text, i, depth)
	case '"':
		return checkString(text, i)
	case 't':
		return checkWord(text, i, "true")
	case 'f':
		return checkWord(text, i, "false")
	case 'n':
		return checkWord(text, i, "null")
	}
	return checkNumber(text, i)
}

func checkWord(text []byte, i int, word string) (int, error) {
	if !bytes.HasPrefix(text[i:], []byte(word)) {
		return i, unexpected(text, i)
	}
	return i + len(word), nil
}

func unexpected(text []byte, i int) error {
	if i >= len(text) {
		return errors.New("it ends too early")
	}
	return fmt.Errorf("byte %d: unexpected %q", i, text[i])
}

func checkObject(text []byte, i, depth int) (int, error) {
	if depth >= MaxDepth {
		return i, errDepth
	}
	i = space(text, i+1)
	if i < len(text) && text[i] == '}' {
		return i + 1, nil
	}
	for {
		var err error
		if i, err = checkMember(text, i, depth); err != nil {
			return i, err
		}
		i = space(text, i)
		if i < len(text) && text[i] == '}' {
			return i + 1, nil
		}
		if i >= len(text) || text[i] != ',' {
			return i, unexpected(text, i)
		}
		i = space(text, i+1)
	}
}

func checkMember(text []byte, i, depth int) (int, error) {
	if i >= len(text) || text[i] != '"' {
		return i, unexpected(text, i)
	}
	i, err := checkString(text, i)
	if err != nil {
		return i, err
	}
	if i = space(text, i); i >= len(text) || text[i] != ':' {
		return i, unexpected(text, i)
	}
	return check(text, space(text, i+1), depth+1)
}

func checkArray(text []byte, i, depth int) (int, error) {
	if depth >= MaxDepth {
		return i, errDepth
	}
	i = space(text, i+1)
	if i < len(text) && text[i] == ']' {
		return i + 1, nil
	}
	for {
		var err error
		if i, err = check(text, i, depth+1); err != nil {
			return i, err
		}
		i = space(text, i)
		if i < len(text) && text[i] == ']' {
			return i + 1, nil
		}
		if i >= len(text) || text[i] != ',' {
			return i, unexpected(text, i)
		}
		i = space(text, i+1)
	}
}

func checkString(text []byte, i int) (int, error) {
	for i++; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return i + 1, nil
		case c < ' ':
			return i, fmt.Errorf("byte %d: a control character in a string", i)
		case c == '\\':
			if i+1 >= len(text) {
				return i, unexpected(text, i+1)
			}
			i++
			if text[i] == 'u' {
				if i+4 >= len(text) || !hex(text[i+1:i+5]) {
					return i, fmt.Errorf("byte %d: an escape that is not four hexadecimal digits", i)
				}
				i += 4
			} else if bytes.IndexByte([]byte(`"\/bfnrt`), text[i]) < 0 {
				return i, fmt.Errorf("byte %d: no escape of JSON: \\%c", i, text[i])
			}
		}
	}
	return i, unexpected(text, i)
}

func hex(digits []byte) bool {
	for _, c := range digits {
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return true
}

func checkNumber(text []byte, i int) (int, error) {
	if i < len(text) && text[i] == '-' {
		i++
	}
	digits := func() bool {
		begin := i
		for i < len(text) && text[i] >= '0' && text[i] <= '9' {
			i++
		}
		return i > begin
	}
	if i < len(text) && text[i] == '0' {
		i++
	} else if !digits() {
		return i, unexpected(text, i)
	}
	if i < len(text) && text[i] == '.' {
		if i++; !digits() {
			return i, unexpected(text, i)
		}
	}
	if i < len(text) && text[i]|0x20 == 'e' {
		i++
		if i < len(text) && (text[i] == '+' || text[i] == '-') {
			i++
		}
		if !digits() {
			return i, unexpected(text, i)
		}
	}
	return i, nil
}

// skip returns where the value ends that begins at i of a text that was checked.
func skip(text []byte, i int) int {
	depth := 0
	for {
		switch c := text[i]; c {
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		case '"':
			i = skipString(text, i)
		case ',', ':', ' ', '\n', '\r', '\t':
			i++
			continue
		default:
			for i < len(text) && bytes.IndexByte([]byte(",]} \n\r\t"), text[i]) < 0 {
				i++
			}
		}
		if depth == 0 {
			return i
		}
	}
}

func skipString(text []byte, i int) int {
	for i++; text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// parse takes an object or array apart.
func (v *Value) parse() {
	if v.parsed {
		return
	}
	v.parsed = true
	text, closing := v.raw, v.raw[len(v.raw)-1]
	i := 1
	for {
		begin := i
		if i = space(text, i); text[i] == ',' {
			i = space(text, i+1)
		}
		if text[i] == closing && i == len(text)-1 {
			v.tail = text[begin:i]
			return
		}
		lead := text[begin:i:i]
		if v.kind == Array {
			end := skip(text, i)
			v.elements = append(v.elements, element{lead, view(text[i:end:end])})
			i = end
			continue
		}
		named := skipString(text, i)
		from := space(text, space(text, named)+1)
		end := skip(text, from)
		v.members = append(v.members, member{lead, text[i:from:from], unquote(text[i:named]), view(text[from:end:end])})
		i = end
	}
}

// unquote returns what a quoted string says. Half a surrogate pair becomes U+FFFD, as what can't be said in UTF-8.
func unquote(quoted []byte) []byte {
	inner := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	out := make([]byte, 0, len(inner))
	for i := 0; i < len(inner); i++ {
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
