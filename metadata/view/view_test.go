package view

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/cluster"
	"migassist/cluster/version"
	"migassist/internal/blob"
	"migassist/metadata"
	"migassist/snapshot"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden holds what was written against a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("-golden +got:\n%s", diff)
	}
}

// empty is a target that has nothing.
type empty struct{ metadata.TargetReader }

func (empty) Named(context.Context, cluster.Family) (map[string]json.RawMessage, error) {
	return map[string]json.RawMessage{}, nil
}

func (empty) PersistentSettings(context.Context) (map[string]json.RawMessage, error) { return nil, nil }

func (empty) URL() string { return "http://target:9200" }

func (empty) Info() cluster.Info {
	return cluster.Info{Name: "fake", UUID: "uuid", Version: version.Version{Flavor: version.OpenSearch, Major: 2, Minor: 19, Patch: 1}}
}

func (empty) Nodes(context.Context) (cluster.Nodes, error) {
	return cluster.Nodes{Data: 1, Modules: []string{"analysis-common", "mapper-extras", "parent-join", "transport-netty4"}}, nil
}

func (empty) Aliases(context.Context) (map[string][]string, error) { return nil, nil }

func (empty) Indices(context.Context, ...string) (map[string]cluster.Index, error) { return nil, nil }

func (empty) ComponentTemplates(context.Context, ...string) (map[string]json.RawMessage, error) {
	return nil, nil
}

func (empty) IndexTemplates(context.Context, string) (map[string]json.RawMessage, error) {
	return nil, nil
}

func (empty) Templates(context.Context, ...string) (map[string]json.RawMessage, error) {
	return nil, nil
}

// planOf is the plan of a fixture for an empty target.
func planOf(t *testing.T, product string) *metadata.Plan {
	t.Helper()
	root := filepath.Join("..", "..", "testdata", "snapshots", product, "repository")
	repository, err := snapshot.Open(t.Context(), blob.FromFS(os.DirFS(root), "file:///repository"))
	if err != nil {
		t.Fatal(err)
	}
	from, err := repository.Snapshot(t.Context(), "second")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := metadata.NewPlan(t.Context(), metadata.Input{Snapshot: from, URI: "file:///repository", Target: empty{}})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestThePlansOfTheFixturesReadAsTheGoldenFilesSay(t *testing.T) {
	for _, product := range []string{"elasticsearch-7.10.2", "opensearch-2.19.1"} {
		t.Run(product, func(t *testing.T) {
			var got bytes.Buffer
			if err := PlanText(&got, planOf(t, product), Style{}); err != nil {
				t.Fatal(err)
			}
			golden(t, product+".txt", got.Bytes())
		})
	}
}
