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
	if s.Deleted == 0 && s.SoftDeleted == 0 {
		return nil, nil
	}
	live := newBitset(s.MaxDoc)
	live.fill(s.MaxDoc)
	if s.deletesGen >= 0 {
		if err := s.readDeletes(ctx, f, live); err != nil {
			return nil, err
		}
	}
	if got := s.MaxDoc - live.count(); got != s.Deleted {
		return nil, &input.CorruptError{File: s.Name, Want: fmt.Sprintf("%d deleted documents", s.Deleted), Got: strconv.Itoa(got)}
	}
	if s.SoftDeleted > 0 {
		if err := s.readSoftDeletes(ctx, f, fields, live); err != nil {
			return nil, err
		}
	}
	return live, nil
}

func (s *Segment) readDeletes(ctx context.Context, f *files, live bitset) error {
	name := s.Name + "_" + generation(s.deletesGen) + ".liv"
	data, err := f.read(ctx, name)
	if err != nil {
		return err
	}
	return s.parseDeletes(input.NewCursor(name, data, 0), name, live)
}

func (s *Segment) parseDeletes(c *input.Cursor, name string, live bitset) error {
	header := c.IndexHeader()
	little, known := liveFormats[header.Codec]
	if c.Err() == nil && !known {
		return &UnsupportedError{File: name, Codec: header.Codec, Known: keys(liveFormats)}
	}
	c.ExpectVersion(header, 0, 0)
	c.ExpectID(header, s.ID)
	words := c.Bytes(len(live) * 8)
	c.Note("a bit per document, set: live")
	c.Footer()
	if c.Err() != nil {
		return c.Err()
	}
	for i := range live {
		word := binary.BigEndian.Uint64(words[i*8:])
		if little {
			word = binary.LittleEndian.Uint64(words[i*8:])
		}
		live[i] &= word
	}
	return nil
}

// readSoftDeletes clears the bit of each document that has a value in the soft-deletes column.
func (s *Segment) readSoftDeletes(ctx context.Context, f *files, fields []Field, live bitset) error {
	for _, field := range fields {
		if !field.SoftDeletes || field.DocValues == NoDocValues {
			continue
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
			return &input.CorruptError{File: s.Name, Want: fmt.Sprintf("%d softly deleted documents", s.SoftDeleted), Got: strconv.Itoa(got)}
		}
		return nil
	}
	return &input.CorruptError{File: s.Name, Want: fmt.Sprintf("a soft-deletes field for %d documents", s.SoftDeleted), Got: "none"}
}
