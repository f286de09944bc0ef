package cluster

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

// Retry says how often a request that may be repeated is sent, and how long to wait in between. The wait
// before attempt n+1 is drawn from the upper half of [0, min(Ceiling, First·2ⁿ⁻¹)], or what the server
// asked for with Retry-After if that is longer, up to a minute.
type Retry struct {
	// Attempts is the number of times a request is sent at most. Default 5, that is about 6 s of waiting; 1 never repeats.
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

// maxRetryAfter bounds what a server may ask for.
const maxRetryAfter = time.Minute

func (r Retry) withDefaults() Retry {
	if r.Attempts <= 0 {
		r.Attempts = 5
	}
	r.First = or(r.First, 500*time.Millisecond)
	r.Ceiling = or(r.Ceiling, 10*time.Second)
	if r.Wait == nil {
		r.Wait = wait
	}
	if r.Random == nil {
		r.Random = rand.Float64
	}
	return r
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

// pause is how long to wait after the given number of attempts, the last of which ended in err.
func (r Retry) pause(attempts int, err error) time.Duration {
	limit := r.Ceiling
	if shift := attempts - 1; shift < 32 && r.First<<shift < limit && r.First<<shift > 0 {
		limit = r.First << shift
	}
	pause := limit/2 + time.Duration(r.Random()*float64(limit/2))
	if answer, ok := errors.AsType[*Error](err); ok {
		pause = max(pause, min(answer.RetryAfter, maxRetryAfter))
	}
	return pause
}

// retrying repeats what its predicate allows.
type retrying struct {
	next   transport
	policy Retry
	worth  func(error) bool
}

// Perform sends the request until it succeeds, is not worth repeating, or was sent often enough; it
// returns the last error.
func (r retrying) Perform(req *http.Request) (*http.Response, error) {
	for attempts := 1; ; attempts++ {
		answer, err := r.next.Perform(req)
		if err == nil || attempts >= r.policy.Attempts || !r.worth(err) {
			return answer, err
		}
		if stopped := r.policy.Wait(req.Context(), r.policy.pause(attempts, err)); stopped != nil {
			return nil, fmt.Errorf("%w while waiting to repeat: %w", stopped, err)
		}
	}
}

// repeatable is the predicate for requests that leave the same behind however often they are sent. A
// server that was never reached is not waited for: its address is probably wrong.
func (w *wire) repeatable(err error) bool {
	return Retryable(err) && (w.reached.Load() || status(err) != 0)
}

// untouched is the predicate for requests that must not be acted upon twice: the server was not reached,
// or refused before it began.
func (w *wire) untouched(err error) bool {
	if connection, ok := errors.AsType[*ConnectionError](err); ok {
		return connection.Transient && connection.Unsent && w.reached.Load()
	}
	return status(err) == http.StatusTooManyRequests
}
