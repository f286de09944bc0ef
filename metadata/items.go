package metadata

import (
	"bytes"
	"encoding/json"
	"fmt"

	"migassist/metadata/rules"
	"migassist/snapshot"
)

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
		if item.Mappings[name], err = decodeObject(raw); err != nil {
			return nil, fmt.Errorf("read mapping %s of index %s: %w", name, index.Name, err)
		}
	}
	item.Mappings = typeless(item.Mappings)
	for name, raw := range index.Aliases {
		if item.Aliases[name], err = decodeObject(raw); err != nil {
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
	if err == nil && kind == rules.DataStream {
		err = stream(rest)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s %s: %w", words(kind), name, err)
	}
	return &rules.Item{Kind: kind, Name: name, Rest: rest}, nil
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
