package javascript

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dop251/goja"
)

const (
	quickCall = time.Millisecond     // calls that take no longer are not looked at
	interval  = 4 * time.Millisecond // between looks at longer ones
)

// errMemory stops a call that seems to need too much memory. The heap is the process's: another may have taken it.
var errMemory = errors.New("memory")

// watch stops a call that takes too long or too much.
type watch struct {
	limits Limits

	mu    sync.Mutex
	timer *time.Timer
	vm    *goja.Runtime // nil: no call runs
	ctx   context.Context
	began time.Time

	interrupted bool
	cause       atomic.Pointer[error] // why; nil: it was not
	looked      bool
	first, raw  uint64        // bytes of the heap with garbage, when it was first looked at, and when much of it was found to be that
	alive       uint64        // what the collection before the call had left
	collection  chan struct{} // closed when the collection is done that tells garbage from the rest; nil: none runs
}

// run calls f, and interrupts vm when it passes the limits or ctx ends.
func (w *watch) run(ctx context.Context, vm *goja.Runtime, f func() error) error {
	w.mu.Lock()
	w.vm, w.ctx, w.began, w.looked, w.collection = vm, ctx, time.Now(), false, nil
	w.cause.Store(nil)
	if w.timer == nil {
		w.timer = time.AfterFunc(quickCall, w.look)
	} else {
		w.timer.Reset(quickCall)
	}
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		if w.interrupted {
			vm.ClearInterrupt() // it may have come while the script did not run: the next call is not meant
		}
		w.vm, w.ctx, w.interrupted = nil, nil, false
		w.timer.Stop()
		w.mu.Unlock()
	}()
	return f()
}

func (w *watch) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.vm == nil {
		return
	}
	took := time.Since(w.began)
	var cause error
	switch {
	case w.ctx.Err() != nil:
		cause = w.ctx.Err()
	case took >= w.limits.Time:
		cause = fmt.Errorf("it took longer than %s", w.limits.Time)
	case w.outgrown():
		cause = errMemory
	default:
		w.timer.Reset(max(0, min(interval, w.limits.Time-took)))
		return
	}
	w.interrupted = true
	w.cause.Store(&cause)
	w.vm.Interrupt(cause)
}

// stopped is why the call was stopped, for what runs outside of the interpreter; nil: it goes on.
func (w *watch) stopped() error {
	if cause := w.cause.Load(); cause != nil {
		return fmt.Errorf("stopped: %w", *cause)
	}
	return nil
}

// outgrown tells whether the heap has grown by more than the limit since the call began, garbage not counted; or by that much that one can't
// wait for a collection to tell.
func (w *watch) outgrown() bool {
	raw, alive := heap()
	limit := uint64(w.limits.Memory)
	switch {
	case !w.looked:
		w.looked, w.first, w.raw, w.alive = true, raw, raw, alive
	case raw > w.first+3*limit:
		return true
	case w.collection != nil:
		select {
		case <-w.collection:
			w.collection, w.raw = nil, raw
			return alive > w.alive+limit
		default:
		}
	case raw > w.raw+limit || alive > w.alive+limit:
		done := make(chan struct{})
		w.collection = done
		go func() {
			runtime.GC()
			close(done)
		}()
	}
	return false
}

// heap returns the bytes of all objects, and of those that the last collection left.
func heap() (raw, alive uint64) {
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/heap/live:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64(), samples[1].Value.Uint64()
}
