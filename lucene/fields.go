package lucene

import (
	"context"
	"fmt"

	"migassist/lucene/input"
)

// Field is a field of one segment. Numbers are the segment's own.
type Field struct {
	Name        string
	Number      int
	SoftDeletes bool
	Skipper     bool // the column has a skip index
	DocValues   DocValuesType
	DocValueGen int64 // -1: with the segment's own files
	Attributes  map[string]string
}

// DocValuesType is the kind of column that a field has.
type DocValuesType byte

// The kinds of columns, as .fnm codes them.
const (
	NoDocValues DocValuesType = iota
	Numeric
	Binary
	Sorted
	SortedSet
	SortedNumeric
)

// String returns the kind as Lucene spells it.
func (t DocValuesType) String() string {
	names := [...]string{"none", "numeric", "binary", "sorted", "sorted set", "sorted numeric"}
	if int(t) < len(names) {
		return names[t]
	}
	return fmt.Sprintf("kind %d", byte(t))
}

// fieldsFormat is a row: how .fnm of a codec name reads.
type fieldsFormat struct {
	newest int // header version
	little bool
	// vector is the number of bytes after the points: 0, similarity or encoding and similarity.
	vector int
	// skipper is the header version from which a byte for the doc values skip index follows the type; 0: never.
	skipper int
}

// fieldsFormats by the codec name in the header. Source: Lucene60-, Lucene90- and Lucene94FieldInfosFormat.
var fieldsFormats = map[string]fieldsFormat{
	"Lucene60FieldInfos": {newest: 2},
	"Lucene90FieldInfos": {newest: 0, little: true, vector: 1},
	"Lucene94FieldInfos": {newest: 2, little: true, vector: 2, skipper: 2},
}

const (
	bitSoftDeletes   = 8
	lastIndexOptions = 4
	// maxFieldNumber bounds tables by number. Elasticsearch allows thousands of fields, not millions.
	maxFieldNumber = 1 << 20
)

// fieldsFile is the name of .fnm, or of the generation that replaced it.
func (s *Segment) fieldsFile() string {
	if s.fieldsGen == noGeneration {
		return s.Name + ".fnm"
	}
	return s.Name + "_" + generation(s.fieldsGen) + ".fnm"
}

func (s *Segment) readFields(ctx context.Context, f *files) ([]Field, error) {
	name := s.fieldsFile()
	data, err := f.read(ctx, name)
	if err != nil {
		return nil, err
	}
	return s.parseFields(input.NewCursor(name, data, 0), name)
}

func (s *Segment) parseFields(c *input.Cursor, name string) ([]Field, error) {
	header := c.IndexHeader()
	format, known := fieldsFormats[header.Codec]
	if c.Err() == nil && !known {
		return nil, &UnsupportedError{File: name, Codec: header.Codec, Known: keys(fieldsFormats)}
	}
	c.ExpectVersion(header, 0, format.newest)
	s.expectOwner(c, header, name)
	c.SetLittleEndian(format.little)
	n := c.Count(1 + 1 + 3 + 8 + 1 + 1) // name, number, three bytes, generation, attributes, dimensions
	c.Note("%d fields", n)
	fields := make([]Field, 0, n)
	numbers := make(map[int]bool, n)
	for i := 0; i < n && c.Err() == nil; i++ {
		f := parseField(c, format, header.Version, numbers)
		numbers[f.Number] = true
		fields = append(fields, f)
	}
	c.Footer()
	return fields, c.Err()
}

// parseField reads a field, whose number none of those before it may have.
func parseField(c *input.Cursor, format fieldsFormat, version int, numbers map[int]bool) Field {
	f := Field{Name: c.Str(), Number: c.VInt(), Attributes: map[string]string{}}
	c.Expect(!numbers[f.Number] && f.Number <= maxFieldNumber, fmt.Sprintf("a number of its own, up to %d", maxFieldNumber), f.Number)
	c.Note("field %d %q", f.Number, f.Name)
	bits := c.U8()
	f.SoftDeletes = bits&bitSoftDeletes != 0
	c.Note("  bits %02x, soft deletes: %v", bits, f.SoftDeletes)
	options := c.U8()
	c.Expect(options <= lastIndexOptions, fmt.Sprintf("index options 0 to %d", lastIndexOptions), options)
	c.Note("  index options %d", options)
	f.DocValues = DocValuesType(c.U8())
	c.Expect(f.DocValues <= SortedNumeric, fmt.Sprintf("a kind of doc values, 0 to %d", SortedNumeric), byte(f.DocValues))
	c.Note("  doc values: %s", f.DocValues)
	if format.skipper > 0 && version >= format.skipper {
		f.Skipper = c.U8() != 0
		c.Note("  skip index: %v", f.Skipper)
	}
	f.DocValueGen = c.I64()
	c.Expect(f.DocValueGen >= noGeneration, "a generation of doc values", f.DocValueGen)
	c.Note("    %s of them", generationNote(f.DocValueGen))
	for key, value := range c.Pairs("  attributes, %d entries") {
		f.Attributes[key] = value
		c.Note("    %s: %s", key, value)
	}
	skipPoints(c, format.little || version >= 2)
	if format.vector > 0 {
		c.Note("  vector of %d dimensions", c.VInt())
		c.Skip(format.vector)
		c.Note("  vector encoding, similarity")
	}
	return f
}

// skipPoints passes over the shape of a field's points; split is whether fewer dimensions may be indexed
// than there are.
func skipPoints(c *input.Cursor, split bool) {
	dimensions := c.VInt()
	c.Note("  points of %d dimensions", dimensions)
	if dimensions == 0 {
		return
	}
	if split {
		c.Note("  %d of them indexed", c.VInt())
	}
	c.Note("  %d bytes each", c.VInt())
}

// docValuesFile is the name, without extension, of the files that hold the field's column; "" where the
// field does not say.
func (f Field) docValuesFile(segment string) string {
	format, suffix := f.Attributes["PerFieldDocValuesFormat.format"], f.Attributes["PerFieldDocValuesFormat.suffix"]
	if format == "" || suffix == "" {
		return ""
	}
	if f.DocValueGen != noGeneration {
		segment += "_" + generation(f.DocValueGen)
	}
	return segment + "_" + format + "_" + suffix
}
