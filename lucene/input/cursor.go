package input

import (
	"encoding/binary"
	"fmt"
	"iter"
)

// Cursor reads primitives from a byte slice. After the first error every read returns a zero value, so
// a decoder can read straight down and check [Cursor.Err] once. The zero value is an empty input.
type Cursor struct {
	name   string
	buf    []byte
	base   int64 // offset of buf[0] within the file
	pos    int
	last   int // where the last read began
	little bool
	wide   bool
	err    error

	trace *Trace
	noted int // position up to which bytes have been explained to the trace
}

// NewCursor reads buf, which begins at offset base of the file called name. Multi-byte integers are
// big-endian until [Cursor.SetLittleEndian].
func NewCursor(name string, buf []byte, base int64) *Cursor {
	return &Cursor{name: name, buf: buf, base: base}
}

// SetLittleEndian makes U16, I32 and I64 read little-endian, as files of Lucene 9 and later do.
func (c *Cursor) SetLittleEndian(little bool) { c.little = little }

// LittleEndian tells how U16, I32 and I64 read.
func (c *Cursor) LittleEndian() bool { return c.little }

// SetWideCounts makes Pairs and Set begin with four bytes, as Lucene 4 and 5.0 write them, not with a VInt.
func (c *Cursor) SetWideCounts(wide bool) { c.wide = wide }

// Name returns the name of the file.
func (c *Cursor) Name() string { return c.name }

// Err returns the first error, a *[CorruptError].
func (c *Cursor) Err() error { return c.err }

// Pos returns the position within the slice; [Cursor.Offset] the one within the file.
func (c *Cursor) Pos() int { return c.pos }

// Offset returns the position within the file.
func (c *Cursor) Offset() int64 { return c.base + int64(c.pos) }

// Remaining returns how many bytes are left; 0 after an error.
func (c *Cursor) Remaining() int {
	if c.err != nil {
		return 0
	}
	return len(c.buf) - c.pos
}

// Fail records a corruption at the current position, unless one is recorded already.
func (c *Cursor) Fail(want, got string) {
	c.FailAt(c.Offset(), want, got)
}

// FailAt is Fail for another offset within the file.
func (c *Cursor) FailAt(offset int64, want, got string) {
	if c.err == nil {
		c.err = &CorruptError{File: c.name, Offset: offset, Want: want, Got: got}
	}
}

// Expect fails unless ok: the bytes last read mean got where want was needed.
func (c *Cursor) Expect(ok bool, want string, got any) {
	if !ok {
		c.FailAt(c.base+int64(c.last), want, fmt.Sprint(got))
	}
}

// take returns the next n bytes, or nil and an error when there are fewer.
func (c *Cursor) take(n int) []byte {
	if c.err != nil {
		return nil
	}
	if n < 0 || n > len(c.buf)-c.pos {
		c.Fail(fmt.Sprintf("%d more bytes", n), fmt.Sprintf("%d until the end", len(c.buf)-c.pos))
		return nil
	}
	b := c.buf[c.pos : c.pos+n : c.pos+n]
	c.last = c.pos
	c.pos += n
	return b
}

// Skip passes over n bytes.
func (c *Cursor) Skip(n int) { c.take(n) }

// Seek moves to position pos within the slice.
func (c *Cursor) Seek(pos int) {
	if pos < 0 || pos > len(c.buf) {
		c.Fail(fmt.Sprintf("a position within %d bytes", len(c.buf)), fmt.Sprint(pos))
		return
	}
	c.pos, c.last = pos, pos
}

// Bytes returns the next n bytes of the input itself, valid as long as it is.
func (c *Cursor) Bytes(n int) []byte { return c.take(n) }

// U8 reads one byte.
func (c *Cursor) U8() byte {
	if c.err != nil || c.pos >= len(c.buf) {
		c.take(1)
		return 0
	}
	b := c.buf[c.pos]
	c.last = c.pos
	c.pos++
	return b
}

// U16 reads two bytes in the file's order.
func (c *Cursor) U16() uint16 {
	b := c.take(2)
	if b == nil {
		return 0
	}
	if c.little {
		return binary.LittleEndian.Uint16(b)
	}
	return binary.BigEndian.Uint16(b)
}

// I32 reads four bytes in the file's order.
func (c *Cursor) I32() int32 {
	b := c.take(4)
	if b == nil {
		return 0
	}
	if c.little {
		return int32(binary.LittleEndian.Uint32(b))
	}
	return int32(binary.BigEndian.Uint32(b))
}

// I64 reads eight bytes in the file's order.
func (c *Cursor) I64() int64 {
	b := c.take(8)
	if b == nil {
		return 0
	}
	if c.little {
		return int64(binary.LittleEndian.Uint64(b))
	}
	return int64(binary.BigEndian.Uint64(b))
}

// BE32 reads four bytes big-endian, whatever the file's order: headers, footers and segments_N.
func (c *Cursor) BE32() int32 {
	b := c.take(4)
	if b == nil {
		return 0
	}
	return int32(binary.BigEndian.Uint32(b))
}

// BE64 reads eight bytes big-endian, whatever the file's order.
func (c *Cursor) BE64() int64 {
	b := c.take(8)
	if b == nil {
		return 0
	}
	return int64(binary.BigEndian.Uint64(b))
}

// VLong reads up to nine groups of seven bits, lowest first. A negative number fails: no format here has one.
func (c *Cursor) VLong() int64 {
	v := c.uvarint(63)
	return int64(v)
}

// SignedVInt reads a VInt of all 32 bits, of which -1 ends lists in Lucene before 7.
func (c *Cursor) SignedVInt() int32 { return int32(c.uvarint(32)) }

// VInt reads a VInt that must be at least 0, as every count and length is.
func (c *Cursor) VInt() int {
	v := c.uvarint(31)
	return int(v)
}

// ZInt reads a zigzag-coded 32-bit integer.
func (c *Cursor) ZInt() int32 {
	v := c.uvarint(32)
	return int32(v>>1) ^ -int32(v&1)
}

// ZLong reads a zigzag-coded 64-bit integer (up to ten groups).
func (c *Cursor) ZLong() int64 {
	v := c.uvarint(64)
	return int64(v>>1) ^ -int64(v&1)
}

func (c *Cursor) uvarint(bits uint) uint64 {
	if c.err != nil {
		return 0
	}
	c.last = c.pos
	if c.pos < len(c.buf) && c.buf[c.pos] < 0x80 { // most are one byte
		c.pos++
		return uint64(c.buf[c.pos-1])
	}
	start := c.Offset()
	var v uint64
	for shift := uint(0); shift < bits; shift += 7 {
		if c.pos >= len(c.buf) {
			c.FailAt(start, "a variable-length integer", "the end of the input")
			return 0
		}
		b := c.buf[c.pos]
		c.pos++
		group := uint64(b & 0x7f)
		if shift+7 > bits && group>>(bits-shift) != 0 {
			break
		}
		v |= group << shift
		if b < 0x80 {
			return v
		}
	}
	c.FailAt(start, fmt.Sprintf("a variable-length integer of %d bits", bits), "a longer one")
	return 0
}

// Count reads a VInt that counts things of at least size bytes each, and fails where the input cannot
// hold so many: what is allocated by it never exceeds the input.
func (c *Cursor) Count(size int) int { return c.fitting(c.VInt(), size) }

// entries reads how many pairs or strings follow.
func (c *Cursor) entries(size int) int {
	if c.wide {
		return c.fitting(int(c.BE32()), size)
	}
	return c.Count(size)
}

func (c *Cursor) fitting(n, size int) int {
	if c.err == nil && (n < 0 || n > c.Remaining()/max(size, 1)) {
		c.Expect(false, fmt.Sprintf("a count that fits in %d bytes", c.Remaining()), n)
		return 0
	}
	return n
}

// Str reads a length-prefixed string.
func (c *Cursor) Str() string {
	return string(c.take(c.VInt()))
}

// Pairs reads a number n, which it notes in the given format, and n pairs of strings, each of which can be noted as
// it comes.
func (c *Cursor) Pairs(format string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		n := c.entries(2)
		c.Note(format, n)
		for i := 0; i < n && c.err == nil; i++ {
			k, v := c.Str(), c.Str()
			if c.err != nil || !yield(k, v) {
				return
			}
		}
	}
}

// Set reads a number n and n strings, in their order.
func (c *Cursor) Set() []string {
	n := c.entries(1)
	s := make([]string, 0, min(n, firstEntries))
	for i := 0; i < n && c.err == nil; i++ {
		s = append(s, c.Str())
	}
	return s
}

// firstEntries is how many entries of a set get room before they are read: an entry in memory is many times
// its smallest size in the input.
const firstEntries = 64
