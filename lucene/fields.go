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
)

// readFields reads .fnm, or the generation that replaced it.
func (s *Segment) readFields(ctx context.Context, f *files) ([]Field, error) {
	name := s.Name + ".fnm"
	if s.fieldsGen >= 0 {
		name = s.Name + "_" + generation(s.fieldsGen) + ".fnm"
	}
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
	c.ExpectID(header, s.ID)
	c.SetLittleEndian(format.little)
	n := c.Count(14)
	c.Note("%d fields", n)
	fields := make([]Field, 0, n)
	for i := 0; i < n && c.Err() == nil; i++ {
		fields = append(fields, parseField(c, format, header.Version))
	}
	c.Footer()
	return fields, c.Err()
}

func parseField(c *input.Cursor, format fieldsFormat, version int) Field {
	f := Field{Name: c.Str(), Number: c.VInt()}
	bits := c.U8()
	f.SoftDeletes = bits&bitSoftDeletes != 0
	options := c.U8()
	c.Expect(options <= lastIndexOptions, "index options 0 to 4", options)
	f.DocValues = DocValuesType(c.U8())
	c.Expect(f.DocValues <= SortedNumeric, "a doc values type 0 to 5", f.DocValues)
	if format.skipper > 0 && version >= format.skipper {
		c.U8()
	}
	f.DocValueGen = c.I64()
	f.Attributes = c.Map()
	if dimensions := c.VInt(); dimensions != 0 {
		if format.little || version >= 2 {
			c.VInt()
		}
		c.VInt()
	}
	if format.vector > 0 {
		c.VInt()
		c.Skip(format.vector)
	}
	c.Note("field %d %q doc values %d generation %d soft deletes %v %v", f.Number, f.Name, f.DocValues, f.DocValueGen, f.SoftDeletes, f.Attributes)
	return f
}

// docValuesFile is the name, without extension, of the files that hold the field's column.
func (f Field) docValuesFile(segment string) (string, error) {
	format, suffix := f.Attributes["PerFieldDocValuesFormat.format"], f.Attributes["PerFieldDocValuesFormat.suffix"]
	if format == "" || suffix == "" {
		return "", fmt.Errorf("field %s of segment %s does not say in which doc values format it is", f.Name, segment)
	}
	if f.DocValueGen >= 0 {
		segment += "_" + generation(f.DocValueGen)
	}
	return segment + "_" + format + "_" + suffix, nil
}
