package input

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strconv"
)

// The envelope's constants, from org.apache.lucene.codecs.CodecUtil.
const (
	headerMagic = 0x3FD76C17
	footerMagic = 0xC02893E8
	// FooterSize is the number of bytes after the body: magic, algorithm, CRC.
	FooterSize = 16
	// IDSize is the number of bytes of a segment or commit id.
	IDSize = 16
	// maxCodec is the length of the longest codec name.
	maxCodec = 127
)

// Header is what a file says of itself in its first bytes.
type Header struct {
	Codec   string
	Version int
	ID      [IDSize]byte // of the segment or commit; zero where the file has a plain header
	Suffix  string       // per-field suffix or generation; empty in most files
}

// Header reads a plain header.
func (c *Cursor) Header() Header {
	magic := c.BE32()
	c.Expect(magic == headerMagic, fmt.Sprintf("codec header magic %08x", headerMagic), fmt.Sprintf("%08x", uint32(magic)))
	c.Note("codec header magic")
	length := c.VInt()
	c.Expect(length <= maxCodec, fmt.Sprintf("a codec name of at most %d bytes", maxCodec), length)
	h := Header{Codec: string(c.Bytes(length))}
	c.Note("codec %q", h.Codec)
	h.Version = int(c.BE32())
	c.Note("version %d", h.Version)
	return h
}

// IndexHeader reads a header with segment id and suffix, as Lucene 5 and later write.
func (c *Cursor) IndexHeader() Header {
	h := c.Header()
	c.Identity(&h)
	return h
}

// Identity reads what an index header has more than a plain one, where only the codec tells which it is.
func (c *Cursor) Identity(h *Header) {
	copy(h.ID[:], c.Bytes(IDSize))
	c.Note("id %x", h.ID)
	h.Suffix = string(c.Bytes(int(c.U8())))
	c.Note("suffix %q", h.Suffix)
}

// ExpectVersion fails unless the header's version lies between oldest and newest.
func (c *Cursor) ExpectVersion(h Header, oldest, newest int) {
	c.Expect(h.Version >= oldest && h.Version <= newest,
		fmt.Sprintf("%s version %d to %d", h.Codec, oldest, newest), h.Version)
}

// ExpectID fails unless the header carries the id of its segment.
func (c *Cursor) ExpectID(h Header, id [IDSize]byte) {
	c.Expect(h.ID == id, fmt.Sprintf("segment id %x", id), fmt.Sprintf("%x", h.ID))
}

// ExpectSuffix fails unless the header has the suffix that its file's name has.
func (c *Cursor) ExpectSuffix(h Header, suffix string) {
	c.Expect(h.Suffix == suffix, fmt.Sprintf("suffix %q", suffix), strconv.Quote(h.Suffix))
}

// Footer reads the footer, which must be all that is left.
func (c *Cursor) Footer() {
	if c.err == nil && c.Remaining() != FooterSize {
		c.Fail(fmt.Sprintf("the footer, %d bytes before the end", FooterSize), fmt.Sprintf("%d bytes left", c.Remaining()))
	}
	magic := c.BE32()
	c.Expect(uint32(magic) == footerMagic, fmt.Sprintf("footer magic %08x", uint32(footerMagic)), fmt.Sprintf("%08x", uint32(magic)))
	c.Note("footer magic")
	algorithm := c.BE32()
	c.Expect(algorithm == 0, "checksum algorithm 0", algorithm)
	c.Note("checksum algorithm %d", algorithm)
	sum := c.BE64()
	c.Note("CRC32 %08x", sum)
}

// FooterChecksum returns the CRC that a footer, the last [FooterSize] bytes of a file, claims. The
// offset is the footer's, for the error.
func FooterChecksum(name string, footer []byte, offset int64) (uint32, error) {
	if len(footer) != FooterSize {
		return 0, &CorruptError{File: name, Offset: offset, Want: "a footer of 16 bytes", Got: strconv.Itoa(len(footer))}
	}
	if got := binary.BigEndian.Uint32(footer); got != footerMagic {
		return 0, &CorruptError{File: name, Offset: offset, Want: fmt.Sprintf("footer magic %08x", uint32(footerMagic)), Got: fmt.Sprintf("%08x", got)}
	}
	if got := binary.BigEndian.Uint32(footer[4:]); got != 0 {
		return 0, &CorruptError{File: name, Offset: offset + 4, Want: "checksum algorithm 0", Got: strconv.FormatUint(uint64(got), 10)}
	}
	sum := binary.BigEndian.Uint64(footer[8:])
	if sum>>32 != 0 {
		return 0, &CorruptError{File: name, Offset: offset + 8, Want: "a CRC of 32 bits", Got: fmt.Sprintf("%x", sum)}
	}
	return uint32(sum), nil
}

// CheckCRC compares data, a whole file with footer, with the CRC in its footer.
func CheckCRC(name string, data []byte) error {
	if len(data) < FooterSize {
		return tooShort(name, int64(len(data)))
	}
	want, err := FooterChecksum(name, data[len(data)-FooterSize:], int64(len(data)-FooterSize))
	if err != nil {
		return err
	}
	return compareCRC(name, int64(len(data)), want, crc32.ChecksumIEEE(data[:len(data)-8]))
}

func tooShort(name string, size int64) error {
	return &CorruptError{File: name, Offset: size, Want: fmt.Sprintf("at least a footer of %d bytes", FooterSize), Got: fmt.Sprintf("%d bytes", size)}
}

func compareCRC(name string, size int64, want, got uint32) error {
	if want == got {
		return nil
	}
	return &CorruptError{File: name, Offset: size - 8, Want: fmt.Sprintf("CRC32 %08x as its footer says", want), Got: fmt.Sprintf("%08x over its bytes", got)}
}
