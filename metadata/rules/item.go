package rules

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"migassist/cluster/version"
)

// Kind is what an item is.
type Kind string

// The kinds of items, in the order in which a target has to get them.
const (
	// ClusterSettings is one item, "persistent": flat settings.
	ClusterSettings Kind = "cluster_settings"
	StoredScript    Kind = "stored_script"
	IngestPipeline  Kind = "ingest_pipeline"
	SearchPipeline  Kind = "search_pipeline"
	// Policy is {"policy":{…}}: of ILM on Elasticsearch, of ISM on OpenSearch.
	Policy            Kind = "policy"
	ComponentTemplate Kind = "component_template"
	IndexTemplate     Kind = "index_template"
	LegacyTemplate    Kind = "legacy_template"
	// DataStream has the names of its "indices", oldest first, its "generation", "template" and "timestamp_field".
	DataStream Kind = "data_stream"
	Index      Kind = "index"
)

// Kinds are all of them, in that order.
var Kinds = []Kind{ClusterSettings, StoredScript, IngestPipeline, SearchPipeline, Policy, ComponentTemplate, IndexTemplate, LegacyTemplate, DataStream, Index}

// Pair is where an item comes from and where it goes.
type Pair struct {
	From version.Version `json:"from"`
	To   version.Version `json:"to"`
}

// Item is one index or one template. All values are plain JSON: map[string]any,
// []any, string, json.Number, bool, nil.
type Item struct {
	Kind Kind
	Name string

	// Settings are flat, as the server keeps them, every name with its
	// "index." prefix (see FlatSettings). A name may be a prefix of another
	// ("index.knn", "index.knn.space_type"), so no tree could hold them.
	Settings map[string]any
	// Mappings is the mapping, or mappings by type name.
	Mappings map[string]any
	Aliases  map[string]any
	// Rest has what else a template says: index_patterns, order, priority,
	// composed_of, version, _meta, data_stream and the like. Of what is no index
	// and no template it is the whole body, as the source's API has it.
	Rest map[string]any

	// RoutingShards and State are facts of an index that its settings do not
	// have: the number of virtual shards its documents are routed by (0 is not
	// known), and whether it is "open" or "close".
	RoutingShards int
	State         string

	// Type and Parent are what rules found: the one mapping type the item had, and the type of which its documents have parents, where
	// the target can join them.
	Type, Parent string
	// Shared is set where other mapping types of the same index come to the same place.
	Shared bool
}

// Body is the item in the form of the request that creates it.
func (i *Item) Body() map[string]any {
	content := map[string]any{}
	if len(i.Settings) > 0 {
		content["settings"] = i.Settings
	}
	if len(i.Mappings) > 0 {
		content["mappings"] = i.Mappings
	}
	if len(i.Aliases) > 0 {
		content["aliases"] = i.Aliases
	}
	switch i.Kind {
	case ComponentTemplate:
		body := maps.Clone(i.Rest)
		if body == nil {
			body = map[string]any{}
		}
		body["template"] = content
		return body
	case IndexTemplate:
		body := maps.Clone(i.Rest)
		if body == nil {
			body = map[string]any{}
		}
		if len(content) > 0 {
			body["template"] = content
		}
		return body
	case LegacyTemplate:
		maps.Copy(content, i.Rest)
	case ClusterSettings, StoredScript, IngestPipeline, SearchPipeline, Policy, DataStream:
		return maps.Clone(i.Rest)
	case Index:
	}
	return content
}

// Described is the item as its source has it: its body and, for an index, the
// facts beside it.
func (i *Item) Described() map[string]any {
	described := i.Body()
	if i.Kind == Index {
		if i.RoutingShards > 0 {
			described["routing_num_shards"] = i.RoutingShards
		}
		if i.State != "" {
			described["state"] = i.State
		}
	}
	return described
}

func (i *Item) clone() *Item {
	c := *i
	c.Settings, _ = copyOf(i.Settings).(map[string]any)
	c.Mappings, _ = copyOf(i.Mappings).(map[string]any)
	c.Aliases, _ = copyOf(i.Aliases).(map[string]any)
	c.Rest, _ = copyOf(i.Rest).(map[string]any)
	return &c
}

// copyOf is a deep copy of a JSON value.
func copyOf(value any) any {
	switch v := value.(type) {
	case map[string]any:
		c := make(map[string]any, len(v))
		for name, inner := range v {
			c[name] = copyOf(inner)
		}
		return c
	case []any:
		c := make([]any, len(v))
		for i, inner := range v {
			c[i] = copyOf(inner)
		}
		return c
	}
	return value
}

// FlatSettings brings settings of any form (a tree, flat names, both mixed, with
// or without "index.") into the one form of Item.Settings. Lists stay lists, and
// NAME.0, NAME.1, …, as Elasticsearch up to 5 keeps them, become one.
func FlatSettings(settings map[string]any) map[string]any {
	flat := map[string]any{}
	flatten("", settings, flat)
	joinLists(flat)
	return flat
}

func joinLists(flat map[string]any) {
	for _, first := range sorted(flat) {
		name, numbered := strings.CutSuffix(first, ".0")
		if _, taken := flat[name]; !numbered || taken {
			continue
		}
		var list []any
		for {
			at := name + "." + strconv.Itoa(len(list))
			value, there := flat[at]
			if !there {
				break
			}
			list = append(list, value)
			delete(flat, at)
		}
		flat[name] = list
	}
}

func flatten(prefix string, tree, flat map[string]any) {
	for _, name := range sorted(tree) {
		full := prefix + name
		if inner, ok := tree[name].(map[string]any); ok {
			flatten(full+".", inner, flat)
			continue
		}
		if !strings.HasPrefix(full, "index.") && !strings.HasPrefix(full, "archived.") {
			full = "index." + full
		}
		flat[full] = copyOf(tree[name])
	}
}

// sorted are the names of an object in order, so that changes come out in the
// same order every time.
func sorted(object map[string]any) []string {
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
