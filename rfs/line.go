package rfs

import (
	"bytes"
	"encoding/json"
)

const hexDigits = "0123456789abcdef"

// appendEscaped appends s as it stands within a JSON string. Bytes that are not UTF-8 go as they are.
func appendEscaped[S string | []byte](dst []byte, s S) []byte {
	for i := range len(s) {
		switch b := s[i]; {
		case b == '"' || b == '\\':
			dst = append(dst, '\\', b)
		case b < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[b>>4], hexDigits[b&0xF])
		default:
			dst = append(dst, b)
		}
	}
	return dst
}

// AppendLine appends a JSON source to dst as one line: line breaks outside strings become spaces, all else stays
// byte for byte. An empty source is an empty object, which a bulk request needs to see.
func AppendLine(dst, source []byte) []byte {
	if len(source) == 0 {
		return append(dst, '{', '}')
	}
	if bytes.IndexByte(source, '\n') < 0 && bytes.IndexByte(source, '\r') < 0 {
		return append(dst, source...)
	}
	begin := len(dst)
	dst = append(dst, source...)
	return joinLines(dst, begin)
}

// joinLines rewrites dst from begin on. Elasticsearch lets comments through: one that ends with its line is
// blanked, since it would swallow what follows. A raw line break in a string, which no strict parser
// takes, is escaped, which keeps its value.
func joinLines(dst []byte, begin int) []byte {
	var state jsonState
	for i := begin; i < len(dst); i++ {
		b := dst[i]
		if b != '\n' && b != '\r' {
			if state = state.next(dst[begin:i], b); state == inComment {
				dst[i] = ' '
				if dst[i-1] == '/' {
					dst[i-1] = ' '
				}
			}
			continue
		}
		switch state {
		case inString, inEscape:
			escaped := byte('n')
			if b == '\r' {
				escaped = 'r'
			}
			dst = append(dst[:i], append([]byte{'\\', escaped}, dst[i+1:]...)...)
			i++
		default:
			dst[i] = ' '
			if state == inComment {
				state = inValue
			}
		}
	}
	return dst
}

// jsonState is where in a JSON text a scanner is.
type jsonState byte

const (
	inValue jsonState = iota
	inString
	inEscape
	inComment // to the end of the line
	inBlock   // a comment to its end mark
)

// next is the state after byte b, which follows before.
func (s jsonState) next(before []byte, b byte) jsonState {
	last := byte(0)
	if len(before) > 0 {
		last = before[len(before)-1]
	}
	switch s {
	case inString:
		switch b {
		case '\\':
			return inEscape
		case '"':
			return inValue
		}
	case inEscape:
		return inString
	case inBlock:
		if last == '*' && b == '/' {
			return inValue
		}
	case inValue:
		switch {
		case b == '"':
			return inString
		case last == '/' && b == '/':
			return inComment
		case last == '/' && b == '*':
			return inBlock
		}
	}
	return s
}

// quote returns s as a JSON string.
func quote(s string) string {
	quoted, err := json.Marshal(s)
	if err != nil { // a string always marshals
		return `""`
	}
	return string(quoted)
}
