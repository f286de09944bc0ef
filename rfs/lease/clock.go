package lease

import (
	"context"
	"time"
)

// Clock is the time of one process. Its readings are never compared with those of another.
type Clock interface {
	// Now is read for how much time has passed between two readings. What it has beside the monotonic part is for people.
	Now() time.Time
	// Sleep returns after d, or with the context's error when that ends first.
	Sleep(ctx context.Context, d time.Duration) error
}

// wallClock is a Clock whose hands can be set, also back, apart from the time that passes.
type wallClock interface{ Wall() time.Time }

type systemClock struct{}

func (systemClock) Now() time.Time  { return time.Now() }
func (systemClock) Wall() time.Time { return time.Now().Round(0) } // without its monotonic part

func (systemClock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// mark is a moment by both hands of a clock.
type mark struct{ now, wall time.Time }

func (c *Coordinator) mark() mark { return mark{c.clock.Now(), c.wall()} }

// atMost is how long ago a moment was, the longer of what both hands say. The monotonic one stands still while a machine
// sleeps, and the other one shows that afterwards. A holder trusts the longer: thinking its lease older than it is does no harm.
// Who watches others goes by the monotonic one alone, for the same reason.
func (c *Coordinator) atMost(since mark) time.Duration {
	return max(c.clock.Now().Sub(since.now), c.wall().Sub(since.wall))
}

func (c *Coordinator) wall() time.Time {
	if w, ok := c.clock.(wallClock); ok {
		return w.Wall()
	}
	return c.clock.Now().Round(0)
}

// about returns a time between half of d and one and a half.
func (c *Coordinator) about(d time.Duration) time.Duration {
	c.randomMu.Lock()
	defer c.randomMu.Unlock()
	return d/2 + time.Duration(c.random.Int64N(int64(d)+1))
}
