//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/internal/testcluster"
)

// given are settings that a cluster gives to an index, not its owner.
var given = []string{"index.uuid", "index.creation_date", "index.version.created", "index.provided_name", "index.replication.type"}

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
		for _, name := range changed[index] {
			delete(want, name)
		}
		differ(t, "settings of "+index, want, got)
		differ(t, "mappings of "+index, mappings(t, source, index), mappings(t, target, index))
		differ(t, "aliases of "+index, ask(t, source, "/"+index+"/_alias"), ask(t, target, "/"+index+"/_alias"))
	}
	differ(t, "legacy templates", ask(t, source, "/_template?flat_settings=true"), ask(t, target, "/_template?flat_settings=true"))
	for kind, member := range map[string]string{"_component_template": "component_templates", "_index_template": "index_templates"} {
		differ(t, kind, named(t, source, kind, member), named(t, target, kind, member))
	}
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
