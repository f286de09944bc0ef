package rfs

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"migassist/lucene"
	"migassist/rfs/bulk"
	"migassist/rfs/deadletter"
)

// piece is what decoding made of a run of documents: operations, and where the run ends.
type piece struct {
	batch *bulk.Batch
	// originals are of the batch's operations; nil: they are sent as they were read.
	originals *originals
	docs      []int32 // Lucene's numbers of the documents of the batch's operations
	segment   string
	from      int // first document of the run
	next      int // first document after it
	walked    int64
	sum       lucene.Sum          // of the chunks of the run
	held      int64               // bytes of the budget
	counts    Counts              // without fates
	types     map[string]int64    // documents read of each mapping type, where an index is split
	named     map[string]int64    // operations by the name that only transforms gave
	skipped   []deadletter.Letter // documents that are not sent, with the reason
	err       error               // ends the item
	end       bool                // the item is complete
}

// Limits of a piece: bytes of its batch after which it is handed on.
const pieceBytes = 1 << 20

// decoder turns spans into pieces. It belongs to one goroutine.
type decoder struct {
	lucene  lucene.Decoder
	spans   *lucene.SpanPool
	batches *batchPool
	budget  *budget
	docs    int // operations of a piece at most
	rewriter
	assembler

	job   *job
	piece *piece
}

// run decodes jobs until there are no more. What reading an item's columns needs of ctx outlives the item's stop for a while.
func (d *decoder) run(ctx context.Context, jobs <-chan *job) (err error) {
	defer func() { err = errors.Join(err, d.release()) }()
	for j := range jobs {
		d.decode(ctx, j)
	}
	return nil
}

func (d *decoder) decode(ctx context.Context, j *job) {
	defer close(j.pieces)
	d.job = j
	defer d.forget()
	d.begin(j.span.From)
	err := j.item.halted()
	if err == nil {
		err = d.documents(ctx, j)
	}
	if releaseErr := j.segment.release(); err == nil {
		err = releaseErr
	}
	if j.item.halted() != nil {
		return // nobody wants it
	}
	if err != nil {
		// What of this piece was decoded before the error is not sent: the cursor would not cover it.
		d.batches.put(d.piece.batch)
		d.batches.forget(d.piece.originals)
		d.begin(d.piece.next)
		d.piece.err = fmt.Errorf("%s: %w", j.item, err)
		d.hand(d.piece.next)
		return
	}
	d.hand(j.span.To)
	d.spans.Put(j.span)
}

// forget lets go of what the job had: of giants nothing may stay behind.
func (d *decoder) forget() {
	held := d.job.held
	d.job, d.piece, d.stored = nil, nil, nil
	d.forgetGiant()
	d.budget.change(-held)
}

// documents makes pieces of the documents of a job; the last one is left to be handed on.
func (d *decoder) documents(ctx context.Context, j *job) error {
	if err := d.follow(ctx, j.segment); err != nil {
		return err
	}
	return d.lucene.Decode(j.span, j.span.From, func(doc *lucene.Doc) error {
		if d.piece.batch.Size() >= pieceBytes || d.piece.batch.Len() >= d.docs {
			d.hand(doc.Number)
			d.begin(doc.Number)
		}
		return d.add(ctx, doc)
	})
}

// begin starts a piece with document from.
func (d *decoder) begin(from int) {
	d.piece = &piece{batch: d.batches.take(), segment: d.job.segment.name, from: from, next: from}
	d.piece.batch.Conflict = d.job.segment.reading.conflict()
	if d.job.segment.reading.rewrites {
		d.piece.originals = d.batches.remember()
	}
}

// hand gives the piece, which ends before document next, to the collector, with its share of the memory.
func (d *decoder) hand(next int) {
	p := d.piece
	p.walked = int64(next - p.from)
	p.sum = d.job.span.Sum(p.from, next)
	p.next = next
	p.held += int64(p.batch.Size() + p.originals.size())
	if d.job.held -= p.held; d.job.held < 0 { // it became more than was thought
		d.budget.change(-d.job.held)
		d.job.held = 0
	}
	d.job.pieces <- p
}

// add gives one document its operation, or its reason why not.
func (d *decoder) add(ctx context.Context, doc *lucene.Doc) error {
	document, ok, err := d.document(doc)
	if !ok {
		return err
	}
	if len(document.Source) > giantBytes {
		d.beginGiant(doc.Number, document)
	}
	p := d.piece
	p.counts.Read++
	if d.reading.split() {
		p.count(document.Type)
	}
	switch {
	case err != nil:
	case d.reading.rewrites:
		err = d.rewrite(ctx, doc.Number, document)
	default:
		err = d.pass(doc.Number, document)
	}
	if bad, one := errors.AsType[*unsendable](err); one {
		d.skip(doc.Number, document, bad)
		return nil
	}
	if err == nil && d.converted {
		p.counts.Converted++
	}
	return err
}

// pass appends the operation of a document that is sent as it is.
func (d *decoder) pass(number int, document Document) error {
	p := d.piece
	to, err := d.reading.route(document)
	if err != nil {
		return err
	}
	if to == nil {
		p.counts.Dropped++
		return nil
	}
	p.batch.Add(appendOperation(p.batch.Grow(), to, document))
	p.docs = append(p.docs, int32(number))
	return nil
}

// count notes a document's type.
func (p *piece) count(name []byte) {
	if p.types == nil {
		p.types = map[string]int64{}
	}
	p.types[string(name)]++
}

// giantBytes is the size from which a document has a piece of its own, with a batch that is as large as it needs to be.
const giantBytes = 2 * pieceBytes

// beginGiant starts a piece for one document.
func (d *decoder) beginGiant(number int, document Document) {
	if d.piece.batch.Len() > 0 || len(d.piece.skipped) > 0 {
		d.hand(number)
		d.begin(number)
	}
	d.batches.put(d.piece.batch)
	const escaped, head = 6, 4 << 10 // bytes that one byte becomes at most, and those of an action line beside its id and routing
	d.piece.batch = bulk.NewBatch(len(document.Source) + escaped*(len(document.ID)+len(document.Routing)) + head)
	d.piece.batch.Conflict = d.job.segment.reading.conflict()
}

// leaveOut takes a document that is larger than the memory allows as one that is not sent. It implements [lucene.Decoder.Skipped].
func (d *decoder) leaveOut(doc *lucene.Doc, size int) error {
	document, ok, err := identify(doc, d.id)
	if !ok && d.rebuilder != nil || err != nil {
		document = Document{}
	}
	d.piece.counts.Read++
	if d.reading.split() {
		d.piece.count(document.Type)
	}
	d.stored = nil
	d.skip(doc.Number, document, unsent("too_large", "document %d has %d bytes, and must not have more than %d: raise --memory", doc.Number, size, d.lucene.Limit))
	return nil
}

func (d *decoder) skip(number int, document Document, bad *unsendable) {
	item := d.job.item
	source := d.stored
	if bad.document {
		source = document.Source
	}
	d.piece.held += int64(len(source))
	d.piece.skipped = append(d.piece.skipped, deadletter.Letter{
		Index: item.Index, Shard: item.Shard, Place: deadletter.Place{Segment: d.job.segment.name, Doc: number}, Target: item.Index,
		ID: string(document.ID), Routing: string(document.Routing), MappingType: string(document.Type), Source: bytes.Clone(source),
		Class: deadletter.ClassSkipped, Type: bad.kind, Reason: fmt.Sprintf("segment %s: %s", d.job.segment.name, bad.reason),
	})
}

// batchPool keeps the memory of batches.
type batchPool struct {
	free     chan *bulk.Batch
	freeText chan *originals
}

func newBatchPool(n int) *batchPool {
	return &batchPool{free: make(chan *bulk.Batch, n), freeText: make(chan *originals, n)}
}

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
