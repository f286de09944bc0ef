package rfs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"migassist/rfs/bulk"
	"migassist/rfs/deadletter"
	"migassist/rfs/lease"
)

// settler takes outcomes in order, so that the cursor of an item never passes a document without fate, and writes the cursors
// into the store.
type settler struct {
	backfill *Backfill
	batches  *batchPool
	budget   *budget
	accounts map[*held]*account
}

// account is what the settler knows of an item beside its progress.
type account struct {
	saved  time.Time // when the store last heard of it
	bytes  int64     // acknowledged since
	ahead  bool      // the progress is ahead of what the store has
	broken error     // the cursor moves no further
	failed error     // reading failed
}

// How often a cursor is written: what a kill costs at most, beside the batches in flight.
const (
	checkpointEvery = 5 * time.Second
	checkpointBytes = 256 << 20
)

// run settles until there is nothing more. ctx bounds what is said to the store.
func (s *settler) run(ctx context.Context, settled <-chan *pending) {
	s.accounts = map[*held]*account{}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case p, more := <-settled:
			if !more {
				return
			}
			s.await(ctx, p, tick.C)
			s.take(ctx, p)
		case <-tick.C:
			s.checkpoints(ctx)
		}
	}
}

// await waits for a batch, and goes on saving what was settled before it.
func (s *settler) await(ctx context.Context, p *pending, tick <-chan time.Time) {
	for {
		select {
		case <-p.done:
			return
		case <-tick:
			s.checkpoints(ctx)
		}
	}
}

// take settles one batch.
func (s *settler) take(ctx context.Context, p *pending) {
	a := s.accounts[p.item]
	if a == nil {
		a = &account{saved: s.backfill.options.Now()}
		s.accounts[p.item] = a
	}
	if a.broken == nil {
		a.broken = s.settle(p, a)
	}
	if p.failure != nil {
		a.fail(p.failure)
	}
	if p.batch != nil {
		s.batches.put(p.batch)
	}
	s.batches.forget(p.originals)
	p.batch, p.originals, p.skipped = nil, nil, nil
	s.budget.change(-p.held)
	if a.broken != nil {
		s.breakOff(p.item, a.broken)
	}
	if p.end {
		s.conclude(ctx, p.item, a)
		return
	}
	s.checkpoint(ctx, p.item, a)
}

// fail notes why nothing more comes of the item.
func (a *account) fail(why error) {
	if _, ends := errors.AsType[*ending](why); !ends {
		a.failed = why
	} else if a.broken == nil {
		a.broken = why
	}
}

// settle moves the cursor behind a batch.
func (s *settler) settle(p *pending, a *account) error {
	if p.err != nil {
		return fmt.Errorf("%s: %w", p.item, p.err)
	}
	counts := p.counts
	counts.Written, counts.Superseded, counts.Refused = int64(p.outcome.Written), int64(p.outcome.Superseded), int64(len(p.outcome.Refused))
	counts.Created = int64(p.outcome.Created)
	if !counts.Balanced() {
		return fmt.Errorf("%s: the fates of its documents do not balance, %s: this is a defect, please report it", p.item, counts)
	}
	letters := p.skipped
	for _, refusal := range p.outcome.Refused {
		letters = append(letters, refused(p, refusal))
	}
	if err := s.backfill.letters.Add(letters, s.backfill.options.Now()); err != nil {
		return err
	}
	s.advance(p, counts)
	a.bytes += counts.Bytes
	a.ahead = a.ahead || p.next != nil
	return nil
}

func (s *settler) advance(p *pending, counts Counts) {
	c, progress := &p.item.progress, &s.backfill.progress
	c.add(counts)
	c.Types = addTypes(c.Types, p.types)
	c.Named = addTypes(c.Named, p.named)
	c.Walked += p.walked
	if p.next != nil {
		c.Cursor = p.next
	}
	for _, from := range p.from {
		c.sum(from.segment, from.sum, p.item.whole())
	}
	progress.Walked.Add(p.walked)
	progress.Read.Add(counts.Read)
	progress.Bytes.Add(counts.Bytes)
	if p.batch != nil {
		s.backfill.joined.Activity().Settled(counts)
	}
}

// breakOff ends an item whose batch has no fate. That of a lost lease is its own affair, anything else ends the worker.
func (s *settler) breakOff(item *held, why error) {
	if errors.Is(why, lease.ErrLost) {
		item.stop(lease.ErrLost)
		return
	}
	if _, ends := errors.AsType[*ending](why); ends || item.halted() == nil {
		s.backfill.stop(why)
	}
	item.stop(why)
}

// checkpoints saves what has waited long enough.
func (s *settler) checkpoints(ctx context.Context) {
	for item, a := range s.accounts {
		s.checkpoint(ctx, item, a)
	}
}

// checkpoint saves an item's progress if it is time to. That fails only for the time being: a store that stays away costs the
// lease, which stops the item.
func (s *settler) checkpoint(ctx context.Context, item *held, a *account) {
	now := s.backfill.options.Now()
	if !a.ahead || a.bytes < checkpointBytes && now.Sub(a.saved) < checkpointEvery || errors.Is(item.halted(), lease.ErrLost) {
		return
	}
	err := s.save(item, func(progress []byte) error { return item.lease.Checkpoint(ctx, progress) })
	switch {
	case errors.Is(err, lease.ErrLost):
		item.stop(lease.ErrLost)
	case err != nil:
		s.backfill.options.Log.Warn().Err(err).Stringer("item", item).Msg("how far it is could not be saved; trying again")
		a.saved = now
	default:
		a.saved, a.bytes, a.ahead = now, 0, false
	}
}

// save makes the dead letters durable, then gives the progress to the store.
func (s *settler) save(item *held, give func(progress []byte) error) error {
	if err := s.backfill.letters.Sync(); err != nil {
		return err
	}
	progress, err := item.saved()
	if err != nil {
		return err
	}
	return give(progress)
}

// conclude gives up the lease of an item of which nothing more comes: done, set aside, or for another worker.
func (s *settler) conclude(ctx context.Context, item *held, a *account) {
	delete(s.accounts, item)
	defer s.backfill.letGo(item)
	log := s.backfill.options.Log.With().Stringer("item", item).Logger()
	why := item.halted()
	var err error
	switch {
	case errors.Is(why, lease.ErrLost):
		err = why
	case a.failed != nil && !s.backfill.ending():
		log.Warn().Err(a.failed).Bool("again", !hopeless(a.failed)).Msg("the item can't be read")
		err = s.fail(ctx, item, a.failed)
	case why != nil || a.broken != nil:
		err = s.save(item, func(progress []byte) error { return item.lease.Release(ctx, progress) })
	default:
		err = s.save(item, func(progress []byte) error { return item.lease.Finish(ctx, progress) })
	}
	switch {
	case errors.Is(err, lease.ErrLost):
		log.Warn().Msg("another worker has the item now, or will; what it does again has the same ids")
	case err != nil:
		log.Warn().Err(err).Msg("the item's end could not be saved; another worker goes on with it")
	}
}

// fail gives an item back that can't be read, for another attempt where there is hope.
func (s *settler) fail(ctx context.Context, item *held, why error) error {
	final := hopeless(why)
	finding := unreadable(item.Index, why)
	if final {
		item.progress.Finding = &finding
	}
	return s.save(item, func(progress []byte) error { return item.lease.Fail(ctx, progress, finding.Reason, final) })
}

func refused(p *pending, refusal bulk.Refusal) deadletter.Letter {
	action, source := p.batch.Operation(refusal.Operation)
	original, before := p.originals.of(refusal.Operation)
	if original != nil {
		source = before
	}
	is := identityOf(action)
	return deadletter.Letter{
		Index: p.item.Index, Shard: p.item.Shard, Place: deadletter.Place(p.place(refusal.Operation)), Target: is.Index, ID: is.ID, Routing: is.Routing, Action: action, Source: source, Original: original,
		Class: deadletter.ClassRefused, Type: refusal.Reason.Type, Reason: refusal.Reason.Error(), Response: &deadletter.Response{Status: refusal.Status, Error: refusal.Reason},
	}
}
