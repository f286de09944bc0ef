//go:build e2e

package metadata_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"migassist/cluster"
	"migassist/internal/blob"
	"migassist/internal/testcluster"
	"migassist/metadata"
	"migassist/metadata/rules"
	"migassist/metadata/view"
	"migassist/selection"
	"migassist/snapshot"
)

// served is a client, and the server that it talks to.
type served struct {
	*cluster.Client
	server *testcluster.Server
}

func openFixture(t *testing.T, product, name string) (*snapshot.Snapshot, string) {
	t.Helper()
	folder, err := filepath.Abs(filepath.Join("..", "testdata", "snapshots", product))
	if err != nil {
		t.Fatal(err)
	}
	store, err := blob.Open(t.Context(), "file://"+filepath.Join(folder, "repository"), blob.Options{})
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
	return from, filepath.Join(folder, "expected", "metadata", name)
}

func startTarget(t *testing.T) served {
	t.Helper()
	server, err := testcluster.Start(t.Context(), testcluster.Spec{Product: testcluster.OpenSearch, Version: "2.19.1"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	client, err := cluster.Connect(t.Context(), cluster.Options{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	return served{client, server}
}

// allIndices takes the hidden ones too.
func allIndices(t *testing.T) selection.Allowlist {
	t.Helper()
	list, err := selection.ParseAllowlist([]string{"regex:.*"})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestTheFixturesComeOutAsTheirSourceHadThem(t *testing.T) {
	for _, product := range []string{"elasticsearch-7.10.2", "opensearch-2.19.1"} {
		for _, name := range []string{"first", "second"} {
			t.Run(product+"/"+name, func(t *testing.T) {
				target := startTarget(t)
				from, expected := openFixture(t, product, name)
				input := metadata.Input{Snapshot: from, Target: target, Indices: allIndices(t)}
				plan, err := metadata.NewPlan(t.Context(), input)
				if err != nil {
					t.Fatal(err)
				}
				report, err := plan.Apply(t.Context(), target, metadata.ApplyOptions{})
				if err != nil {
					t.Fatal(err)
				}
				foretold(t, plan, report)
				compareIndices(t, target.server, plan, expected)
				compareTemplates(t, target.server, plan, expected)
				secondRun(t, input, target)
				differs(t, input, target)
			})
		}
	}
}

// TestOlderItemsAreTakenUnitedAndSplit brings the items of servers with mapping types, some of several types in an index, both ways: the target takes
// all of them, has what was asked for, and a second run finds nothing to do.
func TestOlderItemsAreTakenUnitedAndSplit(t *testing.T) {
	target := startTarget(t)
	for _, product := range []string{"elasticsearch-1.7.6", "elasticsearch-2.4.6", "elasticsearch-5.6.16", "elasticsearch-6.8.23"} {
		for resolution, made := range map[metadata.MultiType][]string{metadata.MultiTypeUnion: {"same-ids", "types"}, metadata.MultiTypeSplit: {"same-ids_order", "same-ids_user", "types_order", "types_user"}} {
			t.Run(product+"/"+string(resolution), func(t *testing.T) {
				for _, path := range []string{"/*", "/_template/*"} {
					if _, err := target.server.Do(t.Context(), "DELETE", path, nil); err != nil {
						t.Fatal(err)
					}
				}
				from, _ := openFixture(t, product, "second")
				input := metadata.Input{Snapshot: from, Target: target, Indices: allIndices(t), MultiType: resolution}
				plan, err := metadata.NewPlan(t.Context(), input)
				if err != nil {
					t.Fatal(err)
				}
				report, err := plan.Apply(t.Context(), target, metadata.ApplyOptions{})
				if err != nil {
					t.Fatal(err)
				}
				foretold(t, plan, report)
				secondRun(t, input, target)
				if product == "elasticsearch-6.8.23" {
					return // has one type per index
				}
				for _, name := range made {
					if !slices.ContainsFunc(plan.Steps, func(s *metadata.Step) bool { return s.Name == name && len(s.From) > 0 }) {
						t.Errorf("no %s", name)
					}
				}
			})
		}
	}
}

// TestTemplatesOfTheTargetAddNothing gives the target templates that would
// spoil every index: other aliases and settings, other types for the same fields,
// strict mappings, and a data stream where an index is to be.
func TestTemplatesOfTheTargetAddNothing(t *testing.T) {
	target := startTarget(t)
	for path, body := range map[string]string{
		"/_template/everything": `{"index_patterns":["*"],"settings":{"refresh_interval":"77s"},"aliases":{"spoiled":{}},
			"mappings":{"dynamic":"strict","properties":{"title":{"type":"keyword","ignore_above":3},"extra":{"type":"long"}}}}`,
		"/_index_template/streams": `{"index_patterns":["nested","routed*"],"priority":1000,"data_stream":{}}`,
		"/_index_template/spoils":  `{"index_patterns":["basic","large*"],"priority":900,"template":{"aliases":{"w":{"is_write_index":true}}}}`,
	} {
		if _, err := target.server.Do(t.Context(), "PUT", path, []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	from, expected := openFixture(t, "elasticsearch-7.10.2", "second")
	plan, err := metadata.NewPlan(t.Context(), metadata.Input{Snapshot: from, Target: target, Indices: allIndices(t)})
	if err != nil {
		t.Fatal(err)
	}
	report, err := plan.Apply(t.Context(), target, metadata.ApplyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	foretold(t, plan, report)
	compareIndices(t, target.server, plan, expected)
	if left, err := target.IndexTemplates(t.Context(), ""); err != nil || left["migassist-shield"] != nil || left["streams"] == nil {
		t.Errorf("templates left: %v, %v", left, err)
	}
}

// foretold holds the report against the plan: every step ended as it said.
func foretold(t *testing.T, plan *metadata.Plan, report *metadata.Report) {
	t.Helper()
	if len(plan.Steps) != len(report.Results) {
		t.Fatalf("%d steps and %d results", len(plan.Steps), len(report.Results))
	}
	for i, step := range plan.Steps {
		result := report.Results[i]
		if backs(step) && result.Fate == metadata.LeftOut {
			continue
		}
		if step.Action != metadata.Create || result.Fate != metadata.Created {
			t.Errorf("%s %s: planned %s (%s), became %s (%s)", step.Kind, step.Name, step.Action, step.Reason, result.Fate, result.Reason)
		}
		if len(result.Differences) > 0 {
			t.Errorf("%s %s is not as asked for: %+v", step.Kind, step.Name, result.Differences)
		}
	}
	var text bytes.Buffer
	if err := view.PlanText(&text, plan, view.Style{Details: true}); err != nil {
		t.Error(err)
	}
	if err := view.ReportText(&text, plan, report, view.Style{Details: true}); err != nil {
		t.Error(err)
	}
	t.Log(text.String())
}

// backs tells whether a step is of an index that backs a data stream of the target, which makes its own.
func backs(step *metadata.Step) bool {
	return step.Kind == rules.Index && step.Action == metadata.Left && strings.HasPrefix(step.Reason, "its documents go into the data stream")
}

// secondRun finds everything there and does nothing.
func secondRun(t *testing.T, input metadata.Input, target metadata.Target) {
	t.Helper()
	plan, err := metadata.NewPlan(t.Context(), input)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range plan.Steps {
		if backs(step) {
			continue
		}
		if step.Action != metadata.Exists || len(step.Differences) > 0 {
			t.Errorf("second run: %s %s: %s, differences %+v", step.Kind, step.Name, step.Action, step.Differences)
		}
	}
	report, err := plan.Apply(t.Context(), target, metadata.ApplyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if plan.Class() != metadata.Nothing || report.Class() != metadata.Nothing {
		t.Errorf("second run ends with %s and %s", plan.Class(), report.Class())
	}
}

// differs changes the target and finds the change.
func differs(t *testing.T, input metadata.Input, target served) {
	t.Helper()
	if _, err := target.server.Do(t.Context(), "PUT", "/basic/_settings", []byte(`{"index.max_result_window":"77"}`)); err != nil {
		t.Fatal(err)
	}
	plan, err := metadata.NewPlan(t.Context(), input)
	if err != nil {
		t.Fatal(err)
	}
	if plan.Class() != metadata.Findings || len(plan.Findings) != 1 || !strings.Contains(plan.Findings[0].What, "/settings/index.max_result_window") {
		t.Errorf("a setting that was changed on the target: %s, %+v", plan.Class(), plan.Findings)
	}
}

type object = map[string]any

func readExpected(t *testing.T, folder, name string, into any) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, into); err != nil {
		t.Fatal(err)
	}
}

// compareIndices holds what the target says of each index against what the
// source had said, leaf by leaf. Only what a change of the plan names may differ.
func compareIndices(t *testing.T, server *testcluster.Server, plan *metadata.Plan, expected string) {
	t.Helper()
	var settings, mappings, aliases map[string]object
	readExpected(t, expected, "settings.json", &settings)
	readExpected(t, expected, "mappings.json", &mappings)
	readExpected(t, expected, "aliases.json", &aliases)
	compared := 0
	for _, step := range plan.Steps {
		if step.Kind != rules.Index || settings[step.Name] == nil || backs(step) {
			continue
		}
		compared++
		var answer map[string]object
		if err := server.Get(t.Context(), "/"+step.Name, &answer); err != nil {
			t.Error(err)
			continue
		}
		got := answer[step.Name]
		mapping, _ := mappings[step.Name]["mappings"].(object)
		if inner, typed := mapping["_doc"].(object); typed {
			mapping = inner
		} else if inner, typed := mapping["product"].(object); typed {
			mapping = inner
		}
		want := object{"settings": settings[step.Name]["settings"], "mappings": mapping, "aliases": aliases[step.Name]["aliases"]}
		compareLeaves(t, step, want, got)
		stored, _ := leavesOf(object{"settings": step.Before.Object()["routing_num_shards"]})["/settings"]
		if at := fmt.Sprint(leavesOf(got)["/settings/index.number_of_routing_shards"]); at != fmt.Sprint(stored) {
			t.Errorf("%s: %s routing shards, want %v", step.Name, at, stored)
		}
	}
	if compared < 10 {
		t.Errorf("only %d indices were compared", compared)
	}
}

func compareLeaves(t *testing.T, step *metadata.Step, want, got object) {
	t.Helper()
	explained := func(path string) bool {
		for _, given := range []string{"uuid", "creation_date", "provided_name", "version.created", "replication.type"} {
			if path == "/settings/index."+given {
				return true
			}
		}
		return slices.ContainsFunc(step.Changes, func(c rules.Change) bool {
			return path == c.Path || strings.HasPrefix(path, c.Path+"/")
		})
	}
	wanted, have := leavesOf(want), leavesOf(got)
	for path, value := range wanted {
		if have[path] != value && !explained(path) {
			t.Errorf("%s %s%s: the source has %v, the target %v", step.Kind, step.Name, path, value, have[path])
		}
	}
	for path, value := range have {
		if _, there := wanted[path]; !there && !explained(path) {
			t.Errorf("%s %s%s: the target has %v, the source nothing", step.Kind, step.Name, path, value)
		}
	}
}

// leavesOf is every leaf of an object as text by its path; settings have one
// level, with dots. An empty object is a leaf where an alias is one.
func leavesOf(value object) map[string]string {
	leaves := map[string]string{}
	var walk func(path string, value any, separator string)
	walk = func(path string, value any, separator string) {
		inner, isObject := value.(object)
		if !isObject || len(inner) == 0 && strings.HasPrefix(path, "/aliases/") {
			if list, isList := value.([]any); isList {
				value = fmt.Sprint(list...)
			}
			leaves[path] = fmt.Sprint(value)
			return
		}
		for name, deeper := range inner {
			walk(path+separator+strings.ReplaceAll(name, "/", "~1"), deeper, separator)
		}
	}
	for name, inner := range value {
		if name == "settings" {
			settings, _ := inner.(object)
			index, nested := settings["index"].(object)
			if nested && len(settings) == 1 {
				for key, deeper := range index {
					walk("/settings/index."+key, deeper, ".")
				}
				continue
			}
		}
		walk("/"+name, inner, "/")
	}
	return leaves
}

// compareTemplates does the same for the three kinds of templates.
func compareTemplates(t *testing.T, server *testcluster.Server, plan *metadata.Plan, expected string) {
	t.Helper()
	var composable struct {
		Components []struct {
			Name string
			Body object `json:"component_template"`
		} `json:"component_templates"`
		Templates []struct {
			Name string
			Body object `json:"index_template"`
		} `json:"index_templates"`
	}
	readExpected(t, expected, "component_templates.json", &composable)
	readExpected(t, expected, "index_templates.json", &composable)
	want := map[string]object{}
	for _, c := range composable.Components {
		want["component_template "+c.Name] = c.Body
	}
	for _, c := range composable.Templates {
		want["index_template "+c.Name] = c.Body
	}
	var legacy map[string]object
	readExpected(t, expected, "templates.json", &legacy)
	for name, body := range legacy {
		want["legacy_template "+name] = body
	}
	for _, step := range plan.Steps {
		body := want[string(step.Kind)+" "+step.Name]
		if step.Kind == rules.Index || body == nil {
			continue
		}
		delete(want, string(step.Kind)+" "+step.Name)
		compareLeaves(t, step, withIndexSettings(body), withIndexSettings(templateOf(t, server, step)))
	}
	if len(want) > 0 {
		t.Errorf("not in the plan: %v", want)
	}
}

func templateOf(t *testing.T, server *testcluster.Server, step *metadata.Step) object {
	t.Helper()
	if step.Kind == rules.LegacyTemplate {
		var answer map[string]object
		if err := server.Get(t.Context(), "/_template/"+step.Name, &answer); err != nil {
			t.Fatal(err)
		}
		return answer[step.Name]
	}
	var answer map[string][]map[string]any
	if err := server.Get(t.Context(), "/_"+string(step.Kind)+"/"+step.Name, &answer); err != nil {
		t.Fatal(err)
	}
	body, _ := answer[string(step.Kind)+"s"][0][string(step.Kind)].(object)
	return body
}

// withIndexSettings lifts what a composable template has below "template".
func withIndexSettings(body object) object {
	flat := object{}
	for key, value := range body {
		if inner, ok := value.(object); ok && key == "template" {
			maps.Copy(flat, inner)
			continue
		}
		flat[key] = value
	}
	return flat
}
