package verify

import (
	"context"
	"sync"
	"time"
)

// throttle holds a side to rates: who has taken more than they allow waits until that is made up for.
type throttle struct {
	docs, bytes float64 // a second; 0: no limit
	now         func() time.Time
	wait        func(context.Context, time.Duration) error

	mu   sync.Mutex
	free time.Time // when all that was taken is made up for
}

// take waits until so much may have been read.
func (t *throttle) take(ctx context.Context, docs, bytes int) error {
	if t.docs <= 0 && t.bytes <= 0 {
		return nil
	}
	var seconds float64
	if t.docs > 0 {
		seconds = float64(docs) / t.docs
	}
	if t.bytes > 0 {
		seconds = max(seconds, float64(bytes)/t.bytes)
	}
	t.mu.Lock()
	now := t.now()
	if t.free.Before(now) {
		t.free = now
	}
	t.free = t.free.Add(time.Duration(seconds * float64(time.Second)))
	pause := t.free.Sub(now)
	t.mu.Unlock()
	return t.wait(ctx, pause)
}
