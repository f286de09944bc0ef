package matrix

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"migassist/cluster"
	"migassist/cluster/version"
	"migassist/internal/blob"
	"migassist/metadata"
	"migassist/metadata/rules"
	"migassist/selection"
	"migassist/snapshot"
)

// empty is a target of a version that has nothing yet, and does not say which modules it has.
type empty struct{ version version.Version }

func (e empty) Named(context.Context, cluster.Family) (map[string]json.RawMessage, error) {
	return map[string]json.RawMessage{}, nil
}

func (e empty) PersistentSettings(context.Context) (map[string]json.RawMessage, error) {
	return nil, nil
}

func (e empty) URL() string { return "http://target:9200" }
func (e empty) Info() cluster.Info {
	return cluster.Info{Name: "target", UUID: "target", Version: e.version}
}

func (e empty) Aliases(context.Context) (map[string][]string, error) {
	return nil, nil
}

func (e empty) Indices(context.Context, ...string) (map[string]cluster.Index, error) { return nil, nil }

func (e empty) ComponentTemplates(context.Context, ...string) (map[string]json.RawMessage, error) {
	return nil, nil
}

func (e empty) IndexTemplates(context.Context, string) (map[string]json.RawMessage, error) {
	return nil, nil
}

func (e empty) Templates(context.Context, ...string) (map[string]json.RawMessage, error) {
	return nil, nil
}

// targets are the versions that something is brought to.
var targets = []version.Version{
	{Flavor: version.OpenSearch, Major: 1, Minor: 3, Patch: 20},
	{Flavor: version.OpenSearch, Major: 2, Minor: 19, Patch: 1},
	{Flavor: version.OpenSearch, Major: 3, Minor: 3, Patch: 0},
}

func openSnapshot(t *testing.T, folder, name string) *snapshot.Snapshot {
	t.Helper()
	folder, err := filepath.Abs(folder)
	if err != nil {
		t.Fatal(err)
	}
	store, err := blob.Open(t.Context(), "file://"+folder, blob.Options{})
	if err != nil {
		t.Fatal(err)
	}
	repository, err := snapshot.Open(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	from, err := repository.Snapshot(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return from
}

// everything takes the hidden indices too.
func everything(t *testing.T) selection.Allowlist {
	t.Helper()
	list, err := selection.ParseAllowlist([]string{"regex:.*"})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// planned is the plan of a pair, or nil where there are no rules for it.
func planned(t *testing.T, from *snapshot.Snapshot, to version.Version, multi metadata.MultiType) *metadata.Plan {
	t.Helper()
	plan, err := metadata.NewPlan(t.Context(), metadata.Input{
		Snapshot: from, URI: "file:///source", Target: empty{to}, Indices: everything(t), IndexTemplates: everything(t), ComponentTemplates: everything(t), MultiType: multi,
	})
	if _, unsupported := errors.AsType[*rules.UnsupportedError](err); unsupported {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// TestNoLeafOfAFixtureIsLostInSilence takes each leaf of all that a snapshot of each version holds, and finds it in the plan: in what is
// created, in a change, or in an item that is left out or refused with a reason. And it finds nothing there that comes from nowhere.
func TestNoLeafOfAFixtureIsLostInSilence(t *testing.T) {
	folders, err := filepath.Glob(filepath.Join("..", "..", "..", "testdata", "snapshots", "*search-*.*.*[0-9]"))
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, folder := range folders {
		for _, to := range targets {
			for _, multi := range []metadata.MultiType{metadata.MultiTypeNone, metadata.MultiTypeSplit, metadata.MultiTypeUnion} {
				t.Run(filepath.Base(folder)+" to "+to.String()+"/"+string(multi), func(t *testing.T) {
					from := openSnapshot(t, filepath.Join(folder, "repository"), "second")
					plan := planned(t, from, to, multi)
					if plan == nil {
						t.Skip("there are no rules for this pair")
					}
					items, others := kept(t, from)
					for _, section := range others {
						if !told(plan, section) {
							t.Errorf("the source has %q, of which the plan says nothing", section)
						}
					}
					for _, line := range silent(plan, items) {
						t.Error(line)
					}
					for _, item := range items {
						checked += len(leavesOf(item.body))
					}
				})
			}
		}
	}
	if t.Logf("%d leaves", checked); checked < 1000 {
		t.Error("these are not all leaves of all fixtures")
	}
}

// told tells whether a plan speaks of a section of the source's metadata that is of no kind of items.
func told(plan *metadata.Plan, section string) bool {
	for _, gap := range plan.Gaps {
		if gap.Area == section || gap.Name == section {
			return true
		}
	}
	return false
}

// TestSilenceIsHeard takes the words out of a good plan, one after the other: each must be missed.
func TestSilenceIsHeard(t *testing.T) {
	from := openSnapshot(t, filepath.Join("..", "..", "..", "testdata", "snapshots", "elasticsearch-7.17.28", "repository"), "second")
	items, _ := kept(t, from)
	plan := planned(t, from, targets[1], metadata.MultiTypeNone)
	changes, steps := 0, 0
	for _, step := range plan.Steps {
		if step.Action != metadata.Create {
			continue
		}
		for i, change := range step.Changes {
			if whole := step.Changes; change.Rule != "mapping-type" {
				changes++
				step.Changes = slices.Delete(slices.Clone(whole), i, i+1)
				if len(silent(plan, items)) == 0 {
					t.Errorf("%s %s: nobody misses the change %+v", step.Kind, step.Name, change)
				}
				step.Changes = whole
			}
		}
		steps++
		missed := strings.Join(lost(itemOf(t, items, step), step, object{}), "\n")
		for _, l := range leavesOf(step.After.Object()) {
			if saysNothing(l) || named(step, l.path) {
				continue
			}
			if !strings.Contains(missed, l.path+":") {
				t.Errorf("%s %s: nobody misses %s", step.Kind, step.Name, l.path)
			}
		}
	}
	if t.Logf("%d changes, %d steps", changes, steps); changes < 20 || steps < 10 {
		t.Error("that is not all")
	}
}

func itemOf(t *testing.T, items []described, step *metadata.Step) described {
	t.Helper()
	for _, item := range items {
		if item.kind == step.Kind && item.name == step.Name {
			return item
		}
	}
	t.Fatalf("the source has no %s %s", step.Kind, step.Name)
	return described{}
}
