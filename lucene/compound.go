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
	little bool
	data   string // codec name of .cfs
}

// compoundFormats by the codec name in the header of .cfe. Source: Lucene50CompoundFormat, Lucene90CompoundFormat.
var compoundFormats = map[string]compoundFormat{
	"Lucene50CompoundEntries": {data: "Lucene50CompoundData"},
	"Lucene90CompoundEntries": {data: "Lucene90CompoundData", little: true},
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
	var format compoundFormat
	if f.entries, format, err = s.parseEntries(input.NewCursor(name, data, 0), f.compound.Size()); err == nil {
		err = s.checkCompound(f.compound, format, f.entries)
	}
	if err != nil {
		return nil, closeWith(err, f.compound)
	}
	return f, nil
}

// checkCompound tells whether .cfs begins as it should and ends where it should. Its checksum is not verified, which would take reading
// all of it: each file within has its own.
func (s *Segment) checkCompound(file input.File, format compoundFormat, entries map[string]entry) error {
	if err := s.checkHeader(file, s.Name+".cfs", format.data, 0); err != nil {
		return err
	}
	end := int64(0)
	for _, e := range entries {
		end = max(end, e.offset+e.length)
	}
	if end+input.FooterSize != file.Size() {
		return &input.CorruptError{File: s.Name + ".cfs", Offset: end, Want: fmt.Sprintf("only the footer, %d bytes, after the last file", input.FooterSize), Got: fmt.Sprint(file.Size() - end)}
	}
	return nil
}

// parseEntries reads the table of a compound file of size bytes.
func (s *Segment) parseEntries(c *input.Cursor, size int64) (map[string]entry, compoundFormat, error) {
	header := c.IndexHeader()
	format, known := compoundFormats[header.Codec]
	if c.Err() == nil && !known {
		return nil, format, &UnsupportedError{File: s.Name + ".cfe", Codec: header.Codec, Known: keys(compoundFormats)}
	}
	c.ExpectVersion(header, 0, 0)
	s.expectOwner(c, header, s.Name+".cfe")
	c.SetLittleEndian(format.little)
	n := c.Count(1 + 8 + 8) // a name, two numbers
	c.Note("%d files", n)
	entries := make(map[string]entry, n)
	for i := 0; i < n && c.Err() == nil; i++ {
		name := s.Name + c.Str()
		_, twice := entries[name]
		c.Expect(!twice, "each file once", name)
		c.Note("%s", name)
		e := entry{offset: c.I64(), length: c.I64()}
		c.Expect(e.offset >= 0 && e.length >= 0 && e.offset <= size-e.length,
			fmt.Sprintf("a place within the %d bytes of the compound file", size), fmt.Sprintf("%d bytes at %d", e.length, e.offset))
		c.Note("  %d bytes at %d", e.length, e.offset)
		entries[name] = e
	}
	c.Footer()
	return entries, format, c.Err()
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
	return input.ReadVerified(file)
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
