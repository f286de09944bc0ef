package docvalues

import (
	"fmt"
	"maps"
	"slices"

	"migassist/lucene/input"
)

// Field is what .fnm says of a field.
type Field struct {
	Number     int // the segment's own
	Name       string
	Kind       Kind // of its column
	Skipper    bool // the column has a skip index
	Attributes map[string]string
}

// Owner is the segment, or generation of doc values, that a pair of files must belong to, and what it knows of
// their columns.
type Owner struct {
	ID     [input.IDSize]byte
	Suffix string // of the headers: what the names have between segment and extension. Those of Lucene 4 do not say
	MaxDoc int
	Fields []Field // all of the segment, in any order
}

// format is a row: how .dvm of a codec name reads.
type format struct {
	newest int // header version
	little bool
	data   string // codec name of .dvd
	// parse reads one column behind its kind.
	parse  func(m *columns, kind Kind, field Field) *column
	footer int  // header version from which the files end in a footer
	plain  bool // of Lucene 4: headers have neither id nor suffix
	short  bool // before Lucene 7: numbers of fields are VInts

	// Of formats that are short:
	lenient   bool // there may be columns of unknown fields, for generations had those of several
	packed    bool // numbers have one width in a column, not one in a block (Lucene 4.9)
	shorts    bool // the lengths of 16 terms stand together (Lucene 4.10)
	constants bool // numbers may be all the same, sets of values in a table (Lucene 5)
	direct    bool // addresses are DirectMonotonic, numbers may be sparse (Lucene 5.4)

	// Of the others:
	jumps  bool // entries say where jump tables are (Lucene 8)
	nested bool // sorted kinds are written as the numeric kinds they consist of (Lucene 9)
	// compressed is the header version from which binary columns are always compressed; from configurable on the
	// field's mode attribute decides. 0: never.
	compressed, configurable int
}

// formats by the codec name in the header of .dvm. Source: Lucene45-, 49-, 410-, 50-, 54- and Lucene70DocValuesFormat, Lucene80DocValuesFormat (version 1:
// 8.5 to 8.7), Lucene90DocValuesFormat, their consumers and producers.
var formats = map[string]format{
	"Lucene45ValuesMetadata": {
		newest: 2, footer: 2, data: "Lucene45DocValuesData", parse: (*columns).legacy, plain: true, short: true, lenient: true,
	},
	"Lucene49ValuesMetadata":    {data: "Lucene49DocValuesData", parse: (*columns).legacy, plain: true, short: true, packed: true},
	"Lucene410ValuesMetadata":   {data: "Lucene410DocValuesData", parse: (*columns).legacy, plain: true, short: true, packed: true, shorts: true},
	"Lucene50DocValuesMetadata": {newest: 1, data: "Lucene50DocValuesData", parse: (*columns).legacy, short: true, packed: true, shorts: true, constants: true},
	"Lucene54DocValuesMetadata": {
		newest: 1, data: "Lucene54DocValuesData", parse: (*columns).legacy, short: true, packed: true, shorts: true, constants: true, direct: true,
	},
	"Lucene70DocValuesMetadata": {data: "Lucene70DocValuesData", parse: (*columns).entry},
	"Lucene80DocValuesMetadata": {
		newest: 2, data: "Lucene80DocValuesData", parse: (*columns).entry, jumps: true, compressed: 1, configurable: 2,
	},
	"Lucene90DocValuesMetadata": {data: "Lucene90DocValuesData", parse: (*columns).entry, jumps: true, little: true, nested: true},
}

// Check tells whether .dvm of a codec name is read: nil, or an *[input.UnsupportedError] that names file and codec.
func Check(file, codec string) error {
	if _, known := formats[codec]; known {
		return nil
	}
	return &input.UnsupportedError{File: file, Codec: codec, Known: slices.Sorted(maps.Keys(formats))}
}

// Meta is what .dvm says: which columns there are, and where in .dvd what of them lies.
type Meta struct {
	owner   Owner
	format  format
	version int
	columns map[int]*column // by the number of the field
}

// column is what .dvm says of one column: how a document leads to its values.
type column struct {
	kind Kind
	docs docsSpec
	// values are numbers, or ordinals of terms, or places in sets. nil: there are bytes instead.
	values sequenceSpec
	// starts leads from a document's place to its first value, place+1 to its end. nil: each has one.
	starts sequenceSpec
	// sets are those in which values are places.
	sets  [][]int64
	terms termsSpec
	bytes bytesSpec
}

// columns walks the entries of one .dvm.
type columns struct {
	*input.Cursor
	format  format
	version int
	maxDoc  int
	sparse  bool // within numbers that are
}

// ParseMeta reads .dvm, whose checksum has been found right. Where a trace is attached to the cursor, all bytes are
// explained. It is an *[input.UnsupportedError] where the format is not read.
func ParseMeta(c *input.Cursor, owner Owner) (*Meta, error) {
	header := c.Header()
	if c.Err() != nil {
		return nil, c.Err()
	}
	if err := Check(c.Name(), header.Codec); err != nil {
		return nil, err
	}
	m := &Meta{owner: owner, format: formats[header.Codec], version: header.Version, columns: map[int]*column{}}
	c.ExpectVersion(header, 0, m.format.newest)
	m.expectOwner(c, header)
	c.SetLittleEndian(m.format.little)
	m.walk(&columns{Cursor: c, format: m.format, version: m.version, maxDoc: owner.MaxDoc})
	if m.HasFooter() {
		c.Footer()
	} else if c.Remaining() > 0 {
		c.Fail("the end of the file", fmt.Sprintf("%d bytes more", c.Remaining()))
	}
	return m, c.Err()
}

// HasFooter tells whether .dvm and .dvd end in a footer with a checksum: those of Lucene before 4.8 do not.
func (m *Meta) HasFooter() bool { return m.version >= m.format.footer }

// expectOwner fails unless the header goes on as that of the owner's file.
func (m *Meta) expectOwner(c *input.Cursor, header input.Header) {
	if m.format.plain {
		return
	}
	c.Identity(&header)
	c.ExpectID(header, m.owner.ID)
	c.ExpectSuffix(header, m.owner.Suffix)
}

// endOfColumns stands where the next field's number would.
const endOfColumns = -1

func (m *Meta) walk(c *columns) {
	fields := make(map[int]Field, len(m.owner.Fields))
	for _, field := range m.owner.Fields {
		fields[field.Number] = field
	}
	number := c.number()
	for ; number != endOfColumns && c.Err() == nil; number = c.number() {
		field, ok := fields[number]
		c.Expect(ok || c.format.lenient && number >= 0, "the number of a field", number)
		field.Number = number
		c.Note("column of field %d %q", number, field.Name)
		_, twice := m.columns[number]
		c.Expect(!twice, "a column of another field", number)
		kind := Kind(c.U8()) + Numeric
		c.Expect(kind >= Numeric && kind <= SortedNumeric, "a kind of column", kind)
		c.Expect(field.Kind == None || kind == field.Kind, fmt.Sprintf("a %s column, as field %q has", field.Kind, field.Name), kind)
		c.Note("  %s", kind)
		if c.Err() == nil {
			m.columns[number] = m.format.parse(c, kind, field)
		}
	}
	c.Note("end of columns")
}

// number reads the number of the next field.
func (c *columns) number() int {
	if c.format.short {
		return int(c.SignedVInt())
	}
	return int(c.I32())
}

// place reads an offset and a length.
func (c *columns) place(of string) extent {
	e := extent{c.I64(), c.I64()}
	c.expectExtent(of, e)
	c.Note("    %s: %d bytes at %d of .dvd", of, e.length, e.offset)
	return e
}

// expectExtent fails unless an extent could lie in a file. Whether it lies in .dvd is seen when it is opened.
func (c *columns) expectExtent(of string, e extent) {
	c.Expect(e.offset >= 0 && e.length >= 0 && e.end() >= e.offset && e.end() < maxCount, "where in .dvd "+of+" are", fmt.Sprintf("%d bytes at %d", e.length, e.offset))
}

// count reads a number of things.
func (c *columns) count(of string, n int64) int64 {
	c.Expect(n >= 0 && n < maxCount, "a number of "+of, n)
	return n
}
