package rfs

import (
	"context"
	"errors"

	"migassist/lucene"
	"migassist/rfs/bulk"
	"migassist/rfs/deadletter"
)

// collector puts pieces together into batches, in order, and hands them to the sink, several at once.
type collector struct {
	sink    Sink
	options Options
	batches *batchPool
	budget  *budget
	settled chan *pending // in order
	slots   chan struct{} // one per batch at the sink
	current *pending
}

// pending is a batch at the sink, and what its outcome means for its item.
type pending struct {
	item  *held
	batch *bulk.Batch
	// originals are of the batch's operations; nil: they were sent as they were read.
	originals *originals
	from      []stretch
	counts    Counts // without fates
	types     map[string]int64
	named     map[string]int64 // operations by the name that only transforms gave
	skipped   []deadletter.Letter
	next      *Position // first document after the batch; nil: where the one before ended
	walked    int64
	held      int64 // bytes of the budget
	end       bool  // nothing more of the item comes
	failure   error // the item can't be read further

	done    chan struct{} // closed when outcome or err is there
	outcome bulk.Outcome
	err     error // of the sink
}

// stretch is where a run of a batch's operations comes from.
type stretch struct {
	segment string
	docs    []int32
	sum     lucene.Sum // of the chunks that were read for it
}

// place is where operation i of the batch comes from.
func (p *pending) place(i int) Position {
	for _, o := range p.from {
		if i < len(o.docs) {
			return Position{o.segment, int(o.docs[i])}
		}
		i -= len(o.docs)
	}
	return Position{}
}

// run sends what the decoders make of each job, in order. It takes all of them, those of stopped items too, of which nothing is
// sent.
func (c *collector) run(ctx context.Context, order <-chan *job) {
	for j := range order {
		if j.flush && c.current != nil {
			c.flush(ctx)
		}
		for p := range j.pieces {
			c.add(ctx, j, p)
		}
	}
}

func (c *collector) add(ctx context.Context, j *job, p *piece) {
	if j.item.halted() != nil {
		c.drop(p)
		if p.end {
			c.current = c.start(j)
			c.merge(p)
			c.flush(ctx)
		}
		return
	}
	if c.current != nil && p.batch != nil && c.full(p) {
		c.flush(ctx)
	}
	if c.current == nil {
		c.current = c.start(j)
	}
	c.merge(p)
	if p.err != nil {
		j.item.stop(errPart) // what was decoded after the failure is not sent
	}
	if p.end || p.err != nil {
		c.flush(ctx)
	}
}

func (c *collector) start(j *job) *pending { return &pending{item: j.item, done: make(chan struct{})} }

// drop gives up a piece, and what was collected before it.
func (c *collector) drop(p *piece) {
	if p.batch != nil {
		c.batches.put(p.batch)
		p.batch = nil
	}
	c.batches.forget(p.originals)
	c.budget.change(-p.held)
	if c.current != nil {
		if c.current.batch != nil {
			c.batches.put(c.current.batch)
		}
		c.batches.forget(c.current.originals)
		c.budget.change(-c.current.held)
	}
	c.current = nil
}

func (c *collector) full(p *piece) bool {
	b := c.current.batch
	return b != nil && (b.Size()+p.batch.Size() > c.options.BatchBytes || b.Len()+p.batch.Len() > c.options.BatchDocs)
}

func (c *collector) merge(p *piece) {
	cur := c.current
	cur.end, cur.failure = p.end, p.err
	if p.batch == nil {
		return
	}
	cur.counts.add(p.counts)
	cur.types = addTypes(cur.types, p.types)
	cur.named = addTypes(cur.named, p.named)
	cur.counts.Skipped += int64(len(p.skipped))
	cur.counts.Bytes += int64(p.batch.Size())
	cur.skipped = append(cur.skipped, p.skipped...)
	cur.from = append(cur.from, stretch{p.segment, p.docs, p.sum})
	cur.next = &Position{p.segment, p.next}
	cur.walked += p.walked
	cur.held += p.held
	if cur.batch == nil {
		cur.batch, cur.originals = p.batch, p.originals
		return
	}
	cur.batch.Append(p.batch)
	c.batches.put(p.batch)
	if p.originals != nil { // then those before have them too
		cur.originals.append(p.originals)
		c.batches.forget(p.originals)
	}
}

// flush hands the current batch to the sink as soon as it takes one more.
func (c *collector) flush(ctx context.Context) {
	p := c.current
	c.current = nil
	c.slots <- struct{}{}
	c.settled <- p
	if c.options.InFlight == 1 {
		c.send(ctx, p)
		return
	}
	go c.send(ctx, p) // the settler waits for it
}

func (c *collector) send(ctx context.Context, p *pending) {
	defer close(p.done)
	defer func() { <-c.slots }()
	if p.batch == nil {
		return
	}
	if err := p.item.halted(); err != nil && !errors.Is(err, errPart) {
		p.err = err
		return
	}
	if placed, ok := c.sink.(PlacedSink); ok {
		p.outcome, p.err = placed.WritePlaced(ctx, p.batch, Work{Index: p.item.Index, Shard: p.item.Shard}, p.place)
		return
	}
	p.outcome, p.err = c.sink.Write(ctx, p.batch, p.item.permit)
}

// addTypes adds counts to those that sum has, which may be nil.
func addTypes(sum, more map[string]int64) map[string]int64 {
	if sum == nil {
		return more
	}
	for name, n := range more {
		sum[name] += n
	}
	return sum
}
