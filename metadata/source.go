package metadata

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"migassist/cluster/version"
	"migassist/metadata/rules"
	"migassist/snapshot"
)

// Source is what can be migrated, wherever it is read from. What is no index is
// all there; an index is read when its turn comes.
type Source struct {
	Origin  Origin
	Indices []IndexName
	// Items are of all kinds but indices.
	Items []*rules.Item
	// Gaps are what the source has and nothing moves.
	Gaps []Gap
	// Notes are what to know about the source as a whole.
	Notes []string
	// Index reads one of Indices.
	Index func(ctx context.Context, name string) (*rules.Item, error)
}

// Origin says which source a plan was made from.
type Origin struct {
	URI      string          `json:"uri,omitempty"`
	Snapshot string          `json:"snapshot,omitempty"`
	UUID     string          `json:"uuid,omitempty"`
	Version  version.Version `json:"version"`
	// State is a sum of all that was read, by which a plan knows that its source has changed.
	State string `json:"state,omitempty"`
}

// Gap is something of the source that is not moved: by whom it is, what it does, and what a person can do about it.
type Gap struct {
	// Area is what it belongs to, such as "watcher" or "security"; Name is of the one, or empty for all.
	Area string `json:"area"`
	Name string `json:"name,omitempty"`
	What string `json:"what"`
	Do   string `json:"do,omitempty"`
	// Severity is "high" where searches or writes behave in another way, "medium" where operations do, "low" else.
	Severity string `json:"severity"`
}

// IndexName is an index, and the data stream it backs or "".
type IndexName struct{ Name, DataStream string }

// Read lists what a snapshot holds. The uri of its repository is only for the
// plan to name.
func Read(ctx context.Context, from *snapshot.Snapshot, uri string) (*Source, error) {
	global, err := from.Global(ctx)
	if err != nil {
		return nil, err
	}
	source := &Source{
		Origin: Origin{URI: uri, Snapshot: from.Name, UUID: from.UUID, Version: from.Release()},
		Index: func(ctx context.Context, name string) (*rules.Item, error) {
			index, err := from.Index(ctx, name)
			if err != nil {
				return nil, err
			}
			return indexItem(index)
		},
	}
	if !from.HasGlobal {
		source.Notes = append(source.Notes, "the snapshot was taken without the cluster's global state, so there are no templates in it")
	}
	streams := global.BackingIndices()
	for _, name := range from.IndexNames() {
		source.Indices = append(source.Indices, IndexName{Name: name, DataStream: streams[name]})
	}
	for _, some := range []struct {
		kind rules.Kind
		of   map[string]json.RawMessage
	}{
		{rules.ComponentTemplate, global.ComponentTemplates},
		{rules.IndexTemplate, global.IndexTemplates},
		{rules.LegacyTemplate, global.Templates},
		{rules.DataStream, global.DataStreams},
	} {
		for _, name := range slices.Sorted(maps.Keys(some.of)) {
			item, err := itemFrom(some.kind, name, some.of[name])
			if err != nil {
				return nil, err
			}
			source.Items = append(source.Items, item)
		}
	}
	return source, nil
}

func indexItem(index *snapshot.Index) (*rules.Item, error) {
	item := &rules.Item{
		Kind: rules.Index, Name: index.Name, RoutingShards: index.RoutingShards, State: index.State,
		Mappings: map[string]any{}, Aliases: map[string]any{},
	}
	settings, err := decodeObject(index.RawSettings)
	if err != nil {
		return nil, fmt.Errorf("read settings of index %s: %w", index.Name, err)
	}
	item.Settings = rules.FlatSettings(settings)
	for name, raw := range index.Mappings {
		if item.Mappings[name], err = decodeValue(raw); err != nil {
			return nil, fmt.Errorf("read mapping %s of index %s: %w", name, index.Name, err)
		}
	}
	item.Mappings = typeless(item.Mappings)
	for name, raw := range index.Aliases {
		if item.Aliases[name], err = decodeValue(raw); err != nil {
			return nil, fmt.Errorf("read alias %s of index %s: %w", name, index.Name, err)
		}
	}
	return item, nil
}

// persistentSettings is the name of the one item of the kind cluster_settings.
const persistentSettings = "persistent"

// itemFrom reads an item that is no index from the body that an API or a snapshot has of it.
func itemFrom(kind rules.Kind, name string, raw json.RawMessage) (*rules.Item, error) {
	switch kind {
	case rules.ComponentTemplate, rules.IndexTemplate, rules.LegacyTemplate:
		return templateItem(kind, name, raw)
	case rules.ClusterSettings, rules.StoredScript, rules.IngestPipeline, rules.SearchPipeline, rules.Policy, rules.DataStream, rules.Index:
	}
	rest, err := decodeObject(raw)
	if err != nil {
		return nil, fmt.Errorf("read %s %s: %w", words(kind), name, err)
	}
	if kind == rules.DataStream {
		stream(rest)
	}
	return &rules.Item{Kind: kind, Name: name, Rest: rest}, nil
}

// stream leaves the names of the indices of a data stream, of which some versions tell more, and not its own.
func stream(rest map[string]any) {
	delete(rest, "name")
	indices, _ := rest["indices"].([]any)
	for i, index := range indices {
		if told, ok := index.(map[string]any); ok {
			indices[i] = told["index_name"]
		}
	}
}

// templateItem takes a template apart: what the composable ones have below
// "template", the legacy ones have at the top.
func templateItem(kind rules.Kind, name string, raw json.RawMessage) (*rules.Item, error) {
	rest, err := decodeObject(raw)
	if err != nil {
		return nil, fmt.Errorf("read %s %s: %w", kind, name, err)
	}
	content := rest
	if kind != rules.LegacyTemplate {
		content = map[string]any{}
		if value, there := rest["template"]; there && value != nil {
			object, ok := value.(map[string]any)
			if !ok {
				return nil, fmt.Errorf("read %s %s: its template is no JSON object", kind, name)
			}
			content = object
		}
		delete(rest, "template")
	}
	parts := map[string]map[string]any{}
	for _, part := range []string{"settings", "mappings", "aliases"} {
		if value, there := content[part]; there && value != nil {
			object, ok := value.(map[string]any)
			if !ok {
				return nil, fmt.Errorf("read %s %s: its %s are no JSON object", kind, name, part)
			}
			parts[part] = object
		}
		delete(content, part)
	}
	if kind != rules.LegacyTemplate && len(content) > 0 {
		// Such as the lifecycle of 8.x: the rules see it beside the rest.
		for key, value := range content {
			rest["template."+key] = value
		}
	}
	return &rules.Item{
		Kind: kind, Name: name, Rest: rest,
		Settings: rules.FlatSettings(parts["settings"]), Mappings: typeless(parts["mappings"]), Aliases: parts["aliases"],
	}, nil
}

// typeless takes away the type name that 7.x keeps and its API does not show.
// Any other type name is for the rules to decide about.
func typeless(mappings map[string]any) map[string]any {
	if mapping, ok := mappings["_doc"].(map[string]any); ok && len(mappings) == 1 {
		return mapping
	}
	return mappings
}

func decodeObject(raw json.RawMessage) (map[string]any, error) {
	if len(raw) == 0 {
		return map[string]any{}, nil
	}
	value, err := decodeValue(raw)
	if err != nil {
		return nil, err
	}
	object, ok := value.(map[string]any)
	if !ok && value != nil {
		return nil, fmt.Errorf("it is no JSON object")
	}
	return object, nil
}

// decodeValue keeps numbers as they are written.
func decodeValue(raw json.RawMessage) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	return value, nil
}
