package lucene

import (
	"context"
	"fmt"

	"migassist/lucene/input"
)

// docValuesFormat is a row: how .dvm of a codec name reads. The names of .dvd begin alike.
type docValuesFormat struct {
	oldest, newest int // header versions
	little         bool
	nested         bool // sorted kinds are written as the numeric kinds they consist of (Lucene 9)
	// compressed is the header version from which binary columns are always compressed; from
	// configurable on the field's mode attribute decides. 0: never.
	compressed, configurable int
}

// docValuesFormats by the codec name in the header of .dvm. Source: Lucene80DocValuesFormat (version 1:
// 8.5 to 8.7), Lucene90DocValuesFormat.
var docValuesFormats = map[string]docValuesFormat{
	"Lucene80DocValuesMetadata": {oldest: 0, newest: 2, compressed: 1, configurable: 2},
	"Lucene90DocValuesMetadata": {oldest: 0, newest: 0, little: true, nested: true},
}

// docsWithValue returns a bit for each document that has a value in the field's numeric column.
func (s *Segment) docsWithValue(ctx context.Context, f *files, fields []Field, field Field) (bitset, error) {
	base, err := field.docValuesFile(s.Name)
	if err != nil {
		return nil, err
	}
	meta, err := f.read(ctx, base+".dvm")
	if err != nil {
		return nil, err
	}
	column, err := s.findColumn(input.NewCursor(base+".dvm", meta, 0), fields, field)
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
	little         bool
}

const (
	presentInAll  = -1
	presentInNone = -2
)

// columns walks the entries of one .dvm.
type columns struct {
	*input.Cursor
	format  docValuesFormat
	version int
}

func (s *Segment) findColumn(c *input.Cursor, fields []Field, want Field) (presence, error) {
	var found presence
	seen := false
	err := s.walkColumns(c, fields, func(m columns, kind DocValuesType, field Field) bool {
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
func (s *Segment) walkColumns(c *input.Cursor, fields []Field, visit func(columns, DocValuesType, Field) bool) error {
	header := c.IndexHeader()
	format, known := docValuesFormats[header.Codec]
	if c.Err() == nil && !known {
		return &UnsupportedError{File: "doc values of segment " + s.Name, Codec: header.Codec, Known: keys(docValuesFormats)}
	}
	c.ExpectVersion(header, format.oldest, format.newest)
	c.ExpectID(header, s.ID)
	c.SetLittleEndian(format.little)
	byNumber := make(map[int]Field, len(fields))
	for _, field := range fields {
		byNumber[field.Number] = field
	}
	m := columns{Cursor: c, format: format, version: header.Version}
	for number := m.I32(); number >= 0 && m.Err() == nil; number = m.I32() {
		field, ok := byNumber[int(number)]
		m.Expect(ok, "the number of a field", number)
		kind := DocValuesType(m.U8() + 1)
		m.Note("column of field %d %q, kind %d", number, field.Name, kind)
		if !visit(m, kind, field) {
			return m.Err()
		}
		m.Note("  rest of the entry")
	}
	m.Note("end of columns")
	m.Footer()
	return m.Err()
}

func (m columns) presence() presence {
	p := presence{offset: m.I64(), length: m.I64(), jumps: int(m.U16()), rankPower: int(int8(m.U8())), little: m.format.little}
	m.Note("  documents with a value: %d bytes at %d", p.length, p.offset)
	return p
}

func (m columns) skip(kind DocValuesType, field Field) {
	switch kind {
	case Numeric:
		m.skipNumeric()
	case Binary:
		m.skipBinary(field)
	case Sorted:
		m.skipSorted()
	case SortedSet:
		m.skipSortedSet()
	case SortedNumeric:
		m.skipSortedNumeric()
	case NoDocValues:
	default:
		m.Expect(false, "a kind of column", kind)
	}
}

// skipNumeric passes over a numeric entry and returns its number of values.
func (m columns) skipNumeric() int64 {
	m.presence()
	values := m.I64()
	if table := m.I32(); table > 0 {
		m.Skip(int(table) * 8)
	}
	m.Skip(1 + 5*8) // bits per value; minimum, divisor, offset, length, jump table
	return values
}

func (m columns) skipBinary(field Field) {
	m.Skip(16)
	m.presence()
	docs, shortest, longest := int64(m.I32()), m.I32(), m.I32()
	compressed := m.binaryCompressed(field) && docs > 0
	if !compressed && shortest >= longest {
		return
	}
	m.I64()
	addresses := docs + 1
	if compressed {
		addresses = int64(m.VInt())
		m.VInt()
		m.VInt()
	}
	m.skipMonotonic(addresses, m.VInt())
	m.I64()
}

func (m columns) binaryCompressed(field Field) bool {
	if m.format.compressed == 0 || m.version < m.format.compressed {
		return false
	}
	return m.version < m.format.configurable || field.Attributes["Lucene80DocValuesFormat.mode"] == "BEST_COMPRESSION"
}

func (m columns) skipSorted() {
	if m.format.nested {
		m.skipNumeric()
	} else {
		m.presence()
		m.Skip(4 + 1 + 16) // documents; bits per value; ordinals
	}
	m.skipTerms()
}

func (m columns) skipSortedSet() {
	multi := m.U8()
	m.Expect(multi <= 1, "0 or 1", multi)
	switch {
	case multi == 0:
		m.skipSorted()
		return
	case m.format.nested:
		m.skipSortedNumeric()
	default:
		m.presence()
		m.Skip(1 + 16) // bits per value; ordinals
		docs := int64(m.I32())
		m.skipAddresses(docs + 1)
	}
	m.skipTerms()
}

func (m columns) skipSortedNumeric() {
	values := m.skipNumeric()
	if docs := int64(m.I32()); docs != values {
		m.skipAddresses(docs + 1)
	}
}

func (m columns) skipAddresses(n int64) {
	m.I64()
	m.skipMonotonic(n, m.VInt())
	m.I64()
}

const (
	termsPerBlock9  = 6       // shift
	termsCompressed = 0x60001 // shift 6 in the upper half, LZ4
	monotonicEntry  = 8 + 4 + 8 + 1
)

func (m columns) skipTerms() {
	terms := m.VLong()
	shift, blockSize := termsPerBlock9, m.format.little
	if !m.format.nested {
		if shift = int(m.I32()); shift == termsCompressed {
			shift, blockSize = termsPerBlock9, true
		}
	}
	m.Expect(shift >= 0 && shift < 32, "a block shift", shift)
	monotonicShift := int(m.I32())
	m.skipMonotonic(blocks(terms, shift), monotonicShift)
	m.I32()
	if blockSize {
		m.I32()
	}
	m.Skip(32)
	shift = int(m.I32())
	m.Expect(shift >= 0 && shift < 32, "a block shift", shift)
	m.skipMonotonic(1+blocks(terms, shift), monotonicShift)
	m.Skip(32)
}

// skipMonotonic passes over the metadata of n values in blocks of 1<<shift.
func (m columns) skipMonotonic(n int64, shift int) {
	m.Expect(n >= 0 && shift >= 0 && shift < 32, "a number of values and a block shift", fmt.Sprintf("%d, %d", n, shift))
	if m.Err() == nil {
		m.Skip(int(blocks(n, shift) * monotonicEntry))
	}
}

// blocks is how many blocks of 1<<shift hold n values.
func blocks(n int64, shift int) int64 {
	if n <= 0 || shift < 0 || shift >= 32 {
		return 0
	}
	return (n-1)>>shift + 1
}
