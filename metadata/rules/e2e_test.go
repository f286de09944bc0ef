//go:build e2e

package rules

import (
	"encoding/json"
	"flag"
	"maps"
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
			if _, err := server.Do(t.Context(), "DELETE", path, nil); err != nil {
				t.Fatal(err)
			}
		})
	}
	return taken
}

// as is the item as if it were of another kind.
func as(item *Item, kind Kind) *Item {
	if item.Kind == kind {
		return item
	}
	item.Kind, item.Rest, item.Settings = kind, nil, maps.Clone(item.Settings)
	switch kind {
	case Index:
		item.Settings["index.number_of_shards"] = "1"
	case IndexTemplate, LegacyTemplate:
		item.Rest = map[string]any{"index_patterns": []any{"migassist-none-*"}}
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
