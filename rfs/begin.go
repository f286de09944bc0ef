package rfs

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"migassist/rfs/lease"
	"migassist/snapshot"
)

// Stages of a run, each of which one worker does for all.
const (
	stagePlan  = "plan"
	stageClose = "close"
)

// planned is what planning leaves to all workers.
type planned struct {
	// Run tells this run from all others, also from ones of the same snapshot and session.
	Run      string         `json:"run"`
	Items    int            `json:"items"`
	Indices  []plannedIndex `json:"indices"`
	Findings []Finding      `json:"findings"`
	Before   Before         `json:"before"`

	at map[string]int // place of an index by its name, once it was asked for
}

type plannedIndex struct {
	Index  string         `json:"index"`
	Types  []string       `json:"types,omitempty"`  // of the mapping
	Target string         `json:"target,omitempty"` // identity of what it goes to
	Routes []plannedRoute `json:"routes"`
	Stream string         `json:"stream,omitempty"` // data stream that the index backs, where transforms say what goes where
}

// plannedRoute is a route as it was settled when the run was planned, by what the target had then.
type plannedRoute struct {
	Type   string `json:"type,omitempty"` // mapping type; "": all documents
	Target string `json:"target"`
	Create bool   `json:"create,omitempty"`
	NoID   bool   `json:"no_id,omitempty"`
	Prefix string `json:"prefix,omitempty"`
	Rank   int64  `json:"rank,omitempty"`
}

// plannedIndex is what all workers are to know of the reading.
func (r *reading) planned() plannedIndex {
	index := plannedIndex{Index: r.index, Types: r.types, Stream: r.stream}
	for name, to := range r.each {
		index.Routes = append(index.Routes, plannedRoute{name, to.target, to.create, to.noID, to.prefix, to.rank})
	}
	return index
}

// follow takes the routes as they were planned.
func (r *reading) follow(index plannedIndex) {
	r.stream = index.Stream
	for name, to := range r.each {
		at := slices.IndexFunc(index.Routes, func(p plannedRoute) bool { return p.Type == name })
		if at < 0 {
			r.forget(to)
			continue
		}
		p := index.Routes[at]
		to.target, to.stream, to.create, to.noID, to.prefix, to.rank = p.Target, "", p.Create, p.NoID, p.Prefix, p.Rank
		to.prepare()
	}
}

// targets returns the names on the target that documents of the index go to, each once.
func (x plannedIndex) targets() []string {
	var names []string
	for _, to := range x.Routes {
		names = append(names, to.Target)
	}
	return distinct(names)
}

// begin joins the run, or begins it. A plan that is refused, or has no items, leaves nothing behind: then it is returned.
func (b *Backfill) begin(ctx context.Context) (*Plan, error) {
	var plan *Plan
	_, err := b.options.Store.Get(ctx, "stage/"+stagePlan)
	if errors.Is(err, lease.ErrNotFound) {
		if plan, err = b.plan(ctx); err == nil && len(plan.Items) == 0 {
			return plan, nil
		}
	}
	if err != nil {
		return nil, err
	}
	if err := b.join(ctx); err != nil {
		return nil, err
	}
	if witness, ok := b.options.Store.(lease.Witness); ok {
		if err := witness.Live(b.options.Worker); err != nil {
			return nil, err
		}
	}
	if err := b.coordinator.Bury(ctx); err != nil {
		return nil, err
	}
	result, err := b.coordinator.Once(ctx, stagePlan, func(ctx context.Context, _ *lease.Lease) (json.RawMessage, error) {
		b.busy = true
		return b.spread(ctx, plan)
	})
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(result, &b.planned); err != nil {
		return nil, fmt.Errorf("the plan of the run in %s: %w", b.options.Place, err)
	}
	b.progress.items.Store(int64(b.planned.Items))
	return nil, b.recognize(ctx)
}

// Identity tells one snapshot from another.
type Identity struct {
	Repository string `json:"repository"`
	Snapshot   string `json:"snapshot"`
	UUID       string `json:"uuid"`
}

// join makes this worker part of the run, which the first one begins.
func (b *Backfill) join(ctx context.Context) (err error) {
	snap, o := b.source.Snapshot, b.options
	b.joined, err = JoinRun(ctx, o.Store, Worker{ID: o.Worker, Version: o.Version}, Run{
		Session: o.Session, Target: o.Target, Choices: o.Choices, Tune: o.Tune, Control: o.Control,
		Source: Identity{Repository: b.source.Repository, Snapshot: snap.Name, UUID: snap.UUID},
	})
	if err != nil {
		return err
	}
	b.joined.SetLimits, b.joined.Tolerance = o.SetLimits, max(tolerance, o.LeaseDuration)
	if o.Flow != nil {
		b.joined.Stalled = func() string { return o.Flow().Stalled }
	}
	for _, notice := range b.joined.Notices() {
		o.Log.Warn().Msg(notice)
	}
	b.shown.Store(b.joined)
	watching, unwatch := context.WithCancel(context.WithoutCancel(ctx)) // a worker that is stopped is there until it has landed
	b.unwatch = unwatch
	b.watch.Go(func() { b.joined.Watch(watching) })
	return b.joined.Proceed(ctx)
}

func (b *Backfill) plan(ctx context.Context) (*Plan, error) {
	plan, err := b.source.Plan(ctx)
	if err == nil && b.options.Check != nil && len(plan.Items) > 0 {
		err = b.options.Check(ctx, plan)
	}
	return plan, err
}

// spread puts the items of the plan into the store.
func (b *Backfill) spread(ctx context.Context, plan *Plan) (json.RawMessage, error) {
	var err error
	if plan == nil { // the worker that was at it died
		if plan, err = b.plan(ctx); err != nil {
			return nil, err
		}
	}
	var before Before
	if b.options.Begin != nil {
		if before, err = b.options.Begin(ctx, plan); err != nil {
			return nil, err
		}
	}
	p := planned{Run: rand.Text(), Items: len(plan.Items), Findings: plan.Findings, Before: before}
	for _, name := range plan.Indices() {
		p.Indices = append(p.Indices, plan.readings[name].planned())
	}
	now, err := b.askTarget(ctx, p.Indices)
	if err != nil {
		return nil, err
	}
	for i := range p.Indices {
		p.Indices[i].Target = p.Indices[i].identity(now)
	}
	items := make([]lease.Item, len(plan.Items))
	for i, work := range plan.Items {
		work.Target = p.index(work.Index).Target
		name := work.name()
		if !work.whole() { // there may be others of the shard
			name = work.childName(i)
		}
		if items[i], err = work.item(name, 0); err != nil {
			return nil, err
		}
	}
	if err := b.coordinator.Add(ctx, items...); err != nil {
		return nil, err
	}
	return json.Marshal(p)
}

// index returns what planning said of an index.
func (p *planned) index(name string) plannedIndex {
	if p.at == nil {
		p.at = make(map[string]int, len(p.Indices))
		for i, index := range p.Indices {
			p.at[index.Index] = i
		}
	}
	if i, ok := p.at[name]; ok {
		return p.Indices[i]
	}
	return plannedIndex{Index: name}
}

// readings are how indices are read, found out when their first item is claimed.
type readings struct {
	mu  sync.Mutex
	all map[string]*reading
}

// readingOf decides how an index is read, as planning did.
func (b *Backfill) readingOf(index *snapshot.Index) (*reading, error) {
	r := &b.readings
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.all[index.Name]; known != nil {
		return known, nil
	}
	decided, findings := newReading(b.source.Snapshot, index, "", b.source.Choices)
	if decided == nil {
		return nil, fmt.Errorf("index %s was planned, and can't be read now: %v", index.Name, findings)
	}
	if r.all == nil {
		r.all = map[string]*reading{}
	}
	decided.follow(b.planned.index(index.Name))
	r.all[index.Name] = decided
	return decided, nil
}
