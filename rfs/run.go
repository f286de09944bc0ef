package rfs

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"migassist/rfs/lease"
)

// runFormat is the number that the record of a run carries; a newer one is refused.
const runFormat = 1

// Keys of what a run has in its store beside items and stages.
const (
	runKey       = "run"
	workerPrefix = "worker/"
	tunedPrefix  = "tuned/"
)

// Run is what all workers of a session agree on. It stands in the store as the record "run". The first worker writes it, the
// others compare themselves with it; only Control changes later.
type Run struct {
	Format  int      `json:"format"`
	Session string   `json:"session"`
	Source  Identity `json:"source"`
	Target  string   `json:"target"`
	// Choices are the flags that decide what is written, or how work is shared, with their values: a worker with others would
	// leave the run half one, half the other. Names are without dashes.
	Choices map[string]string `json:"choices,omitempty"`
	// Tune says that settings of the target's indices are changed while the run lasts.
	Tune    bool      `json:"tune,omitempty"`
	Control Control   `json:"control"`
	Begun   time.Time `json:"begun"`
	By      string    `json:"by"` // worker that began it
}

// ErrNoRun tells that nothing was begun under the session's name.
var ErrNoRun = errors.New("no run was begun")

// JoinRun creates the run that a worker wants, or joins the one that the store has. One of another snapshot, target or choices
// is refused, since its items would skip documents. Control and Tune of a run that is joined are its own: what the worker asked
// for instead is named by [Joined.Notices].
func JoinRun(ctx context.Context, store lease.Store, self Worker, want Run) (*Joined, error) {
	want.Format, want.By = runFormat, self.ID
	want.Control.State = cmp.Or(want.Control.State, Running)
	if want.Begun.IsZero() {
		want.Begun = time.Now().UTC()
	}
	want.Control.Since = want.Begun
	var joined Run
	err := lease.Update(ctx, store, runKey, func(old []byte) ([]byte, error) {
		if old == nil {
			joined = want
			return json.Marshal(want)
		}
		run, err := parseRun(old)
		if err != nil {
			return nil, err
		}
		joined = *run
		return nil, run.differs(want)
	})
	if err != nil {
		return nil, fmt.Errorf("join the run: %w", err)
	}
	return newJoined(store, self, joined, want), nil
}

// readRun returns the record of the run, or ErrNoRun.
func readRun(ctx context.Context, store lease.Store) (*Run, error) {
	record, err := store.Get(ctx, runKey)
	if errors.Is(err, lease.ErrNotFound) {
		return nil, ErrNoRun
	}
	if err != nil {
		return nil, fmt.Errorf("read the record of the run: %w", err)
	}
	return parseRun(record.Body)
}

func parseRun(body []byte) (*Run, error) {
	var run Run
	err := json.Unmarshal(body, &run)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the record of the run was changed or damaged (%w); %s", err, elsewhere)
	case run.Format < 1:
		return nil, fmt.Errorf("the record of the run was changed or damaged: it has no format; %s", elsewhere)
	case run.Format > runFormat:
		return nil, fmt.Errorf("the run has format %d, this version reads up to %d; continue with the newer version that began it", run.Format, runFormat)
	}
	return &run, nil
}

// elsewhere is what to do about a run that cannot be gone on with.
const elsewhere = "name another with --session-name, or remove this one with migassist console backfill reset"

// differs says in what a worker is not one of this run.
func (r *Run) differs(want Run) error {
	switch {
	case r.Source != want.Source:
		return fmt.Errorf("session %s is of another backfill: it is of snapshot %s (%s) of %s, this worker has snapshot %s (%s) of %s; %s",
			r.Session, r.Source.Snapshot, r.Source.UUID, r.Source.Repository, want.Source.Snapshot, want.Source.UUID, want.Source.Repository, elsewhere)
	case r.Target != want.Target:
		return fmt.Errorf("session %s is of another backfill: it goes to %s, this worker to %s; %s", r.Session, r.Target, want.Target, elsewhere)
	}
	names := slices.Collect(maps.Keys(r.Choices))
	names = slices.Concat(names, slices.Collect(maps.Keys(want.Choices)))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if was, is := r.Choices[name], want.Choices[name]; was != is {
			return fmt.Errorf("session %s was begun with %s, and this worker has %s; start it with the flags of the run, or %s",
				r.Session, flag(name, was), flag(name, is), elsewhere)
		}
	}
	return nil
}

func flag(name, value string) string {
	if value == "" {
		return "no --" + name
	}
	return "--" + name + " " + value
}
