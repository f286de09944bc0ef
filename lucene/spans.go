package lucene

import (
	"context"
	"iter"

	"migassist/lucene/input"
)

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
// read for the file's checksum, but not decoded; the checksum is verified after the last. [VerifyRead] leaves both out, unless
// from is 0. The error ends the sequence. A span is valid until it is given back to spans, which may be nil.
func (d *Documents) Spans(ctx context.Context, from int, spans *SpanPool) iter.Seq2[*Span, error] {
	return func(yield func(*Span, error) bool) {
		r := spanReader{docs: d, pool: spans, sum: &input.Checksum{}}
		if r.summed = from <= 0 || d.segment.Verification == VerifyFiles; r.summed {
			input.WillRead(d.stored.data, 0, d.stored.data.Size())
		}
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
	summed bool // whether the checksum is wanted
	began  bool
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
	if err := r.goTo(ctx, first.from, span.data[:cap(span.data)]); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := input.ReadFull(r.docs.stored.data, span.data, first.from); err != nil {
		return nil, err
	}
	if r.summed {
		r.sum.Add(span.data)
	}
	return span, nil
}

// goTo adds what lies before the next span to the sum, or says where reading begins.
func (r *spanReader) goTo(ctx context.Context, from int64, buf []byte) error {
	st := r.docs.stored
	if r.summed {
		return addUpTo(ctx, r.sum, st.data, from, buf)
	}
	if !r.began {
		input.WillRead(st.data, from, st.end-from)
		r.began = true
	}
	return nil
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
	if !r.summed {
		return nil
	}
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
