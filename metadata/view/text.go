package view

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"migassist/metadata"
	"migassist/metadata/rules"
)

// kindTitles are the headings of the kinds.
var kindTitles = map[rules.Kind]string{
	rules.ComponentTemplate: "component templates", rules.IndexTemplate: "index templates",
	rules.LegacyTemplate: "legacy templates", rules.Index: "indices",
}

// kinds in the order of a plan.
var kinds = []rules.Kind{rules.ComponentTemplate, rules.IndexTemplate, rules.LegacyTemplate, rules.Index}

// text keeps the first error of a writer.
type text struct {
	w   io.Writer
	err error
}

func (t *text) line(format string, args ...any) {
	if t.err == nil {
		_, t.err = fmt.Fprintf(t.w, format+"\n", args...)
	}
}

// PlanText writes a plan for people: each item with what changes, what is
// left out, why, and what to look at.
func PlanText(w io.Writer, p *metadata.Plan) error {
	t := &text{w: w}
	t.line("metadata from %s", origin(p.Source))
	t.line("           to %s (%s)", p.Target.URL, p.Target.Version)
	for _, note := range p.Notes {
		t.line("note: %s", note)
	}
	for _, kind := range kinds {
		t.steps(p, kind)
	}
	if p.Shield != nil {
		t.line("\nwhile indices are made, the temporary index template %s keeps other templates from adding to %d of them", p.Shield.Name(), len(p.Shield.Indices))
	}
	t.leftOut(p.Steps)
	t.legend(p.Steps)
	t.findings(p.Findings)
	c := p.Counts
	t.line("\n%d to create, %d there already, %d refused, %d left out; changes: %d lossless, %d equivalent, %d lossy; %d findings",
		c.Create, c.Exists, c.Refused, c.Excluded, c.Lossless, c.Equivalent, c.Lossy, c.Findings)
	return t.err
}

func origin(o metadata.Origin) string {
	parts := []string{}
	if o.Snapshot != "" {
		parts = append(parts, "snapshot "+o.Snapshot)
	}
	if o.URI != "" {
		parts = append(parts, "of "+o.URI)
	}
	return strings.Join(append(parts, "("+o.Version.String()+")"), " ")
}

func (t *text) steps(p *metadata.Plan, kind rules.Kind) {
	titled := false
	for _, step := range p.Steps {
		if step.Kind != kind || step.Action == metadata.Left {
			continue
		}
		if !titled {
			titled = true
			t.line("\n%s", kindTitles[kind])
		}
		t.step(step)
	}
}

func (t *text) step(step *metadata.Step) {
	switch step.Action {
	case metadata.Refused:
		t.line("  refused  %s%s", step.Name, madeOf(step.From))
		t.line("           %s", step.Reason)
		return
	case metadata.Exists:
		t.line("  exists   %s%s%s", step.Name, madeOf(step.From), equality(step.Differences))
		t.differences(step.Differences)
		return
	case metadata.Create, metadata.Left:
	}
	t.line("  create   %s%s", step.Name, madeOf(step.From))
	t.changes(step.Changes)
	for _, note := range step.Notes {
		t.line("           note: %s", note)
	}
}

func madeOf(from []string) string {
	if len(from) == 0 {
		return ""
	}
	return "  (from " + strings.Join(from, ", ") + ")"
}

func equality(differences []metadata.Difference) string {
	if len(differences) == 0 {
		return "  (equal)"
	}
	return fmt.Sprintf("  (%d differences)", len(differences))
}

func (t *text) differences(differences []metadata.Difference) {
	for _, d := range differences {
		t.line("           %s: wanted %s, the target has %s", d.Path, brief(d.Want), brief(d.Got))
	}
}

// changes writes what is not lossless line by line, and the rest as a sum: most
// indices lose the same five settings that only named the index of the source.
func (t *text) changes(changes []rules.Change) {
	counts := map[string]int{}
	var order []string
	for _, change := range changes {
		if change.Fidelity != rules.Lossless {
			t.line("           %-10s %s: %s -> %s (%s)", change.Fidelity, change.Path, brief(change.Before), brief(change.After), change.Rule)
			continue
		}
		if counts[change.Rule] == 0 {
			order = append(order, change.Rule)
		}
		counts[change.Rule]++
	}
	if len(order) == 0 {
		return
	}
	for i, rule := range order {
		order[i] = fmt.Sprintf("%s %d", rule, counts[rule])
	}
	t.line("           %-10s %s", rules.Lossless, strings.Join(order, ", "))
}

// brief is a value in few words; what is absent is "none".
func brief(value any) string {
	const longest = 60
	if value == nil {
		return "none"
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	if short := []rune(string(encoded)); len(short) > longest {
		return string(short[:longest]) + "..."
	}
	return string(encoded)
}

func (t *text) leftOut(steps []*metadata.Step) {
	titled := false
	for _, step := range steps {
		if step.Action != metadata.Left {
			continue
		}
		if !titled {
			titled = true
			t.line("\nleft out")
		}
		t.line("  %s %s: %s", strings.ReplaceAll(string(step.Kind), "_", " "), step.Name, step.Reason)
	}
}

// legend says the reason of each rule that changes something, once.
func (t *text) legend(steps []*metadata.Step) {
	type reason struct {
		rule, why string
		fidelity  rules.Fidelity
	}
	counts := map[reason]int{}
	var order []reason
	for _, step := range steps {
		if step.Action != metadata.Create {
			continue
		}
		for _, change := range step.Changes {
			r := reason{change.Rule, change.Why, change.Fidelity}
			if counts[r] == 0 {
				order = append(order, r)
			}
			counts[r]++
		}
	}
	if len(order) == 0 {
		return
	}
	slices.SortStableFunc(order, func(a, b reason) int { return strings.Compare(a.rule, b.rule) })
	t.line("\nwhy")
	for _, r := range order {
		t.line("  %s (%s, %d): %s", r.rule, r.fidelity, counts[r], r.why)
	}
}

func (t *text) findings(findings []metadata.Finding) {
	if len(findings) == 0 {
		return
	}
	t.line("\nto look at")
	for _, finding := range findings {
		subject := strings.TrimSpace(strings.ReplaceAll(string(finding.Kind), "_", " ") + " " + finding.Name)
		if subject != "" {
			subject += ": "
		}
		t.line("  %s%s", subject, finding.What)
	}
}

// ReportText writes a report for people.
func ReportText(w io.Writer, r *metadata.Report) error {
	t := &text{w: w}
	t.line("metadata from %s", origin(r.Source))
	t.line("           to %s (%s)", r.Target.URL, r.Target.Version)
	for _, kind := range kinds {
		t.results(r, kind)
	}
	t.findings(r.Findings)
	c := r.Counts
	t.line("\n%d created, %d there already, %d failed, %d not tried, %d refused, %d left out; %d findings",
		c.Created, c.Exists, c.Failed, c.NotTried, c.Refused, c.Excluded, c.Findings)
	return t.err
}

func (t *text) results(r *metadata.Report, kind rules.Kind) {
	titled := false
	for _, result := range r.Results {
		if result.Kind != kind || result.Fate == metadata.LeftOut {
			continue
		}
		if !titled {
			titled = true
			t.line("\n%s", kindTitles[kind])
		}
		t.line("  %-9s  %s", strings.ReplaceAll(string(result.Fate), "_", " "), result.Name)
		if result.Fate == metadata.Failed || result.Fate == metadata.NotTaken {
			t.line("             %s", result.Reason)
		}
		t.differences(result.Differences)
	}
}
