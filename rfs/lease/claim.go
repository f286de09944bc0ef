package lease

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// What a claim or a check for work answers beside faults.
var (
	// ErrNoWork says that everything that is left is held by others, or waits after a failure.
	ErrNoWork = errors.New("no work to claim now")
	// ErrFinished says that every item is final.
	ErrFinished = errors.New("every item is final")
)

const (
	firstPage = 32  // records looked at in a random place for one that waits
	nextPage  = 500 // in each further one, once the first had none
	maxLooks  = 16  // records read in a pass because their list had no bodies
)

// Claim takes an item that waits, or whose holder is dead, and waits until there is one. It returns [ErrFinished] once every item is final, which
// a list that lags never brings about. The items must have been added before, as by a stage.
func (c *Coordinator) Claim(ctx context.Context) (*Lease, error) {
	// Waits grow, so that a thousand workers without work ask a few dozen times a second between them.
	wait, longest := c.Duration/300, min(c.Duration/10, 30*time.Second)
	for {
		l, err := c.TryClaim(ctx)
		if !errors.Is(err, ErrNoWork) {
			return l, err
		}
		if err := c.clock.Sleep(ctx, c.about(wait)); err != nil {
			return nil, err
		}
		wait = min(wait*3/2, longest)
	}
}

// TryClaim is Claim without waiting: [ErrNoWork] where there is nothing to take now. What it saw counts towards finding
// dead holders when it is called again.
func (c *Coordinator) TryClaim(ctx context.Context) (*Lease, error) {
	l, open, err := c.pass(ctx)
	if l != nil || err != nil {
		return l, err
	}
	if open {
		return nil, ErrNoWork
	}
	return c.finish(ctx)
}

// finish makes sure that every item is final, where a pass has seen none that is not.
//
// Two passes suffice, each behind a sync. Say item X is not final when both have seen nothing open. Then X did not exist when the first sync
// began, or the first pass would have shown it. All items of the plan existed, so X is a child, of Y. Y was there and open in the
// first pass until its place was read, or it would not have been split later; since it was not shown, it had been split by then, and X
// had been created before that. So X was there before the second sync, and the second pass would have shown it. There is no third
// generation: what has a parent is never split.
func (c *Coordinator) finish(ctx context.Context) (*Lease, error) {
	for range 2 {
		if err := c.patiently(ctx, c.Duration, c.store.Sync); err != nil {
			return nil, fmt.Errorf("look for items: %w", err)
		}
		l, open, err := c.pass(ctx)
		switch {
		case l != nil || err != nil:
			return l, err
		case open:
			return nil, ErrNoWork
		}
	}
	return nil, ErrFinished
}

// pass goes once around all open items, until it has claimed one. Open tells whether there was any. It begins at this worker's own place, which is
// random: so workers do not get in each other's way, and each sees the same neighbours again and again, and when one stops moving.
func (c *Coordinator) pass(ctx context.Context) (l *Lease, open bool, err error) {
	p := &pass{Coordinator: c, looks: maxLooks}
	after, limit, wrapped := c.home, firstPage, false
	for {
		page, err := c.list(ctx, after, true, limit)
		if err != nil {
			return nil, open, fmt.Errorf("look for items: %w", err)
		}
		open = open || len(page) > 0
		if l, err := p.try(ctx, page); l != nil || err != nil {
			return l, open, err
		}
		switch {
		case len(page) == limit:
			after = page[limit-1].Key
			if wrapped && after >= c.home {
				return nil, open, nil
			}
		case wrapped:
			return nil, open, nil
		default:
			after, wrapped = "", true
		}
		limit = nextPage
	}
}

type pass struct {
	*Coordinator
	looks int // that are left
}

// try claims one of a page: one whose holder is dead, or else one that waits.
func (p *pass) try(ctx context.Context, page []Record) (*Lease, error) {
	p.shuffle(page)
	var unread []Record
	var known []candidate
	for _, r := range page {
		switch {
		case p.sights.holds(r.Key):
		case len(r.Body) > 0:
			state, due, err := p.due(r)
			if err != nil {
				return nil, err
			}
			if due {
				known = append(known, candidate{r, state})
			}
		default:
			switch state, worth := p.worthReading(r); {
			case worth && state == Leased: // and dead, as it seems
				unread = slices.Insert(unread, 0, r)
			case worth:
				unread = append(unread, r)
			}
		}
	}
	slices.SortStableFunc(known, func(a, b candidate) int { return cmp.Compare(a.state, b.state) }) // leased before waiting
	for _, k := range known {
		if l, err := p.claim(ctx, k.Record); l != nil || err != nil {
			return l, err
		}
	}
	return p.read(ctx, unread)
}

func (p *pass) shuffle(page []Record) {
	p.randomMu.Lock()
	defer p.randomMu.Unlock()
	p.random.Shuffle(len(page), func(i, j int) { page[i], page[j] = page[j], page[i] })
}

// candidate is a record that may be claimed.
type candidate struct {
	Record
	state State
}

// worthReading tells whether a record without a body is to be read, and what is known of it: not where it is held, by somebody who has moved it within
// the lease time.
func (p *pass) worthReading(r Record) (known State, worth bool) {
	now := p.clock.Now()
	seen := p.sights.look(r, "", now)
	return seen.state, seen.state != Leased || now.Sub(seen.first) >= p.Duration
}

// read gets some of the records that a list had no bodies of, and tries them.
func (p *pass) read(ctx context.Context, unknown []Record) (*Lease, error) {
	for _, r := range unknown {
		if p.looks == 0 {
			return nil, nil
		}
		p.looks--
		now, err := p.Coordinator.read(ctx, r.Key)
		if errors.Is(err, ErrNotFound) {
			continue // cleared meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("look at %s: %w", r.Key, err)
		}
		_, due, err := p.due(now)
		if err != nil {
			return nil, err
		}
		if !due {
			continue
		}
		if l, err := p.claim(ctx, now); l != nil || err != nil {
			return l, err
		}
	}
	return nil, nil
}

// due tells whether an item may be claimed now. What is known of its version is not taken apart again.
func (c *Coordinator) due(r Record) (state State, due bool, err error) {
	now := c.clock.Now()
	seen := c.sights.look(r, "", now)
	still := now.Sub(seen.first)
	switch {
	case seen.state == Waiting:
		return Waiting, true, nil
	case seen.state == Leased && still < c.Duration:
		return Leased, false, nil
	}
	b, err := decode(r)
	switch {
	case err != nil:
		return "", false, err
	case b.State.Final():
		return b.State, false, nil // of a list that lags
	case b.State == Waiting && b.Failed > 0:
		return Waiting, still >= c.pause(b), nil // and not remembered as one that waits for anyone
	}
	c.sights.look(r, b.State, now)
	return b.State, b.State == Waiting || still >= c.patience(b), nil
}

func (c *Coordinator) claim(ctx context.Context, r Record) (*Lease, error) {
	b, err := decode(r)
	if err != nil {
		return nil, err
	}
	return c.take(ctx, r, b)
}

// pause is how long a failed item rests, on the clock of whoever looks at it, so that a fault of the moment does not use up all attempts.
func (c *Coordinator) pause(b body) time.Duration { return c.Duration / 20 << min(b.Failed-1, 4) }

// patience is how long a version may stand still. What is going to be given up must also have lost its last request, because
// nobody comes after who would wait for that.
func (c *Coordinator) patience(b body) time.Duration {
	if b.Deaths+1 >= c.MaxDeaths {
		return c.Duration + c.Timeout
	}
	return c.Duration
}

// take claims a record, or sets it aside where that is due. It returns nothing where somebody else was faster.
func (c *Coordinator) take(ctx context.Context, r Record, b body) (*Lease, error) {
	if b.State == Leased {
		b.Deaths++
		b.blame(fmt.Sprintf("%s gave no sign of life for %s", b.Owner, c.patience(b).Round(time.Second)))
	}
	b.State = Leased
	if b.Deaths >= c.MaxDeaths {
		b.State = Aside
	} else {
		b.Owner = c.Worker
	}
	b.Stamp, b.Updated = c.stamp(), c.wall()
	next, err := b.encode(r.Key, r.Version)
	if err != nil {
		return nil, err
	}
	before := c.mark()
	version, err := c.write(ctx, next, b.Stamp, c.Duration)
	var lost *conflictError
	switch {
	case errors.As(err, &lost):
		c.sights.forget(r.Key)
		return nil, nil
	case err != nil && ctx.Err() != nil:
		return nil, errors.Join(fmt.Errorf("claim %s: %w", b.Name, err), c.undo(ctx, r.Key, b))
	case err != nil:
		return nil, fmt.Errorf("claim %s: %w", b.Name, err)
	case b.State == Aside:
		c.sights.forget(r.Key)
		return nil, nil
	}
	return newLease(c, r.Key, version, b, before), nil
}

// undo gives back what may have been claimed while the context ended, so that nobody has to wait for the end of a lease that is not used.
func (c *Coordinator) undo(ctx context.Context, key string, claimed body) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	r, err := c.store.Get(ctx, key)
	if err != nil {
		return nil // it dies by itself
	}
	b, err := decode(r)
	if err != nil || b.Stamp != claimed.Stamp || b.State != Leased {
		return err
	}
	b.State, b.Stamp = Waiting, c.stamp()
	if r, err = b.encode(key, r.Version); err == nil {
		_, err = c.store.Put(ctx, r)
	}
	return err
}
