//go:build e2e

package rules

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"migassist/internal/testcluster"
)

// targets are the servers that the tables were asked from, with the modules of the full distribution
// where these are published.
var targets = []testcluster.Spec{
	{Product: testcluster.OpenSearch, Version: "1.3.20"},
	{Product: testcluster.OpenSearch, Version: "2.19.1", Full: true},
	{Product: testcluster.OpenSearch, Version: "3.3.0", Full: true},
}

var only = flag.String("only", "", "the one version of OpenSearch to ask")

// TestARealServerTakesWhatComesOut creates every golden item, as the index or template it is and as each
// other kind, rewritten for the modules the server says it has, on real servers of three versions: what the tables
// let pass, they take.
func TestARealServerTakesWhatComesOut(t *testing.T) {
	for _, spec := range targets {
		if *only != "" && *only != spec.Version {
			continue
		}
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
			if _, err := server.Do(t.Context(), "PUT", "/_component_template/base", []byte(`{"template":{}}`)); err != nil {
				t.Fatal(err)
			}
			taken := 0
			for _, name := range goldenInputs(t) {
				taken += offer(t, server, readGiven(t, name), spec, modulesOf(t, server))
			}
			mappings := wide(1001, 30)
			properties, _ := mappings["properties"].(map[string]any)
			for i := range 60 {
				properties[fmt.Sprint("n", i)] = map[string]any{"type": "nested"}
			}
			taken += offer(t, server, &given{Name: "wide", From: "ES 1.7.6", Kind: Index, Mappings: mappings}, spec, modulesOf(t, server))
			if taken < 60 {
				t.Errorf("only %d items were sent", taken)
			}
		})
	}
}

// paths are where items of each kind are made.
var paths = map[Kind]string{
	Index: "/it", ComponentTemplate: "/_component_template/it", IndexTemplate: "/_index_template/it", LegacyTemplate: "/_template/it",
}

// offer makes an item as each kind, and tells how many the server took.
func offer(t *testing.T, server *testcluster.Server, g *given, spec testcluster.Spec, modules []string) int {
	t.Helper()
	g.To, g.Modules = "OS "+spec.Version, modules
	set, err := For(Pair{From: parse(t, g.From), To: parse(t, g.To)}, NewModules(modules))
	if err != nil {
		return 0 // an older target
	}
	set, taken := set.With(g.Options), 0
	for kind, path := range paths {
		if paths[g.Kind] == "" {
			continue // of no mapping
		}
		t.Run(g.Name+"/"+string(kind), func(t *testing.T) {
			outcome := set.Rewrite(as(g.item(), kind))
			if outcome.Refusal != nil {
				t.Skipf("refused by the rules, nothing is sent: %s", outcome.Refusal)
			}
			body, err := json.Marshal(outcome.Item.Body())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := server.Do(t.Context(), "PUT", path, body); err != nil {
				t.Fatalf("%v\n%s", err, body)
			}
			taken++
			defer must(t, server, "DELETE", path, nil)
			if len(g.Documents) > 0 && (kind != Index || g.Kind != LegacyTemplate) { // as an index has no use for _default_
				use(t, server, g, kind, lost(outcome))
			}
		})
	}
	return taken
}

// use sends the documents to the index, or to one that the template makes, and asks what the source was asked.
// Fields that the plan says can't be searched are not asked for.
func use(t *testing.T, server *testcluster.Server, g *given, kind Kind, lost []string) {
	t.Helper()
	index := "/it"
	if kind != Index {
		index = "/made"
		defer must(t, server, "DELETE", index, nil)
	}
	if kind == ComponentTemplate {
		must(t, server, "PUT", "/_index_template/with", map[string]any{"index_patterns": []string{"made"}, "composed_of": []string{"it"}})
		defer must(t, server, "DELETE", "/_index_template/with", nil)
	}
	if kind != Index {
		must(t, server, "PUT", index, nil)
	}
	for i, document := range g.Documents {
		must(t, server, "PUT", fmt.Sprintf("%s/_doc/%d?refresh=true&routing=r", index, i), document)
	}
	for _, query := range g.Finds {
		var answer struct {
			Hits struct{ Total struct{ Value int } }
		}
		if without(query, lost, g.Modules) {
			continue
		}
		content := must(t, server, "POST", index+"/_search", map[string]any{"query": query})
		if len(content) > 0 && json.Unmarshal(content, &answer) != nil {
			t.Errorf("%s", content)
		}
		if answer.Hits.Total.Value != 1 {
			t.Errorf("%v finds %d documents, the source found one", query, answer.Hits.Total.Value)
		}
	}
}

// lost are the fields that are kept without being parsed, or not computed any more.
func lost(outcome *Outcome) []string {
	var names []string
	for _, change := range outcome.Changes {
		if path, off := strings.CutSuffix(change.Path, "/enabled"); off && change.After == false && change.Fidelity == Lossy {
			names = append(names, path[strings.LastIndexByte(path, '/')+1:])
		}
		if computed, are := change.Before.(map[string]any); are && strings.HasSuffix(change.Path, "/runtime") {
			names = slices.AppendSeq(names, maps.Keys(computed))
		}
	}
	return names
}

// without tells whether a query is of one of the fields, or of the plugin that the server lacks.
func without(query map[string]any, fields, modules []string) bool {
	text := fmt.Sprint(query)
	if strings.Contains(text, "knn:") && !slices.Contains(modules, "opensearch-knn") {
		return true
	}
	return slices.ContainsFunc(fields, func(name string) bool {
		return strings.Contains(text, "["+name+":") || strings.Contains(text, "["+name+".") || strings.Contains(text, "."+name+":")
	})
}

// must sends a request that has to succeed; a failure is told, and the test goes on to clean up.
func must(t *testing.T, server *testcluster.Server, method, path string, value any) []byte {
	t.Helper()
	var body []byte
	if value != nil {
		encoded, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		body = encoded
	}
	answer, err := server.Do(t.Context(), method, path, body)
	if err != nil {
		t.Errorf("%v\n%s", err, body)
	}
	return answer
}

// as is the item as if it were of another kind.
func as(item *Item, kind Kind) *Item {
	pattern := []any{"made"}
	if item.Kind == kind {
		if _, old := item.Rest["template"]; old {
			item.Rest["template"] = "made"
		} else if item.Rest != nil {
			item.Rest["index_patterns"] = pattern
		}
		return item
	}
	item.Kind, item.Rest, item.Settings = kind, nil, maps.Clone(item.Settings)
	if item.Settings == nil {
		item.Settings = map[string]any{}
	}
	switch kind {
	case Index:
		item.Settings["index.number_of_shards"] = "1"
	case IndexTemplate, LegacyTemplate:
		item.Rest = map[string]any{"index_patterns": pattern}
	}
	item.RoutingShards, item.State = 0, ""
	return item
}

func modulesOf(t *testing.T, server *testcluster.Server) []string {
	t.Helper()
	var answer struct {
		Nodes map[string]struct {
			Modules, Plugins []struct{ Name string }
		}
	}
	if err := server.Get(t.Context(), "/_nodes/plugins", &answer); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, node := range answer.Nodes {
		for _, module := range append(node.Modules, node.Plugins...) {
			names = append(names, module.Name)
		}
	}
	return names
}
