package rfs

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"unicode/utf8"

	"migassist/lucene"
)

// The stored fields that make a document, in the order in which they are asked of package lucene.
const (
	fieldID = iota
	fieldRouting
	fieldSource
)

var storedFields = []string{fieldID: "_id", fieldRouting: "_routing", fieldSource: "_source"}

// Document is a user's document, as the source stored it. Its bytes are valid until the next one.
type Document struct {
	ID      []byte // UTF-8
	Routing []byte // nil: none
	Source  []byte // nil: the index did not keep it
}

// document turns a Lucene document into a user's. Nested children have no stored _id: ok is false for them.
// The id is appended to buf.
func document(doc *lucene.Doc, buf []byte) (d Document, ok bool, err error) {
	id := doc.Values[fieldID]
	if id.Kind == lucene.Absent {
		return d, false, nil
	}
	d.ID = id.Bytes
	if id.Kind == lucene.Bytes {
		if d.ID, err = appendID(buf[:0], id.Bytes); err != nil {
			return d, false, err
		}
	}
	if routing := doc.Values[fieldRouting]; routing.Kind != lucene.Absent {
		d.Routing = routing.Bytes
	}
	if source := doc.Values[fieldSource]; source.Kind != lucene.Absent {
		d.Source = source.Bytes
	}
	return d, true, nil
}

// First bytes of an encoded id, from org.elasticsearch.index.mapper.Uid.
const (
	idUTF8    = 0xFF // the rest is the id
	idNumeric = 0xFE // two digits a byte, the last half byte 0xF where their number is odd
	idEscape  = 0xFD // what follows is base64, though its first byte looks like one of these
)

var errBadID = errors.New("an _id that is not in the encoding of Elasticsearch 6 and later")

// appendID appends the id that raw encodes.
func appendID(dst, raw []byte) ([]byte, error) {
	if len(raw) == 0 {
		return nil, errBadID
	}
	switch raw[0] {
	case idUTF8:
		if !utf8.Valid(raw[1:]) {
			return nil, errBadID
		}
		return append(dst, raw[1:]...), nil
	case idNumeric:
		return appendDigits(dst, raw[1:])
	case idEscape:
		raw = raw[1:]
	}
	return base64.RawURLEncoding.AppendEncode(dst, raw), nil
}

func appendDigits(dst, raw []byte) ([]byte, error) {
	for i, b := range raw {
		high, low := b>>4, b&0xF
		odd := low == 0xF && i == len(raw)-1
		if high > 9 || low > 9 && !odd {
			return nil, errBadID
		}
		dst = append(dst, '0'+high)
		if !odd {
			dst = append(dst, '0'+low)
		}
	}
	return dst, nil
}

// appendOperation appends the two lines that index the document. index is a JSON string, quotes included.
func appendOperation(dst []byte, index string, d Document) []byte {
	dst = append(dst, `{"index":{"_index":`...)
	dst = append(dst, index...)
	dst = append(dst, `,"_id":`...)
	dst = appendString(dst, d.ID)
	if d.Routing != nil {
		dst = append(dst, `,"routing":`...)
		dst = appendString(dst, d.Routing)
	}
	dst = append(dst, "}}\n"...)
	dst = appendLine(dst, d.Source)
	return append(dst, '\n')
}

const hexDigits = "0123456789abcdef"

// appendString appends s as a JSON string. Bytes that are not UTF-8 go as they are.
func appendString(dst, s []byte) []byte {
	dst = append(dst, '"')
	for _, b := range s {
		switch {
		case b == '"' || b == '\\':
			dst = append(dst, '\\', b)
		case b < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[b>>4], hexDigits[b&0xF])
		default:
			dst = append(dst, b)
		}
	}
	return append(dst, '"')
}

// appendLine appends a JSON source as one line: line breaks outside strings become spaces, all else stays
// byte for byte. An empty source is an empty object, which a bulk request needs to see.
func appendLine(dst, source []byte) []byte {
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

// isJSON tells whether a source begins like a JSON object; Elasticsearch also keeps CBOR, SMILE and YAML as they came.
func isJSON(source []byte) bool {
	trimmed := bytes.TrimLeft(source, " \t\r\n\uFEFF")
	return len(trimmed) == 0 || trimmed[0] == '{' || trimmed[0] == '/'
}

// quote returns s as a JSON string.
func quote(s string) string {
	quoted, err := json.Marshal(s)
	if err != nil { // a string always marshals
		return `""`
	}
	return string(quoted)
}
