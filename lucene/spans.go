package lucene

import (
	"context"
	"errors"
	"iter"

	"migassist/lucene/input"
)

// spanBytes is how many compressed bytes a span holds at least, the last one of a segment excepted: enough that
// reading and handing over cost nothing, little enough that a few of them per goroutine do not matter.
const spanBytes = 256 << 10

// Span is a run of whole chunks as they lie in the file.
type Span struct {
	FirstDoc, EndDoc int // documents FirstDoc to EndDoc-1
	From, To         int // those of them that were asked for; Decode passes over the others

	// Raw is how many bytes the span's documents are, uncompressed, and Largest how many those of its largest chunk, which
	// Decode holds at once. They are 0 without [SpanPool.Admit].
	Raw, Largest int

	docs   *Documents
	data   []byte
	base   int64 // offset of data in .fdt
	size   int   // bytes of the chunks
	chunks []chunk
	sum    *Sum // of a large span; nil: to be computed
	part   bool // data has only the begin of a large span
}

// Size returns the compressed bytes of the span.
func (s *Span) Size() int { return s.size }

// Offset returns where the span begins in the file of stored fields.
func (s *Span) Offset() int64 { return s.base }

// Spans yields the segment's spans in order, the first one being that which holds document from, once the whole file has proven to
// be what was written: the last span comes after the sum of all was compared. What lies before document from is read for
// that, but not with [VerifyRead], where a range that does not begin at 0 is believed. The error ends the sequence. A span
// is valid until it is given back to pool, which may be nil.
func (d *Documents) Spans(ctx context.Context, from int, pool *SpanPool) iter.Seq2[*Span, error] {
	if from > 0 && d.segment.Verification == VerifyRead {
		return d.SpansIn(ctx, from, d.segment.MaxDoc, pool)
	}
	return func(yield func(*Span, error) bool) {
		var sum Sum
		var last *Span // held back until there is one more, or all is verified
		hand := func() bool { return last == nil || yield(last, nil) }
		for span, err := range d.SpansIn(ctx, 0, d.segment.MaxDoc, pool) {
			if err != nil {
				if hand() {
					yield(nil, err)
				}
				return
			}
			sum, _ = sum.Join(span.Sum(span.FirstDoc, span.EndDoc))
			if span.EndDoc <= from {
				pool.Put(span)
				continue
			}
			if !hand() {
				return
			}
			span.From, last = max(span.From, from), span
		}
		if err := d.Verify(sum); err != nil {
			yield(nil, err)
			return
		}
		hand()
	}
}

// SpansIn yields the spans in which documents from to to-1 lie, in order, and reads nothing else. They are not verified: for
// that are the sums of all ranges of the segment, see [Span.Sum] and [Documents.Verify]. The error ends the sequence. A
// span is valid until it is given back to pool, which may be nil.
func (d *Documents) SpansIn(ctx context.Context, from, to int, pool *SpanPool) iter.Seq2[*Span, error] {
	return func(yield func(*Span, error) bool) {
		r := spanReader{docs: d, pool: pool, from: max(from, 0), to: min(to, d.segment.MaxDoc), yield: yield}
		err := ctx.Err()
		if err == nil && r.from < r.to {
			err = r.run(ctx)
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(nil, err)
		}
	}
}

// spanReader gathers chunks until they make a span.
type spanReader struct {
	docs     *Documents
	pool     *SpanPool
	from, to int
	yield    func(*Span, error) bool
	chunks   []chunk
	heads    Decoder // for measuring
	cursor   input.Cursor
}

// errStopped is that nobody wants more spans.
var errStopped = errors.New("stopped")

func (r *spanReader) run(ctx context.Context) error {
	if err := r.announce(); err != nil {
		return err
	}
	err := r.docs.stored.chunks(r.from, func(ch chunk) (bool, error) {
		if ch.doc >= r.to {
			return false, nil
		}
		if !r.fits(ch) {
			if err := r.hand(ctx); err != nil {
				return false, err
			}
		}
		r.chunks = append(r.chunks, ch)
		return true, nil
	})
	if err != nil {
		return err
	}
	return r.hand(ctx) // there is one: from is less than to
}

// hand yields the gathered chunks as a span.
func (r *spanReader) hand(ctx context.Context) error {
	span, err := r.read(ctx)
	if err == nil && !r.yield(span, nil) {
		return errStopped
	}
	return err
}

// announce says which bytes are going to be read: with the last document all up to the end of the file, for [Documents.Sum].
func (r *spanReader) announce() error {
	st := r.docs.stored
	first, err := st.chunkOf(r.from)
	if err != nil {
		return err
	}
	end := st.data.Size()
	if r.to < r.docs.segment.MaxDoc {
		last, err := st.chunkOf(r.to - 1)
		if err != nil {
			return err
		}
		end = last.to
	}
	input.WillRead(st.data, first.from, end-first.from)
	return nil
}

func (r *spanReader) fits(ch chunk) bool {
	return len(r.chunks) == 0 || ch.to-r.chunks[0].from <= spanBytes
}

// read turns the gathered chunks into a span.
func (r *spanReader) read(ctx context.Context) (*Span, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	first, end := r.chunks[0], r.chunks[len(r.chunks)-1]
	size := int(end.to - first.from)
	if r.pool != nil && r.pool.Limit > 0 && size > max(r.pool.Limit, spanBytes) {
		return nil, &TooLargeError{File: r.docs.stored.name, FirstDoc: first.doc, EndDoc: end.endDoc, Size: size, Limit: r.pool.Limit}
	}
	span := r.pool.take(min(size, r.docs.stored.headBytes()))
	*span = Span{
		docs: r.docs, data: span.data, base: first.from, size: size, chunks: append(span.chunks[:0], r.chunks...),
		FirstDoc: first.doc, EndDoc: end.endDoc, From: max(first.doc, r.from), To: min(end.endDoc, r.to),
	}
	r.chunks = r.chunks[:0]
	if err := input.ReadFull(r.docs.stored.data, span.data, first.from); err != nil {
		return nil, err
	}
	whole, err := true, error(nil)
	if r.pool != nil && r.pool.Admit != nil {
		r.measure(span)
		whole, err = r.pool.Admit(ctx, span)
	}
	if err == nil && size > spanBytes {
		err = span.rest(ctx, whole)
	}
	return span, err
}

// SpanPool keeps the memory of spans for the next ones. It is safe for use by several goroutines; a nil
// pool keeps nothing.
type SpanPool struct {
	// Limit bounds the compressed bytes of a chunk, from 256 KiB up; 0 is no limit. A chunk above it ends the
	// sequence in a *TooLargeError, before memory is taken for it.
	Limit int
	// Admit, if set, is asked for each span before memory is taken for more than the first 256 KiB or so of it, which were
	// read: it may wait until there is memory, for the span's Size and Raw bytes. A span that it does not want whole is
	// read for its sum alone if it is one chunk of more than 256 KiB; decoding it gives the documents before the large one,
	// which [Decoder.Skipped] is told of.
	Admit func(ctx context.Context, s *Span) (whole bool, err error)

	free chan *Span
}

// NewSpanPool returns a pool that keeps at most n spans.
func NewSpanPool(n int) *SpanPool { return &SpanPool{free: make(chan *Span, n)} }

// Put gives a span back.
func (p *SpanPool) Put(s *Span) {
	if p == nil || cap(s.data) > 2*spanBytes || s.data == nil {
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
