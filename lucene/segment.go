package lucene

import (
	"context"
	"fmt"
	"strconv"

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

	// Verification may be set before the segment is opened; see [Directory] for what it is before.
	Verification Verification

	dir        Directory
	plain      bool // of Lucene 4: headers have neither id nor suffix
	compound   bool
	deletesGen int64 // of .liv; -1: there is none
	fieldsGen  int64 // of .fnm; -1: the segment's own
}

// Verification says how much of a file is read for its checksum alone. What is read of metadata is always
// verified, and counts, headers and places always are.
type Verification byte

const (
	// VerifyFiles compares the CRC of every file from which something is taken, and reads all of it.
	VerifyFiles Verification = iota
	// VerifyRead is for far stores, where bytes cost: of doc values only the column that is used is read, and of stored
	// fields nothing before the first document that is asked for; the CRC of neither is then compared. Stored fields
	// that are read from their beginning are verified, and doc values that are small beside the stored fields.
	VerifyRead
)

// segmentInfoFormat is a row: how the .si file of a codec name reads.
type segmentInfoFormat struct {
	newest     int // header version
	little     bool
	wide       int             // counts have four bytes below this header version
	text       bool            // the version that wrote it is a string (Lucene 4)
	oldest     bool            // says the version of the oldest document
	attributes attributesPlace // of the pairs that formats keep there
	sort       bool            // ends with the index sort
	blocks     bool            // may have the byte hasBlocks, which Lucene 9.9 added without a new version
}

type attributesPlace byte

const (
	attributesLast attributesPlace = iota
	attributesBeforeFiles
	noAttributes
)

// segmentInfoFormats by the codec name in the header. Source: Lucene40-, 46-, 50-, 62-, 70-, 86-, 90- and
// Lucene99SegmentInfoFormat.
var segmentInfoFormats = map[string]segmentInfoFormat{
	"Lucene40SegmentInfo": {wide: never, text: true, attributes: attributesBeforeFiles},
	"Lucene46SegmentInfo": {newest: 1, wide: never, text: true, attributes: noAttributes},
	"Lucene50SegmentInfo": {newest: 1, wide: 1},
	"Lucene62SegmentInfo": {newest: 1, sort: true},
	"Lucene70SegmentInfo": {oldest: true, sort: true},
	"Lucene86SegmentInfo": {oldest: true, sort: true},
	"Lucene90SegmentInfo": {oldest: true, sort: true, little: true, blocks: true},
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
	header := s.header(c)
	format, known := segmentInfoFormats[header.Codec]
	if c.Err() == nil && !known {
		return &UnsupportedError{File: s.Name + ".si", Codec: header.Codec, Known: keys(segmentInfoFormats)}
	}
	c.ExpectVersion(header, 0, format.newest)
	s.expectOwner(c, header, s.Name+".si")
	c.SetLittleEndian(format.little)
	c.SetWideCounts(header.Version < format.wide)
	major, minor := s.parseWriter(c, format)
	if format.oldest {
		parseOldest(c)
	}
	s.MaxDoc = int(c.I32())
	c.Expect(s.MaxDoc >= 0 && s.MaxDoc <= MaxDocs, "a number of documents", s.MaxDoc)
	c.Expect(s.Deleted+s.SoftDeleted <= s.MaxDoc, fmt.Sprintf("at least the %d deleted documents", s.Deleted+s.SoftDeleted), s.MaxDoc)
	c.Note("%d documents", s.MaxDoc)
	s.compound = parseYes(c)
	c.Note("compound: %v", s.compound)
	if format.blocks && (major > 9 || major == 9 && minor >= 9) {
		parseHasBlocks(c)
	}
	notePairs(c, "diagnostics, %d entries")
	if format.attributes == attributesBeforeFiles {
		notePairs(c, "attributes, %d entries")
	}
	c.Note("files %q", c.Set())
	if format.attributes == attributesLast {
		notePairs(c, "attributes, %d entries")
	}
	if format.sort {
		parseSort(c)
	}
	finish(c, header)
	return c.Err()
}

// parseWriter reads the version that wrote the segment.
func (s *Segment) parseWriter(c *input.Cursor, format segmentInfoFormat) (major, minor int32) {
	if format.text {
		s.Lucene = c.Str()
	} else {
		major, minor = c.I32(), c.I32()
		s.Lucene = fmt.Sprintf("%d.%d.%d", major, minor, c.I32())
	}
	c.Note("written by Lucene %s", s.Lucene)
	return major, minor
}

func notePairs(c *input.Cursor, format string) {
	for key, value := range c.Pairs(format) {
		c.Note("  %s: %s", key, value)
	}
}

// parseOldest reads the version of the oldest document merged into the segment.
func parseOldest(c *input.Cursor) {
	known := c.U8()
	c.Expect(known <= 1, "0 or 1 for the oldest document's version", known)
	if known == 0 {
		c.Note("oldest document by an unknown Lucene")
		return
	}
	c.Note("oldest document by Lucene %d.%d.%d", c.I32(), c.I32(), c.I32())
}

// What a byte says, in .si.
const (
	yes = 1
	no  = 0xFF
)

func parseYes(c *input.Cursor) bool {
	b := c.U8()
	c.Expect(b == yes || b == no, "1 or 255, yes or no", b)
	return b == yes
}

// parseHasBlocks reads a byte that may be there, depending on a codec that does not show: yes or no, where
// otherwise the number of diagnostics stands, which is neither.
func parseHasBlocks(c *input.Cursor) {
	at := c.Pos()
	if b := c.U8(); b != yes && b != no {
		c.Seek(at)
		return
	}
	c.Seek(at)
	c.Note("documents in blocks: %v", parseYes(c))
}

// parseSort passes over the index sort, the last of .si: documents come in another order, nothing else.
func parseSort(c *input.Cursor) {
	n := c.VInt()
	c.Note("sorted by %d fields", n)
	if n > 0 {
		c.Skip(c.Remaining() - input.FooterSize)
		c.Note("  which they are")
	}
}

// verifyBuffer is how much of a large file is read at once only to check its CRC.
const verifyBuffer = 1 << 20

// verify reads all of a file for its CRC.
func verify(ctx context.Context, file input.File) error {
	buf := make([]byte, max(0, min(verifyBuffer, file.Size())))
	sum := &input.Checksum{}
	if err := addUpTo(ctx, sum, file, file.Size()-input.FooterSize, buf); err != nil {
		return err
	}
	return sum.Finish(file, buf)
}

// addUpTo adds the bytes of a file up to offset end to the sum, and gives up when ctx does.
func addUpTo(ctx context.Context, sum *input.Checksum, file input.File, end int64, buf []byte) error {
	for sum.At() < end {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := sum.AddFrom(file, min(end, sum.At()+verifyBuffer), buf); err != nil {
			return err
		}
	}
	return nil
}

// generation is a file generation as names spell it.
func generation(gen int64) string { return strconv.FormatInt(gen, 36) }
