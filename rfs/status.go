package rfs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"migassist/rfs/lease"
)

// statusFormat is the number of [Status]' JSON. Fields may be added to it; none changes its meaning.
const statusFormat = 1

// Status is a whole run as its store has it, of all workers.
type Status struct {
	Format  int      `json:"format"`
	Session string   `json:"session"`
	Source  Identity `json:"source"`
	Target  string   `json:"target"`
	// State is running, paused, stopped, or what a run is before and after: planning, closing, complete.
	State   string    `json:"state"`
	Begun   time.Time `json:"begun"`
	Since   time.Time `json:"since"` // of running, paused or stopped
	Limits  Limits    `json:"limits"`
	Items   Items     `json:"items"`
	Counts  Counts    `json:"documents"`
	Percent float64   `json:"percent"` // of the bytes of stored documents, estimated until every shard has been opened

	DocsPerSecond  float64    `json:"docs_per_second"` // of the workers alive, as each said last
	BytesPerSecond float64    `json:"bytes_per_second"`
	ETASeconds     *float64   `json:"eta_seconds"` // null: unknown
	LastSuccess    *time.Time `json:"last_success"`

	Workers  []WorkerStatus `json:"workers"`
	Stalls   []string       `json:"stalls"`
	SetAside []Finding      `json:"set_aside"`
	// Tuned are the target's indices whose settings are still to be restored.
	Tuned   []string `json:"tuned"`
	Summary *Summary `json:"summary,omitempty"` // of a run that is complete
}

// Limits are those of the whole run; 0 is none.
type Limits struct {
	DocsPerSecond float64 `json:"max_docs_per_second"`
	MBPerSecond   float64 `json:"max_mb_per_second"`
	Connections   int     `json:"max_connections"`
}

// Items counts items by their state.
type Items struct {
	Total    int `json:"total"`
	Waiting  int `json:"waiting"`
	Leased   int `json:"leased"`
	Done     int `json:"done"`
	Split    int `json:"split"` // into others
	SetAside int `json:"set_aside"`
}

// WorkerStatus is a worker that did not sign off. Ages compare its clock with ours: they are for people.
type WorkerStatus struct {
	Presence

	// Silent says that it did not show itself for longer than it should: it died, or is frozen, or cut off.
	Silent     bool    `json:"silent"`
	AgeSeconds float64 `json:"age_seconds"` // since it showed itself
}

// ReadStatus reads a run from its store. ErrNoRun tells that there is none.
func ReadStatus(ctx context.Context, store lease.Store, now time.Time) (*Status, error) {
	run, err := readRun(ctx, store)
	if err != nil {
		return nil, err
	}
	s := &Status{
		Format: statusFormat, Session: run.Session, Source: run.Source, Target: run.Target, State: string(run.Control.State), Begun: run.Begun, Since: run.Control.Since,
		Limits:  Limits{run.Control.MaxDocsPerSecond, run.Control.MaxMBPerSecond, run.Control.MaxConnections},
		Workers: []WorkerStatus{}, Stalls: []string{}, SetAside: []Finding{}, Tuned: []string{},
	}
	reading := &statusReading{Status: s, now: now, control: run.Control, shards: map[string]*shardSize{}}
	for _, read := range []func(context.Context, lease.Store) error{reading.workers, reading.items, reading.tuned, reading.stages} {
		if err := read(ctx, store); err != nil {
			return nil, err
		}
	}
	reading.estimate()
	reading.explain()
	return s, nil
}

// statusReading is one ReadStatus while it goes on.
type statusReading struct {
	*Status

	now     time.Time
	control Control
	planned bool
	closed  bool
	leased  map[string][]string // items by owner
	shards  map[string]*shardSize
}

// shardSize is how much of a shard is behind the cursors of its items, in bytes of its files.
type shardSize struct{ done, size float64 }

// workers reads who takes part. Before the items, so that a worker that has begun meanwhile is not missed among their owners.
func (r *statusReading) workers(ctx context.Context, store lease.Store) error {
	if err := store.Sync(ctx); err != nil {
		return fmt.Errorf("list the workers: %w", err)
	}
	records, err := listFull(ctx, store, workerPrefix)
	if err != nil {
		return err
	}
	for _, record := range records {
		w := WorkerStatus{}
		if err := json.Unmarshal(record.Body, &w.Presence); err != nil {
			return fmt.Errorf("record %s was changed or damaged: %w", record.Key, err)
		}
		if w.LastSuccess.After(lastOf(r.LastSuccess)) {
			r.LastSuccess = &w.LastSuccess
		}
		if !record.Open {
			continue
		}
		age := max(r.now.Sub(w.Updated), 0)
		w.AgeSeconds, w.Silent = round(age.Seconds()), age > silentShows*w.Every
		if !w.Silent {
			r.DocsPerSecond += w.DocsPerSecond
			r.BytesPerSecond += w.BytesPerSecond
		}
		r.Workers = append(r.Workers, w)
	}
	return nil
}

func lastOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// items reads the work and how far it is.
func (r *statusReading) items(ctx context.Context, store lease.Store) error {
	r.leased = map[string][]string{}
	for entry, err := range lease.New(store, lease.Options{Worker: "console"}).Entries(ctx) {
		if err != nil {
			return err
		}
		if err := r.item(entry); err != nil {
			return err
		}
	}
	slices.SortFunc(r.SetAside, func(a, b Finding) int { return strings.Compare(a.String(), b.String()) })
	return nil
}

func (r *statusReading) item(entry lease.Entry) error {
	var work Work
	var progress Progress
	err := json.Unmarshal(entry.Work, &work)
	if err == nil && len(entry.Progress) > 0 {
		err = json.Unmarshal(entry.Progress, &progress)
	}
	if err != nil {
		return fmt.Errorf("item %s of the run: %w", entry.Name, err)
	}
	r.Items.Total++
	r.Counts.add(progress.Counts)
	switch entry.State {
	case lease.Waiting:
		r.Items.Waiting++
	case lease.Leased:
		r.Items.Leased++
		r.leased[entry.Owner] = append(r.leased[entry.Owner], entry.Name)
	case lease.Done:
		r.Items.Done++
	case lease.Split:
		r.Items.Split++
		return nil // its children have its bytes
	case lease.Aside:
		r.Items.SetAside++
		r.SetAside = append(r.SetAside, aside(work, progress, entry))
	}
	r.measure(work, entry, progress)
	return nil
}

// measure adds an item to its shard's size.
func (r *statusReading) measure(work Work, entry lease.Entry, progress Progress) {
	shard := r.shards[work.name()]
	if shard == nil {
		shard = &shardSize{}
		r.shards[work.name()] = shard
	}
	size := float64(max(entry.Size, progress.Size))
	shard.size += size
	switch {
	case entry.State.Final():
		shard.done += size
	case progress.Total > 0:
		shard.done += size * min(1, float64(progress.Walked)/float64(progress.Total))
	}
}

// estimate finds how much of the whole is done. Shards that nobody has opened yet count as the mean of the others.
func (r *statusReading) estimate() {
	var done, size, known float64
	for _, shard := range r.shards {
		if shard.size > 0 {
			known++
		}
		done, size = done+shard.done, size+shard.size
	}
	left := r.Items.Waiting+r.Items.Leased > 0
	switch {
	case !left && r.planned:
		r.Percent = 100
		r.ETASeconds = new(0.0)
		return
	case known == 0:
		return
	}
	size *= float64(len(r.shards)) / known
	r.Percent = round(100 * done / size)
	if done > 0 && r.Counts.Bytes > 0 && r.BytesPerSecond > 0 {
		perByte := done / float64(r.Counts.Bytes) // stored bytes by those of bulk lines
		r.ETASeconds = new(round((size - done) / (r.BytesPerSecond * perByte)))
	}
}

func (r *statusReading) tuned(ctx context.Context, store lease.Store) error {
	records, err := listAll(ctx, store, tunedPrefix, true)
	for _, record := range records {
		r.Tuned = append(r.Tuned, strings.TrimPrefix(record.Key, tunedPrefix))
	}
	return err
}

// stages finds whether the run is before, at or behind its items.
func (r *statusReading) stages(ctx context.Context, store lease.Store) error {
	_, done, err := stageResult(ctx, store, stagePlan)
	if err != nil {
		return err
	}
	r.planned = done
	result, done, err := stageResult(ctx, store, stageClose)
	if err != nil {
		return err
	}
	switch {
	case done:
		r.closed, r.State = true, "complete"
		r.Summary = &Summary{}
		if err := json.Unmarshal(result, r.Summary); err != nil {
			return fmt.Errorf("the summary of the run: %w", err)
		}
	case r.control.State != Running:
	case !r.planned:
		r.State = "planning"
	case r.Items.Waiting+r.Items.Leased == 0:
		r.State = "closing"
	}
	return nil
}

// stageResult returns the result of a stage, and whether it is done.
func stageResult(ctx context.Context, store lease.Store, stage string) (result json.RawMessage, done bool, err error) {
	record, err := store.Get(ctx, "stage/"+stage)
	if errors.Is(err, lease.ErrNotFound) {
		return nil, false, nil
	}
	var entry lease.Entry
	if err == nil {
		err = json.Unmarshal(record.Body, &entry)
	}
	if err != nil {
		return nil, false, fmt.Errorf("read stage %s of the run: %w", stage, err)
	}
	return entry.Progress, entry.State.Final(), nil
}

// explain says why what does not move does not.
func (r *statusReading) explain() {
	if r.closed {
		if len(r.Tuned) > 0 {
			r.stall("settings of %s are still those of --tune-target: migassist console backfill stop restores them", listed(r.Tuned))
		}
		return
	}
	if halt := r.control.halt(); halt != nil {
		r.stall("%v", halt)
	}
	alive := map[string]bool{}
	for _, w := range r.Workers {
		switch {
		case w.Silent:
			r.stall("worker %s has been silent for %s: it died, or is cut off", w.ID, seconds(w.AgeSeconds))
		case w.Stall != "":
			r.stall("worker %s, for %s: %s", w.ID, seconds(r.now.Sub(w.Since).Seconds()), w.Stall)
		}
		alive[w.ID] = !w.Silent
	}
	for owner, items := range r.leased {
		if !alive[owner] {
			slices.Sort(items)
			r.stall("the lease of %s is worker %s's, which is not there; another takes it over when it has ended", listed(items), owner)
		}
	}
	slices.Sort(r.Stalls)
	if !slices.ContainsFunc(r.Workers, func(w WorkerStatus) bool { return !w.Silent }) {
		r.stall("no worker is alive; start one with the same command and session")
	}
}

func (r *statusReading) stall(format string, arguments ...any) {
	if text := fmt.Sprintf(format, arguments...); !slices.Contains(r.Stalls, text) {
		r.Stalls = append(r.Stalls, text)
	}
}

// seconds prints an age for people.
func seconds(n float64) string { return (time.Duration(max(n, 0)) * time.Second).String() }

// listFull returns all records whose keys begin with prefix, with their bodies.
func listFull(ctx context.Context, store lease.Store, prefix string) ([]lease.Record, error) {
	records, err := listAll(ctx, store, prefix, false)
	for i := range records {
		if err == nil && records[i].Body == nil {
			records[i], err = store.Get(ctx, records[i].Key)
		}
	}
	return records, err
}
