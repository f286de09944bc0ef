package rules

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// FuzzGenerated gives the rules mappings that look like mappings: every field
// type and parameter of any version, nested and multi-fields, dynamic templates.
func FuzzGenerated(f *testing.F) {
	for seed := range uint64(100) {
		f.Add(seed)
	}
	all, sets := pairs(f), map[Pair]*Set{}
	for _, pair := range all {
		set, err := For(pair, nil)
		if err != nil {
			f.Fatal(err)
		}
		sets[pair] = set
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		g := &generator{rand.New(rand.NewPCG(seed, seed)), true}
		item, modules := g.item(), NewModules(g.modules())
		for _, pair := range all {
			set := sets[pair].With(Options{KeywordSubfield: seed%2 == 0})
			set.modules = modules
			before := item.clone()
			outcome := set.Rewrite(item)
			if diff := cmp.Diff(before, item, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("%v: the item itself was changed: %s", pair, diff)
			}
			account(t, item, outcome)
			again(t, set, outcome)
			valid(t, set, outcome)
			if t.Failed() {
				t.Fatalf("%s to %s, seed %d, %s", pair.From, pair.To, seed, item.Kind)
			}
		}
	})
}

// pairs are those whose rules differ: each kind of source, to each table.
func pairs(t testing.TB) []Pair {
	t.Helper()
	var all []Pair
	for _, from := range []string{"ES 1.7.6", "ES 2.4.6", "ES 5.6.16", "ES 6.8.23", "ES 7.10.2", "ES 7.17.28", "ES 8.17.0", "ES 9.1.0", "OS 1.3.20", "OS 2.19.1"} {
		for _, to := range []string{"OS 1.3.20", "OS 2.5.0", "OS 2.19.1", "OS 3.3.0"} {
			if pair := (Pair{From: parse(t, from), To: parse(t, to)}); unsupported(pair) == "" {
				all = append(all, pair)
			}
		}
	}
	return all
}

// valid holds what came out against the table, with a walk of its own.
func valid(t *testing.T, set *Set, outcome *Outcome) {
	t.Helper()
	if outcome.Refusal != nil {
		return
	}
	for name := range outcome.Item.Settings {
		ofModule := settingModule(name) == ismModule && !set.modules.lack(ismModule)
		if !has(set.known.Settings, name) && !matches(settingGroups, name) && !ofModule {
			t.Errorf("setting %s is not known to the target", name)
		}
	}
	for key := range outcome.Item.Mappings {
		if !has(set.known.Mapping, key) && key != "_size" {
			t.Errorf("the mapping has %s, which the target does not know", key)
		}
	}
	validFields(t, set, outcome.Item.Mappings)
	list, _ := outcome.Item.Mappings["dynamic_templates"].([]any)
	for _, entry := range list {
		named, _ := entry.(map[string]any)
		for _, value := range named {
			body, _ := value.(map[string]any)
			validFields(t, set, map[string]any{"properties": map[string]any{"t": body["mapping"]}})
		}
	}
}

// validFields looks at types, parameters, and what a vector is searched by.
func validFields(t *testing.T, set *Set, value any) {
	t.Helper()
	object, _ := value.(map[string]any)
	for _, key := range []string{"properties", "fields"} {
		definitions, _ := object[key].(map[string]any)
		for name, def := range definitions {
			inner, _ := def.(map[string]any)
			kind, said := inner["type"].(string)
			known := set.known.Fields[kind]
			if said && !strings.HasPrefix(kind, "{") && (known == nil || set.modules.lack(known.Module)) && !set.modules.have(pluginTypes[kind]) {
				t.Errorf("field %s has the type %s, which the target lacks", name, kind)
			}
			for parameter := range inner {
				if known != nil && parameter != "type" && !has(known.Parameters, parameter) {
					t.Errorf("field %s of type %s has the parameter %s, which the target lacks", name, kind, parameter)
				}
			}
			if method, is := inner["method"].(map[string]any); is && kind == "knn_vector" && method["engine"] != nil && method["name"] == "hnsw" {
				space, said := method["space_type"]
				if said && !has(set.known.KNN, fmt.Sprint(method["engine"], " hnsw ", space)) {
					t.Errorf("field %s has the method %v, which the target lacks", name, method)
				}
			}
			validFields(t, set, inner)
		}
	}
}
