//go:build e2e

package rules

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"migassist/internal/testcluster"
)

var origin = flag.String("origin", "elasticsearch-2.4.6,elasticsearch-8.17.0", "the sources to ask, as PRODUCT-VERSION with commas between, or all")

// sources are those whose indices are rewritten for each of targets.
var sources = []testcluster.Spec{
	{Product: testcluster.Elasticsearch, Version: "1.7.6"},
	{Product: testcluster.Elasticsearch, Version: "2.4.6"},
	{Product: testcluster.Elasticsearch, Version: "5.6.16"},
	{Product: testcluster.Elasticsearch, Version: "6.8.23"},
	{Product: testcluster.Elasticsearch, Version: "7.10.2"},
	{Product: testcluster.Elasticsearch, Version: "7.17.28"},
	{Product: testcluster.Elasticsearch, Version: "8.17.0"},
	{Product: testcluster.Elasticsearch, Version: "9.1.0"},
	{Product: testcluster.OpenSearch, Version: "1.3.20"},
	{Product: testcluster.OpenSearch, Version: "2.19.1", Full: true},
}

// TestWhatASourceTakesItsTargetTakes offers every field type, parameter, key and setting to real sources. What a source takes is read back from it,
// rewritten, as an index and as a template of each kind in turn, and offered to the real targets, which have to take each one that the rules do not refuse.
func TestWhatASourceTakesItsTargetTakes(t *testing.T) {
	taken := map[string][]*Item{}
	for _, spec := range sources {
		if *origin == "all" || slices.Contains(strings.Split(*origin, ","), spec.String()) {
			t.Run(spec.String(), func(t *testing.T) { taken[spec.String()] = takenBy(t, spec) })
		}
	}
	for _, spec := range targets {
		if *only == "" || *only == spec.Version {
			t.Run("to "+spec.String(), func(t *testing.T) { takes(t, spec, taken) })
		}
	}
}

func start(t *testing.T, spec testcluster.Spec) *testcluster.Server {
	t.Helper()
	server, err := testcluster.Start(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// takenBy are the indices that a source makes of what it is offered, as it describes them: every word it knows, and combinations.
func takenBy(t *testing.T, spec testcluster.Spec) []*Item {
	v := &vocabulary{
		generator: &generator{rand.New(rand.NewPCG(7, 7)), false}, server: start(t, spec), path: "/it",
		typed: spec.Product == testcluster.Elasticsearch && !spec.AtLeast(testcluster.Elasticsearch, 7),
	}
	if !v.typed || spec.AtLeast(testcluster.Elasticsearch, 5) {
		v.path += "?wait_for_active_shards=0"
	}
	v.learn(t)
	var taken []*Item
	for _, body := range v.indices(t) {
		if item := v.make(t, body); item != nil {
			item.Name = fmt.Sprint("index-", len(taken))
			taken = append(taken, item)
		}
	}
	t.Logf("%s knows %d fields, %d keys, %d settings, %d aliases, %d conditions; %d indices of them", spec,
		len(v.fields), len(v.roots), len(v.settings), len(v.aliases), len(v.conditions), len(taken))
	if len(v.fields) < 80 || len(v.settings) < 20 || len(taken) < 60 {
		t.Error("so few show little")
	}
	return taken
}

func takes(t *testing.T, spec testcluster.Spec, taken map[string][]*Item) {
	server := start(t, spec)
	modules := modulesOf(t, server)
	kinds := slices.Sorted(maps.Keys(paths))
	for _, source := range sources {
		version := strings.NewReplacer("elasticsearch-", "ES ", "opensearch-", "OS ", "-full", "").Replace(source.String())
		if len(taken[source.String()]) == 0 {
			continue // not asked
		}
		set, err := For(Pair{From: parse(t, version), To: parse(t, "OS "+spec.Version)}, NewModules(modules))
		if err != nil {
			continue // an older target
		}
		accepted, refused := 0, map[string]int{}
		for i, item := range taken[source.String()] {
			kind := kinds[i%len(kinds)]
			outcome := set.Rewrite(as(item.clone(), kind))
			if outcome.Refusal != nil {
				refused[outcome.Refusal.Rule]++
				continue
			}
			body, err := json.Marshal(outcome.Item.Body())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := server.Do(t.Context(), "PUT", paths[kind], body); err != nil {
				before, _ := json.Marshal(item.Body())
				t.Errorf("%s %s as %s: %v\nwas  %s\nsent %s", version, item.Name, kind, err, before, body)
				continue
			}
			accepted++
			must(t, server, "DELETE", paths[kind], nil)
		}
		t.Logf("%s: %d accepted, refused by rules %v", version, accepted, refused)
	}
}
