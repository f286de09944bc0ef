package lucene

import (
	"context"

	"migassist/lucene/input"
)

// Visit calls visit for the live documents from first to end-1, in order, reading the chunks that hold them out of turn. The
// checksum of the file is not verified: it is for what [Documents.Spans] has read, or is going to read. An error
// of visit ends it.
func (d *Documents) Visit(ctx context.Context, decoder *Decoder, first, end int, visit func(*Doc) error) error {
	span := Span{docs: d}
	return d.stored.chunks(first, func(ch chunk) (bool, error) {
		if ch.doc >= end {
			return false, nil
		}
		if err := ctx.Err(); err != nil {
			return false, err
		}
		size := int(ch.to - ch.from)
		if decoder.Limit > 0 && size > max(decoder.Limit, spanBytes) {
			return false, &TooLargeError{File: d.stored.name, FirstDoc: ch.doc, EndDoc: ch.endDoc, Size: size, Limit: decoder.Limit}
		}
		if cap(span.data) < size {
			span.data = make([]byte, size)
		}
		span.From, span.To = first, end
		span.data, span.size, span.base, span.chunks = span.data[:size], size, ch.from, append(span.chunks[:0], ch)
		if err := input.ReadFull(d.stored.data, span.data, ch.from); err != nil {
			return false, err
		}
		err := decoder.Decode(&span, first, visit)
		return err == nil, err
	})
}
