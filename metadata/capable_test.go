package metadata

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/metadata/rules"
)

// ableTarget is one that says what it knows.
type ableTarget struct {
	*target
	settings            map[string]bool
	ingest, search, lan []string
	refuses             string // pipelines with this text
}

func (a *ableTarget) SettingNames(context.Context) (map[string]bool, error) { return a.settings, nil }

func (a *ableTarget) Processors(context.Context) (ingest, search []string, err error) {
	return a.ingest, a.search, nil
}
func (a *ableTarget) ScriptLanguages(context.Context) ([]string, error) { return a.lan, nil }
func (a *ableTarget) TryPipeline(_ context.Context, body json.RawMessage) error {
	if a.refuses != "" && strings.Contains(string(body), a.refuses) {
		return errors.New("400: no such option\nof this processor")
	}
	return nil
}

// TestTheTargetIsAskedWhatItCanRun: what it can't is refused by name before anything is sent.
func TestTheTargetIsAskedWhatItCanRun(t *testing.T) {
	from := source(t)
	from.Items = []*rules.Item{
		named(t, rules.StoredScript, "groovy", `{"script":{"lang":"groovy","source":"1"}}`),
		named(t, rules.StoredScript, "painless", `{"script":{"lang":"painless","source":"1"}}`),
		named(t, rules.IngestPipeline, "enriched", `{"processors":[{"set":{"field":"a","value":1,"on_failure":[{"foreach":{"field":"b","processor":{"enrich":{}}}}]}}],"on_failure":[{"inference":{}}]}`),
		named(t, rules.IngestPipeline, "odd", `{"processors":[{"set":{"field":"a","odd":1}}]}`),
		named(t, rules.IngestPipeline, "plain", `{"processors":[{"set":{"field":"a","value":1}}],"version":3}`),
		named(t, rules.SearchPipeline, "reranked", `{"request_processors":[{"filter_query":{}}],"response_processors":[{"rerank":{}}]}`),
	}
	to := &ableTarget{target: newTarget(), ingest: []string{"set", "foreach"}, search: []string{"filter_query"}, lan: []string{"mustache", "painless"}, refuses: "odd"}
	got := map[string]string{}
	for _, step := range plan(t, Input{Source: from, Target: to}).Steps {
		got[step.Name] = string(step.Action) + " " + step.Reason
	}
	want := map[string]string{
		"groovy":   "refused it is written in groovy, and the target runs mustache, painless: write it anew in painless",
		"painless": "create ",
		"enriched": "refused the target has no processor enrich, inference: install the plugin that has it, or write the pipeline anew without",
		"odd":      "refused the target does not take it: 400: no such option of this processor",
		"plain":    "create ",
		"reranked": "refused the target has no processor rerank: install the plugin that has it, or write the pipeline anew without",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	to.lan = []string{}
	if step := plan(t, Input{Source: from, Target: to}).Steps[1]; !strings.Contains(step.Reason, "the target runs no scripts") {
		t.Errorf("%+v", step)
	}
}

// TestSettingsThatTheTargetDoesNotKnowAreNamed, and the others are brought.
func TestSettingsThatTheTargetDoesNotKnowAreNamed(t *testing.T) {
	from := source(t)
	from.Items = []*rules.Item{named(t, rules.ClusterSettings, persistentSettings,
		`{"cluster.max_shards_per_node":"2000","logger.org.opensearch":"debug","indices.of.old":"1","xpack.security.enabled":"true","cluster.blocks.read_only":"true"}`)}
	to := &ableTarget{target: newTarget(), settings: map[string]bool{"cluster.max_shards_per_node": true, "cluster.blocks.read_only": true}}
	step := plan(t, Input{Source: from, Target: to, ClusterSettings: true}).Steps[0]
	if diff := cmp.Diff(map[string]any{"persistent": map[string]any{"cluster.max_shards_per_node": "2000", "logger.org.opensearch": "debug"}}, step.Request.Body.Object()); diff != "" {
		t.Error(diff)
	}
	lost := map[string]string{}
	for _, change := range step.Changes {
		lost[change.Path] = change.Rule
	}
	if diff := cmp.Diff(map[string]string{"/indices.of.old": "unknown-cluster-setting", "/xpack.security.enabled": "cluster-setting", "/cluster.blocks.read_only": "cluster-setting"}, lost); diff != "" {
		t.Error(diff)
	}
}

// TestPoliciesTakeThePatternsOfTemplates: in Elasticsearch the template names the policy, by itself or by a component.
func TestPoliciesTakeThePatternsOfTemplates(t *testing.T) {
	const policy = `{"policy":{"phases":{"delete":{"min_age":"30d","actions":{"delete":{}}}}}}`
	from := source(t,
		anIndex(t, "logs-1", `{"index.lifecycle.name":"mine"}`, `{}`, `{}`),
		anIndex(t, "orphan", `{"index.lifecycle.name":"nowhere"}`, `{}`, `{}`),
	)
	component := &rules.Item{Kind: rules.ComponentTemplate, Name: "kept", Rest: map[string]any{}, Settings: map[string]any{lifecycleName: "mine"}}
	composed := named(t, rules.IndexTemplate, "logs", `{"index_patterns":["logs-*"],"composed_of":["kept"],"priority":7}`)
	legacy := named(t, rules.LegacyTemplate, "old", `{"index_patterns":["old-*","older-*"],"order":-1}`)
	legacy.Settings = map[string]any{lifecycleName: "mine"}
	from.Items = []*rules.Item{named(t, rules.Policy, "mine", policy), named(t, rules.Policy, "unused", policy), component, composed, legacy}
	to := newTarget()
	to.nodes.Modules = append(to.nodes.Modules, "opensearch-index-management")
	p := plan(t, Input{Source: from, Target: to})
	for _, step := range p.Steps {
		body, err := json.Marshal(step.After)
		if err != nil {
			t.Fatal(err)
		}
		const want = `"ism_template":[{"index_patterns":["logs-*"],"priority":7},{"index_patterns":["old-*","older-*"],"priority":0}]`
		if step.Kind == rules.Policy && strings.Contains(string(body), want) != (step.Name == "mine") {
			t.Errorf("%s: %s", step.Name, body)
		}
	}
	var later []string
	for _, step := range p.Finish {
		later = append(later, string(step.Do)+" "+step.Name)
	}
	if diff := cmp.Diff([]string{"create_policy mine", "attach_policy logs-1"}, later); diff != "" {
		t.Error(diff)
	}
	says(t, p.Findings, "policy nowhere")
}

var _ CapableReader = (*ableTarget)(nil)
