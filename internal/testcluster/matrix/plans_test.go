package matrix

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/metadata"
)

// update writes the golden plans anew; with the build tag e2e also the metadata of the rich sources, from real servers.
var update = flag.Bool("update", false, "write testdata anew")

// rich is the folder with a repository for each source: what real servers wrote, without the files of documents.
const rich = "testdata/rich"

// snapshotName is of the one snapshot in it.
const snapshotName = "rich"

// TestPlansAreGolden makes the plan of each pair, from what rich servers wrote. A change of any rule shows in the diff of these files.
func TestPlansAreGolden(t *testing.T) {
	folders, err := filepath.Glob(filepath.Join(rich, "*"))
	if err != nil {
		t.Fatal(err)
	}
	plans := 0
	for _, folder := range folders {
		for _, to := range targets {
			name := filepath.Base(folder) + " to " + strings.ToLower(strings.ReplaceAll(to.String(), " ", "-"))
			t.Run(name, func(t *testing.T) {
				from := openSnapshot(t, folder, snapshotName)
				plan := planned(t, from, to, metadata.MultiTypeUnion)
				if plan == nil {
					t.Skip("there are no rules for this pair")
				}
				plans++
				items, others := kept(t, from)
				for _, section := range others {
					if !told(plan, section) {
						t.Errorf("the source has %q, of which the plan says nothing", section)
					}
				}
				for _, line := range silent(plan, items) {
					t.Error(line)
				}
				golden(t, filepath.Join("testdata", "plans", strings.ReplaceAll(name, " to ", "-to-")+".txt"), inWords(plan))
			})
		}
	}
	t.Logf("%d plans", plans)
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s is not what is planned now (-update writes it anew):\n%s", path, diff)
	}
}

// inWords is a plan as short as it can be read: a line for each step and for each change of it.
func inWords(plan *metadata.Plan) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s to %s\n", plan.Source.Version, plan.Target.Version)
	for _, step := range plan.Steps {
		fmt.Fprintf(&out, "\n%s %s %s", step.Action, step.Kind, step.Name)
		if len(step.From) > 0 {
			fmt.Fprintf(&out, " from %s", strings.Join(step.From, ", "))
		}
		if step.Reason != "" {
			fmt.Fprintf(&out, ": %s", step.Reason)
		}
		out.WriteString("\n")
		for _, change := range step.Changes {
			fmt.Fprintf(&out, "  %-10s %-18s %s: %s\n", change.Fidelity, change.Rule, change.Path, arrow(change.Before, change.After))
		}
		for _, note := range step.Notes {
			fmt.Fprintf(&out, "  note: %s\n", note)
		}
	}
	for _, finish := range plan.Finish {
		fmt.Fprintf(&out, "\nfinish %s: %s, %s: %s %s %s\n", finish.Name, finish.Do, finish.Rule, finish.Request.Method, finish.Request.Path, text(finish.Request.Body.Object()))
	}
	out.WriteString("\n")
	for _, finding := range plan.Findings {
		fmt.Fprintf(&out, "finding: %s %s: %s\n", finding.Kind, finding.Name, finding.What)
	}
	for _, gap := range plan.Gaps {
		fmt.Fprintf(&out, "gap: %s %s: %s (%s)\n", gap.Area, gap.Name, gap.What, gap.Severity)
	}
	for _, note := range plan.Notes {
		fmt.Fprintf(&out, "note: %s\n", note)
	}
	return out.String()
}

func arrow(before, after any) string {
	switch {
	case after == nil:
		return "- " + text(before)
	case before == nil:
		return "+ " + text(after)
	}
	return text(before) + " -> " + text(after)
}
