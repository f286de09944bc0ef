package rfs

import (
	"context"
	"fmt"
	"time"

	"migassist/rfs/bulk"
)

// settler takes outcomes in order, so that the cursor never passes a document without fate.
type settler struct {
	backfill *Backfill
	batches  *batchPool
	findings []Finding
	saved    time.Time
}

// saveEvery is how much work a kill can cost at most, beside the batches in flight.
const saveEvery = time.Second

func (s *settler) run(ctx context.Context, settled <-chan *pending) error {
	s.saved = s.backfill.options.Now()
	var failed error
	for p := range settled {
		<-p.done // also after a failure: no goroutine outlives the run
		if failed == nil {
			failed = s.take(p)
		}
	}
	if failed != nil {
		return failed
	}
	return context.Cause(ctx)
}

// take settles one batch and saves the state now and then.
func (s *settler) take(p *pending) error {
	if p.err != nil {
		return fmt.Errorf("%s: %w", p.item, p.err)
	}
	if err := s.settle(p); err != nil {
		return err
	}
	now := s.backfill.options.Now()
	if now.Sub(s.saved) < saveEvery {
		return nil
	}
	s.saved = now
	return s.backfill.save()
}

func (s *settler) settle(p *pending) error {
	b := s.backfill
	now := b.options.Now()
	for _, letter := range p.skipped {
		if err := b.letters.add(letter, now); err != nil {
			return err
		}
	}
	for _, refusal := range p.outcome.Refused {
		if err := b.letters.add(refused(p, refusal), now); err != nil {
			return err
		}
	}
	counts := p.counts
	counts.Written, counts.Superseded, counts.Refused = int64(p.outcome.Written), int64(p.outcome.Superseded), int64(len(p.outcome.Refused))
	if !counts.Balanced() {
		return fmt.Errorf("%s: of %d documents read, %d were written, %d superseded, %d skipped and %d refused: this is a defect, please report it",
			p.item, counts.Read, counts.Written, counts.Superseded, counts.Skipped, counts.Refused)
	}
	s.advance(p, counts)
	if p.batch != nil {
		s.batches.put(p.batch)
	}
	return nil
}

func (s *settler) advance(p *pending, counts Counts) {
	c, progress := p.item.cursor, &s.backfill.progress
	c.add(counts)
	c.Types = addTypes(c.Types, p.types)
	c.Walked += p.walked
	if p.segment != "" {
		c.Segment, c.Doc = p.segment, p.next
	}
	progress.Walked.Add(p.walked)
	progress.Read.Add(counts.Read)
	progress.Bytes.Add(counts.Bytes)
	if p.failure != nil {
		s.findings = append(s.findings, unreadable(p.item.Index, p.failure))
		return
	}
	c.Done = p.end
}

func refused(p *pending, refusal bulk.Refusal) deadLetter {
	action, source := p.batch.Operation(refusal.Operation)
	is := identityOf(action)
	return deadLetter{
		Index: p.item.Index, Shard: p.item.Shard, Target: is.Index, ID: is.ID, Routing: is.Routing, Action: action, Source: source,
		Class: classRefused, Type: refusal.Reason.Type, Reason: refusal.Reason.Error(), Response: &response{Status: refusal.Status, Error: refusal.Reason},
	}
}
