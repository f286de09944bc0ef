package view

import (
	"slices"
	"strings"
	"testing"

	"migassist/metadata"
	"migassist/metadata/rules"
)

func TestTheRegisterHasEverythingThatIsLostRefusedOrOtherwise(t *testing.T) {
	for name, plan := range map[string]*metadata.Plan{"made": madePlan(), "large": largePlan(t, 300), "fixture": planOf(t, "elasticsearch-7.10.2")} {
		gaps := registerOf(plan)
		has := func(step *metadata.Step, severity, what string) {
			t.Helper()
			if !slices.ContainsFunc(gaps, func(g gap) bool {
				return g.Severity == severity && strings.Contains(g.What, what) && slices.Contains(g.Names, step.Name)
			}) {
				t.Errorf("%s: no gap of %s %s with %q", name, step.Kind, step.Name, what)
			}
		}
		for _, g := range plan.Gaps {
			if g.Name != "" {
				has(&metadata.Step{Name: g.Name}, g.Severity, g.What)
			}
		}
		lost := 0
		for _, step := range plan.Steps {
			if step.Action == metadata.Refused {
				has(step, high, step.Reason)
			}
			if len(step.Differences) > 0 {
				has(step, medium, "another one")
			}
			for _, rule := range rulesLosing(step) {
				lost++
				has(step, medium, rule)
			}
		}
		rows := 0
		for _, g := range gaps {
			rows += len(g.Names)
			if len(slices.Compact(slices.Sorted(slices.Values(g.Names)))) != len(g.Names) {
				t.Errorf("%s: %q names an item twice", name, g.What)
			}
		}
		if name == "large" && (lost != 300 || rows != 300) {
			t.Errorf("%d losses, %d names in the register, want 300 of both", lost, rows)
		}
	}
}

// rulesLosing are the rules with a lossy change of a step that is created, each once.
func rulesLosing(step *metadata.Step) []string {
	var names []string
	for _, change := range step.Changes {
		if step.Action == metadata.Create && change.Fidelity == rules.Lossy && !slices.Contains(names, change.Rule) {
			names = append(names, change.Rule)
		}
	}
	return names
}
