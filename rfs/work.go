package rfs

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"migassist/lucene"
	"migassist/rfs/lease"
)

// A worker that is stopped has ten seconds: so long it waits for the batches in flight, and so long for the store to take the
// cursors after that.
const (
	landingTime = 7 * time.Second
	partingTime = 9 * time.Second
)

// work claims items and moves their documents until none is left, or ctx ends.
//
//	stop: a signal, an operator, a target that fails, no item left
//	 │ reader: claims and reads no more
//	 │ collector, decoders: work off what they have; of stopped items nothing more is sent
//	 ├── 7 s ── requests in flight are cut off
//	 ├── settler: saves each cursor and gives the item back
//	 └── 9 s ── the store is no longer waited for
func (b *Backfill) work(ctx context.Context) error {
	run, stop := context.WithCancelCause(ctx)
	b.end, b.stop = run, stop
	landing, landed := outlive(run, landingTime)
	parting, parted := outlive(run, partingTime)
	defer func() {
		parted()
		landed()
		stop(nil)
	}()
	o := b.options
	spans, batches := lucene.NewSpanPool(2*o.Workers+2), newBatchPool(4*o.Workers)
	memory := o.memoryPlan()
	held := newBudget(memory.size)
	jobs, order := make(chan *job, o.Workers), make(chan *job, 2*o.Workers)
	c := &collector{sink: b.sink, options: o, batches: batches, budget: held, settled: make(chan *pending, o.InFlight), slots: make(chan struct{}, o.InFlight)}

	var group errgroup.Group
	group.Go(func() error {
		defer close(jobs)
		defer close(order)
		r := &reader{backfill: b, spans: spans, memory: memory, budget: held, jobs: jobs, order: order}
		spans.Admit = r.admit
		return r.run(run)
	})
	for range o.Workers {
		group.Go(func() error {
			d := &decoder{spans: spans, batches: batches, budget: held, docs: o.BatchDocs, rewriter: b.newRewriter(), assembler: assembler{id: make([]byte, 0, 1024), limit: o.Memory / 4}}
			d.lucene.Limit, d.lucene.Skipped = memory.largest, d.leaveOut
			return d.run(landing, jobs)
		})
	}
	group.Go(func() error {
		defer close(c.settled)
		c.run(landing, order)
		return nil
	})
	group.Go(func() error {
		s := &settler{backfill: b, batches: batches, budget: held}
		s.run(parting, c.settled)
		return nil
	})
	err := group.Wait()
	b.kept.Wait()
	return err
}

// outlive returns a context that ends as long after ctx.
func outlive(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(d, func() { cancel(context.Cause(ctx)) })
		context.AfterFunc(longer, func() { timer.Stop() })
	})
	return longer, func() {
		stop()
		cancel(context.Canceled)
	}
}

// ending tells whether the worker claims and reads no more.
func (b *Backfill) ending() bool { return b.end.Err() != nil }

// claim waits until there is an item for this worker. [lease.ErrFinished] says that there is none for anyone.
func (b *Backfill) claim(ctx context.Context) (*held, error) {
	select {
	case b.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	item, err := b.claimed(ctx)
	if err != nil {
		<-b.slots
	}
	return item, err
}

func (b *Backfill) claimed(ctx context.Context) (*held, error) {
	l, err := b.lease(ctx)
	if err != nil {
		return nil, err
	}
	b.busy = true
	item, err := newHeld(l, b.options.BulkTimeout)
	if err != nil {
		return nil, err
	}
	item.keep(context.WithoutCancel(ctx), &b.kept, b.joined)
	if err := b.recognize(ctx); err != nil {
		progress, saveErr := item.saved()
		err = errors.Join(err, saveErr, l.Release(ctx, progress))
		item.release()
		return nil, err
	}
	b.hold(item)
	return item, nil
}

// lease waits while the run is paused, and for an item.
func (b *Backfill) lease(ctx context.Context) (*lease.Lease, error) {
	wait, longest := b.options.LeaseDuration/300, min(b.options.LeaseDuration/10, 30*time.Second)
	for {
		if err := b.joined.Proceed(ctx); err != nil {
			return nil, err
		}
		l, err := b.coordinator.TryClaim(ctx)
		switch {
		case err == nil:
			b.joined.Activity().Doing("working")
			return l, nil
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case !errors.Is(err, lease.ErrNoWork):
			return nil, err
		}
		if err := b.coordinator.Bury(ctx); err != nil && ctx.Err() == nil {
			return nil, err
		}
		// Others hold what is left, or this worker does: then the next look is when it has let go.
		timer := time.NewTimer(wait - rand.N(wait/4+1)) //nolint:gosec // spreading load is no secret
		select {
		case <-timer.C:
			wait = min(wait*3/2, longest)
		case <-b.freed:
		case <-b.joined.Halted():
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// hold tells the others of an item.
func (b *Backfill) hold(item *held) {
	b.holdMu.Lock()
	defer b.holdMu.Unlock()
	b.holds = append(b.holds, item.lease.Item().Name)
	b.joined.Activity().Holds(b.holds...)
}

// letGo ends what was kept for an item, whose lease is given up.
func (b *Backfill) letGo(item *held) {
	item.release()
	b.holdMu.Lock()
	b.holds = slices.DeleteFunc(b.holds, func(name string) bool { return name == item.lease.Item().Name })
	b.joined.Activity().Holds(b.holds...)
	b.holdMu.Unlock()
	<-b.slots
	select {
	case b.freed <- struct{}{}:
	default:
	}
}
