package rules

import (
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"testing"
)

// FuzzGenerated gives the rules mappings that look like mappings: every field
// type and parameter of any version, nested and multi-fields, dynamic templates.
func FuzzGenerated(f *testing.F) {
	for seed := range uint64(200) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		g := &generator{rand.New(rand.NewPCG(seed, seed))}
		item := g.item()
		set, err := For(Pair{From: parse(t, "ES 7.10.2"), To: parse(t, "OS 2.19.1")}, NewModules(g.modules()))
		if err != nil {
			t.Fatal(err)
		}
		outcome := set.Rewrite(item)
		account(t, item, outcome)
		again(t, set, outcome)
		valid(t, set, outcome)
	})
}

// valid holds what came out against the table, with a walk of its own.
func valid(t *testing.T, set *Set, outcome *Outcome) {
	t.Helper()
	if outcome.Refusal != nil {
		return
	}
	for name := range outcome.Item.Settings {
		if !has(set.known.Settings, name) && !matches(settingGroups, name) {
			t.Errorf("setting %s is not known to the target", name)
		}
	}
	var walk func(value any)
	walk = func(value any) {
		object, _ := value.(map[string]any)
		for _, key := range []string{"properties", "fields"} {
			definitions, _ := object[key].(map[string]any)
			for name, def := range definitions {
				inner, _ := def.(map[string]any)
				kind, said := inner["type"].(string)
				if said && (set.known.Fields[kind] == nil || set.modules.lack(set.known.Fields[kind].Module)) && !set.modules.have(pluginTypes[kind]) {
					t.Errorf("field %s has the type %s, which the target lacks", name, kind)
				}
				walk(inner)
			}
		}
	}
	walk(outcome.Item.Mappings)
}

type generator struct{ *rand.Rand }

func (g *generator) one(list []string) string { return list[g.IntN(len(list))] }

func (g *generator) modules() []string {
	if g.IntN(2) == 0 {
		return nil
	}
	return words("analysis-common mapper-extras analysis-icu")
}

func (g *generator) item() *Item {
	item := &Item{
		Kind: []Kind{Index, LegacyTemplate, ComponentTemplate, IndexTemplate}[g.IntN(4)], Name: "generated", RoutingShards: 12,
		Settings: map[string]any{"index.number_of_shards": g.one(words("1 2 3 4 6 12"))},
		Mappings: map[string]any{"properties": g.properties(3)},
		Aliases:  map[string]any{"a": map[string]any{g.one(words("filter is_hidden is_write_index odd")): "true"}},
		Rest:     map[string]any{g.one(words("version priority order allow_auto_create _meta odd")): json.Number("1")},
	}
	for range g.IntN(12) {
		item.Settings[g.one(someSettings)] = g.one(words("true false 1 data_hot fix snapshot close x"))
	}
	if item.Settings["index.store.type"] == "snapshot" {
		delete(item.Settings, "index.store.type")
	}
	if g.IntN(2) == 0 {
		item.Mappings["dynamic_templates"] = []any{map[string]any{"t": map[string]any{
			g.one(words("match unmatch_mapping_type path_match")): "*", g.one(words("mapping mapping runtime")): g.definition(1),
		}}}
	}
	item.Mappings[g.one(words("dynamic runtime _size _meta _all numeric_detection"))] = map[string]any{}
	return item
}

var someSettings = words("index.codec index.uuid index.blocks.write index.blocks.read index.lifecycle.name index.frozen index.store.type index.data_path " +
	"index.routing.allocation.include._tier_preference index.routing.allocation.require.zone index.routing.allocation.total_shards_per_node " +
	"index.soft_deletes.enabled index.shard.check_on_startup index.hidden index.odd.setting index.mapping.total_fields.limit archived.index.x " +
	"index.similarity.s.type index.knn index.percolator.map_unmapped_fields_as_text index.merge.policy.max_merge_at_once_explicit " +
	"index.analysis.filter.f.type index.final_pipeline index.default_pipeline index.resize.source.name")

var (
	someTypes = words("text keyword long scaled_float date boolean binary ip object nested flattened geo_point geo_shape point shape completion " +
		"token_count percolator join alias rank_feature search_as_you_type dense_vector sparse_vector histogram aggregate_metric_double " +
		"constant_keyword wildcard version unsigned_long string match_only_text icu_collation_keyword murmur3 nonsense")
	someParameters = words("index doc_values store boost copy_to meta ignore_above null_value path dims value enabled dynamic similarity " +
		"depth_limit time_series_metric script norms subobjects relations orientation metrics")
)

func (g *generator) properties(depth int) map[string]any {
	properties := map[string]any{}
	for i := range 1 + g.IntN(5) {
		properties["f"+strconv.Itoa(i)] = g.definition(depth)
	}
	return properties
}

func (g *generator) definition(depth int) map[string]any {
	def := map[string]any{"type": g.one(someTypes)}
	for range g.IntN(4) {
		def[g.one(someParameters)] = g.one(words("f0 f1 f2 f0.f1 true false 3 mine"))
	}
	if depth == 0 {
		return def
	}
	switch g.IntN(4) {
	case 0:
		delete(def, "type")
		def["properties"] = g.properties(depth - 1)
	case 1:
		def["fields"] = g.properties(depth - 1)
	}
	return def
}
