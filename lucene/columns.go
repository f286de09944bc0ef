package lucene

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"migassist/lucene/docvalues"
	"migassist/lucene/input"
)

// columns are those of one .dvm and the .dvd beside it, which is open.
type columns struct {
	*docvalues.Columns

	file input.File
}

// docsWithValue returns a bit for each document that has a value in the field's column.
func (s *Segment) docsWithValue(ctx context.Context, f *files, fields []Field, field Field) (set bitset, err error) {
	c, err := s.openColumns(ctx, f, fields, field)
	if err != nil {
		return nil, err
	}
	defer func() { err = closeWith(err, c.file) }()
	set = newBitset(s.MaxDoc)
	if err := c.Present(field.Number, set); err != nil {
		return nil, fmt.Errorf("field %s of %s: %w", field.Name, c.file.Name(), err)
	}
	return set, nil
}

// openColumns opens the files that hold the field's column. All of .dvd is read for its checksum, unless that was told
// to be left out.
func (s *Segment) openColumns(ctx context.Context, f *files, fields []Field, field Field) (c columns, err error) {
	if field.DocValues == foreignDocValues {
		return c, &UnsupportedError{File: s.fieldsFile(), Codec: "doc values of Lucene 4.0", Known: []string{"those of Lucene 4.2 and later"}}
	}
	base := field.docValuesFile(s.Name)
	if base == "" {
		return c, &input.CorruptError{File: s.fieldsFile(), Want: "the doc values format of field " + field.Name, Got: "none"}
	}
	data, err := f.read(ctx, base+".dvm")
	if err != nil {
		return c, err
	}
	owner, err := s.columnsOwner(ctx, f, fields, base)
	if err != nil {
		return c, err
	}
	meta, err := docvalues.ParseMeta(input.NewCursor(base+".dvm", data, 0), owner)
	if err != nil {
		return c, err
	}
	if c.file, err = f.open(ctx, base+".dvd"); err != nil {
		return c, err
	}
	if s.Verification != VerifyFiles {
		if c.file, err = s.spare(ctx, f, c.file); err == nil {
			c.Columns = meta.Believe(c.file)
		}
		return c, err
	}
	if c.Columns, err = meta.Open(c.file); err == nil && meta.HasFooter() {
		err = verify(ctx, c.file)
	}
	if err != nil {
		return c, closeWith(err, c.file)
	}
	return c, nil
}

// A .dvd is verified whole also where bytes cost, if it is so small a part of the stored fields that it hardly
// counts, or so small at all: a bit in it decides which documents there are.
const (
	sparedPart = 32
	sparedSize = 4 << 10
	sparedMost = 8 << 20
)

// spare returns the .dvd with its checksum compared, in memory, if that costs little, or as it is. On an error it closes it.
func (s *Segment) spare(ctx context.Context, f *files, file input.File) (input.File, error) {
	stored, err := f.open(ctx, s.Name+".fdt")
	if err != nil {
		return nil, closeWith(err, file)
	}
	if err := closeWith(nil, stored); err != nil {
		return nil, closeWith(err, file)
	}
	if file.Size() > min(max(stored.Size()/sparedPart, sparedSize), sparedMost) {
		return file, nil
	}
	data, err := readSound(file)
	return input.NewBytes(file.Name(), data), closeWith(err, file)
}

// columnsOwner is what the .dvm of that name, without extension, must belong to.
func (s *Segment) columnsOwner(ctx context.Context, f *files, fields []Field, base string) (docvalues.Owner, error) {
	owner := docvalues.Owner{ID: s.ID, Suffix: s.suffix(base), MaxDoc: s.MaxDoc}
	if s.fieldsGen != noGeneration && slices.ContainsFunc(fields, func(field Field) bool { return field.updated(s.Name, base) }) {
		var err error
		name := s.Name + ".fnm"
		data, err := f.read(ctx, name)
		if err != nil {
			return owner, err
		}
		if fields, err = s.parseFields(input.NewCursor(name, data, 0), name); err != nil {
			return owner, err
		}
	}
	for _, field := range fields {
		owner.Fields = append(owner.Fields, docvalues.Field{
			Number: field.Number, Name: field.Name, Kind: field.DocValues, Skipper: field.Skipper, Attributes: field.Attributes,
		})
	}
	return owner, nil
}

// updated tells whether the files of that name still have an older column of a field, and the field's attributes may
// tell of the newer one how it is compressed.
func (f Field) updated(segment, base string) bool {
	if f.DocValues != docvalues.Binary || f.DocValueGen == noGeneration {
		return false
	}
	f.DocValueGen = noGeneration
	return f.docValuesFile(segment) == base
}

// suffix is what the name of a file has between segment and extension.
func (s *Segment) suffix(name string) string {
	return strings.TrimPrefix(strings.TrimPrefix(strings.TrimSuffix(name, path.Ext(name)), s.Name), "_")
}

// Column returns a cursor over the column of the field of that name, before the first document. It is
// [docvalues.ErrNoColumn] where the segment has none. Cursors are independent of each other, each for one goroutine; they
// read from files that are open until d is closed.
func (d *Documents) Column(ctx context.Context, name string) (*docvalues.Column, error) {
	c, field, err := d.columnsOf(ctx, name)
	if err != nil {
		return nil, err
	}
	column, err := c.Column(field.Number)
	if err != nil {
		return nil, fmt.Errorf("field %s of %s: %w", name, c.file.Name(), err)
	}
	return column, nil
}

// LiveWith returns the number of live documents that have a value in the column of the field of that name. It is
// [docvalues.ErrNoColumn] where the segment has none. The values themselves are not read.
func (d *Documents) LiveWith(ctx context.Context, name string) (int, error) {
	c, field, err := d.columnsOf(ctx, name)
	if err != nil {
		return 0, err
	}
	set := newBitset(d.segment.MaxDoc)
	if err := c.Present(field.Number, set); err != nil {
		return 0, fmt.Errorf("field %s of %s: %w", name, c.file.Name(), err)
	}
	if d.live != nil {
		for i := range set {
			set[i] &= d.live[i]
		}
	}
	return set.count(), nil
}

// columnsOf opens the files that hold the column of the field of that name, for the first who asks.
func (d *Documents) columnsOf(ctx context.Context, name string) (columns, Field, error) {
	at := slices.IndexFunc(d.fields, func(field Field) bool { return field.Name == name })
	if at < 0 || d.fields[at].DocValues == NoDocValues {
		return columns{}, Field{}, fmt.Errorf("field %s: %w", name, docvalues.ErrNoColumn)
	}
	field := d.fields[at]
	d.opening.Lock()
	defer d.opening.Unlock()
	base := field.docValuesFile(d.segment.Name)
	c, ok := d.columns[base]
	if !ok {
		var err error
		if c, err = d.segment.openColumns(ctx, d.files, d.fields, field); err != nil {
			return columns{}, Field{}, err
		}
		if d.columns == nil {
			d.columns = map[string]columns{}
		}
		c.Window = windowOf(d.fields)
		d.columns[base] = c
	}
	return c, field, nil
}

// All columns of a segment together hold about columnsMemory, were all of them read at once: each some eight windows, of ranges and
// of terms. With a hundred of them a window is 20 KiB, with more than five hundred 4.
const (
	columnsMemory    = 16 << 20
	windowsPerColumn = 8
)

// windowOf is how many bytes a cursor may hold of each range it reads.
func windowOf(fields []Field) int {
	n := 1
	for _, field := range fields {
		if field.DocValues != NoDocValues {
			n++
		}
	}
	return max(4<<10, min(64<<10, columnsMemory/windowsPerColumn/n))
}

// closeColumns closes the files that columns were read from.
func (d *Documents) closeColumns() error {
	var err error
	for _, c := range d.columns {
		err = closeWith(err, c.file)
	}
	return err
}
