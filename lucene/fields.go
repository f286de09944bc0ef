package lucene

import (
	"context"
	"fmt"

	"migassist/lucene/docvalues"
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
type DocValuesType = docvalues.Kind

// The kinds of columns, as .fnm codes them.
const (
	NoDocValues   = docvalues.None
	Numeric       = docvalues.Numeric
	Binary        = docvalues.Binary
	Sorted        = docvalues.Sorted
	SortedSet     = docvalues.SortedSet
	SortedNumeric = docvalues.SortedNumeric

	foreignDocValues DocValuesType = 0xFE // of Lucene 4.0, which are not read
)

// fieldsFormat is a row: how .fnm of a codec name reads.
type fieldsFormat struct {
	newest int // header version
	little bool
	wide   int // counts have four bytes below this header version
	// packed is Lucene 4: the kind of doc values is half a byte, the other half the kind of norms.
	packed bool
	// foreign is Lucene 4.0: its kinds of doc values are others, and are not read.
	foreign bool
	// generations is whether doc values may be in a generation of their own.
	generations bool
	// points is whether the shape of points follows; split the header version from which fewer dimensions may be
	// indexed than there are.
	points bool
	split  int
	// vector is the number of bytes after the points: 0, similarity or encoding and similarity.
	vector int
	// skipper is the header version from which a byte for the doc values skip index follows the type; 0: never.
	skipper int
}

// fieldsFormats by the codec name in the header. Source: Lucene40-, 42-, 46-, 50-, 60-, 90- and
// Lucene94FieldInfosFormat.
var fieldsFormats = map[string]fieldsFormat{
	"Lucene40FieldInfos": {wide: never, packed: true, foreign: true},
	"Lucene42FieldInfos": {wide: never, packed: true},
	"Lucene46FieldInfos": {newest: 2, wide: never, packed: true, generations: true},
	"Lucene50FieldInfos": {newest: 1, wide: 1, generations: true},
	"Lucene60FieldInfos": {newest: 2, generations: true, points: true, split: 2},
	"Lucene90FieldInfos": {newest: 0, little: true, generations: true, points: true, vector: 1},
	"Lucene94FieldInfos": {newest: 2, little: true, generations: true, points: true, vector: 2, skipper: 2},
}

const (
	bitSoftDeletes   = 8
	lastIndexOptions = 4
	// maxFieldNumber bounds tables by number. Elasticsearch allows thousands of fields, not millions.
	maxFieldNumber = 1 << 20
	// smallestField is the least number of bytes of a field: name, number, two bytes, and attributes.
	smallestField = 1 + 1 + 2 + 1
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
	header := s.header(c)
	format, known := fieldsFormats[header.Codec]
	if c.Err() == nil && !known {
		return nil, &UnsupportedError{File: name, Codec: header.Codec, Known: keys(fieldsFormats)}
	}
	c.ExpectVersion(header, 0, format.newest)
	s.expectOwner(c, header, name)
	c.SetLittleEndian(format.little)
	c.SetWideCounts(header.Version < format.wide)
	n := c.Count(smallestField)
	c.Note("%d fields", n)
	fields := make([]Field, 0, n)
	numbers := make(map[int]bool, n)
	for i := 0; i < n && c.Err() == nil; i++ {
		f := parseField(c, format, header.Version, numbers)
		numbers[f.Number] = true
		fields = append(fields, f)
	}
	finish(c, header)
	return fields, c.Err()
}

// parseField reads a field, whose number none of those before it may have.
func parseField(c *input.Cursor, format fieldsFormat, version int, numbers map[int]bool) Field {
	f := Field{Name: c.Str(), Number: c.VInt(), Attributes: map[string]string{}}
	c.Expect(!numbers[f.Number] && f.Number <= maxFieldNumber, fmt.Sprintf("a number of its own, up to %d", maxFieldNumber), f.Number)
	c.Note("field %d %q", f.Number, f.Name)
	parseFlags(c, &f, format, version)
	if f.DocValueGen = noGeneration; format.generations {
		f.DocValueGen = c.I64()
		c.Expect(f.DocValueGen >= noGeneration, "a generation of doc values", f.DocValueGen)
		c.Note("    %s of them", generationNote(f.DocValueGen))
	}
	for key, value := range c.Pairs("  attributes, %d entries") {
		f.Attributes[key] = value
		c.Note("    %s: %s", key, value)
	}
	if format.points {
		skipPoints(c, version >= format.split)
	}
	if format.vector > 0 {
		c.Note("  vector of %d dimensions", c.VInt())
		c.Skip(format.vector)
		c.Note("  vector encoding, similarity")
	}
	return f
}

// parseFlags reads how a field is indexed, and what kind of column it has.
func parseFlags(c *input.Cursor, f *Field, format fieldsFormat, version int) {
	bits := c.U8()
	if format.packed {
		c.Note("  bits %02x", bits)
		kinds := c.U8()
		f.DocValues = DocValuesType(kinds & 0x0F)
		if format.foreign && f.DocValues != NoDocValues {
			f.DocValues = foreignDocValues
		}
		c.Note("  norms: %d", kinds>>4)
	} else {
		f.SoftDeletes = bits&bitSoftDeletes != 0
		c.Note("  bits %02x, soft deletes: %v", bits, f.SoftDeletes)
		options := c.U8()
		c.Expect(options <= lastIndexOptions, fmt.Sprintf("index options 0 to %d", lastIndexOptions), options)
		c.Note("  index options %d", options)
		f.DocValues = DocValuesType(c.U8())
	}
	c.Expect(f.DocValues <= SortedNumeric || f.DocValues == foreignDocValues, fmt.Sprintf("a kind of doc values, 0 to %d", SortedNumeric), byte(f.DocValues))
	c.Note("  doc values: %s", f.DocValues)
	if format.skipper > 0 && version >= format.skipper {
		f.Skipper = c.U8() != 0
		c.Note("  skip index: %v", f.Skipper)
	}
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
