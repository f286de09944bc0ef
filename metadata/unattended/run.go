package unattended

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"migassist/cluster"
	"migassist/metadata"
	"migassist/metadata/lock"
	"migassist/metadata/rules"
)

// Target is what runs add to.
type Target interface {
	metadata.Target
	lock.Target
}

var _ Target = (*cluster.Client)(nil)

// Run is one of them.
type Run struct {
	Folder string // of the last plan and of the reports
	By     lock.Holder
	Now    func() time.Time
	// Connect gives the target.
	Connect func(context.Context) (Target, error)
	// Plan makes the plan, once no other run is at work.
	Plan func(context.Context, Target) (*metadata.Plan, error)
	// Options are how the plan is applied.
	Options metadata.ApplyOptions
	// Beat is how often the lock's holder shows that it lives; see lock.Options.
	Beat time.Duration
}

// Do runs, and writes its report into the folder. The record is complete whatever the error is; report is the file it is in, or "". That another run is at
// work is no error.
func (r *Run) Do(ctx context.Context) (record *Record, report string, err error) {
	w := &work{run: r, lost: map[item]bool{}, record: &Record{
		Format: RecordFormat, Began: r.Now().UTC(), By: r.By, Created: []Item{}, Waiting: []Item{}, Drift: []Drift{},
	}}
	if w.target, err = r.Connect(ctx); err == nil {
		err = lock.Hold(ctx, w.target, lock.Options{Name: "unattended", Holder: r.By, Beat: r.Beat}, w.do)
	}
	if held, other := errors.AsType[*lock.HeldError](err); other {
		w.record.End, w.record.HeldBy, err = Held, &held.Holder, nil
	}
	if err != nil {
		w.record.End, w.record.Error = Broken, err.Error()
	}
	w.record.Ended = r.Now().UTC()
	report, failed := folder(r.Folder).report(w.record)
	return w.record, report, errors.Join(err, failed)
}

// work is what is done under the lock.
type work struct {
	run    *Run
	record *Record
	target Target
	plan   *metadata.Plan
	lost   map[item]bool // from the target, since the last run
}

func (w *work) do(ctx context.Context) error {
	at := folder(w.run.Folder)
	last, note, err := at.last()
	if err != nil {
		return err
	}
	if w.plan, err = w.run.Plan(ctx, w.target); err != nil {
		return err
	}
	if last != nil && (last.Target.UUID != w.plan.Target.UUID || last.Source.URI != w.plan.Source.URI) {
		last, note = nil, fmt.Sprintf("the plan of the earlier run was not compared with: it was made for %s, from %s", last.Target.URL, last.Source.URI)
	}
	if note != "" {
		w.record.Notes = append(w.record.Notes, note)
	}
	if last != nil {
		w.record.Drift = driftOf(last, w.plan)
	}
	w.record.Later, w.record.Gaps = len(w.plan.Finish), len(w.plan.Gaps)
	waits := w.waiting()
	w.record.Report, err = w.plan.Postpone(waits).Apply(ctx, w.target, w.run.Options)
	w.became()
	if err != nil {
		return err
	}
	switch {
	case len(w.record.Waiting) > 0:
		w.record.End = Waiting
	case len(w.record.Created) > 0:
		w.record.End = Changed
	default:
		w.record.End = Unchanged
	}
	if err := keep(at.plan(), w.left().WriteJSON); err != nil {
		return fmt.Errorf("keep the plan %s: %w", at.plan(), err)
	}
	return nil
}

// waiting are the steps that a person has to decide about: those with findings, and those that bring back what was removed.
func (w *work) waiting() map[*metadata.Step]string {
	why := map[item][]string{}
	for _, finding := range w.plan.Findings {
		at := item{finding.Kind, finding.Name}
		why[at] = append(why[at], finding.What)
	}
	for _, drift := range w.record.Drift {
		if drift.What == TargetLost {
			at := item{drift.Kind, drift.Name}
			w.lost[at] = true
			why[at] = append(why[at], "it was on the target when the last run ended, and is gone: a person may have wanted that; migrate without --unattended makes it again")
		}
	}
	waits := map[*metadata.Step]string{}
	for _, step := range w.plan.Steps {
		if reasons := why[item{step.Kind, step.Name}]; len(reasons) > 0 {
			waits[step] = strings.Join(reasons, "; ")
		}
	}
	return waits
}

// became sums up what the report says of each step.
func (w *work) became() {
	if w.record.Report == nil {
		return
	}
	told := map[item]bool{}
	for i, result := range w.record.Report.Results {
		one := Item{Kind: result.Kind, Name: result.Name, Why: result.Reason}
		switch {
		case result.Fate == metadata.Created && len(result.Differences) == 0:
			one.Why = ""
			w.record.Created = append(w.record.Created, one)
		case result.Fate == metadata.Created:
			w.record.Created = append(w.record.Created, one)
			one.Why = "it was created, and is not as asked for"
			w.wait(told, one)
		case result.Fate == metadata.Failed, result.Fate == metadata.NotTaken, result.Fate == metadata.NotTried:
			w.wait(told, one)
		case result.Fate == metadata.LeftOut && w.plan.Steps[i].Action == metadata.Create:
			one.Why = strings.TrimPrefix(one.Why, "waits: ")
			w.wait(told, one)
		}
	}
	for _, finding := range w.record.Report.Findings {
		if finding.Name != "" {
			w.wait(told, Item{finding.Kind, finding.Name, finding.What})
		}
	}
}

// wait tells of each item once.
func (w *work) wait(told map[item]bool, one Item) {
	if at := (item{one.Kind, one.Name}); !told[at] {
		told[at] = true
		w.record.Waiting = append(w.record.Waiting, one)
	}
}

// left is the plan as the next run is to find it: what is on the target by now exists, and what was removed from it counts as
// there until a person has decided.
func (w *work) left() *metadata.Plan {
	after := *w.plan
	after.Steps = make([]*metadata.Step, len(w.plan.Steps))
	for i, step := range w.plan.Steps {
		after.Steps[i] = step
		result := w.record.Report.Results[i]
		if step.Action != metadata.Create || step.Kind == rules.ClusterSettings {
			continue
		}
		if w.lost[item{step.Kind, step.Name}] || (result.Fate == metadata.Created || result.Fate == metadata.WasThere) {
			done := *step
			done.Action, done.Request, done.Differences = metadata.Exists, nil, result.Differences
			after.Steps[i] = &done
		}
	}
	return &after
}
