//go:build e2e

package rules

import (
	"bytes"
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

var origin = flag.String("origin", "", "the one source to ask, as PRODUCT-VERSION")

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
		if *origin == "" || *origin == spec.String() {
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

// vocabulary is what a source takes alone: definitions of fields, keys of mappings, settings, aliases, conditions of dynamic templates.
type vocabulary struct {
	*generator
	server *testcluster.Server
	typed  bool
	path   string

	fields, roots, settings, aliases, conditions []map[string]any
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

// learn offers words together, and where the source does not take them all, each half of them.
func (v *vocabulary) learn(t *testing.T) {
	var bare []map[string]any
	for _, kind := range someTypes {
		def := map[string]any{"type": kind.name}
		for _, name := range kind.needs {
			def[name] = v.parameter(kind.name, name)
		}
		bare = append(bare, def)
	}
	for _, def := range v.known(t, bare, withFields) {
		var more []map[string]any
		for _, kind := range someTypes {
			if kind.name != def["type"] {
				continue
			}
			for _, name := range slices.Concat(kind.needs, kind.parameters) {
				for _, c := range choicesOf(kind.name, name) {
					with := maps.Clone(def)
					with[name] = v.value(c)
					more = append(more, with)
				}
			}
		}
		v.fields = append(append(v.fields, def), v.known(t, more, withFields)...)
	}
	alone := func(part string) func([]map[string]any) map[string]any {
		return func(words []map[string]any) map[string]any {
			if all := together(words); all != nil {
				return map[string]any{part: all}
			}
			return nil
		}
	}
	v.roots = v.known(t, each(v.generator, someRoots), alone("mappings"))
	v.settings = v.known(t, each(v.generator, someSettings), alone("settings"))
	v.aliases = v.known(t, each(v.generator, someAliases), func(words []map[string]any) map[string]any {
		aliases := map[string]any{}
		for i, word := range words {
			aliases[fmt.Sprint("a", i)] = word
		}
		return map[string]any{"aliases": aliases}
	})
	v.conditions = v.known(t, each(v.generator, someConditions), withConditions)
}

// each is every value of every choice, but of those that make an index hard to delete, or are of a machine.
func each(g *generator, choices []choice) []map[string]any {
	var all []map[string]any
	for _, c := range choices {
		for _, text := range c.values {
			if !strings.HasPrefix(c.name, "index.blocks.") && c.name != "index.data_path" {
				all = append(all, map[string]any{c.name: g.value(pick(c.name, text))})
			}
		}
	}
	return all
}

// together is one object of words with different names; nil where two have the same.
func together(words []map[string]any) map[string]any {
	all := map[string]any{}
	for _, word := range words {
		maps.Copy(all, word)
	}
	if len(all) < len(words) {
		return nil
	}
	return all
}

// known are those of the words that the source takes.
func (v *vocabulary) known(t *testing.T, words []map[string]any, index func([]map[string]any) map[string]any) []map[string]any {
	t.Helper()
	if len(words) == 0 {
		return nil
	}
	if body := index(words); body != nil && v.make(t, body) != nil {
		return words
	}
	if len(words) == 1 {
		return nil
	}
	half := len(words) / 2
	return append(v.known(t, words[:half:half], index), v.known(t, words[half:], index)...)
}

// choicesOf are the values of a parameter, each as a choice of one.
func choicesOf(kind, name string) []choice {
	for _, named := range []string{kind + " " + name, name} {
		for _, c := range someParameters {
			if c.name != named {
				continue
			}
			var each []choice
			for _, value := range c.values {
				each = append(each, pick(name, value))
			}
			return each
		}
	}
	return nil
}

func withFields(defs []map[string]any) map[string]any {
	properties := map[string]any{"f0": map[string]any{"type": "long"}}
	for i, def := range defs {
		properties[fmt.Sprint("g", i)] = def
	}
	return map[string]any{"mappings": map[string]any{"properties": properties}}
}

func withConditions(words []map[string]any) map[string]any {
	list := make([]any, len(words))
	for i, word := range words {
		body := map[string]any{"match": "x*", "mapping": map[string]any{"type": "date"}}
		maps.Copy(body, word)
		list[i] = map[string]any{fmt.Sprint("t", i): body}
	}
	return map[string]any{"mappings": map[string]any{"dynamic_templates": list}}
}

// spread deals fields to groups of 15 at most, those of a type to different ones: an index has one join field.
func spread(fields []map[string]any) [][]map[string]any {
	groups := make([][]map[string]any, len(fields)/15+1)
	for i, def := range fields {
		groups[i%len(groups)] = append(groups[i%len(groups)], def)
	}
	return groups
}

// indices are those to migrate: fields in groups, below objects, nested ones and other fields, and each other word once.
func (v *vocabulary) indices(t *testing.T) []map[string]any {
	var all []map[string]any
	for _, chunk := range spread(v.fields) {
		mapping := withFields(chunk)["mappings"].(map[string]any)
		all = append(all, map[string]any{"mappings": mapping})
		for _, below := range words("object nested") {
			o := maps.Clone(mapping)
			o["type"] = below
			all = append(all, map[string]any{"mappings": map[string]any{"properties": map[string]any{"f0": map[string]any{"type": "long"}, "o": o}}})
		}
		multi, dynamic := make([]map[string]any, len(chunk)), make([]map[string]any, len(chunk))
		for i, def := range chunk {
			multi[i] = map[string]any{"type": "keyword", "fields": map[string]any{"m": def}}
			dynamic[i] = map[string]any{"mapping": def}
		}
		all = append(all, withFields(v.known(t, multi, withFields)))
		all = append(all, withConditions(v.known(t, dynamic, withConditions)))
	}
	for chunk := range slices.Chunk(v.conditions, 5) {
		all = append(all, withConditions(chunk))
	}
	for i, word := range v.roots {
		mapping := maps.Clone(word)
		mapping["properties"] = map[string]any{"f1": v.fields[i%len(v.fields)]}
		all = append(all, map[string]any{"mappings": mapping})
	}
	for i, word := range v.settings {
		settings := maps.Clone(word)
		maps.Copy(settings, v.settings[v.IntN(len(v.settings))])
		all = append(all, map[string]any{"settings": settings, "aliases": map[string]any{"a": v.aliases[i%len(v.aliases)]}})
	}
	return all
}

// make is an index as its source describes it, which has been deleted again; nil where the source does not take it.
func (v *vocabulary) make(t *testing.T, index map[string]any) *Item {
	t.Helper()
	settings := map[string]any{"index.number_of_shards": "1", "index.number_of_replicas": "0"}
	if strings.Contains(fmt.Sprint(index), "knn_vector") {
		settings["index.knn"] = "true"
	}
	said, _ := index["settings"].(map[string]any)
	maps.Copy(settings, said)
	mappings := index["mappings"]
	if v.typed && mappings != nil {
		mappings = map[string]any{"doc": mappings}
	}
	body, err := json.Marshal(map[string]any{"settings": settings, "mappings": mappings, "aliases": index["aliases"]})
	if err != nil {
		t.Fatal(err)
	}
	body = bytes.ReplaceAll(bytes.ReplaceAll(body, []byte(`"mappings":null,`), nil), []byte(`"aliases":null,`), nil)
	if _, err := v.server.Do(t.Context(), "PUT", v.path, body); err != nil {
		return nil
	}
	defer must(t, v.server, "DELETE", "/it", nil)
	content := must(t, v.server, "GET", "/it", nil)
	var answer map[string]struct{ Settings, Mappings, Aliases map[string]any }
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	if err := decoder.Decode(&answer); err != nil {
		t.Fatalf("%v: %s", err, content)
	}
	it := answer["it"]
	return &Item{Kind: Index, Settings: FlatSettings(it.Settings), Mappings: it.Mappings, Aliases: it.Aliases}
}

func takes(t *testing.T, spec testcluster.Spec, taken map[string][]*Item) {
	server := start(t, spec)
	modules := modulesOf(t, server)
	kinds := slices.Sorted(maps.Keys(paths))
	for _, source := range sources {
		version := strings.NewReplacer("elasticsearch-", "ES ", "opensearch-", "OS ", "-full", "").Replace(source.String())
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
