package rfs

import (
	"slices"
	"sync"
	"time"
)

// Worker is who takes part in a run.
type Worker struct {
	ID      string // no other worker's, ever
	Version string // of the binary
}

// Presence is what a worker says of itself, in the record worker/ID. Times are of its own clock.
type Presence struct {
	ID      string        `json:"id"`
	Version string        `json:"version"`
	Begun   time.Time     `json:"begun"`
	Updated time.Time     `json:"updated"`
	Every   time.Duration `json:"every"` // it writes this so often

	Doing string    `json:"doing"`
	Since time.Time `json:"since"`
	Stall string    `json:"stall,omitempty"` // why nothing moves; empty: something does
	Items []string  `json:"items,omitempty"` // that it holds a lease of

	Docs           int64     `json:"docs"`  // that have their fate, since the worker began
	Bytes          int64     `json:"bytes"` // of their bulk lines
	DocsPerSecond  float64   `json:"docs_per_second"`
	BytesPerSecond float64   `json:"bytes_per_second"`
	LastSuccess    time.Time `json:"last_success"` // zero: none yet

	// Left says why it takes part no longer; empty: it does, or it died.
	Left string `json:"left,omitempty"`
}

// Activity is what a worker does right now: the pipeline tells it, and presence, metrics and health are made of it. It may be used by
// several goroutines at once.
type Activity struct {
	mu      sync.Mutex
	doing   string
	since   time.Time
	stall   string
	items   []string
	counts  Counts
	last    time.Time // success of a bulk request
	heard   time.Time // last answer of the coordinator
	unheard string    // why it did not answer since
}

// newActivity is of a worker that has just begun.
func newActivity(now time.Time) *Activity {
	return &Activity{doing: "beginning", since: now, heard: now}
}

// Doing says what the worker has turned to.
func (a *Activity) Doing(what string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.doing != what {
		a.doing, a.since, a.stall = what, time.Now(), ""
	}
}

// Stall says why nothing moves. The next document written, or a new doing, ends it.
func (a *Activity) Stall(reason string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stall = reason
}

// Settled counts documents that have their fate: the target answered.
func (a *Activity) Settled(counts Counts) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.counts.add(counts)
	a.last, a.stall = time.Now(), ""
}

// Holds says of which items the worker has a lease.
func (a *Activity) Holds(items ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.items = slices.Clone(items)
}

// Coordinator says how a request to the coordinator ended.
func (a *Activity) Coordinator(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		a.unheard = err.Error()
		return
	}
	a.heard, a.unheard = time.Now(), ""
}

// presence is the activity as others are told of it.
func (a *Activity) presence() Presence {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := Presence{Doing: a.doing, Since: stamp(a.since), Stall: a.stall, Items: slices.Clone(a.items), Docs: a.counts.Read, Bytes: a.counts.Bytes, LastSuccess: stamp(a.last)}
	if a.unheard != "" && p.Stall == "" {
		p.Stall = "the coordinator does not answer: " + a.unheard
	}
	return p
}

func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
