package lucene

import (
	"context"
	"iter"
	"sync"

	"migassist/lucene/input"
)

// Documents is one segment's documents, opened for reading. Close it when done.
type Documents struct {
	segment *Segment
	files   *files
	stored  *stored
	live    bitset   // nil: all
	wanted  []string // names of the stored fields to return
	slots   []int16  // per field number: index in wanted, or -1
	fields  []Field

	byNumber func() map[int]Field
}

// Open prepares to read the wanted stored fields, at most 32767, of the segment's live documents.
func (s *Segment) Open(ctx context.Context, wanted ...string) (*Documents, error) {
	f, err := s.openFiles(ctx)
	if err != nil {
		return nil, err
	}
	d := &Documents{segment: s, files: f, wanted: wanted}
	if err := d.open(ctx); err != nil {
		_ = f.close()
		return nil, err
	}
	return d, nil
}

// open reads what goes before the documents. The stored fields come first: they bound the number of documents,
// on which the memory for the live ones depends.
func (d *Documents) open(ctx context.Context) (err error) {
	if d.stored, err = d.segment.openStored(ctx, d.files); err != nil {
		return err
	}
	if d.fields, err = d.segment.readFields(ctx, d.files); err == nil {
		d.slots = slotsOf(d.fields, d.wanted)
		d.byNumber = sync.OnceValue(d.numbered)
		d.live, err = d.segment.readLive(ctx, d.files, d.fields)
	}
	if err != nil {
		_ = d.stored.close()
	}
	return err
}

// slotsOf maps field numbers to the place of their name in wanted.
func slotsOf(fields []Field, wanted []string) []int16 {
	places, size := make(map[string]int16, len(wanted)), 0
	for slot, name := range wanted {
		places[name] = int16(slot)
	}
	for _, field := range fields {
		if _, ok := places[field.Name]; ok {
			size = max(size, field.Number+1)
		}
	}
	slots := make([]int16, size)
	for number := range slots {
		slots[number] = -1
	}
	for _, field := range fields {
		if slot, ok := places[field.Name]; ok {
			slots[field.Number] = slot
		}
	}
	return slots
}

// numbered returns the fields by their numbers.
func (d *Documents) numbered() map[int]Field {
	numbers := make(map[int]Field, len(d.fields))
	for _, field := range d.fields {
		numbers[field.Number] = field
	}
	return numbers
}

// FieldInfos returns the fields of the segment, in the order in which it lists them. They are not to be changed.
func (d *Documents) FieldInfos() []Field { return d.fields }

// Close closes the segment's files.
func (d *Documents) Close() error {
	err := d.stored.close()
	if closeErr := d.files.close(); err == nil {
		err = closeErr
	}
	return err
}

// Live returns the number of documents that are neither deleted nor softly deleted.
func (d *Documents) Live() int {
	if d.live == nil {
		return d.segment.MaxDoc
	}
	return d.live.count()
}

// Format returns the codec name of the stored fields, "Lucene90StoredFieldsFastData".
func (d *Documents) Format() string { return d.stored.codec }

// spanBytes is how many compressed bytes a span holds at least, the last one of a segment excepted: enough that
// reading and handing over cost nothing, little enough that a few of them per goroutine do not matter.
const spanBytes = 256 << 10

// Span is a run of whole chunks as they lie in the file.
type Span struct {
	FirstDoc, EndDoc int // documents FirstDoc to EndDoc-1

	docs   *Documents
	data   []byte
	base   int64 // offset of data in .fdt
	chunks []chunk
}

// Size returns the compressed bytes of the span.
func (s *Span) Size() int { return len(s.data) }

// Spans yields the segment's spans in order, the first one being that which holds document from. Bytes before it are
// read for the file's checksum, but not decoded; the checksum is verified after the last. The error ends the sequence.
// A span is valid until it is given back to spans, which may be nil.
func (d *Documents) Spans(ctx context.Context, from int, spans *SpanPool) iter.Seq2[*Span, error] {
	return func(yield func(*Span, error) bool) {
		r := spanReader{docs: d, pool: spans, sum: &input.Checksum{}}
		stopped := false
		err := d.stored.chunks(from, func(ch chunk) (bool, error) {
			if r.fits(ch) {
				r.add(ch)
				return true, nil
			}
			span, err := r.read(ctx)
			if err != nil {
				return false, err
			}
			stopped = !yield(span, nil)
			r.add(ch)
			return !stopped, nil
		})
		if err == nil && !stopped {
			stopped, err = r.last(ctx, yield)
		}
		if err != nil && !stopped {
			yield(nil, err)
		}
	}
}

// spanReader gathers chunks until they make a span.
type spanReader struct {
	docs   *Documents
	pool   *SpanPool
	sum    *input.Checksum
	chunks []chunk
}

func (r *spanReader) fits(ch chunk) bool {
	return len(r.chunks) == 0 || ch.to-r.chunks[0].from <= spanBytes
}

func (r *spanReader) add(ch chunk) { r.chunks = append(r.chunks, ch) }

// read turns the gathered chunks into a span.
func (r *spanReader) read(ctx context.Context) (*Span, error) {
	first, end := r.chunks[0], r.chunks[len(r.chunks)-1]
	size := int(end.to - first.from)
	if r.pool != nil && r.pool.Limit > 0 && size > max(r.pool.Limit, spanBytes) {
		return nil, &TooLargeError{File: r.docs.stored.name, FirstDoc: first.doc, EndDoc: end.endDoc, Size: size, Limit: r.pool.Limit}
	}
	span := r.pool.take(size)
	span.docs, span.base, span.FirstDoc, span.EndDoc = r.docs, first.from, first.doc, end.endDoc
	span.chunks = append(span.chunks[:0], r.chunks...)
	r.chunks = r.chunks[:0]
	data := r.docs.stored.data
	if err := addUpTo(ctx, r.sum, data, first.from, span.data[:cap(span.data)]); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := input.ReadFull(data, span.data, first.from); err != nil {
		return nil, err
	}
	r.sum.Add(span.data)
	return span, nil
}

// last yields what is left, after the whole file has proven to be what was written.
func (r *spanReader) last(ctx context.Context, yield func(*Span, error) bool) (stopped bool, err error) {
	var span *Span
	if len(r.chunks) > 0 {
		if span, err = r.read(ctx); err != nil {
			return false, err
		}
	}
	if err := r.finish(ctx); err != nil {
		return false, err
	}
	if span != nil {
		return !yield(span, nil), nil
	}
	return false, nil
}

// finish adds what follows the last chunk read: only the footer, unless documents were asked for from beyond the last on.
func (r *spanReader) finish(ctx context.Context) error {
	data := r.docs.stored.data
	if err := addUpTo(ctx, r.sum, data, r.docs.stored.bodyEnd(), nil); err != nil {
		return err
	}
	if r.docs.stored.bodyEnd() == data.Size() {
		return nil // a format without a checksum
	}
	return r.sum.Finish(data, nil)
}

// SpanPool keeps the memory of spans for the next ones. It is safe for use by several goroutines; a nil
// pool keeps nothing.
type SpanPool struct {
	// Limit bounds the compressed bytes of a chunk, from 256 KiB up; 0 is no limit. A chunk above it ends the
	// sequence in a *TooLargeError, before memory is taken for it.
	Limit int

	free chan *Span
}

// NewSpanPool returns a pool that keeps at most n spans.
func NewSpanPool(n int) *SpanPool { return &SpanPool{free: make(chan *Span, n)} }

// Put gives a span back.
func (p *SpanPool) Put(s *Span) {
	if p == nil || cap(s.data) > 2*spanBytes {
		return
	}
	select {
	case p.free <- s:
	default:
	}
}

func (p *SpanPool) take(size int) *Span {
	var s *Span
	if p != nil {
		select {
		case s = <-p.free:
		default:
		}
	}
	if s == nil {
		s = &Span{}
	}
	if cap(s.data) < size {
		s.data = make([]byte, max(size, spanBytes))
	}
	s.data = s.data[:size]
	return s
}
