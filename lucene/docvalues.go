package lucene

import (
	"context"
	"fmt"

	"migassist/lucene/input"
)

// docValuesFormat is a row: how .dvm of a codec name reads.
type docValuesFormat struct {
	oldest, newest int // header versions
	little         bool
	jumps          bool   // entries say where jump tables are (Lucene 8)
	nested         bool   // sorted kinds are written as the numeric kinds they consist of (Lucene 9)
	data           string // codec name of .dvd
	// compressed is the header version from which binary columns are always compressed; from
	// configurable on the field's mode attribute decides. 0: never.
	compressed, configurable int
}

// docValuesFormats by the codec name in the header of .dvm. Source: Lucene70DocValuesFormat, Lucene80DocValuesFormat
// (version 1: 8.5 to 8.7), Lucene90DocValuesFormat.
var docValuesFormats = map[string]docValuesFormat{
	"Lucene70DocValuesMetadata": {data: "Lucene70DocValuesData"},
	"Lucene80DocValuesMetadata": {oldest: 0, newest: 2, data: "Lucene80DocValuesData", jumps: true, compressed: 1, configurable: 2},
	"Lucene90DocValuesMetadata": {oldest: 0, newest: 0, data: "Lucene90DocValuesData", jumps: true, little: true, nested: true},
}

// docsWithValue returns a bit for each document that has a value in the field's numeric column.
func (s *Segment) docsWithValue(ctx context.Context, f *files, fields []Field, field Field) (bitset, error) {
	base := field.docValuesFile(s.Name)
	if base == "" {
		return nil, &input.CorruptError{File: s.fieldsFile(), Want: "the doc values format of field " + field.Name, Got: "none"}
	}
	meta, err := f.read(ctx, base+".dvm")
	if err != nil {
		return nil, err
	}
	column, err := s.findColumn(input.NewCursor(base+".dvm", meta, 0), base+".dvm", fields, field)
	if err != nil {
		return nil, err
	}
	return s.readPresence(ctx, f, base+".dvd", column)
}

// presence says which documents have a value: where an IndexedDISI lies in .dvd, or all or none.
type presence struct {
	offset, length int64 // offset -1: all documents, -2: none
	jumps          int   // entries of the jump table at its end
	rankPower      int   // of the rank table of dense blocks; negative: they have none
	format         docValuesFormat
	version        int
}

const (
	presentInAll  = -1
	presentInNone = -2
)

// String says it in words.
func (p presence) String() string {
	switch p.offset {
	case presentInAll:
		return "all"
	case presentInNone:
		return "none"
	default:
		return fmt.Sprintf("in %d bytes at %d, %d jumps, rank power %d", p.length, p.offset, p.jumps, p.rankPower)
	}
}

// columns walks the entries of one .dvm.
type columns struct {
	*input.Cursor
	format  docValuesFormat
	version int
}

// findColumn reads which documents have a value in a numeric column.
func (s *Segment) findColumn(c *input.Cursor, name string, fields []Field, want Field) (presence, error) {
	var found presence
	seen := false
	err := s.walkColumns(c, name, fields, func(m columns, kind DocValuesType, field Field) bool {
		if field.Number != want.Number || kind != Numeric {
			m.skip(kind, field)
			return true
		}
		found, seen = m.presence(), true
		return false
	})
	if err == nil && !seen {
		c.Fail("a numeric column of field "+want.Name, "none")
		err = c.Err()
	}
	return found, err
}

// walkColumns calls visit for each column that .dvm describes; visit reads the entry and tells whether to go on.
func (s *Segment) walkColumns(c *input.Cursor, name string, fields []Field, visit func(columns, DocValuesType, Field) bool) error {
	header := c.IndexHeader()
	format, known := docValuesFormats[header.Codec]
	if c.Err() == nil && !known {
		return &UnsupportedError{File: name, Codec: header.Codec, Known: keys(docValuesFormats)}
	}
	c.ExpectVersion(header, format.oldest, format.newest)
	s.expectOwner(c, header, name)
	c.SetLittleEndian(format.little)
	byNumber := make(map[int]Field, len(fields))
	for _, field := range fields {
		byNumber[field.Number] = field
	}
	m := columns{Cursor: c, format: format, version: header.Version}
	number := m.I32()
	for ; number >= 0 && m.Err() == nil; number = m.I32() {
		field, ok := byNumber[int(number)]
		m.Expect(ok, "the number of a field", number)
		m.Note("column of field %d %q", number, field.Name)
		kind := DocValuesType(m.U8()) + Numeric
		m.Expect(kind >= Numeric && kind <= SortedNumeric, "a kind of column", kind)
		m.Note("  %s", kind)
		if field.Skipper {
			m.skipSkipper()
		}
		if m.Err() != nil || !visit(m, kind, field) {
			return m.Err()
		}
	}
	m.Expect(number == endOfColumns, fmt.Sprintf("the number of a field, or %d at the end", endOfColumns), number)
	m.Note("end of columns")
	m.Footer()
	return m.Err()
}

// endOfColumns stands where the next field's number would.
const endOfColumns = -1

func (m columns) presence() presence {
	p := presence{offset: m.I64(), length: m.I64(), rankPower: -1, format: m.format, version: m.version}
	if m.format.jumps {
		p.jumps, p.rankPower = int(m.U16()), int(int8(m.U8()))
	}
	m.Note("    documents with a value: %v", p)
	return p
}
