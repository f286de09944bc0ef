package cluster_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/cluster"
)

func TestNodesHaveInCommon(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		body := `{"version":{"number":"2.19.1","distribution":"opensearch"},"tagline":"The OpenSearch Project: https://opensearch.org/"}`
		if r.URL.Path == "/_nodes/plugins" {
			body = `{"nodes":{
				"a":{"roles":["data","ingest"],"modules":[{"name":"geo"},{"name":"analysis-common"}],"plugins":[{"name":"opensearch-knn"}]},
				"b":{"roles":["cluster_manager"],"modules":[{"name":"analysis-common"},{"name":"geo"}],"plugins":[]},
				"c":{"roles":["data_hot"],"modules":[{"name":"analysis-common"},{"name":"geo"}]}}}`
		}
		_, _ = w.Write([]byte(body))
	}))
	defer server.Close()
	client, err := cluster.ConnectReader(t.Context(), cluster.Options{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.Nodes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(cluster.Nodes{Data: 2, Modules: []string{"analysis-common", "geo"}}, got); diff != "" {
		t.Error(diff)
	}
}
