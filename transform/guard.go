package transform

import (
	"context"
	"errors"
	"fmt"
	"runtime/metrics"
	"time"
)

// Guard returns a context that ends when a message has taken too long, or the heap has grown too much meanwhile, with a cause that says so;
// release ends it. The heap is everybody's: what others take counts too, so that the limit is to be generous.
func (l Limits) Guard(ctx context.Context) (guarded context.Context, release func()) {
	guarded, cancel := context.WithCancelCause(ctx)
	begun := heap()
	watch := time.AfterFunc(watchFrom, func() { l.watch(guarded, cancel, begun) })
	return guarded, func() {
		watch.Stop()
		cancel(nil)
	}
}

const (
	watchFrom  = 2 * time.Millisecond // most messages are done by then
	watchEvery = time.Millisecond
)

func (l Limits) watch(ctx context.Context, cancel context.CancelCauseFunc, begun uint64) {
	deadline := time.NewTimer(l.Time - watchFrom)
	defer deadline.Stop()
	look := time.NewTicker(watchEvery)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-deadline.C:
			cancel(fmt.Errorf("it has not ended after %s, which is as long as one message may take", l.Time))
			return
		case <-look.C:
			if now := heap(); now > begun && now-begun > uint64(l.Memory) {
				cancel(fmt.Errorf("it took more than %d MiB of memory, which is as much as one message may take", l.Memory>>20))
				return
			}
		}
	}
}

func heap() uint64 {
	sample := [1]metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample[:])
	return sample[0].Value.Uint64()
}

// Stopped returns why a guarded context has ended, rather than that it has.
func Stopped(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && ctx.Err() != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return err
}
