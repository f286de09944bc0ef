package rfs

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"unicode/utf8"

	"migassist/lucene"
)

// The stored fields that make a document, in the order in which they are asked of package lucene.
const (
	fieldID = iota
	fieldUID
	fieldRouting
	fieldParent
	fieldSource
)

var storedFields = []string{fieldID: "_id", fieldUID: "_uid", fieldRouting: "_routing", fieldParent: "_parent", fieldSource: "_source"}

// Document is a user's document, as the source stored it. Its bytes are valid until the next one.
type Document struct {
	Type    []byte // mapping type; nil: the index has one type and its documents do not name it
	ID      []byte // UTF-8
	Routing []byte // nil: none
	Source  []byte // nil: the index did not keep it
	Version int64  // external version that it is written with; 0: none
}

// Errors of a document whose identity can't be told.
var (
	errBadID  = errors.New("an _id that is not in the encoding of Elasticsearch 6 and later")
	errBadUID = errors.New("a _uid that is not TYPE#ID")
)

// separator stands in _uid and _parent between type and id. No type has one, ids may.
const separator = '#'

// identify turns a Lucene document into a user's. Nested children have neither _id nor _uid: ok is false for them.
// An id that has to be decoded is appended to buf.
//
//	_uid      string TYPE#ID          Elasticsearch 1 to 5
//	_id       string                  Elasticsearch 5.6 with index.mapping.single_type
//	_id       bytes, see appendID     Elasticsearch 6 and later, OpenSearch
//	_parent   string TYPE#ID          Elasticsearch 1 and 2: a child lies on the shard of its parent's id, unless it has a _routing
func identify(doc *lucene.Doc, buf []byte) (d Document, ok bool, err error) {
	switch uid, id := doc.Values[fieldUID], doc.Values[fieldID]; {
	case uid.Kind == lucene.String:
		if d.Type, d.ID, ok = bytes.Cut(uid.Bytes, []byte{separator}); !ok {
			return d, true, errBadUID
		}
	case id.Kind == lucene.String:
		d.ID = id.Bytes
	case id.Kind == lucene.Bytes:
		if d.ID, err = appendID(buf[:0], id.Bytes); err != nil {
			return d, true, err
		}
	case uid.Kind != lucene.Absent:
		return d, true, errBadUID
	case id.Kind != lucene.Absent:
		return d, true, errBadID
	default:
		return d, false, nil
	}
	if routing, parent := doc.Values[fieldRouting], doc.Values[fieldParent]; routing.Kind == lucene.String {
		d.Routing = routing.Bytes
	} else if parent.Kind == lucene.String {
		_, d.Routing, _ = bytes.Cut(parent.Bytes, []byte{separator})
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

// unsendable is why a document is not sent, though others of its index are.
type unsendable struct {
	// kind is one of bad_id, other_type, no_source, not_convertible, not_rebuilt, no_seq_no, too_large, transform_failed, no_index.
	kind   string
	reason string
	// document says that the document is known as JSON, and is kept so; otherwise as it is stored.
	document bool
}

func (u *unsendable) Error() string { return u.kind + ": " + u.reason }

func unsent(kind, format string, arguments ...any) *unsendable {
	return &unsendable{kind: kind, reason: fmt.Sprintf(format, arguments...)}
}
