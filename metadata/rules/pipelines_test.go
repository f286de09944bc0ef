package rules

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPipelines: what OpenSearch refuses goes, wherever a processor stands. Written from the public reference of Elasticsearch 8.
func TestPipelines(t *testing.T) {
	item := &Item{Kind: IngestPipeline, Name: "p"}
	const body = `{"_meta":{"a":1},"created_date_millis":1,"field_access_pattern":"classic","version":2,
		"processors":[{"foreach":{"field":"ips","processor":{"geoip":{"field":"_ingest._value","download_database_on_pipeline_creation":false}}}},
			{"set":{"field":"x","value":1,"on_failure":[{"user_agent":{"field":"agent","extract_device_type":true}}]}}],
		"on_failure":[{"geoip":{"field":"ip","download_database_on_pipeline_creation":true}}]}`
	if err := json.Unmarshal([]byte(body), &item.Rest); err != nil {
		t.Fatal(err)
	}
	set, err := For(pair(t, "elasticsearch 8.17.0", "opensearch 2.19.1"), nil)
	if err != nil {
		t.Fatal(err)
	}
	outcome := set.Rewrite(item)
	got := map[string]Fidelity{}
	for _, change := range outcome.Changes {
		got[change.Path] = change.Fidelity
	}
	want := map[string]Fidelity{
		"/_meta": Lossy, "/created_date_millis": Lossless, "/field_access_pattern": Lossless,
		"/processors/0/foreach/processor/geoip/download_database_on_pipeline_creation": Equivalent,
		"/processors/1/set/on_failure/0/user_agent/extract_device_type":                Lossy,
		"/on_failure/0/geoip/download_database_on_pipeline_creation":                   Equivalent,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	left, err := json.Marshal(outcome.Item.Rest)
	if err != nil {
		t.Fatal(err)
	}
	const after = `{"on_failure":[{"geoip":{"field":"ip"}}],"processors":[{"foreach":{"field":"ips","processor":{"geoip":{"field":"_ingest._value"}}}},{"set":{"field":"x","on_failure":[{"user_agent":{"field":"agent"}}],"value":1}}],"version":2}`
	if diff := cmp.Diff(after, string(left)); diff != "" {
		t.Error(diff)
	}
}

// TestOptionsOfScripts: 5 writes them down where there are none.
func TestOptionsOfScripts(t *testing.T) {
	set, err := For(pair(t, "elasticsearch 5.6.16", "opensearch 2.19.1"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]string{
		`{"script":{"lang":"painless","options":{},"source":"1"}}`:                                   `{"script":{"lang":"painless","source":"1"}}`,
		`{"script":{"lang":"mustache","options":{"content_type":"application/json"},"source":"{}"}}`: `{"script":{"lang":"mustache","options":{"content_type":"application/json"},"source":"{}"}}`,
	} {
		item := &Item{Kind: StoredScript, Name: "s"}
		if err := json.Unmarshal([]byte(body), &item.Rest); err != nil {
			t.Fatal(err)
		}
		if got, err := json.Marshal(set.Rewrite(item).Item.Rest); err != nil || string(got) != want {
			t.Errorf("%s became %s, %v", body, got, err)
		}
	}
}

// TestSettingsOfTheOldCluster are named with the reason, and the others stay.
func TestSettingsOfTheOldCluster(t *testing.T) {
	item := &Item{Kind: ClusterSettings, Name: "persistent", Rest: map[string]any{
		"archived.x": "1", "cluster.routing.allocation.exclude._ip": "10.0.0.1", "cluster.max_shards_per_node": "9", "cluster.remote.other.seeds": "a:1",
		"discovery.zen.minimum_master_nodes": "2", "action.auto_create_index": "-x*,+*",
	}}
	set, err := For(pair(t, "elasticsearch 6.8.23", "opensearch 2.19.1"), nil)
	if err != nil {
		t.Fatal(err)
	}
	outcome := set.Rewrite(item)
	if diff := cmp.Diff(map[string]any{"cluster.max_shards_per_node": "9", "action.auto_create_index": "-x*,+*"}, outcome.Item.Rest); diff != "" {
		t.Error(diff)
	}
	if len(outcome.Changes) != 4 {
		t.Errorf("%+v", outcome.Changes)
	}
}
