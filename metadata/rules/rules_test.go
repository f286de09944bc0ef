package rules

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/cluster/version"
)

var update = flag.Bool("update", false, "write the golden files anew")

// given is an item as testdata/*/in.json has it.
type given struct {
	About         string         `json:"about"`
	From          string         `json:"from"`
	To            string         `json:"to"`
	Modules       []string       `json:"modules"`
	Kind          Kind           `json:"kind"`
	Name          string         `json:"name"`
	Settings      map[string]any `json:"settings"`
	Mappings      map[string]any `json:"mappings"`
	Aliases       map[string]any `json:"aliases"`
	Rest          map[string]any `json:"rest"`
	RoutingShards int            `json:"routing_num_shards"`
	State         string         `json:"state"`
	Options       Options        `json:"options"`
	// Documents are what the source's index took, and Finds queries of which each found one of them; tried on real servers.
	Documents []map[string]any `json:"documents"`
	Finds     []map[string]any `json:"finds"`
}

func (g *given) item() *Item {
	return &Item{
		Kind: g.Kind, Name: g.Name, Settings: FlatSettings(g.Settings), Mappings: g.Mappings, Aliases: g.Aliases, Rest: g.Rest,
		RoutingShards: g.RoutingShards, State: g.State,
	}
}

func (g *given) set(t *testing.T) *Set {
	t.Helper()
	set, err := For(Pair{From: parse(t, g.From), To: parse(t, g.To)}, NewModules(g.Modules))
	if err != nil {
		t.Fatal(err)
	}
	return set.With(g.Options)
}

func parse(t testing.TB, text string) version.Version {
	t.Helper()
	v, err := version.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func decode(t *testing.T, content []byte, into any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		t.Fatal(err)
	}
}

func readGiven(t *testing.T, name string) *given {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	g := &given{}
	decode(t, content, g)
	return g
}

func goldenInputs(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("testdata/*/in.json")
	if err != nil || len(names) == 0 {
		t.Fatal("no inputs in testdata", err)
	}
	return names
}

func TestItemsComeOutAsTheGoldenFilesSay(t *testing.T) {
	for _, name := range goldenInputs(t) {
		t.Run(filepath.Base(filepath.Dir(name)), func(t *testing.T) {
			g := readGiven(t, name)
			outcome := g.set(t).Rewrite(g.item())
			got, err := json.MarshalIndent(map[string]any{
				"body": outcome.Item.Body(), "changes": outcome.Changes, "refusal": outcome.Refusal,
			}, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			golden := filepath.Join(filepath.Dir(name), "out.json")
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("-golden +got:\n%s", diff)
			}
		})
	}
}

func TestNothingIsMissingInSilence(t *testing.T) {
	for _, name := range goldenInputs(t) {
		t.Run(filepath.Base(filepath.Dir(name)), func(t *testing.T) {
			g := readGiven(t, name)
			account(t, g.item(), g.set(t).Rewrite(g.item()))
		})
	}
}

func TestASecondRewritingChangesNothing(t *testing.T) {
	for _, name := range goldenInputs(t) {
		t.Run(filepath.Base(filepath.Dir(name)), func(t *testing.T) {
			g := readGiven(t, name)
			set := g.set(t)
			again(t, set, set.Rewrite(g.item()))
		})
	}
}

// again rewrites what came out: nothing changes any more. An 8 before a date pattern says that it is of java.time already, and is gone then, so that
// nothing tells it from one of Joda.
func again(t *testing.T, set *Set, first *Outcome) {
	t.Helper()
	marked := func(c Change) bool { return c.Rule == "date-pattern" && javaTime.MatchString(fmt.Sprint(c.Before)) }
	if first.Refusal != nil || slices.ContainsFunc(first.Changes, marked) {
		return
	}
	item := first.Item.clone()
	item.State = "open"
	second := set.Rewrite(item)
	if second.Refusal != nil || len(second.Changes) > 0 {
		t.Errorf("the second rewriting still changes or refuses: %v %+v", second.Refusal, second.Changes)
	}
	if diff := cmp.Diff(first.Item.Body(), second.Item.Body()); diff != "" {
		t.Errorf("-first +second:\n%s", diff)
	}
}

// account holds every leaf of the item against the outcome: it is there
// unchanged, or a change names it or something above it; and nothing is new
// without a change.
func account(t *testing.T, item *Item, outcome *Outcome) {
	t.Helper()
	if outcome.Refusal != nil {
		return
	}
	before, after := map[string]any{}, map[string]any{}
	source := item.clone()
	if typed(source.Mappings) && len(source.Mappings) > 1 {
		delete(source.Mappings, "_default_")
	}
	if len(source.Mappings) == 1 && typed(source.Mappings) {
		for _, mapping := range source.Mappings {
			source.Mappings, _ = mapping.(map[string]any)
		}
	}
	leaves("", source.Body(), before)
	leaves("", outcome.Item.Body(), after)
	for path, value := range before {
		if !cmp.Equal(value, after[path]) && !explained(path, outcome.Changes) {
			t.Errorf("%s: %v became %v and no change says why", path, value, after[path])
		}
	}
	for path, value := range after {
		if _, there := before[path]; !there && !explained(path, outcome.Changes) {
			t.Errorf("%s: %v is new and no change says why", path, value)
		}
	}
}

func leaves(at pointer, value any, into map[string]any) {
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			leaves(at.at(name), inner, into)
		}
	case []any:
		if len(v) == 0 {
			return
		}
		if _, named := v[0].(map[string]any); named && strings.HasSuffix(string(at), "/dynamic_templates") {
			for _, inner := range v {
				leaves(at, inner, into) // by its name: numbers shift where one is removed
			}
			return
		}
		into[string(at)] = value
	default:
		into[string(at)] = value
	}
}

var javaTime = regexp.MustCompile(`(^|[\[ |])8`)

var templateNumber = regexp.MustCompile(`/dynamic_templates/\d+/`)

func explained(path string, changes []Change) bool {
	for _, c := range changes {
		changed := templateNumber.ReplaceAllString(c.Path, "/dynamic_templates/")
		if path == changed || strings.HasPrefix(path, changed+"/") {
			return true
		}
	}
	return false
}

func TestPairsWithoutRulesAreRefusedByName(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"ES 7.10.2", "ES 8.17.0", "no rules for metadata from Elasticsearch 7.10.2 to Elasticsearch 8.17.0"},
		{"ES 0.90.0", "OS 2.19.1", "reads Elasticsearch 1.x to 9.x"},
		{"OS 2.19.1", "OS 2.11.0", "older than the source"},
		{"OS 1.3.20", "OS 4.0.0", "migrates to OpenSearch 1.x to 3.x"},
	} {
		_, err := For(Pair{From: parse(t, c.from), To: parse(t, c.to)}, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s -> %s: got %v, want %q", c.from, c.to, err, c.want)
		}
	}
}

func TestATargetBetweenTablesUsesTheNearestOne(t *testing.T) {
	set, err := For(Pair{From: parse(t, "ES 7.10.2"), To: parse(t, "OS 2.17.0")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := set.Asked().String(); got != "OpenSearch 2.19.1" {
		t.Errorf("asked %s", got)
	}
}

func TestEveryRuleSaysItsNameItsReasonAndItsFidelity(t *testing.T) {
	seen := map[string]bool{}
	for _, rule := range table {
		refuses := has(words("time-series searchable-snapshot analysis-missing analyzer-missing dotted-name synonyms-set"), rule.Name)
		if rule.Name == "" || rule.Why == "" || rule.rewrite == nil || rule.Fidelity == "" && !refuses {
			t.Errorf("incomplete rule: %+v", rule)
		}
		if seen[rule.Name] {
			t.Errorf("two rules are named %s", rule.Name)
		}
		seen[rule.Name] = true
	}
}

func TestFlatSettingsTakesEveryForm(t *testing.T) {
	got := FlatSettings(map[string]any{
		"number_of_shards": "2",
		"index": map[string]any{
			"knn": true, "knn.space_type": "l2",
			"analysis": map[string]any{"filter": map[string]any{"f": map[string]any{"stopwords": []any{"a", "b"}}}},
		},
		"index.codec":      "best_compression",
		"archived.index.x": "1",

		"index.analysis.analyzer.a.filter.0": "standard", "index.analysis.analyzer.a.filter.1": "lowercase", "index.similarity.s.0": "one",
	})
	want := map[string]any{
		"index.number_of_shards": "2", "index.knn": true, "index.knn.space_type": "l2",
		"index.analysis.filter.f.stopwords": []any{"a", "b"}, "index.codec": "best_compression", "archived.index.x": "1",
		"index.analysis.analyzer.a.filter": []any{"standard", "lowercase"}, "index.similarity.s": []any{"one"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// FuzzRewrite gives mappings and settings of any shape to the rules of any pair: they never
// panic, account for every leaf, are done after one pass, and what comes out is in the target's table.
func FuzzRewrite(f *testing.F) {
	names, _ := filepath.Glob("testdata/*/in.json")
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for i := range uint8(3) {
			f.Add(content, i*11)
		}
	}
	all := pairs(f)
	f.Fuzz(func(t *testing.T, content []byte, which uint8) {
		g := &given{}
		decoder := json.NewDecoder(bytes.NewReader(content))
		decoder.UseNumber()
		if decoder.Decode(g) != nil || !slices.Contains(Kinds, g.Kind) {
			return
		}
		pair := all[int(which)%len(all)]
		set, err := For(pair, NewModules(g.Modules))
		if err != nil {
			t.Fatal(err)
		}
		set = set.With(g.Options)
		outcome := set.Rewrite(g.item())
		account(t, g.item(), outcome)
		again(t, set, outcome)
		if (&Rule{}).takes(g.Kind) {
			valid(t, set, outcome)
		}
	})
}
