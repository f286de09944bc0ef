package lucene

import (
	"fmt"
	"slices"

	"migassist/lucene/input"
)

// Decoder turns spans into documents. It belongs to one goroutine and keeps its buffers from span to span.
// The zero value is ready.
type Decoder struct {
	// Limit bounds the uncompressed bytes of one chunk; 0 is no limit. A chunk above it ends in a *TooLargeError.
	Limit int
	// Skipped, if set, is called in place of that error, and for spans that were not admitted, with each live document that
	// does not fit. It has those of its values that its first bytes tell, often none; size is its uncompressed bytes. The
	// small documents before it come out as ever.
	Skipped func(doc *Doc, size int) error

	out     []byte
	counts  []int32 // stored fields per document of a chunk
	lengths []int32 // bytes per document of a chunk
	doc     Doc
	format  string // that payload belongs to
	payload payload
	cursor  input.Cursor
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
	keptOut     = 4 << 20
)

// Decode calls visit for each live document from From to To-1 of the span, from document from on, in order. An error of visit ends it.
func (d *Decoder) Decode(span *Span, from int, visit func(*Doc) error) error {
	if st := span.docs.stored; d.format != st.codec {
		d.format, d.payload = st.codec, st.format.payload()
	}
	err := d.decode(span, from, visit)
	if cap(d.out) > keptOut || span.sum != nil { // nothing of a giant is kept; to decompress holds on to both its ends
		d.out, d.doc.raw, d.format, d.payload = nil, nil, "", nil
		clear(d.doc.Values)
	}
	return err
}

func (d *Decoder) decode(span *Span, from int, visit func(*Doc) error) error {
	for _, ch := range span.chunks {
		first, end := max(ch.doc, span.From, from), min(ch.endDoc, span.To)
		if first >= end || span.docs.live != nil && !span.docs.live.any(first, end) {
			continue
		}
		fit, err := d.inflate(span, ch)
		if err != nil {
			return err
		}
		if err := d.visit(span.docs, ch, first, end, fit, visit); err != nil {
			return err
		}
	}
	return nil
}

// inflate decompresses a chunk of a span into d.out. Of a large span, whose bytes are those of one chunk, they are given up then.
func (d *Decoder) inflate(span *Span, ch chunk) (fit int, err error) {
	st := span.docs.stored
	d.cursor = *input.NewCursor(st.name, span.data[ch.from-span.base:min(ch.to-span.base, int64(len(span.data)))], ch.from)
	fit, err = d.chunk(&d.cursor, st, ch, span.part)
	if span.sum != nil {
		span.data, d.cursor = nil, input.Cursor{}
	}
	return fit, err
}

// chunk reads the head of a chunk and decompresses its documents into d.out: all, or the first fit. Part is that there is
// only the begin of its bytes.
func (d *Decoder) chunk(c *input.Cursor, st *stored, ch chunk, part bool) (fit int, err error) {
	c.SetLittleEndian(st.format.little)
	total, sliced := d.readHead(c, st, ch)
	if c.Err() != nil {
		return 0, c.Err()
	}
	fit, size := len(d.lengths), total
	if part || d.Limit > 0 && total > d.Limit {
		if d.Skipped == nil {
			return 0, &TooLargeError{File: st.name, FirstDoc: ch.doc, EndDoc: ch.endDoc, Size: total, Limit: d.Limit}
		}
		fit, size = d.part(st, sliced)
	}
	d.unpack(c, st, total, size, sliced)
	if total > 0 && size == total && c.Remaining() > 0 {
		c.Fail("the end of the chunk", fmt.Sprintf("%d bytes more", c.Remaining()))
	}
	if c.Err() != nil && part { // what is not there might tell more
		d.out = d.out[:0]
		return 0, nil
	}
	return fit, c.Err()
}

// unpack decompresses so many bytes of the total into d.out, or more: slices are whole.
func (d *Decoder) unpack(c *input.Cursor, st *stored, total, size int, sliced bool) {
	slice := max(total, 1)
	if sliced {
		slice = st.chunkSize
	}
	if size < total {
		size = min(total, (size+slice-1)/slice*slice)
	}
	if cap(d.out) < size {
		d.out = nil // before there is another
		d.out = make([]byte, max(size, smallestOut))
	}
	d.out = d.out[:size]
	for at := 0; at < size && c.Err() == nil; at += slice {
		d.payload.decode(c, d.out[at:min(at+slice, size)])
	}
}

// readHead reads how many fields and bytes each document has; total is the sum of the bytes.
func (d *Decoder) readHead(c *input.Cursor, st *stored, ch chunk) (total int, sliced bool) {
	base, token := c.VInt(), c.VInt()
	flags := st.format.flags
	if st.version >= st.format.dirtyBit {
		flags = 2
	}
	n := token >> flags
	if base != ch.doc || n != ch.endDoc-ch.doc || n > maxChunkDocs {
		c.Expect(false, fmt.Sprintf("a chunk of documents %d to %d", ch.doc, ch.endDoc-1), fmt.Sprintf("%d from %d on", n, base))
	}
	if c.Err() != nil {
		return 0, false
	}
	if sliced = flags > 0 && token&1 != 0; c.Traced() {
		c.Note("chunk of %d documents from %d on%s", n, base, slicedNote(flags > 0, sliced))
	}
	d.counts = slices.Grow(d.counts[:0], n)[:n]
	d.lengths = slices.Grow(d.lengths[:0], n)[:n]
	if n == 1 {
		d.counts[0], d.lengths[0] = int32(c.VInt()), int32(c.VInt())
	} else {
		st.ints(c, d.counts)
		c.Note("  fields of each document")
		st.ints(c, d.lengths)
	}
	for _, length := range d.lengths {
		total += int(length)
	}
	if flags == 0 {
		sliced = st.chunkSize > 0 && total/2 >= st.chunkSize
	}
	if c.Traced() {
		c.Note("  bytes of each document, %d together%s", total, slicedNote(flags == 0, sliced))
	}
	if compressed := int(ch.to - c.Offset()); c.Err() == nil && total > (compressed+1)*st.format.ratio {
		c.Expect(false, fmt.Sprintf("documents that fit in %d compressed bytes", compressed), total)
	}
	return total, sliced
}

func slicedNote(known, sliced bool) string {
	if !known {
		return ""
	}
	return fmt.Sprintf(", sliced: %v", sliced)
}

func (d *Decoder) visit(docs *Documents, ch chunk, first, end, fit int, visit func(*Doc) error) error {
	if len(d.doc.Values) != len(docs.wanted) {
		d.doc.Values = make([]Value, len(docs.wanted))
	}
	at := 0
	for i, length := range d.lengths {
		number, begin := ch.doc+i, at
		at += int(length)
		if number < first || number >= end || docs.live != nil && !docs.live.has(number) {
			continue
		}
		if i >= fit {
			if err := d.skip(docs, number, d.out[min(begin, len(d.out)):min(at, len(d.out))], int(length)); err != nil {
				return err
			}
			continue
		}
		clear(d.doc.Values)
		d.doc.Number, d.doc.raw, d.doc.count, d.doc.docs = number, d.out[begin:at], int(d.counts[i]), docs
		if !readValues(&d.doc, docs.slots, docs.stored.format.numbers) {
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
