package lease_test

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

	"migassist/rfs/lease"
)

var (
	errFault = errors.New("fault of the store")
	errDead  = errors.New("this worker is dead")
)

// world is what really is: the records, and what reached the target. Everything in it happens at one moment of virtual time after another.
type world struct {
	mu       sync.Mutex
	random   *rand.Rand
	writes   int
	records  map[string]lease.Record
	history  map[string][]past // that lists may show, oldest first; a record without a version is none
	plan     map[string]modelItem
	reached  map[string]map[int]bool // documents at the target, by the item of the plan
	outage   bool
	bodiless bool // lists have no bodies, as those of object stores
	slow     int  // one in so many ways through the network is slow
	quiet    bool // no more faults
	begin    time.Time
	trace    []string
	broken   string // first invariant that was
}

// past is a value that a record had until a moment.
type past struct {
	lease.Record
	until time.Time
}

const modelLag = 20 * time.Second // of lists

// modelItem is an item of the plan: documents in a row, cut into children of two each where it is large.
type modelItem struct {
	docs   int
	large  bool
	poison bool // kills whoever works on it
}

type modelRecord struct {
	Name     string
	State    lease.State
	Owner    string
	Progress struct{ Doc int }
	Failures []string
	Deaths   int
	Failed   int
}

func newWorld(random *rand.Rand) *world {
	w := &world{
		random: random, records: map[string]lease.Record{}, history: map[string][]past{}, plan: map[string]modelItem{},
		reached: map[string]map[int]bool{}, bodiless: random.IntN(3) == 0, begin: time.Now(),
	}
	w.slow = 2 + random.IntN(40)
	items := 2 + random.IntN(4)
	if random.IntN(3) == 0 {
		items = 1 // so that the end is near while it is split
	}
	for n := range items {
		name := fmt.Sprintf("i/%d", n)
		w.plan[name] = modelItem{docs: 1 + random.IntN(6), large: random.IntN(3) == 0, poison: random.IntN(12) == 0}
		w.reached[name] = map[int]bool{}
	}
	return w
}

func (w *world) note(who, format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.noted(who, format, args...)
}

func (w *world) noted(who, format string, args ...any) {
	w.trace = append(w.trace, fmt.Sprintf("%12s %-6s %s", time.Since(w.begin), who, fmt.Sprintf(format, args...)))
}

// breaks notes that an invariant does not hold. The first one counts.
func (w *world) breaks(who, format string, args ...any) {
	w.noted(who, "BROKEN: "+format, args...)
	if w.broken == "" {
		w.broken = who + ": " + fmt.Sprintf(format, args...)
	}
}

func (w *world) chance(n int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.random.IntN(n) == 0
}

func (w *world) upTo(d time.Duration) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Duration(w.random.Int64N(int64(d))) + 1
}

func read(r lease.Record) (m modelRecord) {
	if len(r.Body) > 0 {
		if err := json.Unmarshal(r.Body, &m); err != nil {
			panic(err)
		}
	}
	return m
}

// put is a write that arrives, whoever still waits for it.
func (w *world) put(who string, r lease.Record) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	old := w.records[r.Key]
	if old.Version != r.Version {
		return "", lease.ErrConflict
	}
	w.check(who, read(old), read(r), old.Version == "")
	w.writes++
	r.Version = fmt.Sprint("v", w.writes)
	w.history[r.Key] = append(w.history[r.Key], past{old, time.Now()})
	w.records[r.Key] = r
	m := read(r)
	w.noted(who, "wrote %s: %s by %s, doc %d, %s", r.Key, m.State, m.Owner, m.Progress.Doc, r.Version)
	return r.Version, nil
}

// check holds a write against what must never be.
func (w *world) check(who string, old, now modelRecord, created bool) {
	if !strings.Contains(now.Name, "/") {
		return // a stage
	}
	switch {
	case created && now.State != lease.Waiting:
		w.breaks(who, "%s came into being as %s", now.Name, now.State)
	case old.State.Final():
		w.breaks(who, "%s was %s by %s and is written as %s by %s", now.Name, old.State, old.Owner, now.State, now.Owner)
	case now.Progress.Doc < old.Progress.Doc:
		w.breaks(who, "%s went back from document %d to %d", now.Name, old.Progress.Doc, now.Progress.Doc)
	}
	switch now.State {
	case lease.Split:
		for n, child := range w.children(now.Name) {
			if !slices.ContainsFunc(slices.Collect(maps.Values(w.records)), func(r lease.Record) bool { return read(r).Name == child.Name }) {
				w.breaks(who, "%s is split without its child %d", now.Name, n)
			}
		}
	case lease.Done:
		name, from, to := w.rangeOf(now.Name)
		for doc := from; doc < to; doc++ {
			if !w.reached[name][doc] {
				w.breaks(who, "%s is done without document %d", now.Name, doc)
			}
		}
	case lease.Aside:
		if now.Failed < 3 && now.Deaths < modelDeaths || len(now.Failures) == 0 {
			w.breaks(who, "%s was set aside after %d failures and %d deaths: %q", now.Name, now.Failed, now.Deaths, now.Failures)
		}
	}
}

// send is a document that reaches the target.
func (w *world) send(who, item string, doc int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	name, from, _ := w.rangeOf(item)
	w.reached[name][from+doc] = true
	w.noted(who, "sent document %d of %s", doc, item)
	for _, r := range w.records {
		if m := read(r); m.Name == item && (m.State != lease.Leased || m.Owner != who) {
			w.breaks(who, "document %d of %s was sent while it is %s by %s", doc, item, m.State, m.Owner)
		}
	}
}

// rangeOf returns which documents of which item of the plan are those of an item or a child.
func (w *world) rangeOf(item string) (name string, from, to int) {
	if strings.Count(item, "/") < 2 {
		return item, 0, w.plan[item].docs
	}
	at := strings.LastIndex(item, "/")
	name = item[:at]
	fmt.Sscan(item[at+1:], &from)
	return name, from, min(from+2, w.plan[name].docs)
}

func (w *world) children(name string) (all []lease.Item) {
	for from := 0; from < w.plan[name].docs; from += 2 {
		all = append(all, lease.Item{Name: fmt.Sprintf("%s/%d", name, from)})
	}
	return all
}

// unfinished is the first item that is not final, of the plan or a child of it that must exist.
func (w *world) unfinished() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	states := map[string]lease.State{}
	for _, r := range w.records {
		m := read(r)
		states[m.Name] = m.State
	}
	for name := range w.plan {
		if !states[name].Final() {
			return fmt.Sprintf("%s is %q", name, states[name])
		}
		if states[name] != lease.Split {
			continue
		}
		for _, child := range w.children(name) {
			if !states[child.Name].Final() {
				return fmt.Sprintf("%s is %q", child.Name, states[child.Name])
			}
		}
	}
	return ""
}

// view is the store as one life of a worker reaches it, over a network with faults.
type view struct {
	*world
	worker *modelWorker
}

// through is the way to the store and back. Arrive happens at the store, unless the request is lost.
func (v view) through(ctx context.Context, arrive func() error) error {
	if err := v.worker.awake(ctx); err != nil {
		return err
	}
	if err := v.pause(ctx); err != nil {
		return err
	}
	v.mu.Lock()
	fate := v.random.IntN(100)
	if v.quiet {
		fate = 99
	}
	lost := v.outage || fate < 3 || v.worker.cutOff()
	v.mu.Unlock()
	if lost || v.worker.dead() {
		return errFault
	}
	if fate < 5 { // it arrives when nobody waits for it any more
		late := v.upTo(3 * modelLease)
		time.AfterFunc(late, func() { _ = arrive() })
		return errFault
	}
	err := arrive()
	if fate < 9 {
		err = errFault // the answer is lost
	}
	if waitErr := v.pause(ctx); waitErr != nil {
		return waitErr
	}
	if wakeErr := v.worker.awake(ctx); wakeErr != nil {
		return wakeErr
	}
	return err
}

// pause is the network.
func (v view) pause(ctx context.Context) error {
	d := v.upTo(20 * time.Millisecond)
	if v.chance(v.slow) {
		d = v.upTo(10 * time.Second)
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (v view) Get(ctx context.Context, key string) (r lease.Record, err error) {
	err = v.through(ctx, func() error {
		v.mu.Lock()
		defer v.mu.Unlock()
		r = v.records[key]
		if r.Version == "" {
			return lease.ErrNotFound
		}
		return nil
	})
	return r, err
}

func (v view) Put(ctx context.Context, r lease.Record) (version string, err error) {
	var mu sync.Mutex
	err = v.through(ctx, func() error {
		arrived, err := v.put(v.worker.name, r)
		mu.Lock()
		defer mu.Unlock()
		version = arrived
		return err
	})
	mu.Lock()
	defer mu.Unlock()
	if err != nil {
		return "", err
	}
	return version, nil
}

// List shows any value that each record had since the last sync and within the lag, as the shards and copies of an index may.
func (v view) List(ctx context.Context, prefix, after string, open bool, limit int) (page []lease.Record, err error) {
	err = v.through(ctx, func() error {
		v.mu.Lock()
		defer v.mu.Unlock()
		fresh := v.random.IntN(2) == 0
		var found []lease.Record
		for _, key := range slices.Sorted(maps.Keys(v.records)) {
			r := v.records[key]
			v.history[key] = slices.DeleteFunc(v.history[key], func(p past) bool { return time.Since(p.until) > modelLag })
			if old := v.history[key]; !fresh && len(old) > 0 && v.random.IntN(3) > 0 {
				r = old[v.random.IntN(len(old))].Record
			}
			if r.Version == "" || !strings.HasPrefix(key, prefix) || key <= after || open && !r.Open || len(found) == limit {
				continue
			}
			if v.bodiless {
				r.Body = nil
			}
			found = append(found, r)
		}
		page = found
		return nil
	})
	return page, err
}

func (v view) Sync(ctx context.Context) error {
	return v.through(ctx, func() error {
		v.mu.Lock()
		defer v.mu.Unlock()
		clear(v.history)
		return nil
	})
}

func (v view) Clear(context.Context) error { return errors.New("not in the model") }
func (v view) Close() error                { return nil }
