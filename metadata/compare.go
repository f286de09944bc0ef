package metadata

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"migassist/metadata/rules"
)

// Difference is a place where the target is not as wanted. A Want of nil was
// not asked for, a Got of nil is not there.
type Difference struct {
	Path string `json:"path"`
	Want any    `json:"want"`
	Got  any    `json:"got"`
}

// compare lists how an item of the target differs from the one wanted. Servers
// write metadata back in other words than they got it: scalars as strings,
// defaults left out or filled in. Such differences are none.
func compare(want, got *rules.Item) []Difference {
	c := &comparison{}
	switch want.Kind {
	case rules.DataStream: // its template says what it is
		return nil
	case rules.ClusterSettings: // what else the target has set is its own
		got = &rules.Item{Kind: got.Kind, Rest: maps.Clone(got.Rest)}
		maps.DeleteFunc(got.Rest, func(name string, _ any) bool { _, wanted := want.Rest[name]; return !wanted })
	case rules.StoredScript, rules.IngestPipeline, rules.SearchPipeline, rules.Policy, rules.ComponentTemplate, rules.IndexTemplate, rules.LegacyTemplate, rules.Index:
	}
	c.objects("/settings", settingsOf(want), settingsOf(got))
	c.objects("/mappings", mappingOf(want), mappingOf(got))
	c.objects("/aliases", aliasesOf(want), aliasesOf(got))
	c.objects("", restOf(want), restOf(got))
	return c.found
}

// differences is compare as far as the target shows what it has.
func (d Destination) differences(want, got *rules.Item) []Difference {
	return slices.DeleteFunc(compare(want, got), func(one Difference) bool {
		return !d.Version.AtLeast(2, 0) && one.Path == "/settings/index.number_of_routing_shards" && one.Got == nil // OpenSearch 1 keeps it to itself
	})
}

type comparison struct{ found []Difference }

// givenSettings are those a target gives to every index by itself.
var givenSettings = []string{
	"index.uuid", "index.creation_date", "index.provided_name", "index.version.created", "index.replication.type",
}

func settingsOf(item *rules.Item) map[string]any {
	settings := maps.Clone(item.Settings)
	for _, name := range givenSettings {
		delete(settings, name)
	}
	defaults(settings, map[string]string{"index.knn.derived_source.enabled": "true"})
	if item.Kind == rules.Index {
		defaults(settings, map[string]string{"index.number_of_shards": "1", "index.number_of_replicas": "1"})
	}
	return settings
}

func defaults(settings map[string]any, values map[string]string) {
	for name, value := range values {
		if fmt.Sprint(settings[name]) == value {
			delete(settings, name)
		}
	}
}

// mappingOf leaves out what says no more than its absence.
func mappingOf(item *rules.Item) map[string]any {
	mapping, _ := plain(item.Mappings, "").(map[string]any)
	return mapping
}

// plain takes the words out of a mapping that servers add or leave out as they
// like: empty objects, and parameters at their defaults.
func plain(value any, key string) any {
	object, ok := value.(map[string]any)
	if !ok {
		return value
	}
	out := make(map[string]any, len(object))
	if key == "properties" {
		object = undotted(object)
	}
	for name, inner := range object {
		if inner = plain(inner, name); isEmptyObject(inner) && !slices.Contains([]string{"index_prefixes", "_meta", "meta"}, name) && key != "properties" && key != "fields" {
			continue
		}
		out[name] = inner
	}
	if _, fields := out["properties"]; fields && out["type"] == "object" && key != "mappings" {
		delete(out, "type")
	}
	if kind, said := out["data_type"].(string); said && out["type"] == "knn_vector" {
		out["data_type"] = strings.ToLower(kind)
	}
	kind, _ := out["type"].(string)
	for name, value := range givenParameters[kind] {
		if fmt.Sprint(out[name]) == value {
			delete(out, name)
		}
	}
	if key == "_source" && fmt.Sprint(out["enabled"]) == "true" || key == "_routing" && fmt.Sprint(out["required"]) == "false" {
		delete(out, "enabled")
		delete(out, "required")
	}
	return out
}

// givenParameters are parameters that servers leave out, or write, where nothing else was said.
var givenParameters = map[string]map[string]string{
	"date":       {"format": "strict_date_optional_time||epoch_millis"},
	"join":       {"eager_global_ordinals": "true"},
	"knn_vector": {"doc_values": "true"},
	"geo_shape":  {"tree": "quadtree", "strategy": "recursive"}, // what prefix trees were
}

// undotted writes fields whose names have dots as the objects that they stand for, as servers do.
func undotted(properties map[string]any) map[string]any {
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		at, rest := out, name
		for head, tail, dotted := strings.Cut(rest, "."); dotted && head != ""; head, tail, dotted = strings.Cut(rest, ".") {
			above, _ := at[head].(map[string]any)
			above = maps.Clone(above)
			inner, _ := above["properties"].(map[string]any)
			inner = maps.Clone(inner)
			if above == nil {
				above = map[string]any{}
			}
			if inner == nil {
				inner = map[string]any{}
			}
			above["properties"], at[head] = inner, above
			at, rest = inner, tail
		}
		at[rest] = properties[name]
	}
	return out
}

func isEmptyObject(value any) bool {
	object, ok := value.(map[string]any)
	return ok && len(object) == 0
}

// aliasesOf brings "routing" into the two it stands for.
func aliasesOf(item *rules.Item) map[string]any {
	aliases := map[string]any{}
	for name, value := range item.Aliases {
		alias, _ := value.(map[string]any)
		alias = maps.Clone(alias)
		if routing, both := alias["routing"]; both {
			delete(alias, "routing")
			for _, one := range []string{"index_routing", "search_routing"} {
				if _, said := alias[one]; !said {
					alias[one] = routing
				}
			}
		}
		if alias == nil {
			alias = map[string]any{}
		}
		aliases[name] = alias
	}
	return aliases
}

func restOf(item *rules.Item) map[string]any {
	rest := maps.Clone(item.Rest)
	if policy, ok := rest["policy"].(map[string]any); ok && item.Kind == rules.Policy {
		policy = maps.Clone(policy)
		for _, own := range []string{"policy_id", "last_updated_time", "schema_version", "error_notification", "user"} { // which the server adds
			delete(policy, own)
		}
		rest["policy"] = policy
	}
	if item.Kind == rules.LegacyTemplate && fmt.Sprint(rest["order"]) == "0" {
		delete(rest, "order")
	}
	if list, ok := rest["composed_of"].([]any); ok && len(list) == 0 {
		delete(rest, "composed_of")
	}
	if stream, ok := rest["data_stream"].(map[string]any); ok {
		stream = maps.Clone(stream)
		delete(stream, "timestamp_field") // the server fills in the only one there is by default
		for _, flag := range []string{"hidden", "allow_custom_routing"} {
			if stream[flag] == false {
				delete(stream, flag)
			}
		}
		rest["data_stream"] = stream
	}
	return rest
}

// objects compares two objects key by key.
func (c *comparison) objects(at string, want, got map[string]any) {
	keys := slices.Concat(slices.Collect(maps.Keys(want)), slices.Collect(maps.Keys(got)))
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		path := at + rules.Pointer(key)
		w, wanted := want[key]
		g, there := got[key]
		wo, wIsObject := w.(map[string]any)
		g2, gIsObject := g.(map[string]any)
		switch {
		case wIsObject && gIsObject && wanted && there:
			c.objects(path, wo, g2)
		case !same(w, g) || wanted != there:
			c.found = append(c.found, Difference{Path: path, Want: w, Got: g})
		}
	}
}

// same compares values, scalars by what they mean: "2" and 2, true and "true",
// 1.0 and 1, "a" and ["a"].
func same(a, b any) bool {
	la, aList := a.([]any)
	lb, bList := b.([]any)
	switch {
	case aList && bList:
		return slices.EqualFunc(la, lb, same)
	case aList && len(la) == 1:
		return same(la[0], b)
	case bList && len(lb) == 1:
		return same(a, lb[0])
	}
	oa, aObject := a.(map[string]any)
	ob, bObject := b.(map[string]any)
	if aObject && bObject {
		return maps.EqualFunc(oa, ob, same)
	}
	if aObject || bObject || aList || bList {
		return false
	}
	return scalar(a) == scalar(b)
}

func scalar(value any) string {
	text := fmt.Sprint(value)
	if _, number := value.(json.Number); number {
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return strconv.FormatFloat(f, 'g', -1, 64)
		}
	}
	return text
}

// places names where the differences are.
func places(differences []Difference) string {
	paths := make([]string, len(differences))
	for i, d := range differences {
		paths[i] = d.Path
	}
	return few(paths)
}
