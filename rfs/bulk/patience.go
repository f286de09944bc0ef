package bulk

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"migassist/cluster"
)

// Patience is how long a target is asked again. The zero value is the default: 15 attempts, after waits that double from
// 1 s to 60 s, about ten minutes in total, and half an hour where it takes its time to answer, or does not.
type Patience struct {
	Attempts int
	Longest  time.Duration // since the first attempt; one that began before is waited for
	First    time.Duration // wait after the first failure
	Most     time.Duration // wait at most

	// Now is the clock; nil is the system's.
	Now func() time.Time
	// Wait returns after d or when ctx ends. Nil waits on a timer.
	Wait func(ctx context.Context, d time.Duration) error
	// Retrying, if set, is told why so many operations are sent again after a wait.
	Retrying func(operations, attempt int, wait time.Duration, why error)
}

func (p Patience) withDefaults() Patience {
	if p.Attempts <= 0 {
		p.Attempts = 15
	}
	if p.Longest <= 0 {
		p.Longest = 30 * time.Minute
	}
	if p.Now == nil {
		p.Now = time.Now
	}
	if p.First <= 0 {
		p.First = time.Second
	}
	if p.Most <= 0 {
		p.Most = time.Minute
	}
	if p.Wait == nil {
		p.Wait = wait
	}
	if p.Retrying == nil {
		p.Retrying = func(int, int, time.Duration, error) {}
	}
	return p
}

// delay doubles from First to Most; the last quarter of it is chance, so that workers do not return together. A target
// that asks for a longer wait with Retry-After gets it, up to Most.
func (p Patience) delay(attempt int, cause error) time.Duration {
	d := p.Most
	if shift := attempt - 1; shift < 20 {
		d = min(p.First<<shift, p.Most)
	}
	d -= rand.N(d/4 + 1) //nolint:gosec // spreading load is no secret
	if answer, ok := errors.AsType[*cluster.Error](cause); ok {
		d = max(d, min(answer.RetryAfter, p.Most))
	}
	return d
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
