//go:build e2e

package rules

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"migassist/internal/testcluster"
)

// TestARealServerTakesWhatComesOut creates every golden item, rewritten for the
// modules the server says it has, on a real OpenSearch: what the tables let pass,
// it takes.
func TestARealServerTakesWhatComesOut(t *testing.T) {
	server, err := testcluster.Start(t.Context(), testcluster.Spec{Product: testcluster.OpenSearch, Version: "2.19.1"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	modules := modulesOf(t, server)
	if _, err := server.Do(t.Context(), "PUT", "/_component_template/base", []byte(`{"template":{}}`)); err != nil {
		t.Fatal(err)
	}
	paths := map[Kind]string{
		Index: "/it", ComponentTemplate: "/_component_template/it", IndexTemplate: "/_index_template/it", LegacyTemplate: "/_template/it",
	}
	taken := 0
	for _, name := range goldenInputs(t) {
		t.Run(filepath.Base(filepath.Dir(name)), func(t *testing.T) {
			g := readGiven(t, name)
			g.Modules = modules
			outcome := g.set(t).Rewrite(g.item())
			if outcome.Refusal != nil {
				t.Skipf("refused by the rules, nothing is sent: %s", outcome.Refusal)
			}
			body, err := json.Marshal(outcome.Item.Body())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := server.Do(t.Context(), "PUT", paths[g.Kind], body); err != nil {
				t.Fatalf("%v\n%s", err, body)
			}
			taken++
			if _, err := server.Do(t.Context(), "DELETE", paths[g.Kind], nil); err != nil {
				t.Fatal(err)
			}
		})
	}
	if taken < 8 {
		t.Errorf("only %d items were sent", taken)
	}
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
