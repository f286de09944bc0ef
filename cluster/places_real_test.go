//go:build e2e

package cluster

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/internal/testcluster"
)

// Every generation of servers tells of indices, aliases and data streams alike, also of several names some of which lead nowhere.
func TestPlacesOnRealServers(t *testing.T) {
	for _, spec := range []testcluster.Spec{
		{Product: testcluster.Elasticsearch, Version: "6.8.23"},
		{Product: testcluster.Elasticsearch, Version: "7.10.2"},
		{Product: testcluster.Elasticsearch, Version: "9.1.0"},
		{Product: testcluster.OpenSearch, Version: "1.3.20"},
		{Product: testcluster.OpenSearch, Version: "3.3.0"},
	} {
		t.Run(spec.String(), func(t *testing.T) { placesOn(t, spec) })
	}
}

func placesOn(t *testing.T, spec testcluster.Spec) {
	server, err := testcluster.Start(t.Context(), spec)
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
	do := func(method, path, body string) {
		t.Helper()
		if _, err := server.Do(t.Context(), method, path, []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	do("PUT", "/one", `{"settings":{"index.number_of_replicas":0},"aliases":{"both":{}}}`)
	do("PUT", "/two", `{"settings":{"index.number_of_replicas":0,"index.blocks.write":true},"aliases":{"both":{"is_write_index":true}}}`)
	do("PUT", "/closed", `{"settings":{"index.number_of_replicas":0,"index.default_pipeline":"p"}}`)
	do("POST", "/closed/_close", "")
	yes := true
	want := map[string]Place{
		"one":    {Aliases: map[string]*bool{"both": nil}},
		"two":    {Aliases: map[string]*bool{"both": &yes}, Blocks: []string{"index.blocks.write"}},
		"closed": {Aliases: map[string]*bool{}, DefaultPipeline: "p"},
	}
	if spec.Product == testcluster.OpenSearch {
		do("PUT", "/_index_template/logs", `{"index_patterns":["logs-*"],"data_stream":{}}`)
		do("PUT", "/_data_stream/logs-a", "")
		want[".ds-logs-a-000001"] = Place{Stream: "logs-a", Aliases: map[string]*bool{}}
	}
	got, err := client.Places(t.Context(), "both", "closed", "logs-a", "nowhere")
	if err != nil {
		t.Fatal(err)
	}
	for name, place := range got {
		if place.UUID == "" {
			t.Errorf("%s has no UUID", name)
		}
		place.UUID = ""
		got[name] = place
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
	if none, err := client.Places(t.Context(), "nowhere"); err != nil || len(none) > 0 {
		t.Errorf("nowhere is %v, %v", none, err)
	}
}
