package lucene

import (
	"encoding/binary"
	"fmt"
	"slices"

	"migassist/lucene/input"
)

// Doc is a live document of a segment. Its bytes are valid until the next one.
type Doc struct {
	Number int     // within the segment
	Values []Value // by place in the wanted names of [Segment.Open]
}

// Value is a stored field's value; the zero value is an absent one.
type Value struct {
	Kind  Kind
	Bytes []byte
}

// Kind tells how a value was stored.
type Kind byte

// The kinds of values that are returned; numbers are passed over.
const (
	Absent Kind = iota
	String      // UTF-8
	Bytes
)

// Decoder turns spans into documents. It belongs to one goroutine and keeps its buffers from span to span.
// The zero value is ready.
type Decoder struct {
	// Limit bounds the uncompressed bytes of one chunk; 0 is no limit. A chunk above it ends in a *TooLargeError.
	Limit int

	out     []byte
	counts  []int32 // stored fields per document of a chunk
	lengths []int32 // bytes per document of a chunk
	doc     Doc
	format  string // that payload belongs to
	payload payload
}

// TooLargeError says that documents need more memory than there is.
type TooLargeError struct {
	File             string
	FirstDoc, EndDoc int
	Size, Limit      int // bytes
}

// Error implements error.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("documents %d to %d of %s need %d bytes at once, more than the %d allowed; raise the memory budget", e.FirstDoc, e.EndDoc-1, e.File, e.Size, e.Limit)
}

// A decoder begins with a buffer of smallestOut bytes and doesn't keep one above keptOut.
const (
	smallestOut = 1 << 20
	keptOut     = 16 << 20
)

// Decode calls visit for each live document of the span from document from on, in order. An error of visit ends it.
func (d *Decoder) Decode(span *Span, from int, visit func(*Doc) error) error {
	st := span.docs.stored
	if d.format != st.codec {
		d.format, d.payload = st.codec, st.format.payload()
	}
	for _, ch := range span.chunks {
		first := max(ch.doc, from)
		if first >= ch.endDoc || span.docs.live != nil && !span.docs.live.any(first, ch.endDoc) {
			continue
		}
		c := input.NewCursor(st.name, span.data[ch.from-span.base:ch.to-span.base], ch.from)
		if err := d.inflate(c, st, ch); err != nil {
			return err
		}
		if err := d.visit(span.docs, ch, first, visit); err != nil {
			return err
		}
	}
	return nil
}

// inflate reads the head of a chunk and decompresses its documents into d.out.
func (d *Decoder) inflate(c *input.Cursor, st *stored, ch chunk) error {
	c.SetLittleEndian(st.format.little)
	total, sliced := d.readHead(c, st, ch)
	if c.Err() != nil {
		return c.Err()
	}
	if d.Limit > 0 && total > d.Limit {
		return &TooLargeError{File: st.name, FirstDoc: ch.doc, EndDoc: ch.endDoc, Size: total, Limit: d.Limit}
	}
	if cap(d.out) < total || cap(d.out) > keptOut && total < keptOut {
		d.out = make([]byte, max(total, smallestOut))
	}
	d.out = d.out[:total]
	slice := total
	if sliced {
		slice = st.chunkSize
	}
	for at := 0; at < total && c.Err() == nil; at += slice {
		d.payload.decode(c, d.out[at:min(at+slice, total)])
	}
	if total > 0 && c.Remaining() > 0 {
		c.Fail("the end of the chunk", fmt.Sprintf("%d bytes more", c.Remaining()))
	}
	return c.Err()
}

// readHead reads how many fields and bytes each document has; total is the sum of the bytes.
func (d *Decoder) readHead(c *input.Cursor, st *stored, ch chunk) (total int, sliced bool) {
	base, token := c.VInt(), c.VInt()
	n := token >> 1
	if st.version >= st.format.dirtyBit {
		n = token >> 2
	}
	c.Expect(base == ch.doc && n == ch.endDoc-ch.doc && n <= maxChunkDocs,
		fmt.Sprintf("a chunk of documents %d to %d", ch.doc, ch.endDoc-1), fmt.Sprintf("%d from %d on", n, base))
	if c.Err() != nil {
		return 0, false
	}
	sliced = token&1 != 0
	if c.Traced() {
		c.Note("chunk of %d documents from %d on, sliced: %v", n, base, sliced)
	}
	d.counts = slices.Grow(d.counts[:0], n)[:n]
	d.lengths = slices.Grow(d.lengths[:0], n)[:n]
	if n == 1 {
		d.counts[0], d.lengths[0] = int32(c.VInt()), int32(c.VInt())
	} else {
		st.format.ints(c, d.counts)
		c.Note("  fields of each document")
		st.format.ints(c, d.lengths)
	}
	for _, length := range d.lengths {
		total += int(length)
	}
	if c.Traced() {
		c.Note("  bytes of each document, %d together", total)
	}
	c.Expect(total <= (c.Remaining()+1)*st.format.ratio, fmt.Sprintf("documents that fit in %d compressed bytes", c.Remaining()), total)
	return total, sliced
}

func (d *Decoder) visit(docs *Documents, ch chunk, first int, visit func(*Doc) error) error {
	if len(d.doc.Values) != len(docs.wanted) {
		d.doc.Values = make([]Value, len(docs.wanted))
	}
	at := 0
	for i, length := range d.lengths {
		number, begin := ch.doc+i, at
		at += int(length)
		if number < first || docs.live != nil && !docs.live.has(number) {
			continue
		}
		clear(d.doc.Values)
		d.doc.Number = number
		if !readValues(d.out[begin:at], int(d.counts[i]), docs.slots, d.doc.Values) {
			return &input.CorruptError{
				File: docs.stored.name, Offset: ch.from,
				Want: fmt.Sprintf("document %d of %d fields in %d bytes", number, d.counts[i], length), Got: "something else",
			}
		}
		if err := visit(&d.doc); err != nil {
			return err
		}
	}
	return nil
}

// Types of stored values, the lowest bits before a value; from CompressingStoredFieldsWriter.
const (
	typeString = iota
	typeBytes
	typeInt
	typeFloat
	typeLong
	typeDouble

	typeBits = 3
	typeMask = 1<<typeBits - 1
)

// readValues walks the fields of one document, takes the wanted ones and tells whether the bytes were
// exactly that many fields. This is the hot loop: no cursor, one bounds check a step.
func readValues(doc []byte, count int, slots []int8, values []Value) bool {
	at := 0
	for range count {
		head, n := binary.Uvarint(doc[at:])
		if n <= 0 {
			return false
		}
		at += n
		kind := head & typeMask
		if kind > typeBytes {
			if at = skipNumber(doc, at, kind); at < 0 {
				return false
			}
			continue
		}
		length, n := binary.Uvarint(doc[at:])
		if n <= 0 || length > uint64(len(doc)-at-n) {
			return false
		}
		at += n
		if number := head >> typeBits; number < uint64(len(slots)) && slots[number] >= 0 {
			values[slots[number]] = Value{Kind: Kind(kind) + String, Bytes: doc[at : at+int(length) : at+int(length)]}
		}
		at += int(length)
	}
	return at == len(doc)
}

// skipNumber returns the position after a number, or -1.
func skipNumber(doc []byte, at int, kind uint64) int {
	if at >= len(doc) {
		return -1
	}
	size := 0
	switch first := doc[at]; kind {
	case typeInt:
		_, size = binary.Uvarint(doc[at:])
	case typeFloat:
		size = shortOr(first, 4, 5)
	case typeDouble:
		if size = shortOr(first, 8, 9); first == 0xFE {
			size = 5
		}
	case typeLong:
		size = 1
		if first&0x20 != 0 {
			_, more := binary.Uvarint(doc[at+1:])
			if more <= 0 {
				return -1
			}
			size += more
		}
	}
	if size <= 0 || size > len(doc)-at {
		return -1
	}
	return at + size
}

// shortOr is the size of a float by its first byte: a small whole number in one byte, a positive one in
// short, any in long.
func shortOr(first byte, short, long int) int {
	switch {
	case first == 0xFF:
		return long
	case first&0x80 != 0:
		return 1
	default:
		return short
	}
}
