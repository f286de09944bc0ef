package capture

import (
	"encoding/binary"
	"fmt"
	"time"
)

// The protobuf wire format (https://protobuf.dev/programming-guides/encoding) as far as TrafficStream needs it, and the numbers of its fields.
const (
	fieldConnection   = 1
	fieldObservation  = 2
	fieldNumber       = 3
	fieldLastNumber   = 4
	fieldNode         = 5
	fieldPrior        = 6
	fieldUnterminated = 7
	fieldGap          = 1000

	fieldTime = 1 // of an observation

	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

func appendTag(p []byte, field, wire int) []byte {
	return binary.AppendUvarint(p, uint64(field)<<3|uint64(wire))
}

func appendInt(p []byte, field int, v int64) []byte {
	return binary.AppendUvarint(appendTag(p, field, wireVarint), uint64(v))
}

func appendText[T string | []byte](p []byte, field int, v T) []byte {
	p = binary.AppendUvarint(appendTag(p, field, wireBytes), uint64(len(v)))
	return append(p, v...)
}

// sizeVarint are the bytes that a number takes.
func sizeVarint(v uint64) int {
	n := 1
	for ; v >= 0x80; v >>= 7 {
		n++
	}
	return n
}

// appendTime writes a google.protobuf.Timestamp.
func appendTime(p []byte, field int, t time.Time) []byte {
	p = append(appendTag(p, field, wireBytes), 0)
	at := len(p)
	if s := t.Unix(); s != 0 {
		p = appendInt(p, 1, s)
	}
	if n := t.Nanosecond(); n != 0 {
		p = appendInt(p, 2, int64(n))
	}
	p[at-1] = byte(len(p) - at)
	return p
}

// cursor reads fields of a message, and keeps its first error.
type cursor struct {
	p   []byte
	err error
}

// field is one field of a message: a number, or bytes that alias the message.
type field struct {
	number int
	wire   int
	value  uint64
	bytes  []byte
}

// next reads a field; false is the end, or an error.
func (c *cursor) next() (f field, ok bool) {
	if c.err != nil || len(c.p) == 0 {
		return f, false
	}
	tag := c.varint()
	f.number, f.wire = int(tag>>3&0x1fffffff), int(tag&7)
	switch f.wire {
	case wireVarint:
		f.value = c.varint()
	case wireBytes:
		f.bytes = c.take(c.varint())
	case wireFixed64:
		c.take(8)
	case wireFixed32:
		c.take(4)
	default:
		c.fail("a field of wire type %d", f.wire)
	}
	if f.number == 0 {
		c.fail("a field without a number")
	}
	return f, c.err == nil
}

func (c *cursor) varint() uint64 {
	v, n := binary.Uvarint(c.p)
	if n <= 0 {
		c.fail("a number is cut off or too long")
		return 0
	}
	c.p = c.p[n:]
	return v
}

func (c *cursor) take(n uint64) []byte {
	if n > uint64(len(c.p)) {
		c.fail("a field of %d bytes where %d are left", n, len(c.p))
		return nil
	}
	taken := c.p[:n]
	c.p = c.p[n:]
	return taken
}

func (c *cursor) fail(format string, arguments ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("%w: "+format, append([]any{ErrDamaged}, arguments...)...)
	}
	c.p = nil
}
