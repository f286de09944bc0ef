package retry

import (
	"context"
	"math/rand/v2"
	"time"
)

// Policy says how often something is tried, and how long to wait in between. The wait before attempt n+1 is drawn from
// the upper half of [0, min(Ceiling, First·2ⁿ⁻¹)].
type Policy struct {
	// Attempts is how often it is tried at most. Default 5; 1 never repeats.
	Attempts int
	// First is the longest first wait. Default 500 ms.
	First time.Duration
	// Ceiling is the longest wait. Default 10 s.
	Ceiling time.Duration
	// Wait returns after the time given, or with the context's error when it ends first. Default: a timer.
	Wait func(context.Context, time.Duration) error
	// Random returns numbers in [0, 1). Default: the runtime's.
	Random func() float64
}

// WithDefaults fills in what is not set.
func (p Policy) WithDefaults() Policy {
	if p.Attempts <= 0 {
		p.Attempts = 5
	}
	if p.First <= 0 {
		p.First = 500 * time.Millisecond
	}
	if p.Ceiling <= 0 {
		p.Ceiling = 10 * time.Second
	}
	if p.Wait == nil {
		p.Wait = wait
	}
	if p.Random == nil {
		p.Random = rand.Float64
	}
	return p
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// Pause is how long to wait after the given number of attempts.
func (p Policy) Pause(attempts int) time.Duration {
	limit := p.Ceiling
	if shift := attempts - 1; shift < 32 && p.First<<shift < limit && p.First<<shift > 0 {
		limit = p.First << shift
	}
	return limit/2 + time.Duration(p.Random()*float64(limit/2))
}
