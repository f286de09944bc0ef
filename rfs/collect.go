package rfs

import (
	"context"

	"migassist/rfs/bulk"
)

// collector puts pieces together into batches, in order, and hands them to the sink, several at once.
type collector struct {
	sink    Sink
	options Options
	batches *batchPool
	settled chan *pending // in order
	slots   chan struct{} // one per batch at the sink
	current *pending
}

// pending is a batch at the sink, and what its outcome means for its item.
type pending struct {
	item    *work
	batch   *bulk.Batch
	counts  Counts // without fates
	types   map[string]int64
	skipped []deadLetter
	segment string
	next    int
	walked  int64
	end     bool  // the item is complete
	failure error // the item can't be read further

	done    chan struct{} // closed when outcome or err is there
	outcome bulk.Outcome
	err     error // of the sink
}

func (c *collector) run(ctx context.Context, order <-chan *job) error {
	for j := range order {
		for p := range j.pieces {
			if err := c.add(ctx, j, p); err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return nil
}

func (c *collector) add(ctx context.Context, j *job, p *piece) error {
	select {
	case <-j.item.failed: // what was decoded after the failure is not sent
		return nil
	default:
	}
	if c.current != nil && p.batch != nil && c.full(p) {
		if err := c.flush(ctx); err != nil {
			return err
		}
	}
	if c.current == nil {
		c.current = &pending{item: j.item, done: make(chan struct{})}
	}
	c.merge(p)
	if p.err != nil {
		close(j.item.failed)
	}
	if p.end || p.err != nil {
		return c.flush(ctx)
	}
	return nil
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
	cur.counts.Read += p.counts.Read
	cur.counts.Converted += p.counts.Converted
	cur.types = addTypes(cur.types, p.types)
	cur.counts.Skipped += int64(len(p.skipped))
	cur.counts.Bytes += int64(p.batch.Size())
	cur.skipped = append(cur.skipped, p.skipped...)
	cur.segment, cur.next = p.segment, p.next
	cur.walked += p.walked
	if cur.batch == nil {
		cur.batch = p.batch
		return
	}
	cur.batch.Append(p.batch)
	c.batches.put(p.batch)
}

// flush hands the current batch to the sink as soon as it takes one more.
func (c *collector) flush(ctx context.Context) error {
	p := c.current
	c.current = nil
	select {
	case c.slots <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case c.settled <- p:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if c.options.InFlight == 1 {
		c.send(ctx, p)
		return nil
	}
	go c.send(ctx, p) // the settler waits for it
	return nil
}

func (c *collector) send(ctx context.Context, p *pending) {
	defer close(p.done)
	if p.batch != nil {
		p.outcome, p.err = c.sink.Write(ctx, p.batch, nil)
	}
	<-c.slots
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
