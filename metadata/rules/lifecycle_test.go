package rules

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/cluster/version"
)

// The policies in testdata/policies are written by hand from the public references of ILM (Elasticsearch 7.x and 8.x) and of ISM
// (OpenSearch 2.x): no server that has either could be had for these tests.

func TestPoliciesOfILMBecomePoliciesOfISM(t *testing.T) {
	files, err := filepath.Glob("testdata/policies/*.ilm.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	set, err := For(pair(t, "elasticsearch 7.17.28", "opensearch 2.19.1"), NewModules([]string{ismModule}))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".ilm.json")
		t.Run(name, func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			item := &Item{Kind: Policy, Name: name}
			if err := json.Unmarshal(content, &item.Rest); err != nil {
				t.Fatal(err)
			}
			outcome := set.Rewrite(item)
			var lost []Change
			for _, change := range outcome.Changes {
				if change.Path != "/policy" {
					lost = append(lost, change)
				}
			}
			got, err := json.MarshalIndent(map[string]any{"policy": outcome.Item.Rest["policy"], "changes": lost, "refusal": outcome.Refusal}, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(file, ".ilm.json") + ".ism.json"
			if *update {
				if err := os.WriteFile(golden, append(got, '\n'), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestIndicesAreGivenToTheirPolicies, where the target has such, once their documents are there; templates leave it to the policy.
func TestIndicesAreGivenToTheirPolicies(t *testing.T) {
	settings := map[string]any{"index.lifecycle.name": "logs", "index.lifecycle.rollover_alias": "write", "index.lifecycle.parse_origination_date": "true"}
	for modules, want := range map[string]struct {
		later int
		lossy int
	}{ismModule: {2, 1}, "analysis-common": {0, 3}} {
		set, err := For(pair(t, "elasticsearch 7.17.28", "opensearch 2.19.1"), NewModules([]string{modules}))
		if err != nil {
			t.Fatal(err)
		}
		outcome := set.Rewrite(&Item{Kind: Index, Name: "a", Settings: copyOf(settings).(map[string]any)}) //nolint:forcetypeassert // a copy of a map
		lossy := 0
		for _, change := range outcome.Changes {
			if change.Fidelity == Lossy {
				lossy++
			}
		}
		if len(outcome.Later) != want.later || lossy != want.lossy || len(outcome.Item.Settings) != 0 {
			t.Errorf("%s: %+v, %d lossy, %v", modules, outcome.Later, lossy, outcome.Item.Settings)
		}
		template := set.Rewrite(&Item{Kind: LegacyTemplate, Name: "a", Settings: copyOf(settings).(map[string]any), Rest: map[string]any{"index_patterns": []any{"a-*"}}}) //nolint:forcetypeassert // a copy of a map
		if has := template.Item.Settings["index.plugins.index_state_management.rollover_alias"] == "write"; has != (modules == ismModule) || len(template.Later) > 0 {
			t.Errorf("%s: %v %v", modules, template.Item.Settings, template.Later)
		}
	}
}

// TestPoliciesOfISMStay as they are, but for what the server adds.
func TestPoliciesOfISMStay(t *testing.T) {
	set, err := For(pair(t, "opensearch 1.3.20", "opensearch 2.19.1"), nil)
	if err != nil {
		t.Fatal(err)
	}
	item := &Item{Kind: Policy, Name: "p"}
	const policy = `{"policy":{"policy_id":"p","description":"d","last_updated_time":1,"schema_version":12,"error_notification":null,"default_state":"a",
		"states":[{"name":"a","actions":[],"transitions":[]}],"ism_template":[{"index_patterns":["x*"],"priority":1,"last_updated_time":2}]}}`
	if err := json.Unmarshal([]byte(policy), &item.Rest); err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(set.Rewrite(item).Item.Rest)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"policy":{"default_state":"a","description":"d","ism_template":[{"index_patterns":["x*"],"priority":1}],"states":[{"actions":[],"name":"a","transitions":[]}]}}`
	if string(got) != want {
		t.Errorf("%s", got)
	}
}

func pair(t *testing.T, from, to string) Pair {
	t.Helper()
	parse := func(text string) version.Version {
		product, number, _ := strings.Cut(text, " ")
		flavor, ok := version.ParseFlavor(product)
		v, err := version.ParseNumber(flavor, number)
		if err != nil || !ok {
			t.Fatal(text, err)
		}
		return v
	}
	return Pair{From: parse(from), To: parse(to)}
}
