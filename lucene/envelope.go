package lucene

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"

	"migassist/lucene/input"
)

// firstFooters says from which header version on files of a codec end in a footer, which Lucene 4.8 brought. Those
// of codecs that are not listed always do.
var firstFooters = map[string]int{
	commitCodec:                 2,
	"Lucene40SegmentInfo":       never,
	"Lucene46SegmentInfo":       1,
	"CompoundFileWriterEntries": 1,
	"Lucene40FieldInfos":        never,
	"Lucene42FieldInfos":        never,
	"Lucene46FieldInfos":        1,
	"BitVector":                 2,
	"Lucene41StoredFieldsData":  2,
	"Lucene41StoredFieldsIndex": 2,
	"Lucene42DocValuesMetadata": 2,
	"Lucene42DocValuesData":     2,
	"Lucene45ValuesMetadata":    2,
	"Lucene45DocValuesData":     2,
}

// never is a header version that there is not.
const never = 1 << 30

func hasFooter(header input.Header) bool { return header.Version >= firstFooters[header.Codec] }

// finish reads the end of a file: the footer, where its format has one.
func finish(c *input.Cursor, header input.Header) {
	if hasFooter(header) {
		c.Footer()
	} else if c.Remaining() > 0 {
		c.Fail("the end of the file", fmt.Sprintf("%d bytes more", c.Remaining()))
	}
}

// readSound reads all of a file, in one request, and checks the CRC at its end, if there is one.
func readSound(file input.File) ([]byte, error) {
	data, err := input.ReadWhole(file)
	if err != nil {
		return nil, err
	}
	return data, checkSum(file.Name(), data)
}

// checkSum compares the bytes of a whole file with the CRC that its format has.
func checkSum(name string, data []byte) error {
	c := input.NewCursor(name, data, 0)
	if strings.HasSuffix(name, ".del") && len(data) > 4 {
		c.Skip(4) // comes before its header
	}
	header := c.Header()
	switch {
	case c.Err() != nil || hasFooter(header):
		return input.CheckCRC(name, data)
	case header.Codec == commitCodec && len(data) >= 8:
		want, got := binary.BigEndian.Uint64(data[len(data)-8:]), crc32.ChecksumIEEE(data[:len(data)-8])
		if want != uint64(got) {
			return &input.CorruptError{File: name, Offset: int64(len(data) - 8), Want: fmt.Sprintf("CRC32 %08x as its end says", want), Got: fmt.Sprintf("%08x over its bytes", got)}
		}
	}
	return nil
}

// header reads the header of a file of the segment: in Lucene 4 without id and suffix.
func (s *Segment) header(c *input.Cursor) input.Header {
	if s.plain {
		return c.Header()
	}
	return c.IndexHeader()
}

// expectOwner fails unless the header is that of the segment's file of this name, not of another segment
// or generation. Those of Lucene 4 do not say.
func (s *Segment) expectOwner(c *input.Cursor, header input.Header, name string) {
	if s.plain {
		return
	}
	c.ExpectID(header, s.ID)
	c.ExpectSuffix(header, s.suffix(name))
}

func expectCodec(c *input.Cursor, header input.Header, codec string) {
	c.Expect(header.Codec == codec, "codec "+strconv.Quote(codec), strconv.Quote(header.Codec))
}

// usualHeader is more bytes than the header of a format that is known has, maxHeader than any. After the codec name
// come at most afterCodec, in usual ones.
const (
	usualHeader = 128
	maxHeader   = 512
	afterCodec  = input.IDSize + 1 + 40
)

// headOf returns a cursor over the first bytes of a file, enough for its header.
func headOf(file input.File) (*input.Cursor, error) {
	for size := int64(usualHeader); ; size = maxHeader {
		head := make([]byte, max(0, min(file.Size(), size)))
		if err := input.ReadFull(file, head, 0); err != nil {
			return nil, err
		}
		peek := input.NewCursor(file.Name(), head, 0)
		if peek.Header(); peek.Err() == nil && peek.Remaining() >= afterCodec || size >= min(maxHeader, file.Size()) {
			return input.NewCursor(file.Name(), head, 0), nil
		}
	}
}

// UnsupportedError names a format that this version does not read.
type UnsupportedError = input.UnsupportedError
