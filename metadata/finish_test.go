package metadata

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/cluster"
	"migassist/metadata/rules"
)

// named is an item of a kind that has a name and a body.
func named(t *testing.T, kind rules.Kind, name, body string) *rules.Item {
	t.Helper()
	item, err := itemFrom(kind, name, json.RawMessage(body))
	if err != nil {
		t.Fatal(err)
	}
	return item
}

// opened is a target on which the second phase can be done.
type opened struct {
	*target
	settings map[string]map[string]json.RawMessage
	attached map[string]string
	closed   map[string]cluster.Facts
}

func (o *opened) IndexSettings(context.Context, ...string) (map[string]map[string]json.RawMessage, error) {
	return o.settings, nil
}

func (o *opened) PutIndexSettings(ctx context.Context, settings map[string]json.RawMessage, names ...string) error {
	o.settings[names[0]] = settings
	return o.take(ctx, "settings "+names[0])
}

func (o *opened) Facts(context.Context) (map[string]cluster.Facts, error) { return o.closed, nil }

func (o *opened) CloseIndex(ctx context.Context, name string) error {
	o.closed = map[string]cluster.Facts{name: {State: "close"}}
	return o.take(ctx, "close "+name)
}

func (o *opened) AttachPolicy(ctx context.Context, index, policy string) error {
	o.attached[index] = policy
	return o.take(ctx, "attach "+index+" "+policy)
}

func (o *opened) AttachedPolicy(_ context.Context, index string) (string, error) {
	return o.attached[index], nil
}

// TestFinishDoesWhatWaited: blocks and final pipelines once the documents are there, an index closed before it is blocked, and all of
// it only once.
func TestFinishDoesWhatWaited(t *testing.T) {
	to := newTarget()
	blocked := anIndex(t, "blocked", `{"index.blocks.write":"true","index.blocks.read_only":"true","index.final_pipeline":"seal"}`, `{}`, `{}`)
	blocked.State = "close"
	from := source(t, blocked, anIndex(t, "plain", `{}`, `{}`, `{}`), named(t, rules.IngestPipeline, "seal", `{"processors":[]}`))
	plan := planned(t, from, to)
	report, err := plan.Apply(t.Context(), to, ApplyOptions{})
	if err != nil || report.Class() != Done {
		t.Fatalf("%v, %+v", err, report.Findings)
	}
	for _, request := range to.sent {
		if strings.Contains(request, "close") || strings.Contains(string(to.indices["blocked"].Settings), "blocks") {
			t.Errorf("too early: %s, %s", request, to.indices["blocked"].Settings)
		}
	}
	if plan = reread(t, plan); len(plan.Finish) != 2 {
		t.Fatalf("%+v", plan.Finish)
	}
	at := &opened{target: to, settings: map[string]map[string]json.RawMessage{}, attached: map[string]string{}}
	to.sent = nil
	for _, want := range []Fate{Finished, WasThere} {
		report, err := plan.ApplyFinish(t.Context(), at)
		if err != nil || len(report.Findings) > 0 {
			t.Fatalf("%v, %+v", err, report.Findings)
		}
		if got := report.Results[1]; got.Fate != want || got.Do != rules.LaterSettings || report.Results[0].Fate != want {
			t.Errorf("%+v, want %s", got, want)
		}
	}
	if diff := cmp.Diff([]string{"close blocked", "settings blocked"}, to.sent); diff != "" {
		t.Error(diff)
	}
	want := map[string]json.RawMessage{"index.blocks.write": raw("true"), "index.blocks.read_only": raw("true"), "index.final_pipeline": raw("seal")}
	if diff := cmp.Diff(want, at.settings["blocked"]); diff != "" {
		t.Error(diff)
	}
}

// TestFinishSaysWhatFails: with the server's reason, and goes on.
func TestFinishSaysWhatFails(t *testing.T) {
	to := newTarget()
	closed, blocked := anIndex(t, "closed", `{}`, `{}`, `{}`), anIndex(t, "blocked", `{"index.blocks.write":"true"}`, `{}`, `{}`)
	closed.State = "close"
	plan := planned(t, source(t, closed, blocked), to)
	to.fails["close closed"] = &cluster.Error{Status: 403, Type: "security_exception", Reason: "no permissions", Method: "POST", Path: "/closed/_close"}
	report, err := plan.ApplyFinish(t.Context(), &opened{target: to, settings: map[string]map[string]json.RawMessage{}})
	if err != nil || report.Class() != Findings || !strings.Contains(report.Findings[0].What, "no permissions") || report.Results[1].Fate != Finished {
		t.Errorf("%v, %+v", err, report)
	}
}

// TestPoliciesThatTakeIndicesByNameWait: they would take what is being filled. Where the target has no such thing, that is said.
func TestPoliciesThatTakeIndicesByNameWait(t *testing.T) {
	to := newTarget()
	from := source(t, named(t, rules.Policy, "by-name", `{"policy":{"states":[],"ism_template":[{"index_patterns":["a-*"]}]}}`), named(t, rules.Policy, "by-hand", `{"policy":{"states":[]}}`))
	from.Origin.Version = to.info.Version
	plan := planned(t, from, to)
	if plan.Steps[0].Action != Create || plan.Steps[1].Action != Finish {
		t.Fatalf("%+v %+v", plan.Steps[0], plan.Steps[1])
	}
	if report, err := plan.Apply(t.Context(), to, ApplyOptions{}); err != nil || len(to.named[cluster.Policies]) != 1 || report.Results[1].Fate != Waits {
		t.Fatalf("%v, %+v, %s", err, report, to.named)
	}
	at := &opened{target: to}
	for _, want := range []Fate{Finished, WasThere} {
		if report, err := plan.ApplyFinish(t.Context(), at); err != nil || report.Results[0].Fate != want || len(to.named[cluster.Policies]) != 2 {
			t.Errorf("%v, %+v, %s", err, report.Results[0], to.named)
		}
	}
	delete(to.named, cluster.Policies)
	plan = planned(t, from, to)
	if plan.Steps[0].Action != Refused || !strings.Contains(plan.Steps[0].Reason, "index state management") {
		t.Errorf("%+v", plan.Steps[0])
	}
}

// TestSettingsOfTheClusterAreAdded where they are asked for, and none that the target has is changed.
func TestSettingsOfTheClusterAreAdded(t *testing.T) {
	to := newTarget()
	to.settings = map[string]json.RawMessage{"cluster.max_shards_per_node": raw("500"), "action.auto_create_index": raw("false")}
	from := source(t, named(t, rules.ClusterSettings, "persistent", `{"cluster.max_shards_per_node":"2000","action.auto_create_index":"false","search.max_buckets":"20000"}`))
	if plan := planned(t, from, to); plan.Steps[0].Action != Left || !strings.Contains(plan.Steps[0].Reason, "--cluster-settings") {
		t.Errorf("%+v", plan.Steps[0])
	}
	plan, err := NewPlan(t.Context(), Input{Source: from, Target: to, ClusterSettings: true})
	if err != nil {
		t.Fatal(err)
	}
	if report, err := plan.Apply(t.Context(), to, ApplyOptions{}); err != nil || report.Counts.Created != 1 {
		t.Errorf("%v, %+v", err, report)
	}
	if string(to.settings["search.max_buckets"]) != `"20000"` || string(to.settings["cluster.max_shards_per_node"]) != `"500"` {
		t.Errorf("%s", to.settings)
	}
	if len(plan.Findings) != 1 || !strings.Contains(plan.Findings[0].What, "it is 500 on the target, and 2000 on the source") {
		t.Errorf("%+v", plan.Findings)
	}
}

// TestDataStreamsTakeTheDocumentsOfTheirIndices: the stream is made and its indices are not; without a template for it they are.
func TestDataStreamsTakeTheDocumentsOfTheirIndices(t *testing.T) {
	stream := named(t, rules.DataStream, "logs", `{"name":"logs","timestamp_field":{"name":"@timestamp"},"indices":[{"index_name":".ds-logs-000001"}],"generation":1}`)
	from := source(t, stream, anIndex(t, ".ds-logs-000001", `{}`, `{}`, `{}`), aTemplate(t, rules.IndexTemplate, "logs", `{"index_patterns":["logs*"],"data_stream":{},"priority":7}`))
	from.Indices[0].DataStream = "logs"
	to := newTarget()
	plan := planned(t, from, to)
	if _, err := plan.Apply(t.Context(), to, ApplyOptions{}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"PUT /_index_template/logs", "PUT data streams logs"}; !slices.Equal(to.sent, want) {
		t.Errorf("%q, want %q", to.sent, want)
	}
	from.Items = from.Items[:1]
	plan = planned(t, from, newTarget())
	if plan.Steps[0].Action != Refused || plan.Steps[1].Action != Create {
		t.Errorf("without a template: %+v %+v", plan.Steps[0], plan.Steps[1])
	}
}

// TestPipelinesThatAreNotThereAreNamed, as clients could not write.
func TestPipelinesThatAreNotThereAreNamed(t *testing.T) {
	from := source(t, anIndex(t, "a", `{"index.default_pipeline":"gone","index.final_pipeline":"gone too"}`, `{}`, `{}`), anIndex(t, "b", `{"index.default_pipeline":"comes"}`, `{}`, `{}`),
		named(t, rules.IngestPipeline, "comes", `{"processors":[]}`))
	plan := planned(t, from, newTarget())
	if len(plan.Findings) != 2 || !strings.Contains(plan.Findings[0].What, "default pipeline gone") || !strings.Contains(plan.Findings[1].What, "final pipeline gone too") {
		t.Errorf("%+v", plan.Findings)
	}
}

func planned(t *testing.T, from *Source, to TargetReader) *Plan {
	t.Helper()
	return plan(t, Input{Source: from, Target: to})
}

// reread is the plan as it comes back from the file that it was kept in.
func reread(t *testing.T, plan *Plan) *Plan {
	t.Helper()
	var kept bytes.Buffer
	if err := plan.WriteJSON(&kept); err != nil {
		t.Fatal(err)
	}
	back, err := ReadPlan(&kept)
	if err != nil {
		t.Fatal(err)
	}
	return back
}
