//go:build e2e

package rules

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"migassist/internal/testcluster"
)

// vocabulary is what a source takes alone: definitions of fields, keys of mappings, settings, aliases, conditions of dynamic templates.
type vocabulary struct {
	*generator
	server *testcluster.Server
	typed  bool
	path   string

	fields, roots, settings, aliases, conditions []map[string]any
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

// spread deals fields to groups of 15 at most, those of a type to different ones: an index has one join field. Vectors that a target may refuse
// are a group of their own, so that others are not refused with them.
func spread(fields []map[string]any) [][]map[string]any {
	groups := make([][]map[string]any, len(fields)/15+1)
	var vectors []map[string]any
	for i, def := range fields {
		if def["type"] == "knn_vector" && lateVector.MatchString(fmt.Sprint(def)) {
			vectors = append(vectors, def)
			continue
		}
		groups[i%len(groups)] = append(groups[i%len(groups)], def)
	}
	if len(vectors) > 0 {
		groups = append(groups, vectors)
	}
	return groups
}

var lateVector = regexp.MustCompile(`space_type:(l1|linf)|model_id`)

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
