package rules

import (
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"strings"
)

// generator makes items that look like those of servers. With odd it also makes what no server had: parameters of other types, values of other
// parameters.
type generator struct {
	*rand.Rand
	odd bool
}

func (g *generator) one(list []string) string { return list[g.IntN(len(list))] }

func (g *generator) modules() []string {
	if g.IntN(2) == 0 {
		return nil
	}
	return words("analysis-common mapper-extras analysis-icu " + g.one(words("opensearch-knn lang-painless parent-join geo opensearch-geospatial mapper-size percolator")))
}

func (g *generator) item() *Item {
	item := &Item{
		Kind: []Kind{Index, LegacyTemplate, ComponentTemplate, IndexTemplate}[g.IntN(4)], Name: "generated", RoutingShards: 12,
		Settings: map[string]any{"index.number_of_shards": g.one(words("1 2 3 4 6 12"))},
		Mappings: map[string]any{"properties": g.properties(3)},
		Aliases:  map[string]any{},
		State:    g.one(words("open close")),
	}
	if item.Kind != Index {
		item.Rest = g.object(someRest, 3)
		item.State, item.RoutingShards = "", 0
	}
	g.fill(item.Settings, someSettings, g.IntN(9))
	g.fill(item.Mappings, someRoots, g.IntN(4))
	for range g.IntN(3) {
		item.Aliases["a"+strconv.Itoa(g.IntN(9))] = g.object(someAliases, 2)
	}
	if g.IntN(2) == 0 {
		item.Mappings["dynamic_templates"] = g.dynamicTemplates()
	}
	if g.IntN(3) == 0 {
		typed := map[string]any{g.one(words("doc _doc thing")): item.Mappings}
		if g.IntN(3) == 0 && g.odd {
			typed["_default_"] = map[string]any{"dynamic_templates": g.dynamicTemplates(), "properties": g.properties(1)}
		}
		item.Mappings = typed
	}
	return item
}

// fill puts n of the choices into an object.
func (g *generator) fill(into map[string]any, choices []choice, n int) {
	for range n {
		c := choices[g.IntN(len(choices))]
		into[c.name] = g.value(c)
	}
}

func (g *generator) object(choices []choice, most int) map[string]any {
	object := map[string]any{}
	g.fill(object, choices, g.IntN(most+1))
	return object
}

// value is one of a choice; an odd one may be of any kind.
func (g *generator) value(c choice) any {
	if g.odd && g.IntN(8) == 0 {
		switch g.IntN(4) {
		case 0:
			return map[string]any{g.one(words("enabled format type color")): g.one(words("true false disabled int8_hnsw")), "m": map[string]any{"type": "category"}}
		case 1:
			return []any{"f0", "f1"}
		case 2:
			return nil
		}
		return g.one(words("f0 f1 f2 f0.f1 true false 3 mine no analyzed not_analyzed YYYY-MM-dd dateOptionalTime||8uuuu l2_norm cosine byte bit"))
	}
	decoder := json.NewDecoder(strings.NewReader(c.values[g.IntN(len(c.values))]))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		panic(c.name + " has a value that is no JSON")
	}
	return value
}

func (g *generator) dynamicTemplates() []any {
	list := []any{}
	for i := range g.IntN(3) {
		body := g.object(someConditions, 3)
		body[g.one(words("match path_match"))] = "x*"
		body[g.one(words("mapping mapping runtime"))] = g.definition(1)
		list = append(list, map[string]any{"t" + strconv.Itoa(i): body})
	}
	return list
}

func (g *generator) properties(depth int) map[string]any {
	properties := map[string]any{}
	for i := range 1 + g.IntN(4) {
		name := "f" + strconv.Itoa(i)
		if g.odd && g.IntN(12) == 0 {
			name += ".d"
		}
		properties[name] = g.definition(depth)
	}
	return properties
}

func (g *generator) definition(depth int) map[string]any {
	kind := someTypes[g.IntN(len(someTypes))]
	def := map[string]any{"type": kind.name}
	for _, name := range kind.needs {
		def[name] = g.parameter(kind.name, name)
	}
	for range g.IntN(3) {
		name := "meta"
		if len(kind.parameters) > 0 {
			name = g.one(kind.parameters)
		}
		if g.odd && g.IntN(6) == 0 {
			name = someParameters[g.IntN(len(someParameters))].name
			name = name[strings.LastIndexByte(name, ' ')+1:]
		}
		def[name] = g.parameter(kind.name, name)
	}
	switch {
	case depth == 0:
	case g.IntN(6) == 0:
		return map[string]any{"properties": g.properties(depth - 1)}
	case kind.name == "nested" || kind.name == "object" || g.odd && g.IntN(9) == 0:
		def["properties"] = g.properties(depth - 1)
	case g.IntN(5) == 0 && (g.odd || has(words("text keyword string long date"), kind.name)):
		def["fields"] = map[string]any{"m": g.definition(0)}
	}
	return def
}

// parameter is a value of a parameter: one for the type, or one for all.
func (g *generator) parameter(kind, name string) any {
	for _, named := range []string{kind + " " + name, name} {
		for _, c := range someParameters {
			if c.name == named {
				return g.value(c)
			}
		}
	}
	return "true"
}
