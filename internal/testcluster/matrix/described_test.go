package matrix

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"migassist/metadata/rules"
	"migassist/snapshot"
)

// decode keeps numbers as they are written.
func decode(t *testing.T, raw []byte) any {
	t.Helper()
	if len(raw) == 0 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%v: %.200s", err, raw)
	}
	return value
}

// flat brings settings of any form into one level, every name with its "index.".
func flat(settings any) object {
	out := object{}
	var walk func(prefix string, value any)
	walk = func(prefix string, value any) {
		inner, isObject := value.(object)
		if !isObject {
			if !strings.HasPrefix(prefix, "index.") && !strings.HasPrefix(prefix, "archived.") {
				prefix = "index." + prefix
			}
			out[prefix] = value
			return
		}
		for name, deeper := range inner {
			walk(strings.TrimPrefix(prefix+"."+name, "."), deeper)
		}
	}
	walk("", settings)
	return listed(out)
}

// flatAny is settings in one level, under the names that they have.
func flatAny(settings object) object {
	out := object{}
	for name, value := range flat(settings) {
		out[strings.TrimPrefix(name, "index.")] = value
	}
	return out
}

// listed puts together what Elasticsearch up to 5 keeps as NAME.0, NAME.1 and shows as a list.
func listed(settings object) object {
	for name, value := range settings {
		last := name[strings.LastIndexByte(name, '.')+1:]
		if last != "0" {
			continue
		}
		base := strings.TrimSuffix(name, ".0")
		list := []any{value}
		for i := 1; settings[base+"."+strconv.Itoa(i)] != nil; i++ {
			list = append(list, settings[base+"."+strconv.Itoa(i)])
		}
		for i := range list {
			delete(settings, base+"."+strconv.Itoa(i))
		}
		settings[base] = list
	}
	return settings
}

// rootKeys tell a mapping from mappings by type.
var rootKeys = []string{
	"properties", "dynamic", "dynamic_templates", "_source", "_routing", "_meta", "date_detection", "numeric_detection", "_all", "_data_stream_timestamp", "runtime",
	"_size", "_field_names", "dynamic_date_formats", "_parent",
}

// byType are mappings by type, with "" for one that has no type or is the only one. A cluster's own metadata has a list of them.
func byType(mappings any) map[string]any {
	if list, isList := mappings.([]any); isList {
		all := object{}
		for _, one := range list {
			some, _ := one.(object)
			maps.Copy(all, some)
		}
		mappings = all
	}
	object, _ := mappings.(map[string]any)
	for name := range object {
		if slices.Contains(rootKeys, name) {
			return map[string]any{"": mappings}
		}
	}
	types := slices.DeleteFunc(slices.Sorted(maps.Keys(object)), func(name string) bool { return name == "_default_" })
	switch len(types) {
	case 0:
		return map[string]any{"": mappings}
	case 1:
		mapping, _ := object[types[0]].(map[string]any)
		mapping = maps.Clone(mapping)
		if base, there := object["_default_"]; there {
			mapping["_default_"] = base
		}
		return map[string]any{"": mapping}
	}
	return object
}

// describe is an item with settings, mappings and aliases, for each of its types. Rest is what a template has beside.
func describe(kind rules.Kind, name string, settings, mappings, aliases any, rest object) []described {
	var all []described
	types := byType(mappings)
	for _, typ := range slices.Sorted(maps.Keys(types)) {
		if typ == "_default_" {
			continue
		}
		content := object{}
		if mapping, _ := types[typ].(object); len(mapping) > 0 {
			content["mappings"] = mapping
		}
		if some := flat(settings); len(some) > 0 {
			content["settings"] = some
		}
		if some, _ := aliases.(object); len(some) > 0 {
			content["aliases"] = bothRoutings(some)
		}
		body := maps.Clone(rest)
		if body == nil {
			body = object{}
		}
		if kind == rules.ComponentTemplate || kind == rules.IndexTemplate {
			body["template"] = content
		} else {
			maps.Copy(body, content)
		}
		all = append(all, described{kind, name, typ, body})
	}
	return all
}

// bothRoutings writes an alias's routing as the two it stands for.
func bothRoutings(aliases object) object {
	out := object{}
	for name, value := range aliases {
		alias := object{}
		given, _ := value.(object)
		maps.Copy(alias, given)
		if routing, said := alias["routing"]; said {
			delete(alias, "routing")
			alias["index_routing"], alias["search_routing"] = routing, routing
		}
		out[name] = alias
	}
	return out
}

// template is a template as it is kept or shown.
func template(kind rules.Kind, name string, body object) []described {
	content, rest := body, object{}
	if kind != rules.LegacyTemplate {
		content, _ = body["template"].(object)
	}
	for key, value := range body {
		if kind == rules.LegacyTemplate && slices.Contains([]string{"settings", "mappings", "aliases"}, key) || kind != rules.LegacyTemplate && key == "template" {
			continue
		}
		rest[key] = value
	}
	return describe(kind, name, content["settings"], content["mappings"], content["aliases"], rest)
}

// bookkeeping are sections of a cluster's metadata that nobody gave it: the cluster's memory of itself.
var bookkeeping = []string{
	"version", "uuid", "cluster_uuid", "cluster_uuid_committed", "cluster_coordination", "persistent_tasks", "registered_snapshots", "reserved_state", "index-graveyard",
	"snapshot_delete_in_progress", "nodes_shutdown", "desired_nodes", "node_shutdown", "weighted_shard_routing", "decommissionedAttribute", "queryable_files",
}

// kept is all that a snapshot holds, as it lies there: what no one may lose. Sections that are none of the kinds come back as
// their names.
func kept(t *testing.T, from *snapshot.Snapshot) (items []described, others []string) {
	t.Helper()
	for _, name := range from.IndexNames() {
		index, err := from.Index(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		mappings, aliases := object{}, object{}
		for typ, raw := range index.Mappings {
			mappings[typ] = decode(t, raw)
		}
		for alias, raw := range index.Aliases {
			aliases[alias] = decode(t, raw)
		}
		rest := object{}
		if index.State == "close" {
			rest["state"] = index.State
		}
		items = append(items, describe(rules.Index, name, decode(t, index.RawSettings), mappings, aliases, rest)...)
	}
	global, err := from.Global(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range slices.Sorted(maps.Keys(global.Sections)) {
		if slices.Contains(bookkeeping, section) {
			continue
		}
		some, known := sectionItems(section, decode(t, global.Sections[section]))
		if items = append(items, some...); !known {
			others = append(others, section)
		}
	}
	return items, others
}

// sectionItems are the items of a section of a cluster's metadata, where it is known.
func sectionItems(section string, value any) (items []described, known bool) {
	content, _ := value.(object)
	inner, _ := content[section].(object)
	kind := map[string]rules.Kind{"templates": rules.LegacyTemplate, "component_template": rules.ComponentTemplate, "index_template": rules.IndexTemplate}[section]
	switch section {
	case "templates":
		inner = content
		fallthrough
	case "component_template", "index_template":
		for _, name := range slices.Sorted(maps.Keys(inner)) {
			body, _ := inner[name].(object)
			items = append(items, template(kind, name, body)...)
		}
		return items, true
	case "ingest", "search_pipeline":
		list, _ := content["pipeline"].([]any)
		for _, entry := range list {
			pipeline, _ := entry.(object)
			body, _ := pipeline["config"].(object)
			kind := map[string]rules.Kind{"ingest": rules.IngestPipeline, "search_pipeline": rules.SearchPipeline}[section]
			items = append(items, described{kind: kind, name: fmt.Sprint(pipeline["id"]), body: body})
		}
		return items, true
	case "stored_scripts":
		for _, name := range slices.Sorted(maps.Keys(content)) {
			if _, id, old := strings.Cut(name, "#"); old && content[id] != nil {
				continue // 5.x keeps each under its language too
			}
			items = append(items, described{kind: rules.StoredScript, name: name, body: object{"script": content[name]}})
		}
		return items, true
	case "index_lifecycle":
		policies, _ := content["policies"].(object)
		for _, name := range slices.Sorted(maps.Keys(policies)) {
			body, _ := policies[name].(object)
			items = append(items, described{kind: rules.Policy, name: name, body: object{"policy": body["policy"]}})
		}
		return items, true
	case "settings":
		if len(content) > 0 {
			items = append(items, described{kind: rules.ClusterSettings, name: "persistent", body: object{"persistent": flatAny(content)}})
		}
		return items, true
	case "data_stream":
		for _, name := range slices.Sorted(maps.Keys(inner)) {
			body, _ := inner[name].(object)
			items = append(items, described{kind: rules.DataStream, name: name, body: stream(body)})
		}
		return items, true
	}
	return nil, len(content) == 0
}

// stream is a data stream with the names of its indices, which a cluster keeps with their UUIDs.
func stream(kept object) object {
	body := maps.Clone(kept)
	list, _ := kept["indices"].([]any)
	names := make([]any, len(list))
	for i, entry := range list {
		index, _ := entry.(object)
		names[i] = index["index_name"]
	}
	body["indices"] = names
	delete(body, "name")
	return body
}
