package rfs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"migassist/lucene"
	"migassist/lucene/input"
	"migassist/rfs/lease"
	"migassist/snapshot"
)

// held is an item while this worker holds the lease of it. The reader reads it, the settler counts what became of
// it, and whoever finds that there is no going on stops it.
type held struct {
	Work
	lease    *lease.Lease
	reading  *reading
	progress Progress                // the settler's alone once the item is being read
	timeout  time.Duration           // of a bulk request
	before   map[string][]lucene.Sum // the progress' sums as the item was claimed

	stopping sync.Once
	stopped  chan struct{} // closed: nothing more of the item is to be read or sent
	cause    error         // why; valid once stopped is closed

	release context.CancelFunc // ends the renewing of the lease
}

// errPart ends an item of which a part can't be read; the reason goes its own way.
var errPart = errors.New("a part of the item can't be read")

// newHeld takes up the item of a lease.
func newHeld(l *lease.Lease, timeout time.Duration) (*held, error) {
	h := &held{lease: l, timeout: timeout, stopped: make(chan struct{}), release: func() {}}
	if err := json.Unmarshal(l.Item().Work, &h.Work); err != nil {
		return nil, fmt.Errorf("item %s: what it asks for: %w", l.Item().Name, err)
	}
	if text := l.Progress(); len(text) > 0 {
		if err := json.Unmarshal(text, &h.progress); err != nil {
			return nil, fmt.Errorf("item %s: its progress: %w", l.Item().Name, err)
		}
	}
	return h, nil
}

// keep renews the lease until the item is let go of, and stops the item when the lease is lost, or the operator wants the worker to
// put its work down.
func (h *held) keep(ctx context.Context, group *sync.WaitGroup, joined *Joined) {
	ctx, h.release = context.WithCancel(ctx)
	group.Go(func() { h.lease.Keep(ctx) })
	group.Go(func() { h.watch(ctx, joined) })
}

func (h *held) watch(ctx context.Context, joined *Joined) {
	for {
		select {
		case <-h.lease.Lost():
			h.stop(lease.ErrLost)
			return
		case <-joined.Halted():
			if why := joined.Halt(); why != nil { // else it goes on already
				h.stop(why)
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// stop has nothing more of the item read or sent, for the reason given. Only the first one counts.
func (h *held) stop(cause error) {
	h.stopping.Do(func() {
		h.cause = cause
		close(h.stopped)
	})
}

// halted returns why the item was stopped; nil: it was not.
func (h *held) halted() error {
	select {
	case <-h.stopped:
		return h.cause
	default:
		return nil
	}
}

// permit implements bulk.Permit: a request is sent only while the lease outlasts it.
func (h *held) permit(ctx context.Context) (context.Context, context.CancelFunc, error) {
	if err := h.lease.Permit(ctx, h.timeout); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, h.timeout)
	return ctx, cancel, nil
}

// saved is the progress as the store keeps it.
func (h *held) saved() (json.RawMessage, error) {
	text, err := json.Marshal(h.progress)
	if err != nil {
		return nil, fmt.Errorf("%s: its progress: %w", h.Work, err)
	}
	return text, nil
}

// hopeless tells whether reading failed for a reason that no other attempt will find otherwise: what lies there is damaged,
// is not there, or of a kind that is not read.
func hopeless(err error) bool {
	if _, damaged := errors.AsType[*input.CorruptError](err); damaged {
		return true
	}
	_, large := errors.AsType[*lucene.TooLargeError](err)
	return large || unsupported(err) || errors.Is(err, snapshot.ErrIncomplete) || errors.Is(err, fs.ErrNotExist)
}
