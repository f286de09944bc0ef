package rules

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzGenerated gives the rules mappings that look like mappings: every field
// type and parameter of any version, nested and multi-fields, dynamic templates.
func FuzzGenerated(f *testing.F) {
	for seed := range uint64(40) {
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
		g := &generator{rand.New(rand.NewPCG(seed, seed))}
		item, modules := g.item(), NewModules(g.modules())
		for _, pair := range all {
			set := sets[pair].With(Options{KeywordSubfield: seed%2 == 0})
			set.modules = modules
			before := item.clone()
			outcome := set.Rewrite(item)
			if diff := cmp.Diff(before, item); diff != "" {
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
		if !has(set.known.Settings, name) && !matches(settingGroups, name) {
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
			if said && (known == nil || set.modules.lack(known.Module)) && !set.modules.have(pluginTypes[kind]) {
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
	"index.knn.space_type index.knn.algo_param.m index.mode index.refresh_interval index.analysis.filter.f.max_gram index.mapping.coerce " +
	"index.analysis.filter.f.type index.final_pipeline index.default_pipeline index.resize.source.name")

var (
	someTypes = words("text keyword long scaled_float date boolean binary ip object nested flattened geo_point geo_shape point shape completion " +
		"token_count percolator join alias rank_feature search_as_you_type dense_vector sparse_vector histogram aggregate_metric_double " +
		"constant_keyword wildcard version unsigned_long string match_only_text icu_collation_keyword murmur3 nonsense " +
		"multi_field knn_vector semantic_text passthrough counted_keyword date_range flat_object")
	someParameters = words("index doc_values store boost copy_to meta ignore_above null_value path dims value enabled dynamic similarity " +
		"depth_limit time_series_metric script norms subobjects relations orientation metrics format lat_lon validate payloads context index_options " +
		"element_type fielddata dimension method analyzer include_in_all")
)

func (g *generator) properties(depth int) map[string]any {
	properties := map[string]any{}
	for i := range 1 + g.IntN(5) {
		name := "f" + strconv.Itoa(i)
		if g.IntN(12) == 0 {
			name += ".d"
		}
		properties[name] = g.definition(depth)
	}
	return properties
}

// value is one that some parameter of some version has.
func (g *generator) value() any {
	switch g.IntN(4) {
	case 0:
		return map[string]any{g.one(words("enabled format type color")): g.one(words("true false disabled int8_hnsw")), "m": map[string]any{"type": "category"}}
	case 1:
		return []any{"f0", "f1"}
	}
	return g.one(words("f0 f1 f2 f0.f1 true false 3 mine no analyzed not_analyzed YYYY-MM-dd dateOptionalTime||8uuuu l2_norm cosine byte bit"))
}

func (g *generator) definition(depth int) map[string]any {
	def := map[string]any{"type": g.one(someTypes)}
	for range g.IntN(4) {
		def[g.one(someParameters)] = g.value()
	}
	switch def["type"] {
	case "dense_vector":
		def["dims"], def["similarity"] = json.Number("4"), g.one(words("l2_norm cosine dot_product max_inner_product"))
		def["index"] = g.IntN(2) == 0
	case "knn_vector":
		def["dimension"] = json.Number("4")
		def["method"] = map[string]any{"name": "hnsw", "engine": g.one(words("nmslib faiss lucene")), "space_type": g.one(words("l2 l1 cosinesimil innerproduct"))}
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
