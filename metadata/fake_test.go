package metadata

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"testing"

	"migassist/cluster"
	"migassist/cluster/version"
	"migassist/metadata/rules"
)

// target is a cluster in memory, as far as metadata goes: it keeps what it is
// given, refuses names that are taken, and adds the aliases of matching legacy
// templates, unless an index template matches.
type target struct {
	info      cluster.Info
	nodes     cluster.Nodes
	indices   map[string]cluster.Index
	component map[string]json.RawMessage
	index     map[string]json.RawMessage
	legacy    map[string]json.RawMessage
	named     map[cluster.Family]map[string]json.RawMessage // what is not in it the target does not know
	settings  map[string]json.RawMessage                    // persistent, of the cluster
	sent      []string
	// fails answers instead of the target, by "METHOD path".
	fails map[string]error
}

func newTarget() *target {
	return &target{
		info:    cluster.Info{Name: "fake", UUID: "uuid", Version: version.Version{Flavor: version.OpenSearch, Major: 2, Minor: 19, Patch: 1}},
		nodes:   cluster.Nodes{Data: 1, Modules: []string{"analysis-common", "mapper-extras", "parent-join", "transport-netty4"}},
		indices: map[string]cluster.Index{}, component: map[string]json.RawMessage{}, index: map[string]json.RawMessage{}, legacy: map[string]json.RawMessage{},
		fails: map[string]error{}, settings: map[string]json.RawMessage{},
		named: map[cluster.Family]map[string]json.RawMessage{
			cluster.StoredScripts: {}, cluster.IngestPipelines: {}, cluster.SearchPipelines: {}, cluster.Policies: {}, cluster.DataStreams: {},
		},
	}
}

func (f *target) URL() string                                  { return "http://target:9200" }
func (f *target) Info() cluster.Info                           { return f.info }
func (f *target) Nodes(context.Context) (cluster.Nodes, error) { return f.nodes, nil }

func (f *target) Aliases(context.Context) (map[string][]string, error) {
	names := map[string][]string{}
	for name, index := range f.indices {
		var aliases map[string]any
		if err := json.Unmarshal(index.Aliases, &aliases); err != nil {
			return nil, err
		}
		names[name] = nil
		for alias := range aliases {
			names[name] = append(names[name], alias)
		}
	}
	return names, nil
}

func (f *target) Indices(_ context.Context, names ...string) (map[string]cluster.Index, error) {
	found := map[string]cluster.Index{}
	for _, name := range names {
		index, there := f.indices[name]
		if !there {
			return nil, &cluster.Error{Status: http.StatusNotFound, Type: "index_not_found_exception", Reason: name, Method: "GET", Path: "/" + name}
		}
		found[name] = index
	}
	return found, nil
}

func (f *target) ComponentTemplates(context.Context, ...string) (map[string]json.RawMessage, error) {
	return maps.Clone(f.component), nil
}

func (f *target) IndexTemplates(context.Context, string) (map[string]json.RawMessage, error) {
	return maps.Clone(f.index), nil
}

func (f *target) Templates(context.Context, ...string) (map[string]json.RawMessage, error) {
	return maps.Clone(f.legacy), nil
}

// take records a request and answers it with a failure where one is set.
func (f *target) take(ctx context.Context, request string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	f.sent = append(f.sent, request)
	return f.fails[request]
}

func (f *target) PutComponentTemplate(ctx context.Context, name string, body json.RawMessage) error {
	f.component[name] = body
	return f.take(ctx, "PUT /_component_template/"+name)
}

func (f *target) PutIndexTemplate(ctx context.Context, name string, body json.RawMessage) error {
	f.index[name] = body
	return f.take(ctx, "PUT /_index_template/"+name)
}

func (f *target) PutTemplate(ctx context.Context, name string, body json.RawMessage) error {
	f.legacy[name] = body
	return f.take(ctx, "PUT /_template/"+name)
}

func (f *target) CreateIndex(ctx context.Context, name string, body json.RawMessage) error {
	if err := f.take(ctx, "PUT /"+name); err != nil {
		return err
	}
	if _, there := f.indices[name]; there {
		return &cluster.Error{Status: http.StatusBadRequest, Type: "resource_already_exists_exception", Reason: "index [" + name + "] already exists", Method: "PUT", Path: "/" + name}
	}
	var index struct {
		Settings, Mappings map[string]any
		Aliases            map[string]any
	}
	if err := json.Unmarshal(body, &index); err != nil {
		return err
	}
	if index.Aliases == nil {
		index.Aliases = map[string]any{}
	}
	for alias := range f.added(name) {
		index.Aliases[alias] = map[string]any{}
	}
	f.indices[name] = cluster.Index{Settings: raw(index.Settings), Mappings: raw(index.Mappings), Aliases: raw(index.Aliases)}
	return nil
}

// added are the aliases that templates give to a new index.
func (f *target) added(name string) map[string]any {
	for _, body := range f.index {
		if matchesBody(rules.IndexTemplate, body, name) {
			return nil
		}
	}
	all := map[string]any{}
	for _, body := range f.legacy {
		if matchesBody(rules.LegacyTemplate, body, name) {
			item, _ := templateItem(rules.LegacyTemplate, "", body)
			maps.Copy(all, item.Aliases)
		}
	}
	return all
}

func matchesBody(kind rules.Kind, body json.RawMessage, name string) bool {
	item, err := templateItem(kind, "", body)
	if err != nil {
		return false
	}
	list, _ := item.Rest["index_patterns"].([]any)
	for _, one := range list {
		if text, ok := one.(string); ok && glob(text, name) {
			return true
		}
	}
	return false
}

func raw(value any) json.RawMessage {
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return encoded
}

func (f *target) DeleteIndexTemplate(ctx context.Context, name string) error {
	delete(f.index, name)
	return f.take(ctx, "DELETE /_index_template/"+name)
}

// source is made of items written in a test.
func source(t *testing.T, items ...*rules.Item) *Source {
	t.Helper()
	s := &Source{Origin: Origin{Snapshot: "s", Version: version.Version{Flavor: version.Elasticsearch, Major: 7, Minor: 10, Patch: 2}}}
	byName := map[string]*rules.Item{}
	for _, item := range items {
		if item.Kind == rules.Index {
			byName[item.Name] = item
			s.Indices = append(s.Indices, IndexName{Name: item.Name})
		} else {
			s.Items = append(s.Items, item)
		}
	}
	s.Index = func(_ context.Context, name string) (*rules.Item, error) { return byName[name], nil }
	return s
}

// anIndex is an index with the parts given as JSON.
func anIndex(t *testing.T, name, settings, mappings, aliases string) *rules.Item {
	t.Helper()
	item := &rules.Item{Kind: rules.Index, Name: name, RoutingShards: 1024, State: "open"}
	item.Settings = rules.FlatSettings(parsed(t, settings))
	if item.Settings["index.number_of_shards"] == nil {
		item.Settings["index.number_of_shards"] = "1"
	}
	item.Mappings, item.Aliases = parsed(t, mappings), parsed(t, aliases)
	return item
}

func aTemplate(t *testing.T, kind rules.Kind, name, body string) *rules.Item {
	t.Helper()
	item, err := templateItem(kind, name, json.RawMessage(body))
	if err != nil {
		t.Fatal(err)
	}
	return item
}

func parsed(t *testing.T, text string) map[string]any {
	t.Helper()
	object, err := decodeObject(json.RawMessage(text))
	if err != nil {
		t.Fatal(err)
	}
	return object
}

func (f *target) Named(_ context.Context, family cluster.Family) (map[string]json.RawMessage, error) {
	return maps.Clone(f.named[family]), nil
}

func (f *target) PersistentSettings(context.Context) (map[string]json.RawMessage, error) {
	return f.settings, nil
}

func (f *target) PutNamed(ctx context.Context, family cluster.Family, name string, body json.RawMessage) error {
	if err := f.take(ctx, "PUT "+string(family)+" "+name); err != nil {
		return err
	}
	f.named[family][name] = body
	return nil
}

func (f *target) PutPersistentSettings(ctx context.Context, settings json.RawMessage) error {
	if err := f.take(ctx, "PUT settings"); err != nil {
		return err
	}
	return json.Unmarshal(settings, &f.settings)
}
