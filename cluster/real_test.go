//go:build e2e

package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/internal/testcluster"
)

// What the other tests let a script say is said here by the real servers.
func TestRealServers(t *testing.T) {
	for _, spec := range []testcluster.Spec{
		{Product: testcluster.OpenSearch, Version: "2.19.1"},
		{Product: testcluster.Elasticsearch, Version: "7.10.2"},
	} {
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
			if got, want := strings.ToLower(client.Version().String()), string(spec.Product)+" "+spec.Version; got != want {
				t.Errorf("it says to be %s, want %s", got, want)
			}
			t.Run("version without the main response", func(t *testing.T) { byNode(t, client) })
			t.Run("bulk", func(t *testing.T) { realBulk(t, client) })
			t.Run("names", func(t *testing.T) { realNames(t, client) })
			t.Run("fetch", func(t *testing.T) { realFetch(t, client, spec.Product == testcluster.OpenSearch) })
			t.Run("templates", func(t *testing.T) { realTemplates(t, client) })
			if spec.Product == testcluster.OpenSearch {
				t.Run("posing", func(t *testing.T) { posing(t, server) })
			}
		})
	}
}

// TestRealServerLetsACertificateIn: the security plugin knows an administrator by the certificate alone, and nobody without.
func TestRealServerLetsACertificateIn(t *testing.T) {
	server, err := testcluster.Start(t.Context(), testcluster.Spec{Product: testcluster.OpenSearch, Version: "2.19.1", Secure: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	o := Options{URL: server.URL, CACertFile: server.CAFile, Retry: Retry{Attempts: 1}}
	if _, err := Connect(t.Context(), o); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("without a certificate: %v", err)
	}
	o.ClientCertFile, o.ClientKeyFile = server.ClientCertFile, server.ClientKeyFile
	client, err := Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := client.PutTemplate(t.Context(), "by-certificate", []byte(`{"index_patterns":["never-*"]}`)); err != nil {
		t.Error(err)
	}
}

func byNode(t *testing.T, client *Client) {
	info, err := client.detectByNode(t.Context())
	if err != nil || info.Version != client.Version() {
		t.Errorf("%+v, %v", info, err)
	}
}

func posing(t *testing.T, server *testcluster.Server) {
	set := func(ctx context.Context, value string) {
		body := fmt.Appendf(nil, `{"persistent":{"compatibility.override_main_response_version":%s}}`, value)
		if _, err := server.Do(ctx, "PUT", "/_cluster/settings", body); err != nil {
			t.Fatal(err)
		}
	}
	set(t.Context(), "true")
	defer set(context.Background(), "null")
	reader, err := ConnectReader(t.Context(), Options{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	if got := reader.Info(); got.Version.String() != "OpenSearch 2.19.1" || got.Claimed != "7.10.2" {
		t.Errorf("%+v", got)
	}
}

// Both with and without gzip: positions, statuses, and 3,000 sources that come back byte for byte.
func realBulk(t *testing.T, client *Client) {
	ctx := t.Context()
	if err := client.CreateIndex(ctx, "bulk", json.RawMessage(`{"settings":{"number_of_shards":3},"mappings":{"properties":{"n":{"type":"integer"}}}}`)); err != nil {
		t.Fatal(err)
	}
	var body bytes.Buffer
	want := map[string]string{}
	for i := range 3000 {
		source := fmt.Sprintf(`{ "n":%d,	"text" : "<&> ☃ \u2028" }`, i)
		fmt.Fprintf(&body, `{"index":{"_index":"bulk","_id":"%d","routing":"r%d"}}`+"\n%s\n", i, i%11, source)
		want[fmt.Sprintf("%d r%d", i, i%11)] = source
	}
	for _, compress := range []bool{false, true} {
		if compress {
			client.gzip.set(untried)
		}
		result, err := client.Bulk(ctx, body.Bytes())
		if err != nil || result.Errors || result.Items != nil {
			t.Fatalf("gzip %t: %+v, %v", compress, result, err)
		}
	}
	mixed := `{"index":{"_index":"bulk","_id":"0","routing":"r0"}}
` + want["0 r0"] + `
{"index":{"_index":"bulk","_id":"x"}}
{"n":"x"}
{"delete":{"_index":"bulk","_id":"never"}}
{"create":{"_index":"bulk","_id":"0","routing":"r0"}}
{"n":1}
`
	result, err := client.Bulk(ctx, []byte(mixed))
	if err != nil || len(result.Items) != 4 {
		t.Fatalf("%+v, %v", result, err)
	}
	var got []string
	for _, item := range result.Items {
		kind := ""
		if item.Error != nil {
			kind = item.Error.Type
		}
		got = append(got, fmt.Sprint(item.Action, " ", item.Status, " ", kind))
	}
	expected := []string{"index 200 ", "index 400 mapper_parsing_exception", "delete 404 ", "create 409 version_conflict_engine_exception"}
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
	if err := client.Refresh(ctx, "bulk"); err != nil {
		t.Fatal(err)
	}
	documents := map[string]string{}
	for hit, err := range client.Documents(ctx, "bulk") {
		if err != nil {
			t.Fatal(err)
		}
		documents[hit.ID+" "+hit.Routing] = string(hit.Source)
	}
	if diff := cmp.Diff(want, documents); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
	if count, err := client.Count(ctx, "bulk"); count != 3000 || err != nil {
		t.Errorf("%d, %v", count, err)
	}
}

func realNames(t *testing.T, client *Client) {
	ctx := t.Context()
	for _, name := range []string{"a+b", "a%b", "ümlaut", "plain"} {
		if err := client.CreateIndex(ctx, name, nil); err != nil {
			t.Fatal(err)
		}
		index, err := client.Index(ctx, name)
		if err != nil || !strings.Contains(string(index.Settings), `"index.number_of_shards":"1"`) {
			t.Errorf("%s: %s, %v", name, index.Settings, err)
		}
	}
	if err := client.CreateIndex(ctx, "plain", nil); !Exists(err) {
		t.Errorf("%v", err)
	}
	if err := client.PutAlias(ctx, "a%b", "alias", nil); err != nil {
		t.Error(err)
	}
	found, err := client.IndexExists(ctx, "a+b", "a%b", "ümlaut", "alias", "nope")
	want := map[string]bool{"a+b": true, "a%b": true, "ümlaut": true, "alias": true, "nope": false}
	if diff := cmp.Diff(want, found); err != nil || diff != "" {
		t.Errorf("%v, want -, got +\n%s", err, diff)
	}
	if _, err := client.Index(ctx, "nope"); !NotFound(err) {
		t.Errorf("%v", err)
	}
	list, err := client.List(ctx)
	if err != nil || len(list) < 4 {
		t.Errorf("%+v, %v", list, err)
	}
	aliases, err := client.Aliases(ctx)
	if err != nil || len(aliases["a%b"]) != 1 {
		t.Errorf("%v, %v", aliases, err)
	}
	if err := client.DeleteIndex(ctx, "a+b", "a%b", "ümlaut", "plain"); err != nil {
		t.Error(err)
	}
}

func realTemplates(t *testing.T, client *Client) {
	ctx := t.Context()
	none, err := client.Templates(ctx, "nope")
	if err != nil || len(none) > 0 {
		t.Errorf("%s, %v", none, err)
	}
	if none, err = client.ComponentTemplates(ctx, "nope"); err != nil || len(none) > 0 {
		t.Errorf("%s, %v", none, err)
	}
	if none, err = client.IndexTemplates(ctx, "nope"); err != nil || len(none) > 0 {
		t.Errorf("%s, %v", none, err)
	}
	for name, err := range map[string]error{
		"legacy":    client.PutTemplate(ctx, "legacy", json.RawMessage(`{"index_patterns":["l-*"],"settings":{"number_of_replicas":0}}`)),
		"component": client.PutComponentTemplate(ctx, "component", json.RawMessage(`{"template":{"mappings":{"properties":{"p":{"type":"keyword"}}}}}`)),
		"index":     client.PutIndexTemplate(ctx, "index", json.RawMessage(`{"index_patterns":["i-*"]}`)),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	legacy, err := client.Templates(ctx, "legacy")
	if err != nil || !strings.Contains(string(legacy["legacy"]), `"index.number_of_replicas":"0"`) {
		t.Errorf("%s, %v", legacy, err)
	}
	component, err := client.ComponentTemplates(ctx)
	if err != nil || !strings.Contains(string(component["component"]), `"keyword"`) {
		t.Errorf("%s, %v", component, err)
	}
	index, err := client.IndexTemplates(ctx, "")
	if err != nil || !strings.Contains(string(index["index"]), `"i-*"`) {
		t.Errorf("%s, %v", index, err)
	}
}

// realFetch: documents by name, under routings, behind aliases and data streams, and where there is none.
func realFetch(t *testing.T, client *Client, streams bool) {
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(client.CreateIndex(ctx, "fetched", json.RawMessage(`{"settings":{"number_of_shards":1,"number_of_replicas":0,"refresh_interval":"-1"}}`)))
	must(client.CreateIndex(ctx, "fetched-2", json.RawMessage(`{"mappings":{"_routing":{"required":true}}}`)))
	must(client.PutAlias(ctx, "fetched", "few", nil))
	must(client.PutAlias(ctx, "fetched", "many", nil))
	must(client.PutAlias(ctx, "fetched-2", "many", nil))
	result, err := client.Bulk(ctx, []byte(`{"index":{"_index":"fetched","_id":"plain"}}
{ "a" : 1.0 }
{"index":{"_index":"fetched","_id":"routed","routing":"r"}}
{"b":2}
{"index":{"_index":"fetched-2","_id":"x","routing":"r","version":7,"version_type":"external_gte"}}
{"c":3}
`))
	if err != nil || result.Errors {
		t.Fatalf("%+v %v", result, err)
	}
	must(client.Refresh(ctx, "fetched-2"))
	got, err := client.Fetch(ctx, []Name{
		{"fetched", "plain", ""},
		{"fetched", "routed", "r"},
		{"fetched", "routed", ""}, // on the one shard there is, and of another name
		{"few", "plain", ""},
		{"many", "x", "r"},
		{"fetched-2", "x", ""},
		{"gone", "1", ""},
		{"fetched", "none", ""},
	})
	must(err)
	want := []Fetched{
		{Found: true, Index: "fetched", Version: 1, Revision: Revision{0, 1}, Source: json.RawMessage(`{ "a" : 1.0 }`)},
		{Found: true, Index: "fetched", Version: 1, Revision: Revision{1, 1}, Source: json.RawMessage(`{"b":2}`)},
		{},
		{Found: true, Index: "fetched", Version: 1, Revision: Revision{0, 1}, Source: json.RawMessage(`{ "a" : 1.0 }`)},
		{Found: true, Index: "fetched-2", Version: 7, Revision: Revision{0, 1}, Source: json.RawMessage(`{"c":3}`)},
		{},
		{},
		{},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !streams {
		return
	}
	must(client.PutIndexTemplate(ctx, "fetched-stream", json.RawMessage(`{"index_patterns":["fetched-stream"],"data_stream":{}}`)))
	result, err = client.Bulk(ctx, []byte(`{"create":{"_index":"fetched-stream","_id":"s"}}`+"\n"+`{"@timestamp":"2026-01-01T00:00:00Z"}`+"\n"))
	if err != nil || result.Errors {
		t.Fatalf("%+v %v", result, err)
	}
	must(client.Refresh(ctx, "fetched-stream"))
	got, err = client.Fetch(ctx, []Name{{"fetched-stream", "s", ""}, {"fetched-stream", "t", ""}})
	must(err)
	if !got[0].Found || got[0].Index != ".ds-fetched-stream-000001" || got[0].Term != 1 || got[1].Found {
		t.Errorf("of a data stream: %+v", got)
	}
}
