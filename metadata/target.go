package metadata

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"migassist/cluster"
	"migassist/cluster/version"
	"migassist/metadata/lock"
	"migassist/metadata/rules"
)

// TargetReader is what a plan asks a target.
type TargetReader interface {
	URL() string
	Info() cluster.Info
	// Aliases has every index, with the names of its aliases.
	Aliases(ctx context.Context) (map[string][]string, error)
	Indices(ctx context.Context, names ...string) (map[string]cluster.Index, error)
	ComponentTemplates(ctx context.Context, names ...string) (map[string]json.RawMessage, error)
	IndexTemplates(ctx context.Context, name string) (map[string]json.RawMessage, error)
	Templates(ctx context.Context, names ...string) (map[string]json.RawMessage, error)
	// Named has the items of a family; nil where the target has no such thing.
	Named(ctx context.Context, family cluster.Family) (map[string]json.RawMessage, error)
	PersistentSettings(ctx context.Context) (map[string]json.RawMessage, error)
}

// Target is what a plan is applied to.
type Target interface {
	TargetReader
	CreateIndex(ctx context.Context, name string, body json.RawMessage) error
	PutComponentTemplate(ctx context.Context, name string, body json.RawMessage) error
	PutIndexTemplate(ctx context.Context, name string, body json.RawMessage) error
	PutTemplate(ctx context.Context, name string, body json.RawMessage) error
	// DeleteIndexTemplate takes the shield away.
	DeleteIndexTemplate(ctx context.Context, name string) error
	PutNamed(ctx context.Context, family cluster.Family, name string, body json.RawMessage) error
	PutPersistentSettings(ctx context.Context, settings json.RawMessage) error
}

var _ Target = (*cluster.Client)(nil)

// NodesReader is asked where a target offers it. Without it, and where the target does not answer, the full
// distribution and enough nodes are expected.
type NodesReader interface {
	Nodes(ctx context.Context) (cluster.Nodes, error)
}

var _ NodesReader = (*cluster.Reader)(nil)

// Destination says which target a plan was made for, and what it was taken to be.
type Destination struct {
	URL     string          `json:"url"`
	Name    string          `json:"name,omitempty"`
	UUID    string          `json:"uuid,omitempty"`
	Version version.Version `json:"version"`
	// Known is the version whose table of settings, field types and analysis was used.
	Known     version.Version `json:"known"`
	DataNodes int             `json:"data_nodes,omitempty"`
	Modules   []string        `json:"modules,omitempty"`
	// Seen are sums of what the plan depends on, by "KIND NAME".
	Seen map[string]string `json:"seen,omitempty"`
}

// present is what a target has at one moment.
type present struct {
	aliases map[string][]string // by index
	indices map[string]bool     // by alias: the names that are taken by aliases
	// templates are those of all kinds but indices; nil where the target has no such thing.
	templates map[rules.Kind]map[string]json.RawMessage
}

// families are the kinds of items that a target keeps by name alone.
var families = map[rules.Kind]cluster.Family{
	rules.StoredScript: cluster.StoredScripts, rules.IngestPipeline: cluster.IngestPipelines, rules.SearchPipeline: cluster.SearchPipelines,
	rules.Policy: cluster.Policies, rules.DataStream: cluster.DataStreams,
}

// ProbePrefix begins the name of everything that package probe makes. As the locks, it is there for a while, and no part of what a target has.
const ProbePrefix = "migassist-probe-"

func readTarget(ctx context.Context, target TargetReader) (*present, error) {
	p := &present{indices: map[string]bool{}, templates: map[rules.Kind]map[string]json.RawMessage{}}
	var err error
	if p.aliases, err = target.Aliases(ctx); err != nil {
		return nil, fmt.Errorf("list the indices of the target: %w", err)
	}
	for _, aliases := range p.aliases {
		for _, alias := range aliases {
			p.indices[alias] = true
		}
	}
	if p.templates[rules.ComponentTemplate], err = target.ComponentTemplates(ctx); err != nil {
		return nil, fmt.Errorf("list the component templates of the target: %w", err)
	}
	if p.templates[rules.IndexTemplate], err = target.IndexTemplates(ctx, ""); err != nil {
		return nil, fmt.Errorf("list the index templates of the target: %w", err)
	}
	if p.templates[rules.LegacyTemplate], err = target.Templates(ctx); err != nil {
		return nil, fmt.Errorf("list the legacy templates of the target: %w", err)
	}
	for kind, family := range families {
		if p.templates[kind], err = target.Named(ctx, family); err != nil {
			return nil, fmt.Errorf("target: %w", err)
		}
	}
	for _, items := range p.templates {
		maps.DeleteFunc(items, func(name string, _ json.RawMessage) bool {
			return strings.HasPrefix(name, lock.Prefix) || strings.HasPrefix(name, ProbePrefix)
		})
	}
	settings, err := target.PersistentSettings(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the persistent settings of the target: %w", err)
	}
	return p, p.persistent(settings)
}

// persistent are the settings of the cluster as the one item that they are here, where there are some.
func (p *present) persistent(settings map[string]json.RawMessage) error {
	p.templates[rules.ClusterSettings] = map[string]json.RawMessage{}
	if len(settings) == 0 {
		return nil
	}
	body, err := json.Marshal(settings)
	p.templates[rules.ClusterSettings][persistentSettings] = body
	return err
}

// has tells whether the target has an item of this kind and name.
func (p *present) has(kind rules.Kind, name string) bool {
	if kind == rules.Index {
		_, there := p.aliases[name]
		return there
	}
	_, there := p.templates[kind][name]
	return there
}

// current reads the item as the target has it now.
func (p *present) current(ctx context.Context, target TargetReader, kind rules.Kind, name string) (*rules.Item, error) {
	if kind != rules.Index {
		return itemFrom(kind, name, p.templates[kind][name])
	}
	indices, err := target.Indices(ctx, name)
	if err != nil {
		return nil, err
	}
	index, there := indices[name]
	if !there {
		return nil, fmt.Errorf("the target has no index %s any more", name)
	}
	return targetIndex(name, index)
}

func targetIndex(name string, index cluster.Index) (*rules.Item, error) {
	item := &rules.Item{Kind: rules.Index, Name: name}
	settings, err := decodeObject(index.Settings)
	if err != nil {
		return nil, fmt.Errorf("read settings of index %s: %w", name, err)
	}
	item.Settings = rules.FlatSettings(settings)
	if item.Mappings, err = decodeObject(index.Mappings); err != nil {
		return nil, fmt.Errorf("read mapping of index %s: %w", name, err)
	}
	if item.Aliases, err = decodeObject(index.Aliases); err != nil {
		return nil, fmt.Errorf("read aliases of index %s: %w", name, err)
	}
	return item, nil
}
