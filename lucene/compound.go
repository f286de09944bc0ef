package lucene

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"migassist/lucene/input"
)

// files opens the files of one segment: inside its compound file where it has one, beside it otherwise.
type files struct {
	dir      Directory
	segment  string
	compound input.File // nil: every file stands alone
	entries  map[string]entry
}

// entry is where a file lies within the compound file, in bytes.
type entry struct{ offset, length int64 }

// compoundFormat is a row: how a table of a compound file reads.
type compoundFormat struct {
	newest int // header version
	little bool
}

// compoundFormats by the codec name in the header of .cfe. Source: CompoundFileDirectory of Lucene 4,
// Lucene50CompoundFormat, Lucene90CompoundFormat.
var compoundFormats = map[string]compoundFormat{
	"CompoundFileWriterEntries": {newest: 1},
	"Lucene50CompoundEntries":   {},
	"Lucene90CompoundEntries":   {little: true},
}

func (s *Segment) openFiles(ctx context.Context) (*files, error) {
	f := &files{dir: s.dir, segment: s.Name}
	if !s.compound {
		return f, nil
	}
	name := s.Name + ".cfe"
	data, err := readFile(ctx, s.dir, name)
	if err != nil {
		return nil, err
	}
	if f.compound, err = s.dir.Open(ctx, s.Name+".cfs"); err != nil {
		return nil, err
	}
	if f.entries, err = s.parseEntries(input.NewCursor(name, data, 0), f.compound.Size()); err != nil {
		return nil, closeWith(err, f.compound)
	}
	return f, nil
}

// parseEntries reads the table of a compound file of size bytes, which must end where it should. Of .cfs itself neither header nor
// checksum are read: each file within has its own.
func (s *Segment) parseEntries(c *input.Cursor, size int64) (map[string]entry, error) {
	header := s.header(c)
	format, known := compoundFormats[header.Codec]
	if c.Err() == nil && !known {
		return nil, &UnsupportedError{File: s.Name + ".cfe", Codec: header.Codec, Known: keys(compoundFormats)}
	}
	c.ExpectVersion(header, 0, format.newest)
	s.expectOwner(c, header, s.Name+".cfe")
	c.SetLittleEndian(format.little)
	n := c.Count(1 + 8 + 8) // a name, two numbers
	c.Note("%d files", n)
	entries, end := make(map[string]entry, n), int64(0)
	for i := 0; i < n && c.Err() == nil; i++ {
		name := s.Name + c.Str()
		_, twice := entries[name]
		c.Expect(!twice, "each file once", name)
		c.Note("%s", name)
		e := entry{offset: c.I64(), length: c.I64()}
		c.Expect(e.offset >= 0 && e.length >= 0 && e.offset <= size-e.length,
			fmt.Sprintf("a place within the %d bytes of the compound file", size), fmt.Sprintf("%d bytes at %d", e.length, e.offset))
		c.Note("  %d bytes at %d", e.length, e.offset)
		entries[name], end = e, max(end, e.offset+e.length)
	}
	finish(c, header)
	if hasFooter(header) {
		end += input.FooterSize
	}
	if c.Err() == nil && end != size {
		return nil, &input.CorruptError{File: s.Name + ".cfs", Offset: min(end, size), Want: fmt.Sprintf("%d bytes, as its table says", end), Got: fmt.Sprint(size)}
	}
	return entries, c.Err()
}

// open returns the file of that name. The caller closes it.
func (f *files) open(ctx context.Context, name string) (input.File, error) {
	if e, ok := f.entries[name]; ok {
		return input.NewSection(name, f.compound, e.offset, e.length), nil
	}
	if f.compound == nil || slices.Contains(f.dir.Names(), name) {
		return f.dir.Open(ctx, name)
	}
	return nil, fmt.Errorf("open %s: neither in %s nor beside it: %w", name, f.compound.Name(), fs.ErrNotExist)
}

func (f *files) read(ctx context.Context, name string) (data []byte, err error) {
	file, err := f.open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer func() { err = closeWith(err, file) }()
	return readSound(file)
}

func (f *files) close() error {
	if f.compound == nil {
		return nil
	}
	return closeWith(nil, f.compound)
}

// keys returns the names of a table's rows, sorted.
func keys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
