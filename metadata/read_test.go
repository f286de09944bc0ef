package metadata

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/metadata/rules"
)

func raws(texts map[string]string) map[string]json.RawMessage {
	named := map[string]json.RawMessage{}
	for name, text := range texts {
		named[name] = json.RawMessage(text)
	}
	return named
}

// sourceOf is what a content comes to.
func sourceOf(t *testing.T, c content) *Source {
	t.Helper()
	source := &Source{}
	if err := c.fill(source); err != nil {
		t.Fatal(err)
	}
	return source
}

// What builds without X-Pack have not, written from the public reference: streams with aliases, a store of failures and a lifecycle, as a cluster keeps
// them and as its API shows them, are the same item.
func TestADataStreamIsTheSameAsItIsKeptAndAsItIsShown(t *testing.T) {
	templates := map[rules.Kind]map[string]json.RawMessage{rules.IndexTemplate: raws(map[string]string{
		"any":  `{"index_patterns":["*"],"priority":1,"data_stream":{}}`,
		"logs": `{"index_patterns":["logs-*","x"],"priority":500,"data_stream":{}}`,
		"most": `{"index_patterns":["logs-*"],"priority":900}`,
	})}
	forms := map[string]string{
		"kept": `{"name":"logs-app","timestamp_field":{"name":"@timestamp"},"indices":[{"index_name":".ds-logs-app-1","index_uuid":"a"},{"index_name":".ds-logs-app-2","index_uuid":"b"}],
			"generation":2,"hidden":false,"system":false,"allow_custom_routing":true,"_meta":{"by":"ops"},"lifecycle":{"enabled":true,"data_retention":"7d"},
			"failure_indices":[{"index_name":".fs-logs-app-1","index_uuid":"c"}],"failure_rollover_on_write":false,"data_stream_options":{"failure_store":{"enabled":true}}}`,
		"shown": `{"name":"logs-app","timestamp_field":{"name":"@timestamp"},"indices":[{"index_name":".ds-logs-app-1","index_uuid":"a","prefer_ilm":true},{"index_name":".ds-logs-app-2","index_uuid":"b"}],
			"generation":2,"status":"GREEN","template":"logs","ilm_policy":"weekly","hidden":false,"system":false,"allow_custom_routing":true,"replicated":false,"_meta":{"by":"ops"},
			"lifecycle":{"enabled":true,"data_retention":"7d"},"next_generation_managed_by":"Data stream lifecycle","prefer_ilm":true,"rollover_on_write":false,"settings":{},
			"data_stream_options":{"failure_store":{"enabled":true}},
			"failure_store":{"enabled":true,"rollover_on_write":false,"indices":[{"index_name":".fs-logs-app-1","index_uuid":"c"}]}}`,
	}
	want := `{"_meta":{"by":"ops"},"aliases":{"app":{"filter":{"term":{"a":1}},"is_write_index":true}},"allow_custom_routing":true,"data_stream_options":{"failure_store":{"enabled":true}},` +
		`"failure_indices":[".fs-logs-app-1"],"failure_store":true,"generation":2,"indices":[".ds-logs-app-1",".ds-logs-app-2"],"lifecycle":{"data_retention":"7d","enabled":true},` +
		`"template":"logs","timestamp_field":{"name":"@timestamp"}}`
	for form, text := range forms {
		templates[rules.DataStream] = raws(map[string]string{"logs-app": text})
		source := sourceOf(t, content{
			named: templates, indices: []string{"b", ".ds-logs-app-2", ".fs-logs-app-1"},
			streamAliases: raws(map[string]string{
				"app":   `{"name":"app","data_streams":["logs-app","other"],"write_data_stream":"logs-app","filter":{"term":{"a":1}}}`,
				"other": `{"name":"other","data_streams":["other"]}`,
			}),
		})
		item := source.Items[len(source.Items)-1]
		got, err := json.Marshal(item.Rest)
		if err != nil || item.Kind != rules.DataStream {
			t.Fatal(item, err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("%s: %s", form, diff)
		}
		streams := []IndexName{{".ds-logs-app-2", "logs-app"}, {".fs-logs-app-1", "logs-app"}, {"b", ""}}
		if diff := cmp.Diff(streams, source.Indices); diff != "" {
			t.Errorf("%s: %s", form, diff)
		}
	}
}

// Elasticsearch 5.0 to 5.2 kept a script under its language and id, from 5.3 on some are there twice.
func TestOldScriptsAreFoundUnderTheirIDs(t *testing.T) {
	source := sourceOf(t, content{named: map[rules.Kind]map[string]json.RawMessage{rules.StoredScript: raws(map[string]string{
		"painless#twice": `{"script":{"lang":"painless","source":"1"}}`, "twice": `{"script":{"lang":"painless","source":"1"}}`,
		"groovy#text":   `{"script":{"script":"doc.n"}}`,
		"mustache#find": `{"script":{"template":{"query":{"match_all":{}}}}}`,
		"painless#late": `{"script":{"lang":"painless","source":"2"}}`,
	})}})
	got := map[string]any{}
	for _, item := range source.Items {
		got[item.Name] = item.Rest["script"]
	}
	want := map[string]any{
		"twice": map[string]any{"lang": "painless", "source": "1"}, "late": map[string]any{"lang": "painless", "source": "2"},
		"text": map[string]any{"lang": "groovy", "source": "doc.n"}, "find": map[string]any{"lang": "mustache", "source": `{"query":{"match_all":{}}}`},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What plugins keep, written from the public reference: each is named, unless it is the cluster's own book-keeping.
func TestWhatNothingMovesIsInTheGapRegister(t *testing.T) {
	source := sourceOf(t, content{
		sections: raws(map[string]string{
			"cluster_uuid": `"x"`, "version": `7`, "licenses": `{"license":{"uid":"x"}}`, "templates": `{"a":{}}`,
			"snapshot_lifecycle": `{"policies":{"nightly":{"policy":{"name":"n"}},"hourly":{}},"operation_mode":"RUNNING"}`,
			"enrich":             `{"policies":{"users":{"match":{}}}}`,
			"watcher":            `{"manually_stopped":false}`,
			"ml":                 `{}`,
			"transform":          `{"reset_mode":[]}`,
			"persistent_tasks":   `{"last_allocation_id":3,"tasks":[{"id":"health-node","task":{"health-node":{}}},{"id":"job-1","task":{"xpack/rollup/job":{"params":{}}}}]}`,
			"repositories":       `{"backups":{"type":"fs"}}`,
			"flux_capacitor":     `{"on":true}`,
		}),
		indices: []string{".security-7", ".kibana_1", ".kibana_task_manager_1", ".opendistro-ism-config", "books", ".ds-logs-1"},
	})
	var got []string
	for _, gap := range source.Gaps {
		if gap.What == "" || gap.Severity == "" || gap.Do == "" {
			t.Errorf("%+v says too little", gap)
		}
		got = append(got, strings.TrimSpace(gap.Severity+" "+gap.Area+" "+gap.Name))
	}
	want := []string{
		"medium dashboards", "high enrich users", "medium flux_capacitor", "medium persistent_tasks job-1", "medium policy", "low repositories backups", "high security",
		"medium snapshot_lifecycle hourly", "medium snapshot_lifecycle nightly", "medium watcher",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// One item that is not as servers write it is named, and the others go on.
func TestAnItemThatCannotBeReadIsAGap(t *testing.T) {
	source := sourceOf(t, content{named: map[rules.Kind]map[string]json.RawMessage{
		rules.LegacyTemplate: raws(map[string]string{"good": `{"index_patterns":["a"]}`, "list": `{"index_patterns":["b"],"mappings":["no","object"]}`}),
		rules.IngestPipeline: raws(map[string]string{"text": `"not an object"`}),
		rules.DataStream:     raws(map[string]string{"nameless": `{"indices":[{}]}`}),
	}})
	if len(source.Items) != 1 || source.Items[0].Name != "good" {
		t.Errorf("items: %v", source.Items)
	}
	var got []string
	for _, gap := range source.Gaps {
		got = append(got, gap.Area+" "+gap.Name+": "+gap.What)
	}
	want := []string{
		"data_stream nameless: it is not moved, as it can't be read: read data stream nameless: one of its indices has no name",
		"ingest_pipeline text: it is not moved, as it can't be read: read ingest pipeline text: it is no JSON object",
		"legacy_template list: it is not moved, as it can't be read: read legacy_template list: its mappings are no JSON object",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
