package rfs

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/cluster"
	"migassist/selection"
)

// placed is a target with so much under its names.
type placed map[string]cluster.Place

func (p placed) Places(_ context.Context, names ...string) (map[string]cluster.Place, error) {
	there := map[string]cluster.Place{}
	for index, place := range p {
		reached := slices.Contains(names, index) || slices.Contains(names, place.Stream)
		for alias := range place.Aliases {
			reached = reached || slices.Contains(names, alias)
		}
		if reached {
			there[index] = place
		}
	}
	return there, nil
}

// planOf is a plan of indices with the mapping types after a colon.
func planOf(t *testing.T, choices Choices, indices ...string) *Plan {
	t.Helper()
	plan := &Plan{readings: map[string]*reading{}}
	for _, index := range indices {
		name, types, _ := strings.Cut(index, ":")
		r := &reading{index: name, types: strings.Fields(types)}
		if refusal := r.chooseTargets(choices, backed(name)); refusal != "" {
			t.Fatal(refusal)
		}
		plan.readings[name] = r
		plan.Items = append(plan.Items, Work{Index: name})
	}
	return plan
}

func TestWhatTheTargetHasDecidesWhereDocumentsGo(t *testing.T) {
	yes, no := true, false
	target := placed{
		"plain": {}, "solo-1": {Aliases: map[string]*bool{"solo": nil}}, "shy-1": {Aliases: map[string]*bool{"shy": &no}},
		"roll-1": {Aliases: map[string]*bool{"roll": nil, "many": nil}}, "roll-2": {Aliases: map[string]*bool{"roll": &yes, "many": nil}},
		".ds-logs-000007": {Stream: "logs"}, ".ds-kept-000001": {},
		"blocked": {Blocks: []string{"index.blocks.write"}}, "final": {FinalPipeline: "p"}, "default": {DefaultPipeline: "p"},
		"it_user": {}, "it_order": {},
	}
	renames, err := selection.ParseRenames([]string{"regex:old-(.*)=$1", ".ds-own-000001=plain"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ index, head, problem string }{
		{"plain", `{"index":{"_index":"plain"`, ""},
		{"old-plain", `{"index":{"_index":"plain"`, ""},
		{"solo", `{"index":{"_index":"solo-1"`, ""},
		{"roll", `{"index":{"_index":"roll-2"`, ""},
		{"many", "", "many is an alias of several indices"},
		{"shy", "", "shy is an alias of several indices"},
		{".ds-logs-000001", `{"create":{"_index":"logs"`, ""},
		{".ds-logs-2024.01.31-000001", `{"create":{"_index":"logs"`, ""},
		{".ds-logs-000007", `{"create":{"_index":"logs"`, ""},
		{"old-logs", `{"create":{"_index":"logs"`, ""},
		{".ds-kept-000001", `{"index":{"_index":".ds-kept-000001"`, ""},
		{".ds-own-000001", `{"index":{"_index":"plain"`, ""},
		{".ds-gone-000001", "", "the target has no index .ds-gone-000001"},
		{"absent", "", "the target has no index absent; create with the same snapshot and allowlist: migassist metadata migrate"},
		{"blocked", "", "blocked takes no documents on the target: it has index.blocks.write"},
		{"final", "", "final has index.final_pipeline p"},
		{"default", `{"index":{"_index":"default"`, ""},
		{"it:order user", `{"index":{"_index":"it_order" {"index":{"_index":"it_user"`, ""},
	} {
		plan := planOf(t, Choices{MultiType: MultiTypeSplit, IndexMap: renames}, c.index)
		err := plan.Address(t.Context(), target)
		if c.problem != "" {
			if err == nil || !strings.Contains(err.Error(), c.problem) {
				t.Errorf("%s: %v, want %q", c.index, err, c.problem)
			}
			continue
		}
		var heads []string
		for _, r := range plan.readings {
			for _, to := range r.each {
				heads = append(heads, to.head)
			}
		}
		if got := strings.Join(heads, " "); err != nil || got != c.head {
			t.Errorf("%s: %s, %v, want %s", c.index, got, err, c.head)
		}
	}
}

func TestEveryProblemOfTheTargetIsNamedAtOnce(t *testing.T) {
	plan := planOf(t, Choices{}, "a", "b", "c", "d")
	err := plan.Address(t.Context(), placed{"a": {Blocks: []string{"index.blocks.write"}, FinalPipeline: "p"}})
	if err == nil || strings.Count(err.Error(), "\n") != 2 || !strings.Contains(err.Error(), "no index b, c, d") {
		t.Errorf("got %v", err)
	}
}

func TestPrefixesTellOriginsApart(t *testing.T) {
	all, err := selection.ParseRenames([]string{"regex:.*=one"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		indices []string
		want    string
	}{
		{[]string{"a"}, ""},
		{[]string{"a", "b:user"}, "a: b:"},
		{[]string{"a:order user"}, "order: user:"},
		{[]string{"a:order user", "b"}, "a:order: a:user: b:"},
		{[]string{"a:x:y z"}, "has a colon in its name"},
	} {
		plan := planOf(t, Choices{MultiType: MultiTypeUnion, IndexMap: all}, c.indices...)
		err := plan.Collide(t.Context(), nil, CollisionPrefix)
		if err != nil && strings.Contains(c.want, " ") && strings.Contains(err.Error(), c.want) {
			continue
		}
		var got []string
		for _, from := range plan.shared()["one"] {
			got = append(got, from.route.prefix)
		}
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%v: %q, %v, want %q", c.indices, got, err, c.want)
		}
	}
}

func TestAPilotsIndexIsNotManagedLikeItsModel(t *testing.T) {
	body, err := pilotDefinition(cluster.Index{
		Settings: json.RawMessage(`{"index.uuid":"u","index.creation_date":"1","index.version.created":"2","index.provided_name":"x","index.number_of_shards":"3",
			"index.analysis.analyzer.a.type":"standard","index.lifecycle.name":"l","index.plugins.index_state_management.policy_id":"i","index.blocks.write":"true",
			"index.hidden":"true","index.final_pipeline":"p"}`),
		Mappings: json.RawMessage(`{"_data_stream_timestamp":{"enabled":true},"properties":{"a":{"type":"keyword"}}}`),
	})
	want := `{"mappings":{"properties":{"a":{"type":"keyword"}}},"settings":{"index.analysis.analyzer.a.type":"standard","index.final_pipeline":"p","index.number_of_shards":"3"}}`
	if diff := cmp.Diff(want, string(body)); err != nil || diff != "" {
		t.Errorf("%v, want -, got +\n%s", err, diff)
	}
}

func TestWhoOnlyReadsFindsDocumentsWhereTheyAre(t *testing.T) {
	target := placed{
		"solo-1": {Aliases: map[string]*bool{"solo": nil}}, "roll-1": {Aliases: map[string]*bool{"many": nil}}, "roll-2": {Aliases: map[string]*bool{"many": nil}},
		".ds-logs-000007": {Stream: "logs"}, "blocked": {Blocks: []string{"index.blocks.write"}}, "final": {FinalPipeline: "p"},
	}
	plan := planOf(t, Choices{}, "solo", ".ds-logs-000001", "blocked", "final", "absent")
	if err := plan.Locate(t.Context(), target); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"solo-1", "logs", "blocked", "final", "absent"}, plan.Targets()); diff != "" {
		t.Error(diff)
	}
	if len(plan.Findings) > 0 {
		t.Errorf("findings of the way there: %v", plan.Findings)
	}
	if err := planOf(t, Choices{}, "many").Locate(t.Context(), target); err == nil || !strings.Contains(err.Error(), "many is an alias of several indices") {
		t.Errorf("an alias that takes no documents: %v", err)
	}
}
