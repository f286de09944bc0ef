package metadata

import (
	"io"

	"migassist/internal/jsonlist"
	"migassist/metadata/rules"
)

// ReportFormat is the format number of a report.
const ReportFormat = 1

// Report is what became of each step of a plan that was applied.
type Report struct {
	Format   int          `json:"format"`
	Source   Origin       `json:"source"`
	Target   Destination  `json:"target"`
	Counts   ReportCounts `json:"counts"`
	Results  []*Result    `json:"results"`
	Findings []Finding    `json:"findings"`
}

// Fate is what became of an item.
type Fate string

// The fates.
const (
	Created  Fate = "created"
	WasThere Fate = "exists"
	Failed   Fate = "failed"
	NotTried Fate = "not_tried"
	LeftOut  Fate = "excluded"
	NotTaken Fate = "refused"
	// Waits: metadata finish does it.
	Waits Fate = "waits"
	// Finished: done by metadata finish.
	Finished Fate = "finished"
)

// Result is the fate of one item.
type Result struct {
	Kind rules.Kind `json:"kind"`
	Name string     `json:"name"`
	// Do is what metadata finish was to do to it.
	Do     rules.LaterKind `json:"do,omitempty"`
	Fate   Fate            `json:"fate"`
	Reason string          `json:"reason,omitempty"`
	// Match is of what was there.
	Match Match `json:"match,omitempty"`
	// Differences are between what was wanted and what the target has.
	Differences []Difference `json:"differences,omitempty"`

	step *Step
}

// ReportCounts sums up a report.
type ReportCounts struct {
	Created  int `json:"created"`
	Exists   int `json:"exists"`
	Failed   int `json:"failed"`
	NotTried int `json:"not_tried"`
	Excluded int `json:"excluded"`
	Refused  int `json:"refused"`
	Waits    int `json:"waits,omitempty"`
	Finished int `json:"finished,omitempty"`
	Findings int `json:"findings"`
}

func (p *Plan) newReport() *Report {
	report := &Report{Format: ReportFormat, Source: p.Source, Target: p.Target, Findings: []Finding{}, Results: []*Result{}}
	report.Target.Seen = nil
	return report
}

// resultOf is the fate a step has before anything is sent.
func resultOf(step *Step) *Result {
	result := &Result{Kind: step.Kind, Name: step.Name, Reason: step.Reason}
	switch step.Action {
	case Left:
		result.Fate = LeftOut
	case Refused:
		result.Fate = NotTaken
	case Finish:
		result.Fate = Waits
	case Create, Exists:
		result.Fate = NotTried
	}
	return result
}

// finish counts, and joins the findings of the plan with those of applying it.
func (r *Report) finish(plan *Plan) {
	ours := r.Findings
	r.Findings = []Finding{}
	anew := overtaken(plan)
	for _, finding := range plan.Findings {
		if !anew[item{finding.Kind, finding.Name}] {
			r.Findings = append(r.Findings, finding)
		}
	}
	r.Findings = append(r.Findings, ours...)
	for _, result := range r.Results {
		r.tally(result)
		finding := Finding{Kind: result.Kind, Name: result.Name}
		switch {
		case result.Fate == Failed:
			finding.What = "failed: " + result.Reason
		case result.Fate == NotTried && result.Reason != "":
			finding.What = result.Reason
		case result.Fate == NotTried:
			finding.What = "not tried, as the work ended before"
		case result.Fate == Created && len(result.Differences) > 0:
			finding.What = "created, and is not as asked for in " + places(result.Differences) + ": a template of the target has added to it"
		case result.Fate == WasThere && existing(result.Match, plan.AllowExisting, result.Differences, "") != "":
			finding.What = existing(result.Match, plan.AllowExisting, result.Differences, "nothing was changed there")
		case result.Fate == Created && result.Reason != "":
			finding.What = result.Reason
		default:
			continue
		}
		r.Findings = append(r.Findings, finding)
	}
	r.Counts.Findings = len(r.Findings)
}

// overtaken are the items whose findings are made anew from what the target has
// now: those that existed when the plan was made.
func overtaken(plan *Plan) map[item]bool {
	existed := map[item]bool{}
	for _, step := range plan.Steps {
		if step.Action == Exists {
			existed[item{step.Kind, step.Name}] = true
		}
	}
	return existed
}

// item names one.
type item struct {
	kind rules.Kind
	name string
}

func (r *Report) tally(result *Result) {
	switch result.Fate {
	case Created:
		r.Counts.Created++
	case WasThere:
		r.Counts.Exists++
	case Failed:
		r.Counts.Failed++
	case NotTried:
		r.Counts.NotTried++
	case LeftOut:
		r.Counts.Excluded++
	case NotTaken:
		r.Counts.Refused++
	case Waits:
		r.Counts.Waits++
	case Finished:
		r.Counts.Finished++
	}
}

// Class tells how migrating ends.
func (r *Report) Class() Class {
	switch {
	case len(r.Findings) > 0:
		return Findings
	case r.Counts.Created+r.Counts.Finished == 0:
		return Nothing
	}
	return Done
}

// WriteJSON writes the report as indented JSON.
func (r *Report) WriteJSON(w io.Writer) error { return jsonlist.Write(w, r) }
