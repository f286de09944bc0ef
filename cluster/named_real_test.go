//go:build e2e

package cluster

import (
	"encoding/json"
	"strings"
	"testing"

	"migassist/internal/testcluster"
)

// TestRealServersTellWhatTheyHaveByName: what was put is listed, and what a version or a build does not know is absent, not an error.
func TestRealServersTellWhatTheyHaveByName(t *testing.T) {
	const es, os = testcluster.Elasticsearch, testcluster.OpenSearch
	for _, c := range []struct {
		spec   testcluster.Spec
		absent []Family
	}{
		{testcluster.Spec{Product: es, Version: "1.7.6"}, []Family{StoredScripts, IngestPipelines, SearchPipelines, Policies, DataStreams}},
		{testcluster.Spec{Product: es, Version: "2.4.6"}, []Family{StoredScripts, IngestPipelines, SearchPipelines, Policies, DataStreams}},
		{testcluster.Spec{Product: es, Version: "5.6.16"}, []Family{SearchPipelines, Policies, DataStreams}},
		{testcluster.Spec{Product: es, Version: "6.8.23"}, []Family{SearchPipelines, Policies, DataStreams}},
		{testcluster.Spec{Product: es, Version: "7.17.28"}, []Family{SearchPipelines, Policies, DataStreams}},
		{testcluster.Spec{Product: es, Version: "8.17.0"}, []Family{SearchPipelines, Policies, DataStreams}},
		{testcluster.Spec{Product: es, Version: "9.1.0"}, []Family{SearchPipelines, Policies, DataStreams}},
		{testcluster.Spec{Product: os, Version: "1.3.20"}, []Family{SearchPipelines, Policies}},
		{testcluster.Spec{Product: os, Version: "2.19.1"}, []Family{Policies}},
		{testcluster.Spec{Product: os, Version: "3.3.0"}, []Family{Policies}},
	} {
		spec, absent := c.spec, c.absent
		t.Run(spec.String(), func(t *testing.T) {
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
			none := map[Family]bool{}
			for _, family := range absent {
				none[family] = true
			}
			putSome(t, client, none)
			for family := range families {
				named, err := client.Named(t.Context(), family)
				if err != nil {
					t.Errorf("%s: %v", family, err)
				}
				if (named == nil) != none[family] {
					t.Errorf("%s: %v", family, named)
				}
				if named != nil && named["mine"] == nil && !none[family] && family != StoredScripts {
					t.Errorf("%s: what was put is not there: %s", family, named)
				}
			}
			if _, err := client.PersistentSettings(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func putSome(t *testing.T, client *Client, none map[Family]bool) {
	t.Helper()
	for family, body := range map[Family]string{
		StoredScripts:   `{"script":{"lang":"mustache","source":"{\"query\":{\"match_all\":{}}}"}}`,
		IngestPipelines: `{"description":"none","processors":[]}`,
		SearchPipelines: `{"description":"none"}`,
		DataStreams:     "",
	} {
		if none[family] {
			continue
		}
		var content json.RawMessage
		if family == DataStreams {
			template := json.RawMessage(`{"index_patterns":["mine"],"data_stream":{},"priority":900}`)
			if err := client.PutIndexTemplate(t.Context(), "streams", template); err != nil {
				t.Fatal(err)
			}
		} else {
			content = json.RawMessage(body)
		}
		err := client.PutNamed(t.Context(), family, "mine", content)
		if err != nil && !strings.Contains(err.Error(), "unsupported lang") { // the minimal builds have no language to write a script in
			t.Errorf("%s: %v", family, err)
		}
	}
}
