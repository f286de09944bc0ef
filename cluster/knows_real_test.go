//go:build e2e

package cluster

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"migassist/internal/testcluster"
)

// TestRealServersTellWhatTheyKnow: what the targets say of themselves, and what they say of pipelines of others.
func TestRealServersTellWhatTheyKnow(t *testing.T) {
	for _, version := range []string{"2.19.1", "3.3.0"} {
		t.Run(version, func(t *testing.T) {
			server, err := testcluster.Start(t.Context(), testcluster.Spec{Product: testcluster.OpenSearch, Version: version, Full: true})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := server.Stop(); err != nil {
					t.Error(err)
				}
			})
			client, err := Connect(t.Context(), Options{URL: server.URL})
			if err != nil {
				t.Fatal(err)
			}
			names, err := client.SettingNames(t.Context())
			if err != nil || !names["cluster.max_shards_per_node"] || !names["action.auto_create_index"] || names["xpack.monitoring.collection.enabled"] {
				t.Errorf("it knows %d settings: %v", len(names), err)
			}
			ingest, search, err := client.Processors(t.Context())
			if err != nil || !slices.Contains(ingest, "set") || slices.Contains(ingest, "enrich") {
				t.Errorf("processors %v, for searches %v: %v", ingest, search, err)
			}
			languages, err := client.ScriptLanguages(t.Context())
			if err != nil || !slices.Contains(languages, "painless") || !slices.Contains(languages, "mustache") || slices.Contains(languages, "groovy") {
				t.Errorf("languages %v: %v", languages, err)
			}
			tries(t, client)
		})
	}
}

func tries(t *testing.T, client *Client) {
	t.Helper()
	for body, want := range map[string]string{
		`{"processors":[{"set":{"field":"a","value":1}},{"fail":{"message":"always"}}]}`:  "", // what it does to a document is not asked
		`{"processors":[{"script":{"source":"ctx.a = ["}}]}`:                              "compile error",
		`{"processors":[{"set":{"field":"a","copy_from_nowhere":"b","value":1}}]}`:        "copy_from_nowhere",
		`{"_meta":{"by":"someone"},"processors":[]}`:                                      "_meta",
		`{"processors":[{"foreach":{"field":"a","processor":{"no-such-processor":{}}}}]}`: "no-such-processor",
	} {
		err := client.TryPipeline(t.Context(), json.RawMessage(body))
		if (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", body, err)
		}
	}
	if there, err := client.Named(t.Context(), IngestPipelines); err != nil || len(there) != 0 {
		t.Errorf("tries left %v, %v", there, err)
	}
}
