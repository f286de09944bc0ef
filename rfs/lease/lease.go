package lease

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// ErrLost says that a lease is not this worker's any more, or that this worker cannot tell. Nothing more may be sent for the item.
var ErrLost = errors.New("the lease is lost")

// Lease is the right to work on an item, for a while. It may be used by several goroutines.
type Lease struct {
	c   *Coordinator
	key string

	writing chan struct{} // holds a token while nobody writes
	pending []string      // stamps of writes that may have happened, or may happen yet; of the writer

	mu      sync.Mutex
	body    body
	version string
	renewed mark // before the request that last renewed it
	cause   error
	ended   chan struct{} // closed when lost or final
	lost    chan struct{} // closed when lost
}

func newLease(c *Coordinator, key, version string, b body, before mark) *Lease {
	l := &Lease{
		c: c, key: key, body: b, version: version, renewed: before,
		writing: make(chan struct{}, 1), ended: make(chan struct{}), lost: make(chan struct{}),
	}
	l.writing <- struct{}{}
	c.sights.hold(key, l)
	return l
}

// Item is what is to be done.
func (l *Lease) Item() Item {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.body.Item
}

// Progress is what the last checkpoint left, by whomever. Nil at the begin.
func (l *Lease) Progress() json.RawMessage {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.body.Progress
}

// Entry is the item as this worker last wrote it.
func (l *Lease) Entry() Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.body.Entry
}

// IsChild tells whether the item came from splitting another. Such a one cannot be split again.
func (l *Lease) IsChild() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.body.Parent != ""
}

// Lost is closed when the lease is lost, and not when it ends in order.
func (l *Lease) Lost() <-chan struct{} { return l.lost }

// Remaining is how long the lease lasts if it is not renewed. Negative: since when it has been over. It may be renewed even
// then, as long as nobody else has claimed it.
func (l *Lease) Remaining() time.Duration {
	l.mu.Lock()
	renewed := l.renewed
	l.mu.Unlock()
	return l.c.Duration - l.c.atMost(renewed)
}

// Keep renews the lease every third of its time, until the context ends or the lease does.
func (l *Lease) Keep(ctx context.Context) {
	ctx, cancel := l.while(ctx)
	defer cancel()
	for {
		// Checkpoints renew it as well.
		due := l.Remaining() - l.c.Duration*2/3
		if due > 0 {
			if l.c.clock.Sleep(ctx, due) != nil {
				return
			}
			continue
		}
		if l.write(ctx, "renew", nil) != nil {
			return
		}
	}
}

// while returns a context that ends with the lease.
func (l *Lease) while(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-l.ended:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// Permit allows a request that ends within d, by its timeout: it returns nil while the lease lasts longer than that, and renews it where it does not. It
// must be asked immediately before the request is sent. While the store cannot be reached it waits, as long as the lease might still be had;
// otherwise the error is [ErrLost].
func (l *Lease) Permit(ctx context.Context, d time.Duration) error {
	if d >= l.c.Duration {
		return fmt.Errorf("a request of up to %s cannot be sent under a lease of %s: make the lease longer or the request's timeout shorter", d, l.c.Duration)
	}
	for {
		if err := l.over(); err != nil {
			return err
		}
		if l.Remaining() > d {
			return nil
		}
		if err := l.renew(ctx, d); err != nil {
			return err
		}
	}
}

// over returns why the lease has ended, or nil.
func (l *Lease) over() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.cause != nil:
		return l.cause
	case l.body.State != Leased:
		return fmt.Errorf("%w: %s is %s", ErrLost, l.body.Name, l.body.State)
	}
	return nil
}

// renew writes the lease again, unless somebody has while it waited for its turn.
func (l *Lease) renew(ctx context.Context, d time.Duration) error {
	if err := l.turn(ctx); err != nil {
		return err
	}
	defer func() { l.writing <- struct{}{} }()
	if l.Remaining() > d {
		return nil
	}
	return l.writeNow(ctx, "renew", nil)
}

// turn waits until nobody else writes.
func (l *Lease) turn(ctx context.Context) error {
	select {
	case <-l.writing:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// write changes the record if it is still this worker's. That also renews the lease.
func (l *Lease) write(ctx context.Context, what string, change func(*body)) error {
	if err := l.turn(ctx); err != nil {
		return err
	}
	defer func() { l.writing <- struct{}{} }()
	return l.writeNow(ctx, what, change)
}

func (l *Lease) writeNow(ctx context.Context, what string, change func(*body)) error {
	for {
		if err := l.over(); err != nil {
			return err
		}
		next, r, err := l.prepare(change)
		if err != nil {
			return err
		}
		before := l.c.mark()
		l.pending = append(l.pending, next.Stamp)
		// Until so long after the end it can still be had, if nobody was there to claim it.
		version, err := l.c.write(ctx, r, next.Stamp, max(l.Remaining(), 0)+l.c.Duration)
		var conflict *conflictError
		switch {
		case err == nil:
			l.settle(next, version, before)
			return nil
		case errors.As(err, &conflict) && slices.Contains(l.pending, conflict.body.Stamp):
			// An earlier write of ours, whose answer never came, has happened after all. It renewed nothing that we could count on.
			l.settle(conflict.body, conflict.now.Version, l.renewedAt())
			if change == nil || conflict.body.State != Leased {
				return nil
			}
		case errors.As(err, &conflict):
			return l.lose(fmt.Errorf("%w: %w", ErrLost, conflict))
		case ctx.Err() != nil:
			return fmt.Errorf("%s %s: %w", what, next.Name, err)
		default:
			return l.lose(fmt.Errorf("%w: %s %s: %w", ErrLost, what, next.Name, err))
		}
	}
}

func (l *Lease) prepare(change func(*body)) (next body, r Record, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	next = l.body
	if change != nil {
		change(&next)
	}
	next.Stamp, next.Updated = l.c.stamp(), l.c.wall()
	r, err = next.encode(l.key, l.version)
	return next, r, err
}

func (l *Lease) renewedAt() mark {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.renewed
}

// settle takes what the store has now as ours.
func (l *Lease) settle(b body, version string, before mark) {
	l.pending = l.pending[:0]
	l.mu.Lock()
	defer l.mu.Unlock()
	l.body, l.version, l.renewed = b, version, before
	if b.State != Leased {
		l.end()
	}
}

// lose ends the lease for good.
func (l *Lease) lose(cause error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cause == nil {
		l.cause = cause
		close(l.lost)
		l.end()
	}
	return cause
}

func (l *Lease) end() {
	select {
	case <-l.ended:
	default:
		close(l.ended)
		l.c.sights.drop(l.key, l)
	}
}
