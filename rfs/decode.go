package rfs

import (
	"context"
	"fmt"

	"migassist/lucene"
	"migassist/rfs/bulk"
)

// piece is what decoding made of a run of documents: operations, and where the run ends.
type piece struct {
	batch   *bulk.Batch
	segment string
	next    int // first document after the run
	walked  int64
	read    int64
	skipped []deadLetter // documents that are not sent, with the reason
	err     error        // ends the item
	end     bool         // the item is complete
}

// Limits of a piece: bytes of its batch after which it is handed on.
const pieceBytes = 1 << 20

// decoder turns spans into pieces. It belongs to one goroutine.
type decoder struct {
	lucene  lucene.Decoder
	spans   *lucene.SpanPool
	batches *batchPool
	docs    int // operations of a piece at most
	id      []byte

	job   *job
	piece *piece
}

// run decodes jobs until there are no more.
func (d *decoder) run(ctx context.Context, jobs <-chan *job) error {
	for {
		select {
		case j, ok := <-jobs:
			if !ok {
				return nil
			}
			if err := d.decode(ctx, j); err != nil {
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (d *decoder) decode(ctx context.Context, j *job) error {
	defer close(j.pieces)
	d.job = j
	d.begin(j.from)
	err := d.lucene.Decode(j.span, j.from, func(doc *lucene.Doc) error {
		if d.piece.batch.Size() >= pieceBytes || d.piece.batch.Len() >= d.docs {
			if err := d.hand(ctx, doc.Number); err != nil {
				return err
			}
			d.begin(doc.Number)
		}
		d.add(doc)
		return nil
	})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		// What of this piece was decoded before the error is not sent: the cursor would not cover it.
		d.batches.put(d.piece.batch)
		d.begin(d.piece.next)
		d.piece.err = fmt.Errorf("%s: %w", j.item, err)
		return d.hand(ctx, d.piece.next)
	}
	end := j.span.EndDoc
	d.spans.Put(j.span)
	return d.hand(ctx, end)
}

// begin starts a piece with document from.
func (d *decoder) begin(from int) {
	d.piece = &piece{batch: d.batches.take(), segment: d.job.name, next: from}
}

// hand gives the piece, which ends before document next, to the collector.
func (d *decoder) hand(ctx context.Context, next int) error {
	p := d.piece
	p.walked = int64(next - p.next)
	p.next = next
	select {
	case d.job.pieces <- p:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// add gives one document its operation, or its reason why not.
func (d *decoder) add(doc *lucene.Doc) {
	document, ok, err := document(doc, d.id)
	if err == nil && !ok {
		return
	}
	d.piece.read++
	switch {
	case err != nil:
		d.skip(document, "bad_id", fmt.Sprintf("document %d of segment %s: %v", doc.Number, d.job.name, err))
	case document.Source == nil:
		d.skip(document, "no_source", "the document was stored without _source")
	case !isJSON(document.Source):
		d.skip(document, "not_json", "_source is not JSON; this version sends JSON only")
	default:
		d.piece.batch.Add(appendOperation(d.piece.batch.Grow(), d.job.item.quoted, document))
	}
}

func (d *decoder) skip(document Document, kind, reason string) {
	d.piece.skipped = append(d.piece.skipped, deadLetter{
		Index: d.job.item.Index, Shard: d.job.item.Shard,
		ID: string(document.ID), Routing: string(document.Routing), Source: append([]byte(nil), document.Source...),
		Class: classSkipped, Type: kind, Reason: reason,
	})
}

// batchPool keeps the memory of batches.
type batchPool struct{ free chan *bulk.Batch }

func newBatchPool(n int) *batchPool { return &batchPool{free: make(chan *bulk.Batch, n)} }

func (p *batchPool) take() *bulk.Batch {
	select {
	case b := <-p.free:
		return b
	default:
		return bulk.NewBatch(pieceBytes + pieceBytes/8)
	}
}

// put keeps b unless a giant document has blown it up.
func (p *batchPool) put(b *bulk.Batch) {
	if cap(b.Grow()) > 4*pieceBytes {
		return
	}
	b.Reset()
	select {
	case p.free <- b:
	default:
	}
}
