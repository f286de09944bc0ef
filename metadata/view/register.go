package view

import (
	"cmp"
	"slices"

	"migassist/metadata"
	"migassist/metadata/rules"
)

// gap is a row of the gap register: what the source has and the target will not have, or not as it was.
type gap struct {
	Severity string   `json:"severity"` // high, medium or low
	Area     string   `json:"area"`     // the kind of the items, or a part of the product that nothing moves
	Names    []string `json:"names"`
	What     string   `json:"what"`
	Do       string   `json:"do,omitempty"`
}

// The severities. What is not brought at all is high, what loses something medium.
const (
	high   = "high"
	medium = "medium"
)

// severities in the order of a register.
var severities = []string{high, medium, "low", "info"}

// registerOf is the gap register of a plan: what nothing moves, refused items, lossy changes, and what the target has in another form, alike ones in one row.
func registerOf(p *metadata.Plan) []gap {
	r := register{gaps: []gap{}, at: map[gapKey]int{}}
	for _, g := range p.Gaps {
		r.add(gapKey{g.Severity, g.Area, g.What, g.Do}, g.Name)
	}
	for _, step := range p.Steps {
		area := words(string(step.Kind))
		switch step.Action {
		case metadata.Refused:
			r.add(gapKey{high, area, "not brought: " + step.Reason, "change it with a transform, or make it on the target by hand; then evaluate again"}, step.Name)
		case metadata.Exists:
			if len(step.Differences) > 0 {
				r.add(gapKey{medium, area, "the target has another one of this name", "compare the two; remove it from the target or leave it out of the migration"}, step.Name)
			}
		case metadata.Create:
			r.losses(area, step)
		case metadata.Left:
		}
	}
	slices.SortStableFunc(r.gaps, func(a, b gap) int {
		return cmp.Compare(slices.Index(severities, a.Severity), slices.Index(severities, b.Severity))
	})
	return r.gaps
}

type gapKey struct{ severity, area, what, do string }

type register struct {
	gaps []gap
	at   map[gapKey]int
}

func (r *register) add(key gapKey, name string) {
	i, known := r.at[key]
	if !known {
		i = len(r.gaps)
		r.at[key] = i
		r.gaps = append(r.gaps, gap{Severity: key.severity, Area: key.area, What: key.what, Do: key.do, Names: []string{}})
	}
	if names := r.gaps[i].Names; name != "" && (len(names) == 0 || names[len(names)-1] != name) { // many changes of one item are one entry
		r.gaps[i].Names = append(names, name)
	}
}

func (r *register) losses(area string, step *metadata.Step) {
	for _, change := range step.Changes {
		if change.Fidelity == rules.Lossy {
			r.add(gapKey{medium, area, change.Rule + ": " + change.Why, "see that nothing depends on it, or change it with a transform"}, step.Name)
		}
	}
}

// notMoved are the rows of what nothing moves.
func notMoved(p *metadata.Plan) []gap { return registerOf(&metadata.Plan{Gaps: p.Gaps}) }

// gaps shows the register.
func (h *htmlPage) gaps() {
	gaps := registerOf(h.Plan)
	if len(gaps) == 0 {
		return
	}
	h.section("gaps", "Gap register", len(gaps))
	h.put("<table><tr><th>severity</th><th>area</th><th>names</th><th>what</th><th>what to do</th></tr>\n")
	for _, g := range gaps {
		h.put("<tr><td class=\"%s\">%s</td><td>%s</td><td>%s", severityClass(g.Severity), g.Severity, g.Area, some(g.Names))
		if len(g.Names) > 5 {
			h.names(g.Names)
		}
		h.put("</td><td>%s</td><td>%s</td></tr>\n", g.What, g.Do)
	}
	h.put("</table>\n")
}

func severityClass(severity string) string {
	switch severity {
	case high:
		return "bad"
	case medium:
		return "care"
	}
	return "faint"
}
