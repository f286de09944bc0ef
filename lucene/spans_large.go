package lucene

import (
	"context"
	"hash/crc32"

	"migassist/lucene/input"
)

// A large span is one chunk, cut into slices that are compressed alone. Its last document made it large: a writer ends a chunk
// with the document that fills it.
//
//	head of the chunk | slice with small documents, and the begin of the large one | slice | …
//	[ first bytes: enough to measure it, and for the small documents  ]

// headBytes is how much of a large span is read before it is admitted.
func (st *stored) headBytes() int { return max(spanBytes, 2*st.chunkSize+headSlack) }

// headSlack is room for the head of a chunk, and for what slices grow by that do not compress.
const headSlack = 64 << 10

// measure notes how many bytes the documents of a span are. What is wrong with a head, decoding it says.
func (r *spanReader) measure(s *Span) {
	st := r.docs.stored
	for _, ch := range s.chunks {
		r.cursor = *input.NewCursor(st.name, s.data[ch.from-s.base:min(ch.to-s.base, int64(len(s.data)))], ch.from)
		r.cursor.SetLittleEndian(st.format.little)
		total, _ := r.heads.readHead(&r.cursor, st, ch)
		if r.cursor.Err() == nil {
			s.Raw, s.Largest = s.Raw+total, max(s.Largest, total)
		}
	}
}

// rest reads what is left of a large span, or only sums it up.
func (s *Span) rest(ctx context.Context, whole bool) error {
	head, from := s.data, len(s.data)
	buf := make([]byte, min(s.size-from, spanBytes))
	s.part = !whole
	if whole && from < s.size {
		s.data = make([]byte, s.size)
		copy(s.data, head)
	}
	crc := crc32.ChecksumIEEE(head)
	for from < s.size {
		if err := ctx.Err(); err != nil {
			return err
		}
		next := buf[:min(len(buf), s.size-from)]
		if whole {
			next = s.data[from : from+len(next)]
		}
		if err := input.ReadFull(s.docs.stored.data, next, s.base+int64(from)); err != nil {
			return err
		}
		crc, from = crc32.Update(crc, crc32.IEEETable, next), from+len(next)
	}
	s.sum = &Sum{From: s.base, To: s.base + int64(s.size), CRC: crc}
	return nil
}

// sample is how much of a document that is too large is decompressed, for its id.
const sample = 4 << 10

// part tells how many documents of a chunk come out that is too large, those before its largest, and how many of its bytes
// have to be decompressed for them and the begin of the large one.
func (d *Decoder) part(st *stored, sliced bool) (docs, size int) {
	if !sliced {
		return 0, 0
	}
	before := 0
	for i, at := 0, 0; i < len(d.lengths); i++ {
		if d.lengths[i] > d.lengths[docs] {
			docs, before = i, at
		}
		at += int(d.lengths[i])
	}
	size = before + min(sample, int(d.lengths[docs]))
	if before > 2*st.chunkSize || d.Limit > 0 && before > d.Limit {
		return 0, 0
	}
	return docs, size
}

// skip tells of a document that is too large, with those of its values that the begin of it has.
func (d *Decoder) skip(docs *Documents, number int, raw []byte, size int) error {
	clear(d.doc.Values)
	d.doc.Number, d.doc.raw, d.doc.count, d.doc.docs = number, raw, 0, docs
	readSome(&d.doc, raw, docs.slots, docs.stored.format.numbers)
	return d.Skipped(&d.doc, size)
}
