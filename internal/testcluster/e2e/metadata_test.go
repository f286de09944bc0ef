//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/internal/testcluster"
)

// given are settings that a cluster gives to an index, not its owner.
var given = []string{"index.uuid", "index.creation_date", "index.version.created", "index.provided_name", "index.replication.type"}

// added is a setting that the target gets although the source does not list it among
// an index's settings: the source keeps it apart. Whether it is right, sameShards proves.
const added = "index.number_of_routing_shards"

// changed are settings of the corpus that OpenSearch 2.19 refuses, by index, and that
// the migration has to leave out.
var changed = map[string][]string{
	"hard-deletes": {"index.soft_deletes.enabled"},
}

// sameMetadata compares settings, mappings, aliases and templates of both servers.
func sameMetadata(t *testing.T) {
	t.Helper()
	for _, index := range indices(t, source) {
		want, got := indexSettings(t, source, index), indexSettings(t, target, index)
		delete(got, added)
		for _, name := range changed[index] {
			delete(want, name)
		}
		differ(t, "settings of "+index, want, got)
		differ(t, "mappings of "+index, mappings(t, source, index), mappings(t, target, index))
		differ(t, "aliases of "+index, ask(t, source, "/"+index+"/_alias"), ask(t, target, "/"+index+"/_alias"))
	}
	sameShards(t, "routed")
	differ(t, "legacy templates", ask(t, source, "/_template?flat_settings=true"), ask(t, target, "/_template?flat_settings=true"))
	for kind, member := range map[string]string{"_component_template": "component_templates", "_index_template": "index_templates"} {
		differ(t, kind, named(t, source, kind, member), named(t, target, kind, member))
	}
}

// sameShards proves that a routing leads to the same shard on both servers, so that
// what shared a shard still does.
func sameShards(t *testing.T, index string) {
	t.Helper()
	for _, routing := range []string{"alpha", "beta", "gamma", "0", "x", "y", "日本", "a b", "line\nbreak"} {
		path := "/" + index + "/_search_shards?routing=" + url.QueryEscape(routing)
		if want, got := shardNumber(t, source, path), shardNumber(t, target, path); want != got {
			t.Errorf("routing %q leads to shard %d of %s on the source, %d on the target", routing, want, index, got)
		}
	}
}

func shardNumber(t *testing.T, server *testcluster.Server, path string) int {
	t.Helper()
	var answer struct {
		Shards [][]struct {
			Shard int `json:"shard"`
		} `json:"shards"`
	}
	if err := server.Get(t.Context(), path, &answer); err != nil {
		t.Fatal(err)
	}
	if len(answer.Shards) != 1 {
		t.Fatalf("%s names %d shards, want one", path, len(answer.Shards))
	}
	return answer.Shards[0][0].Shard
}

func differ(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s differ (-source +target):\n%s", what, diff)
	}
}

// ask returns the decoded answer of a GET.
func ask(t *testing.T, server *testcluster.Server, path string) map[string]any {
	t.Helper()
	var answer map[string]any
	if err := json.Unmarshal(must(t, server, "GET", path, ""), &answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

// indexSettings are the settings an owner gave to an index.
func indexSettings(t *testing.T, server *testcluster.Server, index string) map[string]any {
	t.Helper()
	answer, ok := ask(t, server, "/"+index+"/_settings?flat_settings=true")[index].(map[string]any)
	if !ok {
		return nil
	}
	settings, _ := answer["settings"].(map[string]any)
	for _, name := range given {
		delete(settings, name)
	}
	return settings
}

// mappings are an index's mappings without the name of a type.
func mappings(t *testing.T, server *testcluster.Server, index string) any {
	t.Helper()
	answer, ok := ask(t, server, "/"+index+"/_mapping")[index].(map[string]any)
	if !ok {
		return nil
	}
	return answer["mappings"]
}

// named turns a list of templates into a map by name.
func named(t *testing.T, server *testcluster.Server, kind, member string) map[string]any {
	t.Helper()
	templates := map[string]any{}
	list, _ := ask(t, server, "/"+kind+"?flat_settings=true")[member].([]any)
	for _, entry := range list {
		if template, ok := entry.(map[string]any); ok {
			templates[fmt.Sprint(template["name"])] = template
		}
	}
	return templates
}
