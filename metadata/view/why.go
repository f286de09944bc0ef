package view

import (
	"slices"
	"strings"

	"migassist/metadata"
	"migassist/metadata/rules"
)

// reason is why a rule changes something.
type reason struct {
	rule, why string
	fidelity  rules.Fidelity
	count     int
}

// reasonsOf are those of all changes that are made, by rule.
func reasonsOf(p *metadata.Plan) []reason {
	at := map[reason]int{}
	var reasons []reason
	for _, step := range p.Steps {
		if step.Action != metadata.Create {
			continue
		}
		for _, change := range step.Changes {
			r := reason{rule: change.Rule, why: change.Why, fidelity: change.Fidelity}
			i, known := at[r]
			if !known {
				i = len(reasons)
				at[r] = i
				reasons = append(reasons, r)
			}
			reasons[i].count++
		}
	}
	slices.SortStableFunc(reasons, func(a, b reason) int { return strings.Compare(a.rule, b.rule) })
	return reasons
}

// loss is a rule that loses something, and the items that it does this to: their rows hold these changes and nothing else.
type loss struct {
	rule, why string
	rows      []row
}

// lossesOf are the lossy changes of what is created, by rule and reason, those of most items first.
func lossesOf(rows []row) []*loss {
	type key struct{ rule, why string }
	at := map[key]*loss{}
	var losses []*loss
	for _, r := range rows {
		if r.step == nil || r.step.Action != metadata.Create {
			continue
		}
		for _, change := range r.changes {
			if change.Fidelity != rules.Lossy {
				continue
			}
			l := at[key{change.Rule, change.Why}]
			if l == nil {
				l = &loss{rule: change.Rule, why: change.Why}
				at[key{change.Rule, change.Why}] = l
				losses = append(losses, l)
			}
			if last := len(l.rows) - 1; last < 0 || l.rows[last].name != r.name || l.rows[last].kind != r.kind {
				l.rows = append(l.rows, row{kind: r.kind, name: r.name})
			}
			own := &l.rows[len(l.rows)-1]
			own.changes = append(own.changes, change)
		}
	}
	slices.SortStableFunc(losses, func(a, b *loss) int { return len(b.rows) - len(a.rows) })
	return losses
}
