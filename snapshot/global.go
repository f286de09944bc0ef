package snapshot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
)

// Global is the cluster-wide metadata of a snapshot.
type Global struct {
	// Templates are legacy index templates by name, in the form of the REST API with type names: the
	// mappings are one object, {"_doc": {…}}.
	Templates map[string]json.RawMessage
	// ComponentTemplates and IndexTemplates are by name, as the REST API has them.
	ComponentTemplates map[string]json.RawMessage
	IndexTemplates     map[string]json.RawMessage
	// DataStreams are by name, as the cluster state has them (indices with UUIDs, timestamp field).
	DataStreams map[string]json.RawMessage
	// DataStreamAliases are by name: {"data_streams": [...], "write_data_stream": ..., "filter": {...}}. OpenSearch keeps such aliases with the
	// indices behind a stream instead.
	DataStreamAliases map[string]json.RawMessage
	// StoredScripts, IngestPipelines, SearchPipelines and Policies (of ILM) are by name, as the REST API of the cluster takes them:
	// {"script": {...}}, {"processors": [...]}, {"request_processors": [...]} and {"policy": {...}}.
	StoredScripts, IngestPipelines, SearchPipelines, Policies map[string]json.RawMessage
	// PersistentSettings are flat; lists as in [Index].
	PersistentSettings map[string]string
	PersistentLists    map[string][]string
	// Sections are all the keys of the metadata, these above included, as written.
	Sections map[string]json.RawMessage
	// Raw is all of it, JSON.
	Raw json.RawMessage
}

// sections are the keys read from it, and where a value is wrapped in its own name again. Source: the
// toXContent of Metadata's customs in either product.
var sections = []struct {
	key, inner string
	into       func(*Global) *map[string]json.RawMessage
}{
	{"templates", "", func(g *Global) *map[string]json.RawMessage { return &g.Templates }},
	{"component_template", "component_template", func(g *Global) *map[string]json.RawMessage { return &g.ComponentTemplates }},
	{"index_template", "index_template", func(g *Global) *map[string]json.RawMessage { return &g.IndexTemplates }},
	{"data_stream", "data_stream", func(g *Global) *map[string]json.RawMessage { return &g.DataStreams }},
	{"data_stream", "data_stream_aliases", func(g *Global) *map[string]json.RawMessage { return &g.DataStreamAliases }},
	{"stored_scripts", "", func(g *Global) *map[string]json.RawMessage { return &g.StoredScripts }},
	{"index_lifecycle", "policies", func(g *Global) *map[string]json.RawMessage { return &g.Policies }},
}

// Global reads the cluster-wide metadata. A snapshot taken without it (see [Snapshot.HasGlobal]) has
// empty sections.
func (s *Snapshot) Global(ctx context.Context) (*Global, error) {
	g, err := s.loadGlobal(ctx, s.layout.globalPath(s.UUID))
	if err != nil {
		return nil, fmt.Errorf("global metadata of snapshot %q: %w", s.Name, err)
	}
	return g, nil
}

func (s *Snapshot) loadGlobal(ctx context.Context, at string) (*Global, error) {
	var outer map[string]json.RawMessage
	if err := s.layout.read(ctx, s.repo.store, at, codecGlobal, &outer); err != nil {
		return nil, err
	}
	g := &Global{Raw: outer["meta-data"]}
	if g.Raw == nil {
		g.Raw = outer["metadata"]
	}
	if err := unmarshal(at, g.Raw, &g.Sections); err != nil {
		return nil, err
	}
	for _, section := range sections {
		if err := readSection(at, g.Sections[section.key], section.inner, section.into(g)); err != nil {
			return nil, err
		}
	}
	settings, err := flattenSettings(at, g.Sections["settings"])
	if err != nil {
		return nil, err
	}
	g.PersistentSettings, g.PersistentLists = settings.values, settings.lists
	return g, errors.Join(g.readByID(at), g.plainMappings(at))
}

// readSection decodes raw, or the value of its key inner, into an object by name.
func readSection(at string, raw json.RawMessage, inner string, into *map[string]json.RawMessage) error {
	*into = map[string]json.RawMessage{}
	if present(raw) != nil && inner != "" {
		var wrapper map[string]json.RawMessage
		if err := unmarshal(at, raw, &wrapper); err != nil {
			return err
		}
		raw = wrapper[inner]
	}
	if present(raw) == nil {
		return nil
	}
	return unmarshal(at, raw, into)
}

// plainMappings brings the mappings of templates into the form of the REST API.
func (g *Global) plainMappings(at string) error {
	for name, raw := range g.Templates {
		plain, err := replaceMappings(at, raw)
		if err != nil {
			return fmt.Errorf("template %q: %w", name, err)
		}
		g.Templates[name] = plain
	}
	for _, composable := range []map[string]json.RawMessage{g.ComponentTemplates, g.IndexTemplates} {
		for name, raw := range composable {
			plain, err := replaceInTemplate(at, raw)
			if err != nil {
				return fmt.Errorf("template %q: %w", name, err)
			}
			composable[name] = plain
		}
	}
	return nil
}

// replaceInTemplate is replaceMappings for the key "template" of a composable template, whose mappings
// are bytes where the cluster wrote them so.
func replaceInTemplate(at string, raw json.RawMessage) (json.RawMessage, error) {
	var t map[string]json.RawMessage
	if err := unmarshal(at, raw, &t); err != nil {
		return nil, err
	}
	inner := present(t["template"])
	if inner == nil {
		return raw, nil
	}
	var body map[string]json.RawMessage
	if err := unmarshal(at, inner, &body); err != nil {
		return nil, err
	}
	if m := present(body["mappings"]); m == nil || m[0] == '{' {
		return raw, nil
	}
	plain, err := replaceMappings(at, inner)
	if err != nil {
		return nil, err
	}
	t["template"] = plain
	return marshal(t)
}

// replaceMappings turns mappings that are a list, or bytes, into one object by type name.
func replaceMappings(at string, raw json.RawMessage) (json.RawMessage, error) {
	var t map[string]json.RawMessage
	if err := unmarshal(at, raw, &t); err != nil {
		return nil, err
	}
	m := present(t["mappings"])
	if m == nil || m[0] == '{' {
		return raw, nil
	}
	types, err := decodeMappings(at, m)
	if err != nil {
		return nil, err
	}
	plain, err := marshal(types)
	if err != nil {
		return nil, err
	}
	t = maps.Clone(t)
	t["mappings"] = plain
	return marshal(t)
}

// marshal is json.Marshal without the escaping for HTML, which would change bytes of the mappings.
func marshal(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
