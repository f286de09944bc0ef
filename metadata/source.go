package metadata

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

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
		source.Notes = append(source.Notes, "the snapshot was taken without the cluster's global state, so there are no templates, pipelines, scripts and settings in it")
	}
	c := content{
		named: map[rules.Kind]map[string]json.RawMessage{
			rules.StoredScript: global.StoredScripts, rules.IngestPipeline: global.IngestPipelines, rules.SearchPipeline: global.SearchPipelines,
			rules.Policy: global.Policies, rules.ComponentTemplate: global.ComponentTemplates, rules.IndexTemplate: global.IndexTemplates,
			rules.LegacyTemplate: global.Templates, rules.DataStream: global.DataStreams,
		},
		settings: global.Sections["settings"], streamAliases: global.DataStreamAliases, sections: global.Sections, indices: from.IndexNames(),
	}
	return source, c.fill(source)
}

// content is what a source holds, in the form of the REST API where it has one, wherever it was read.
type content struct {
	named         map[rules.Kind]map[string]json.RawMessage
	settings      json.RawMessage // persistent ones, flat or not
	streamAliases map[string]json.RawMessage
	sections      map[string]json.RawMessage // of the cluster's metadata
	indices       []string
	// policies of ISM were asked for; a snapshot has them among documents.
	policiesAsked bool
}

// fill gives a source its items, indices and gaps.
func (c content) fill(source *Source) error {
	if err := c.items(source); err != nil {
		return err
	}
	streams := map[string]string{}
	for _, item := range source.Items {
		if item.Kind != rules.DataStream {
			continue
		}
		for _, list := range []string{"indices", "failure_indices"} {
			names, _ := item.Rest[list].([]any)
			for _, name := range names {
				if text, ok := name.(string); ok {
					streams[text] = item.Name
				}
			}
		}
	}
	slices.Sort(c.indices)
	for _, name := range c.indices {
		source.Indices = append(source.Indices, IndexName{Name: name, DataStream: streams[name]})
	}
	source.Gaps = append(source.Gaps, c.gaps()...)
	slices.SortStableFunc(source.Gaps, func(a, b Gap) int { return strings.Compare(a.Area+"\x00"+a.Name, b.Area+"\x00"+b.Name) })
	return nil
}
