package view

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"migassist/cluster/version"
	"migassist/metadata"
	"migassist/metadata/rules"
)

// nasty is what no page and no terminal may take as more than a text.
const nasty = "<script>alert('x')</script>\x1b[31m&\"'"

// madePlan has a step of each action, changes of each fidelity, and names and reasons that would do harm if they were not escaped.
func madePlan() *metadata.Plan {
	return &metadata.Plan{
		Format: metadata.PlanFormat,
		Source: metadata.Origin{URI: "file:///" + nasty, Snapshot: "nightly", Version: version.Version{Flavor: version.Elasticsearch, Major: 6, Minor: 8, Patch: 23}},
		Target: metadata.Destination{URL: "https://target:9200", Version: version.Version{Flavor: version.OpenSearch, Major: 2, Minor: 19, Patch: 1}},
		Steps: []*metadata.Step{
			{Kind: rules.ComponentTemplate, Name: "base", Action: metadata.Exists},
			{
				Kind: rules.LegacyTemplate, Name: nasty, Action: metadata.Refused, Reason: "/mappings (two-types): " + nasty,
				Before: metadata.NewBody(map[string]any{"mappings": map[string]any{nasty: nasty}}),
			},
			{
				Kind: rules.Index, Name: "books", Action: metadata.Create, From: []string{"books/" + nasty},
				After:   metadata.NewBody(map[string]any{"aliases": map[string]any{"reading": map[string]any{}}}),
				Request: &metadata.Request{Method: "PUT", Path: "/books", Body: metadata.NewBody(map[string]any{nasty: nasty})},
				Notes:   []string{"a note of books with " + nasty},
				Changes: []rules.Change{
					{Path: "/settings/index.uuid", Before: "u1", Rule: "source-identity", Why: "it says which index of the source this was", Fidelity: rules.Lossless},
					{Path: "/mappings/properties/title/type", Before: "string", After: "text", Rule: "string", Why: "a string is a text", Fidelity: rules.Equivalent},
					{Path: "/mappings/properties/title/" + strings.ReplaceAll(nasty, "/", "~1"), Before: nasty, Rule: "unknown-parameter", Why: "the type does not have it: " + nasty, Fidelity: rules.Lossy},
					{Path: "/mappings/properties/a~1b~0c", After: map[string]any{"type": "flat_object", "meta": strings.Repeat("long ", 30)}, Rule: "flattened", Why: "the nearest type", Fidelity: rules.Lossy},
				},
			},
			{
				Kind: rules.Index, Name: "taken", Action: metadata.Exists, After: metadata.NewBody(map[string]any{"aliases": map[string]any{"reading": map[string]any{}}}),
				Differences: []metadata.Difference{{Path: "/settings/index.number_of_replicas", Want: "1", Got: nil}},
			},
			{Kind: rules.Index, Name: ".kibana", Action: metadata.Left, Reason: "the name begins with a dot"},
		},
		Finish: []*metadata.FinishStep{
			{Name: "books", Do: rules.LaterClose, Rule: "closed", Why: "it is closed on the source", Request: &metadata.Request{Method: "POST", Path: "/books/_close"}},
			{
				Name: "taken", Do: rules.LaterSettings, Rule: "block", Why: "a block would refuse the documents",
				Request: &metadata.Request{Method: "PUT", Path: "/taken/_settings", Body: metadata.NewBody(map[string]any{"index.blocks.write": "true", "x": nasty})},
			},
		},
		Gaps: []metadata.Gap{
			{Area: "watcher", Name: nasty, What: "watches are not moved", Do: "make monitors of alerting", Severity: "medium"},
			{Area: "watcher", Name: "daily", What: "watches are not moved", Do: "make monitors of alerting", Severity: "medium"},
			{Area: "security", What: "users and roles are not moved", Severity: "high"},
		},
		Findings: []metadata.Finding{
			{Kind: rules.Index, Name: "books", What: "lossy (unknown-parameter): " + nasty},
			{Kind: rules.Index, Name: "taken", What: "exists on the target and differs in /settings/index.number_of_replicas; nothing is changed there"},
			{What: "about the whole"},
		},
		Counts: metadata.Counts{Create: 1, Exists: 2, Excluded: 1, Refused: 1, Lossless: 1, Equivalent: 1, Lossy: 2, Findings: 3},
	}
}

// madeReport is what became of it.
func madeReport(p *metadata.Plan) *metadata.Report {
	r := &metadata.Report{
		Format: metadata.ReportFormat, Source: p.Source, Target: p.Target, Findings: p.Findings,
		Results: []*metadata.Result{
			{Kind: rules.ComponentTemplate, Name: "base", Fate: metadata.WasThere},
			{Kind: rules.LegacyTemplate, Name: nasty, Fate: metadata.NotTaken, Reason: "two types"},
			{Kind: rules.Index, Name: "books", Fate: metadata.Failed, Reason: "400 mapper_parsing_exception: " + nasty},
			{Kind: rules.Index, Name: "taken", Fate: metadata.WasThere, Differences: p.Steps[3].Differences},
			{Kind: rules.Index, Name: ".kibana", Fate: metadata.LeftOut, Reason: "the name begins with a dot"},
		},
		Counts: metadata.ReportCounts{Exists: 2, Failed: 1, Excluded: 1, Refused: 1, Findings: 3},
	}
	return r
}

// alike and unlike are what the indices of a large plan are to one another.
const (
	alike  = `{"properties":{"a":{"type":"keyword"},"b":{"type":"date"},"c":{"properties":{"d":{"type":"flattened"}}}}}`
	unlike = `{"properties":{"a of %[1]s":{"type":"flattened"},"b of %[1]s":{"type":"flattened","depth_limit":3},"c":{"type":"version"}}}`
)

// largePlan has n indices that are alike but for what names them, and one of 5,000 fields that all change.
func largePlan(tb testing.TB, n int) *metadata.Plan { return planOfMany(tb, n, alike) }

// planOfMany has n indices with a mapping that may have the index's name in it, save for the first, which has 5,000 fields.
func planOfMany(tb testing.TB, n int, form string) *metadata.Plan {
	tb.Helper()
	from := &metadata.Source{Origin: metadata.Origin{Version: version.Version{Flavor: version.Elasticsearch, Major: 7, Minor: 10, Patch: 2}}}
	for i := range n {
		from.Indices = append(from.Indices, metadata.IndexName{Name: fmt.Sprintf("index-%05d", i)})
	}
	from.Index = func(_ context.Context, name string) (*rules.Item, error) {
		item := &rules.Item{Kind: rules.Index, Name: name, RoutingShards: 1024, Settings: map[string]any{
			"index.number_of_shards": "1", "index.uuid": "uuid of " + name, "index.creation_date": "1", "index.version.created": "7100299", "index.provided_name": name,
		}}
		mapping := form
		if strings.Contains(form, "%") {
			mapping = fmt.Sprintf(form, name)
		}
		if name == "index-00000" {
			fields := make([]string, 5000)
			for i := range fields {
				fields[i] = fmt.Sprintf(`"f%d":{"type":"flattened"}`, i)
			}
			mapping = `{"properties":{` + strings.Join(fields, ",") + `}}`
		}
		return item, json.Unmarshal([]byte(mapping), &item.Mappings)
	}
	plan, err := metadata.NewPlan(tb.Context(), metadata.Input{Source: from, Target: empty{}})
	if err != nil {
		tb.Fatal(err)
	}
	return plan
}
