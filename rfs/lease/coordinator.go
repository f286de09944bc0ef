package lease

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// Options of a worker. All workers of a run must use the same Duration and Timeout.
type Options struct {
	// Worker is this worker's name, for people. Default: a random one.
	Worker string
	// Duration is how long a lease lasts without being renewed. Default 5 minutes.
	Duration time.Duration
	// Timeout is the longest request that is sent on a Permit. What is given up is declared final only so long after the lease.
	// Default 2 minutes, and never more than half of Duration.
	Timeout time.Duration
	// MaxFailures is how many reported failures set an item aside. Default 3.
	MaxFailures int
	// MaxDeaths is how many workers in a row may vanish with an item, none of which moved its progress, before it is set aside. It is larger than
	// MaxFailures because workers also vanish for reasons of their own. Default 10.
	MaxDeaths int
	// Clock is this process's time. Default: the system's.
	Clock Clock
	// Random spreads workers. Default: the runtime's. It is used by one goroutine at a time.
	Random rand.Source
}

func (o Options) withDefaults() Options {
	o.Duration = cmp.Or(o.Duration, 5*time.Minute)
	o.Timeout = min(cmp.Or(o.Timeout, 2*time.Minute), o.Duration/2)
	o.MaxFailures = cmp.Or(o.MaxFailures, 3)
	o.MaxDeaths = cmp.Or(o.MaxDeaths, 10)
	if o.Clock == nil {
		o.Clock = systemClock{}
	}
	if o.Random == nil {
		o.Random = rand.NewPCG(rand.Uint64(), rand.Uint64()) //nolint:gosec // spreads load, guards nothing
	}
	return o
}

// Coordinator is one worker's part in a run. It may be used by several goroutines.
type Coordinator struct {
	Options

	store    Store
	clock    Clock
	token    string // of this process, as worker names may be used again
	stamps   atomic.Uint64
	randomMu sync.Mutex
	random   *rand.Rand
	home     string // where this worker begins to look for items
	sights   sights
}

// New returns a worker's coordinator.
func New(store Store, o Options) *Coordinator {
	o = o.withDefaults()
	c := &Coordinator{Options: o, store: store, clock: o.Clock, random: rand.New(o.Random)} //nolint:gosec // as above
	c.home = fmt.Sprintf("%s%08x", itemPrefix, c.random.Uint32())
	c.token = fmt.Sprintf("%016x", c.random.Uint64())
	c.Worker = cmp.Or(c.Worker, "worker-"+c.token[:8])
	c.sights.known, c.sights.held = map[string]sight{}, map[string]*Lease{}
	return c
}

// stamp returns one that no other write has.
func (c *Coordinator) stamp() string { return fmt.Sprintf("%s.%d", c.token, c.stamps.Add(1)) }

const adders = 16 // requests at the same time

// Add creates items that do not exist, and leaves those that do as they are. Any worker may repeat it.
func (c *Coordinator) Add(ctx context.Context, items ...Item) error {
	return c.add(ctx, "", items)
}

func (c *Coordinator) add(ctx context.Context, parent string, items []Item) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan Item)
	var all sync.WaitGroup
	for range min(adders, len(items)) {
		all.Go(func() {
			for item := range next {
				if err := c.create(ctx, parent, item); err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, item := range items {
		select {
		case next <- item:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(next)
	all.Wait()
	return context.Cause(ctx)
}

func (c *Coordinator) create(ctx context.Context, parent string, item Item) error {
	key, err := itemKey(item.Name)
	if err != nil {
		return err
	}
	b := body{Entry: Entry{Item: item, State: Waiting, Updated: c.wall()}, Parent: parent, Stamp: c.stamp()}
	r, err := b.encode(key, "")
	if err != nil {
		return err
	}
	// Whether an earlier try or another worker created it makes no difference.
	err = c.patiently(ctx, c.Duration, func(ctx context.Context) error {
		_, err := c.store.Put(ctx, r)
		if errors.Is(err, ErrConflict) {
			return nil
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("add item %s: %w", item.Name, err)
	}
	return nil
}

// Entries are all items, with everything that was written before the call.
func (c *Coordinator) Entries(ctx context.Context) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		err := c.patiently(ctx, c.Duration, c.store.Sync)
		for after := ""; err == nil; {
			var page []Record
			if page, err = c.list(ctx, after, false, 1000); err != nil {
				break
			}
			if len(page) == 0 {
				return
			}
			after = page[len(page)-1].Key
			more := false
			if more, err = c.hand(ctx, page, yield); !more {
				break
			}
		}
		if err != nil {
			yield(Entry{}, fmt.Errorf("list items: %w", err))
		}
	}
}

// hand gives the entries of a page, until no more are wanted.
func (c *Coordinator) hand(ctx context.Context, page []Record, yield func(Entry, error) bool) (more bool, err error) {
	if err := c.fill(ctx, page); err != nil {
		return false, err
	}
	for _, r := range page {
		b, err := decode(r)
		if err != nil {
			return false, err
		}
		if !yield(b.Entry, nil) {
			return false, nil
		}
	}
	return true, nil
}

// fill gets the bodies that a list did not have.
func (c *Coordinator) fill(ctx context.Context, page []Record) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan *Record, len(page))
	for n := range page {
		if len(page[n].Body) == 0 {
			next <- &page[n]
		}
	}
	close(next)
	var all sync.WaitGroup
	for range min(adders, len(next)) {
		all.Go(func() {
			for r := range next {
				got, err := c.read(ctx, r.Key)
				if err != nil {
					cancel(err)
					return
				}
				*r = got
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}
