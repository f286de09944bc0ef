package rfs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"migassist/rfs/bulk"
	"migassist/rfs/lease"
)

// Joined is a worker's part in a run: it knows what the operator wants and how many others there are, and lets them know of
// this worker. [JoinRun] makes it; [Joined.Watch] keeps it true.
type Joined struct {
	// SetLimits, if set before Watch, is given this worker's share of the run's limits, at the begin and whenever it changes. It
	// must not call back.
	SetLimits func(bulk.Limits)
	// Stalled, if set before Watch, says what keeps requests to the target waiting; "": nothing.
	Stalled func() string
	// Tolerance is how long nothing may move, for no reason that is known, in a worker that is well.
	Tolerance time.Duration

	store    lease.Store
	self     Worker
	begun    time.Time
	activity *Activity
	notices  []string

	mu      sync.Mutex
	run     Run
	halt    error         // why not to go on
	halted  chan struct{} // closed while halt is set
	moved   chan struct{} // closed at the next change of halt
	workers int           // alive, this one included
	rank    int           // of this one among them
	limits  bulk.Limits

	// The rest is Watch's alone.
	version string // of the presence record, as last written
	seen    map[string]*sighting
	sampled Presence
}

// sighting is when a worker's record was last seen to move, on our own clock.
type sighting struct {
	version string
	at      time.Time
}

// tolerance is longer than any single request, and than most pauses of a target that still answers.
const tolerance = 5 * time.Minute

func newJoined(store lease.Store, self Worker, run, want Run) *Joined {
	now := time.Now()
	j := &Joined{
		Tolerance: tolerance, store: store, self: self, begun: now, activity: newActivity(now), run: run,
		halted: make(chan struct{}), moved: make(chan struct{}), workers: 1, seen: map[string]*sighting{},
	}
	if run.By != self.ID {
		j.notices = run.unlike(want)
	}
	j.settle()
	return j
}

// unlike names what a worker asked for that the run has otherwise.
func (r *Run) unlike(want Run) []string {
	var notices []string
	say := func(name string, has, wanted float64) {
		if has != wanted && wanted != 0 {
			notices = append(notices, fmt.Sprintf("--%s %v is not used: the run has %v, change it with migassist console backfill set --%s", name, wanted, has, name))
		}
	}
	say("max-docs-per-second", r.Control.MaxDocsPerSecond, want.Control.MaxDocsPerSecond)
	say("max-mb-per-second", r.Control.MaxMBPerSecond, want.Control.MaxMBPerSecond)
	say("max-connections", float64(r.Control.MaxConnections), float64(want.Control.MaxConnections))
	switch {
	case want.Tune && !r.Tune:
		notices = append(notices, "--tune-target is not used: the run was begun without it")
	case r.Tune && !want.Tune:
		notices = append(notices, "the run was begun with --tune-target, which holds for this worker too")
	}
	return notices
}

// Notices are what the worker asked for that the run has otherwise, for the operator.
func (j *Joined) Notices() []string { return j.notices }

// Activity is where the pipeline says what it does.
func (j *Joined) Activity() *Activity { return j.activity }

// Run is the run as it was last read.
func (j *Joined) Run() Run {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.run
}

// Control is what the operator wants, as it was last read.
func (j *Joined) Control() Control { return j.Run().Control }

// Workers is how many are alive, this one included.
func (j *Joined) Workers() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.workers
}

// Limits is this worker's share of the run's limits.
func (j *Joined) Limits() bulk.Limits {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.limits
}

// Halt is why the worker has to put its work down: finish the batches in flight, write the cursors, release the leases. Nil while it
// may go on.
func (j *Joined) Halt() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.halt
}

// Halted is closed when Halt becomes an error. Ask for it anew after Proceed.
func (j *Joined) Halted() <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.halted
}

// Proceed returns when the worker may go on, and waits while the run is paused. [ErrStopped] and [ErrRemoved] say that it
// never may.
func (j *Joined) Proceed(ctx context.Context) error {
	for {
		j.mu.Lock()
		halt, moved := j.halt, j.moved
		j.mu.Unlock()
		if halt == nil || errors.Is(halt, ErrStopped) || errors.Is(halt, ErrRemoved) {
			return halt
		}
		j.activity.Doing("waiting")
		j.activity.Stall(halt.Error())
		select {
		case <-moved:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// The rhythm of a worker. The run is polled every pollEvery, in large fleets less often, so that all together send the store
// at most some hundred requests a second; every few polls the worker shows itself and looks for the others.
const (
	pollEvery     = 3 * time.Second
	pollEveryMost = time.Minute
	pollPerWorker = 20 * time.Millisecond
	showPolls     = 3
	silentShows   = 3  // a worker that missed so many of its turns is not alive
	goneShows     = 20 // after so many its record is closed
)

// rhythm is how often the run is polled.
func (j *Joined) rhythm() time.Duration {
	return min(max(pollEvery, time.Duration(j.Workers())*pollPerWorker), pollEveryMost)
}

// Watch polls the run, shows this worker to the others, and counts them, until ctx ends; then it signs off. It outlasts every
// failure of the store.
func (j *Joined) Watch(ctx context.Context) {
	j.tellLimits()
	for polls := 0; ; polls++ {
		err := j.poll(ctx)
		if polls%showPolls == 0 && err == nil {
			if err = j.show(ctx, true); err == nil && polls == 0 {
				err = j.store.Sync(ctx) // who comes last sees all
			}
			if err == nil {
				err = j.count(ctx)
			}
		}
		if ctx.Err() == nil {
			j.activity.Coordinator(err)
		}
		every := j.rhythm()
		timer := time.NewTimer(every - every/10 + rand.N(every/5)) //nolint:gosec // spreads requests, hides nothing
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			j.leave(ctx)
			return
		}
	}
}

// leaveTime is how long signing off may take, of the ten seconds that a worker has which is stopped.
const leaveTime = 500 * time.Millisecond

// leave signs off. It may fail: the others see for themselves that nothing moves.
func (j *Joined) leave(ctx context.Context) {
	reason := "ended"
	if halt := j.Halt(); halt != nil {
		reason = string(j.Control().State)
	}
	j.activity.Doing(reason)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
	defer cancel()
	_ = j.show(ctx, false)
}

// poll reads the record of the run.
func (j *Joined) poll(ctx context.Context) error {
	run, err := readRun(ctx, j.store)
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case errors.Is(err, ErrNoRun), err == nil && (run.By != j.run.By || !run.Begun.Equal(j.run.Begun)):
		j.run.Control.State = Stopped
		j.turn(ErrRemoved)
		return nil
	case err != nil:
		return err
	}
	j.run = *run
	j.settle()
	return nil
}

// settle draws the consequences of the run's record and of the number of workers. The caller holds the lock, save at the begin.
func (j *Joined) settle() {
	limits, idle := j.run.Control.share(j.rank, j.workers)
	halt := j.run.Control.halt()
	if halt == nil && idle {
		halt = idleError{j.run.Control.MaxConnections}
	}
	j.turn(halt)
	if limits != j.limits {
		j.limits = limits
		j.tellLimits()
	}
}

func (j *Joined) tellLimits() {
	if j.SetLimits != nil {
		j.SetLimits(j.limits)
	}
}

// turn has the worker go on, or not.
func (j *Joined) turn(halt error) {
	if j.halt == nil && halt == nil || j.halt != nil && halt != nil && j.halt.Error() == halt.Error() {
		return
	}
	switch {
	case j.halt == nil:
		close(j.halted)
	case halt == nil:
		j.halted = make(chan struct{})
	}
	j.halt = halt
	close(j.moved)
	j.moved = make(chan struct{})
}

// presence is what the worker does, and what stalls it. That requests wait for their turn is so of every worker that keeps its target
// busy: it is a stall where a limit of the operator holds them back, or nothing was written for a while.
func (j *Joined) presence() Presence {
	p := j.activity.presence()
	if p.Stall != "" || j.Stalled == nil {
		return p
	}
	if why := j.Stalled(); strings.HasPrefix(why, "--") || why != "" && time.Since(p.LastSuccess) > slow {
		p.Stall = "requests wait: " + why
	}
	return p
}

// slow is how long nothing is written before somebody wonders.
const slow = 15 * time.Second

// show writes this worker's presence.
func (j *Joined) show(ctx context.Context, alive bool) error {
	p, now := j.presence(), time.Now()
	p.ID, p.Version, p.Begun, p.Updated, p.Every = j.self.ID, j.self.Version, stamp(j.begun), now.UTC(), j.rhythm()*showPolls
	if seconds := now.Sub(j.sampled.Updated).Seconds(); !j.sampled.Updated.IsZero() && seconds > 0 {
		p.DocsPerSecond = float64(p.Docs-j.sampled.Docs) / seconds
		p.BytesPerSecond = float64(p.Bytes-j.sampled.Bytes) / seconds
	}
	if !alive {
		p.Left, p.Items = p.Doing, nil
	}
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	key := workerPrefix + j.self.ID
	version, err := j.store.Put(ctx, lease.Record{Key: key, Version: j.version, Open: alive, Body: body})
	if err != nil { // it may have been written all the same, or was closed while we were frozen
		record, getErr := j.store.Get(ctx, key)
		if getErr != nil && !errors.Is(getErr, lease.ErrNotFound) {
			return fmt.Errorf("write record %s: %w", key, err)
		}
		if version, err = j.store.Put(ctx, lease.Record{Key: key, Version: record.Version, Open: alive, Body: body}); err != nil {
			return fmt.Errorf("write record %s: %w", key, err)
		}
	}
	j.version, p.Updated = version, now // with its monotonic part
	j.sampled = p
	return nil
}

// count finds who is alive: whose record moved lately, on our own clock.
func (j *Joined) count(ctx context.Context) error {
	there, err := listAll(ctx, j.store, workerPrefix, true)
	if err != nil {
		return err
	}
	now, every := time.Now(), j.rhythm()*showPolls
	found := map[string]*sighting{}
	alive := []string{j.self.ID}
	for _, record := range there {
		s := j.seen[record.Key]
		if s == nil || s.version != record.Version {
			s = &sighting{version: record.Version, at: now}
		}
		found[record.Key] = s
		id := strings.TrimPrefix(record.Key, workerPrefix)
		switch silent := now.Sub(s.at); {
		case id == j.self.ID:
		case silent < silentShows*every:
			alive = append(alive, id)
		case silent > goneShows*every:
			j.bury(ctx, record)
		}
	}
	j.seen = found
	slices.Sort(alive)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.workers, j.rank = len(alive), slices.Index(alive, j.self.ID)
	j.settle()
	return nil
}

// bury closes the record of a worker that died, so that lists do not grow with every restart. One that was frozen opens it again.
func (j *Joined) bury(ctx context.Context, record lease.Record) {
	now, err := j.store.Get(ctx, record.Key)
	if err != nil || now.Version != record.Version {
		return
	}
	var p map[string]json.RawMessage
	if json.Unmarshal(now.Body, &p) != nil {
		p = map[string]json.RawMessage{}
	}
	left := maps.Clone(p)
	left["left"] = json.RawMessage(`"died"`)
	if body, err := json.Marshal(left); err == nil {
		_, _ = j.store.Put(ctx, lease.Record{Key: now.Key, Version: now.Version, Body: body}) // another does it otherwise
	}
}

// listPage is how many records are asked for at once.
const listPage = 1000

// listAll returns all records whose keys begin with prefix.
func listAll(ctx context.Context, store lease.Store, prefix string, open bool) ([]lease.Record, error) {
	var all []lease.Record
	for after := ""; ; after = all[len(all)-1].Key {
		page, err := store.List(ctx, prefix, after, open, listPage)
		if err != nil {
			return nil, fmt.Errorf("list the records %s…: %w", prefix, err)
		}
		all = append(all, page...)
		if len(page) < listPage {
			return all, nil
		}
	}
}
