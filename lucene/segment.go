package lucene

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"migassist/lucene/input"
)

// Segment is an immutable part of an index. Deleted and SoftDeleted documents are still within MaxDoc.
type Segment struct {
	Name        string
	ID          [input.IDSize]byte
	Codec       string // as the segment names it; nothing is decided by it
	Lucene      string // the version that wrote it
	MaxDoc      int
	Deleted     int
	SoftDeleted int

	dir        Directory
	compound   bool
	deletesGen int64 // -1: nothing deleted
	fieldsGen  int64 // -1: the segment's own .fnm
}

// segmentInfoFormat is a row: how the .si file of a codec name reads.
type segmentInfoFormat struct {
	newest int // header version
	little bool
	blocks bool // may have the byte hasBlocks, which Lucene 9.9 added without a new version
}

// segmentInfoFormats by the codec name in the header. Source: Lucene86SegmentInfoFormat, Lucene90SegmentInfoFormat
// and Lucene99SegmentInfoFormat.
var segmentInfoFormats = map[string]segmentInfoFormat{
	"Lucene86SegmentInfo": {},
	"Lucene90SegmentInfo": {little: true, blocks: true},
}

func (s *Segment) readInfo(ctx context.Context) error {
	name := s.Name + ".si"
	data, err := readFile(ctx, s.dir, name)
	if err != nil {
		return err
	}
	return s.parseInfo(input.NewCursor(name, data, 0))
}

func (s *Segment) parseInfo(c *input.Cursor) error {
	header := c.IndexHeader()
	format, known := segmentInfoFormats[header.Codec]
	if c.Err() == nil && !known {
		return &UnsupportedError{File: s.Name + ".si", Codec: header.Codec, Known: keys(segmentInfoFormats)}
	}
	c.ExpectVersion(header, 0, format.newest)
	c.ExpectID(header, s.ID)
	c.SetLittleEndian(format.little)
	s.Lucene = fmt.Sprintf("%d.%d.%d", c.I32(), c.I32(), c.I32())
	c.Note("written by Lucene %s", s.Lucene)
	if c.U8() == 1 {
		c.Skip(12)
	}
	c.Note("oldest document by Lucene")
	s.MaxDoc = int(c.I32())
	c.Note("%d documents", s.MaxDoc)
	c.Expect(s.MaxDoc >= 0 && s.MaxDoc <= MaxDocs, "a number of documents", s.MaxDoc)
	c.Expect(s.Deleted+s.SoftDeleted <= s.MaxDoc, fmt.Sprintf("at least the %d deleted documents", s.Deleted+s.SoftDeleted), s.MaxDoc)
	s.compound = c.U8() == 1
	c.Note("compound: %v", s.compound)
	if format.blocks {
		skipHasBlocks(c)
	}
	c.Note("diagnostics %v", c.Map())
	c.Note("files %v", c.Set())
	c.Note("attributes %v", c.Map())
	if c.Remaining() > input.FooterSize {
		c.Skip(c.Remaining() - input.FooterSize)
		c.Note("index sort")
	}
	c.Footer()
	return c.Err()
}

// skipHasBlocks passes over a byte that may be there: 1 or 0xFF, where otherwise the number of
// diagnostics stands, which is neither.
func skipHasBlocks(c *input.Cursor) {
	at := c.Pos()
	if b := c.U8(); b != 1 && b != 0xFF {
		c.Seek(at)
		return
	}
	c.Note("has blocks")
}

// generation is a file generation as names spell it.
func generation(gen int64) string { return strconv.FormatInt(gen, 36) }

// UnsupportedError names a format that this version does not read.
type UnsupportedError struct {
	File  string
	Codec string
	Known []string // what is read instead of it
}

// Error implements error.
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("%s has format %q, which this version does not read (it reads %s)", e.File, e.Codec, strings.Join(e.Known, ", "))
}

// Check tells, from the headers alone, whether the segment's stored fields have a format that is read.
func (s *Segment) Check(ctx context.Context) (err error) {
	f, err := s.openFiles(ctx)
	if err != nil {
		return err
	}
	st := &stored{name: s.Name + ".fdt"}
	if st.data, err = f.open(ctx, st.name); err == nil {
		err = closeWith(st.readHeader(s), st.data)
	}
	if closeErr := f.close(); err == nil {
		err = closeErr
	}
	return err
}
