package metadata

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"

	"migassist/cluster"
	"migassist/cluster/version"
	"migassist/metadata/rules"
	"migassist/snapshot"
)

// ReadCluster lists what a living cluster has. It asks, and changes nothing. What a version or build of the cluster does not know is
// not there; what its user may not see is an error, as the plan would not be whole.
func ReadCluster(ctx context.Context, from *cluster.Reader) (*Source, error) {
	info := from.Info()
	source := &Source{Origin: Origin{URI: from.URL(), UUID: info.UUID, Version: info.Version}}
	c, err := readContent(ctx, from, source)
	if err != nil {
		return nil, fmt.Errorf("read the metadata of %s: %w", from.URL(), err)
	}
	facts, err := from.Facts(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the state of the indices of %s: %w", from.URL(), err)
	}
	if c.indices = slices.Collect(maps.Keys(facts)); facts == nil {
		all, err := from.Aliases(ctx)
		if err != nil {
			return nil, fmt.Errorf("list the indices of %s: %w", from.URL(), err)
		}
		c.indices = slices.Collect(maps.Keys(all))
		source.Notes = append(source.Notes, "the source does not tell which of its indices are closed, nor by how many virtual shards they are routed")
	}
	if err := c.fill(source); err != nil {
		return nil, err
	}
	reader := &definitions{from: from, facts: facts, places: make(map[string]int, len(source.Indices)), next: -1}
	for i, index := range source.Indices {
		reader.names = append(reader.names, index.Name)
		reader.places[index.Name] = i
	}
	source.Index = reader.index
	return source, nil
}

// readContent asks for all that is no index.
func readContent(ctx context.Context, from *cluster.Reader, source *Source) (c content, err error) {
	c.named = map[rules.Kind]map[string]json.RawMessage{}
	for kind, family := range map[rules.Kind]cluster.Family{
		rules.StoredScript: cluster.StoredScripts, rules.IngestPipeline: cluster.IngestPipelines, rules.SearchPipeline: cluster.SearchPipelines,
		rules.Policy: cluster.Policies, rules.DataStream: cluster.DataStreams,
	} {
		if c.named[kind], err = from.Named(ctx, family); err != nil {
			return c, err
		}
	}
	source.Notes = append(source.Notes, lacks(from.Version(), c.named)...)
	if from.Version().Flavor == version.OpenSearch {
		c.policiesAsked = c.named[rules.Policy] != nil
	} else if err := onlyPolicies(c.named[rules.Policy]); err != nil {
		return c, err
	}
	if c.named[rules.ComponentTemplate], err = from.ComponentTemplates(ctx); err != nil {
		return c, fmt.Errorf("list the component templates: %w", err)
	}
	if c.named[rules.IndexTemplate], err = from.IndexTemplates(ctx, ""); err != nil {
		return c, fmt.Errorf("list the index templates: %w", err)
	}
	if c.named[rules.LegacyTemplate], err = from.TypedTemplates(ctx); err != nil {
		return c, fmt.Errorf("list the legacy templates: %w", err)
	}
	persistent, err := from.PersistentSettings(ctx)
	if err != nil {
		return c, fmt.Errorf("read the persistent settings: %w", err)
	}
	if c.settings, err = json.Marshal(persistent); err != nil {
		return c, err
	}
	if c.sections, err = from.Sections(ctx); err != nil {
		return c, fmt.Errorf("read what plugins keep: %w", err)
	}
	var streams struct {
		Aliases map[string]json.RawMessage `json:"data_stream_aliases"`
	}
	if raw := c.sections["data_stream"]; len(raw) > 0 {
		if err := json.Unmarshal(raw, &streams); err != nil {
			return c, fmt.Errorf("read the aliases of data streams: %w", err)
		}
	}
	c.streamAliases = streams.Aliases
	return c, nil
}

// onlyPolicies takes away what the API of ILM tells beside a policy: its version, its date, and who uses it.
func onlyPolicies(named map[string]json.RawMessage) error {
	for name, raw := range named {
		var shown struct {
			Policy json.RawMessage `json:"policy"`
		}
		if err := json.Unmarshal(raw, &shown); err != nil {
			return fmt.Errorf("read policy %s: %w", name, err)
		}
		body, err := json.Marshal(map[string]json.RawMessage{"policy": shown.Policy})
		if err != nil {
			return fmt.Errorf("read policy %s: %w", name, err)
		}
		named[name] = body
	}
	return nil
}

// lacks says what this build of the source does not know and others of its version do.
func lacks(of version.Version, named map[rules.Kind]map[string]json.RawMessage) (notes []string) {
	opensearch := of.Flavor == version.OpenSearch
	for _, some := range []struct {
		kind  rules.Kind
		usual bool
		what  string
	}{
		{rules.Policy, opensearch, "has no index state management (the plugin opensearch-index-management), and so no policies"},
		{rules.Policy, !opensearch && of.AtLeast(6, 6), "has no index lifecycle management, and so no policies"},
		{rules.DataStream, !opensearch && of.AtLeast(7, 9), "has no data streams"},
	} {
		if some.usual && named[some.kind] == nil {
			notes = append(notes, "the source is a build that "+some.what)
		}
	}
	return notes
}

// definitions reads indices of a cluster, several at once where they are asked for one after the other.
type definitions struct {
	from   *cluster.Reader
	facts  map[string]cluster.Facts
	names  []string // sorted
	places map[string]int

	mu   sync.Mutex
	held map[string]cluster.Index
	next int // the place after those that were asked for last
	many int // how many were
}

// mostAtOnce bounds what is held: mappings may be large.
const mostAtOnce = 32

func (d *definitions) index(ctx context.Context, name string) (*rules.Item, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, held := d.held[name]; !held {
		if err := d.fetch(ctx, name); err != nil {
			return nil, fmt.Errorf("read index %s of %s: %w", name, d.from.URL(), err)
		}
	}
	index, there := d.held[name]
	if !there {
		return nil, fmt.Errorf("the source has no index %s any more", name)
	}
	delete(d.held, name)
	return liveIndex(name, index, d.facts[name], d.from.Version())
}

// fetch asks for an index, and for twice as many after it as the last time where it is the one that comes next.
func (d *definitions) fetch(ctx context.Context, name string) error {
	at, known := d.places[name]
	if !known {
		return fmt.Errorf("the source had no index of this name when it was listed")
	}
	if at == d.next {
		d.many = min(2*d.many, mostAtOnce)
	} else {
		d.many = 1
	}
	end := min(at+d.many, len(d.names))
	found, err := d.from.Definitions(ctx, d.names[at:end]...)
	if err != nil && end-at > 1 { // one of them may be gone, or not for this user
		end = at + 1
		found, err = d.from.Definitions(ctx, name)
	}
	d.held, d.next = found, end
	return err
}

// liveIndex is an index as its cluster shows it.
func liveIndex(name string, index cluster.Index, facts cluster.Facts, of version.Version) (*rules.Item, error) {
	item, err := targetIndex(name, index)
	if err != nil {
		return nil, err
	}
	texts := map[string]string{}
	for setting, value := range item.Settings {
		texts[setting] = fmt.Sprint(value)
	}
	if err := snapshot.Unsupported(texts); err != nil {
		return nil, fmt.Errorf("index %s: %w", name, err)
	}
	item.Mappings = typeless(item.Mappings)
	item.State, item.RoutingShards = facts.State, facts.RoutingShards
	if item.RoutingShards == 0 {
		item.RoutingShards = untoldRouting(texts, of)
	}
	return item, nil
}

// untoldRouting is the number of virtual shards on versions that have one and do not show it: Elasticsearch 5 and 6 use the number of
// shards, save for an index that was shrunk or split out of another, of which 0 says that it is not known.
func untoldRouting(settings map[string]string, of version.Version) int {
	if of.Flavor != version.Elasticsearch || of.Major < 5 || of.Major > 6 {
		return 0
	}
	for _, name := range []string{"index.shrink.source.name", "index.resize.source.name", "index.number_of_routing_shards"} {
		if settings[name] != "" {
			return 0
		}
	}
	shards, err := strconv.Atoi(settings["index.number_of_shards"])
	if err != nil {
		return 0 // it is refused for that later
	}
	return shards
}
