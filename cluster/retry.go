package cluster

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"migassist/internal/retry"
)

// Retry says how often a request that may be repeated is sent, and how long to wait in between: by default 5 times, with
// about 6 s of waiting. A server that asks for a longer wait with Retry-After gets it, up to a minute.
type Retry = retry.Policy

// maxRetryAfter bounds what a server may ask for.
const maxRetryAfter = time.Minute

// pause is how long to wait after the given number of attempts, the last of which ended in err.
func pause(policy Retry, attempts int, err error) time.Duration {
	wait := policy.Pause(attempts)
	if answer, ok := errors.AsType[*Error](err); ok {
		wait = max(wait, min(answer.RetryAfter, maxRetryAfter))
	}
	return wait
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
		if stopped := r.policy.Wait(req.Context(), pause(r.policy, attempts, err)); stopped != nil {
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
