package metadata

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"migassist/metadata/rules"
)

// items makes the items of all kinds but indices, in the order of [rules.Kinds] and of their names. One that is not as the servers
// write it becomes a gap, so that it is named and the others go on.
func (c content) items(source *Source) error {
	persistent, err := decodeObject(c.settings)
	if err != nil {
		return fmt.Errorf("read the persistent settings of the cluster: %w", err)
	}
	if flat := map[string]any{}; flatten("", persistent, flat) {
		source.Items = append(source.Items, &rules.Item{Kind: rules.ClusterSettings, Name: persistentSettings, Rest: flat})
	}
	for _, kind := range rules.Kinds {
		named := c.named[kind]
		if kind == rules.StoredScript {
			named = scriptsByID(named)
		}
		for _, name := range slices.Sorted(maps.Keys(named)) {
			item, err := c.item(source, kind, name, named[name])
			if err != nil {
				source.Gaps = append(source.Gaps, Gap{
					Area: string(kind), Name: name, What: "it is not moved, as it can't be read: " + reasonOf(err), Do: "create it on the target by hand", Severity: severe,
				})
				continue
			}
			source.Items = append(source.Items, item)
		}
	}
	return nil
}

func (c content) item(source *Source, kind rules.Kind, name string, raw json.RawMessage) (*rules.Item, error) {
	item, err := itemFrom(kind, name, raw)
	if err == nil && kind == rules.DataStream {
		c.completeStream(source, item)
	}
	return item, err
}

// flatten puts the leaves of a tree into flat by their dotted names, and tells whether there are any.
func flatten(prefix string, tree, flat map[string]any) bool {
	for name, value := range tree {
		if inner, ok := value.(map[string]any); ok {
			flatten(prefix+name+".", inner, flat)
			continue
		}
		flat[prefix+name] = value
	}
	return len(flat) > 0
}

// scriptsByID knows the forms in which Elasticsearch 5 kept scripts: under "LANG#ID", from 5.3 on for those that were stored with a
// language in the path and a second time under their id, and before that with nothing but their text.
func scriptsByID(kept map[string]json.RawMessage) map[string]json.RawMessage {
	named := make(map[string]json.RawMessage, len(kept))
	for name, raw := range kept {
		lang, id, older := strings.Cut(name, "#")
		if !older {
			named[name] = raw
			continue
		}
		if _, twice := kept[id]; twice {
			continue
		}
		var body struct {
			Script map[string]json.RawMessage `json:"script"`
		}
		if json.Unmarshal(raw, &body) != nil || body.Script == nil {
			named[name] = raw
			continue
		}
		named[id] = raw
		for _, key := range []string{"script", "template"} { // of 5.0 to 5.2
			if text, there := body.Script[key]; there && body.Script["lang"] == nil {
				named[id] = oldScript(lang, text)
			}
		}
	}
	return named
}

// oldScript writes a script as it is put from 5.3 on. The text of a template may be an object.
func oldScript(lang string, text json.RawMessage) json.RawMessage {
	var source string
	if json.Unmarshal(text, &source) != nil {
		source = string(text)
	}
	body, err := json.Marshal(map[string]any{"script": map[string]string{"lang": lang, "source": source}})
	if err != nil {
		return text // a string always can be written
	}
	return body
}
