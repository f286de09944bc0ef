package bulk

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Limits bound what a writer sends, all its batches together. A limit of 0 is none.
type Limits struct {
	DocsPerSecond  float64 // operations, those that are sent again included
	BytesPerSecond float64 // of request bodies, before they are compressed
	Connections    int     // requests in flight at most; below that their number follows the target
	BytesInFlight  int     // of the bodies in flight when all connections are used, with fewer as many less; a larger body goes alone
}

// unbounded is the ceiling where nobody sets one: as many connections as the client keeps open.
const unbounded = 64

// gate lets requests to the target: so many at once as suits it, so many a second as the limits say, the oldest batch first.
// So a batch whose rest is sent again does not wait for younger ones, which could not be settled before it.
type gate struct {
	mu        sync.Mutex
	limits    Limits
	window    window
	docs      bucket
	bytes     bucket
	inFlight  int
	size      int       // bytes of the bodies in flight
	shut      time.Time // until then the target wants to be left alone
	queue     []*waiter // by ticket
	timer     *time.Timer
	newest    int64 // ticket
	stalledBy string
}

// waiter is a request at the gate.
type waiter struct {
	ticket     int64
	operations int
	size       int
	open       chan struct{}
	generation int       // of the window; set when it is let through
	began      time.Time // the same
}

func newGate() *gate {
	g := &gate{}
	g.window.cap(unbounded)
	return g
}

// ticket returns the place in line of a new batch.
func (g *gate) ticket() int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.newest++
	return g.newest
}

func (g *gate) set(limits Limits) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if limits.Connections <= 0 {
		limits.Connections = unbounded
	}
	now := time.Now()
	g.limits = limits
	g.window.cap(limits.Connections)
	g.docs.set(limits.DocsPerSecond, now)
	g.bytes.set(limits.BytesPerSecond, now)
	g.dispatch()
}

// enter waits until a request of so many operations and bytes may go. Whoever enters must leave.
func (g *gate) enter(ctx context.Context, ticket int64, operations, size int) (*waiter, error) {
	w := &waiter{ticket: ticket, operations: operations, size: size, open: make(chan struct{})}
	g.mu.Lock()
	at, _ := slices.BinarySearchFunc(g.queue, w, func(a, b *waiter) int { return int(a.ticket - b.ticket) })
	g.queue = slices.Insert(g.queue, at, w)
	g.dispatch()
	g.mu.Unlock()
	select {
	case <-w.open:
		return w, nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if at := slices.Index(g.queue, w); at >= 0 {
		g.queue = slices.Delete(g.queue, at, at+1)
	} else {
		g.inFlight--
		g.size -= w.size
	}
	g.dispatch()
	return nil, context.Cause(ctx)
}

// How a request ended, as far as the flow goes.
type ending struct {
	answered   bool // in the ordinary way
	pushedBack bool
	rest       time.Duration // what the target asked for, of all
}

// leave makes room for another, and takes note of how the target fared with this one.
func (g *gate) leave(w *waiter, how ending) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	g.inFlight--
	g.size -= w.size
	switch {
	case how.pushedBack:
		g.window.pushedBack(w.generation)
	case how.answered:
		g.window.answered(w.generation, w.size, now.Sub(w.began), now)
	}
	if until := now.Add(how.rest); how.rest > 0 && until.After(g.shut) {
		g.shut = until
	}
	g.dispatch()
}

// dispatch lets through what may go, oldest first, and has itself called when the next may.
func (g *gate) dispatch() {
	if g.timer != nil {
		g.timer.Stop()
		g.timer = nil
	}
	g.stalledBy = ""
	now := time.Now()
	for len(g.queue) > 0 && g.room(g.queue[0].size) {
		if wait := g.wait(now); wait > 0 {
			g.timer = time.AfterFunc(wait, func() {
				g.mu.Lock()
				defer g.mu.Unlock()
				g.dispatch()
			})
			return
		}
		g.admit(g.queue[0], now)
		g.queue = slices.Delete(g.queue, 0, 1)
	}
	if len(g.queue) > 0 {
		g.stalledBy = "the target works on as many requests as suit it, or as --max-connections allows"
	}
}

// room tells whether the window has room for a request of so many bytes.
func (g *gate) room(size int) bool {
	limit := g.window.limit()
	switch {
	case g.inFlight == 0:
		return true
	case g.inFlight >= limit:
		g.window.full = true
		return false
	case g.limits.BytesInFlight > 0 && g.size+size > g.limits.BytesInFlight/g.limits.Connections*limit:
		g.window.full = true
		return false
	}
	return true
}

// wait tells how long the rates, or the target, want nothing to be sent.
func (g *gate) wait(now time.Time) time.Duration {
	longest := time.Duration(0)
	for _, each := range [...]struct {
		wait time.Duration
		why  string
	}{
		{g.shut.Sub(now), "the target asked for a pause (Retry-After)"},
		{g.docs.wait(now), "--max-docs-per-second"},
		{g.bytes.wait(now), "--max-mb-per-second"},
	} {
		if each.wait > longest {
			longest, g.stalledBy = each.wait, each.why
		}
	}
	return longest
}

func (g *gate) admit(w *waiter, now time.Time) {
	g.docs.take(w.operations, now)
	g.bytes.take(w.size, now)
	g.inFlight++
	g.size += w.size
	if g.inFlight >= g.window.limit() {
		g.window.full = true
	}
	w.generation, w.began = g.window.generation, now
	close(w.open)
}

// Flow is what a writer does at a moment.
type Flow struct {
	InFlight int    // requests at the target
	Window   int    // requests that it would get at once
	Waiting  int    // requests that wait for their turn
	Stalled  string // what they wait for; empty where none does
}

func (g *gate) flow() Flow {
	g.mu.Lock()
	defer g.mu.Unlock()
	return Flow{InFlight: g.inFlight, Window: g.window.limit(), Waiting: len(g.queue), Stalled: g.stalledBy}
}
