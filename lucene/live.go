package lucene

import (
	"context"
	"encoding/binary"
	"fmt"
	"strconv"

	"migassist/lucene/input"
)

// liveFormats by the codec name in the header of .liv; true is little-endian. Source: Lucene50LiveDocsFormat,
// Lucene90LiveDocsFormat.
var liveFormats = map[string]bool{
	"Lucene50LiveDocs": false,
	"Lucene90LiveDocs": true,
}

// readLive returns a bit per document that is neither deleted nor softly deleted; nil: all are live.
func (s *Segment) readLive(ctx context.Context, f *files, fields []Field) (bitset, error) {
	if s.deletesGen == noGeneration && s.SoftDeleted == 0 {
		return nil, nil
	}
	live := newBitset(s.MaxDoc)
	live.fill(s.MaxDoc)
	if s.deletesGen != noGeneration {
		if err := s.readDeletes(ctx, f, live); err != nil {
			return nil, err
		}
	}
	if s.SoftDeleted > 0 {
		if err := s.readSoftDeletes(ctx, f, fields, live); err != nil {
			return nil, err
		}
	}
	return live, nil
}

// deletesFile is the name of the newest .liv, or .del in Lucene 4.
func (s *Segment) deletesFile() string {
	extension := ".liv"
	if s.plain {
		extension = ".del"
	}
	return s.Name + "_" + generation(s.deletesGen) + extension
}

func (s *Segment) readDeletes(ctx context.Context, f *files, live bitset) error {
	name := s.deletesFile()
	data, err := f.read(ctx, name)
	if err != nil {
		return err
	}
	return s.parseDeletes(input.NewCursor(name, data, 0), name, live)
}

func (s *Segment) parseDeletes(c *input.Cursor, name string, live bitset) error {
	if s.plain {
		return s.parseBitVector(c, name, live)
	}
	header := c.IndexHeader()
	little, known := liveFormats[header.Codec]
	if c.Err() == nil && !known {
		return &UnsupportedError{File: name, Codec: header.Codec, Known: keys(liveFormats)}
	}
	c.ExpectVersion(header, 0, 0)
	s.expectOwner(c, header, name)
	words := c.Bytes(len(live) * 8)
	for i := range len(words) / 8 {
		word := binary.BigEndian.Uint64(words[i*8:])
		if little {
			word = binary.LittleEndian.Uint64(words[i*8:])
		}
		live[i] &= word
	}
	got := s.MaxDoc - live.count()
	c.Expect(got == s.Deleted, fmt.Sprintf("a bit not set for %d deleted documents", s.Deleted), got)
	c.Note("a bit per document, %s; %d deleted", wordOrder(little), got)
	c.Footer()
	return c.Err()
}

func wordOrder(little bool) string {
	if little {
		return "lowest byte of 64 first"
	}
	return "highest byte of 64 first"
}

// readSoftDeletes clears the bit of each document that has a value in the soft-deletes column.
func (s *Segment) readSoftDeletes(ctx context.Context, f *files, fields []Field, live bitset) error {
	field, ok := softDeletesField(fields)
	if !ok {
		return &input.CorruptError{File: s.fieldsFile(), Want: fmt.Sprintf("a field that marks %d softly deleted documents", s.SoftDeleted), Got: "none"}
	}
	deleted, err := s.docsWithValue(ctx, f, fields, field)
	if err != nil {
		return err
	}
	before := live.count()
	for i := range live {
		live[i] &^= deleted[i]
	}
	if got := before - live.count(); got != s.SoftDeleted {
		return &input.CorruptError{
			File: field.docValuesFile(s.Name) + ".dvd",
			Want: fmt.Sprintf("%d softly deleted documents in field %s", s.SoftDeleted, field.Name), Got: strconv.Itoa(got),
		}
	}
	return nil
}

// softDeletesField finds the field whose column marks softly deleted documents.
func softDeletesField(fields []Field) (Field, bool) {
	for _, field := range fields {
		if field.SoftDeletes && field.DocValues != NoDocValues {
			return field, true
		}
	}
	return Field{}, false
}
