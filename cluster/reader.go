package cluster

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"migassist/cluster/version"
)

// Reader is the read-only half of a cluster: nothing that it sends changes the cluster. It may be used
// by several goroutines at once. [ConnectReader] makes it.
type Reader struct {
	url  string // without credentials
	info Info
	gate readOnly // repeats what failed
	once readOnly // repeats only what the server did not begin
	// The same for answers that are read while they come.
	flow, flowOnce readOnly

	serverless bool
}

// URL is the cluster's address, without credentials.
func (r *Reader) URL() string { return r.url }

// Info is what the cluster said of itself when it was connected.
func (r *Reader) Info() Info { return r.info }

// Version is the product and version of the cluster when it was connected.
func (r *Reader) Version() version.Version { return r.info.Version }

// Ping asks the cluster for its version again, and so whether it answers.
func (r *Reader) Ping(ctx context.Context) error {
	_, err := r.detect(ctx)
	return err
}

// Index is an index as the cluster describes it, each part as raw JSON.
type Index struct {
	Settings json.RawMessage `json:"settings"` // flat: {"index.number_of_shards": "1", ...}
	Mappings json.RawMessage `json:"mappings"`
	Aliases  json.RawMessage `json:"aliases"`
}

// Index returns settings, mappings and aliases of one index; NotFound tells that there is none.
func (r *Reader) Index(ctx context.Context, name string) (Index, error) {
	indices, err := r.Indices(ctx, name)
	if err != nil {
		return Index{}, err
	}
	for _, index := range indices { // one, under its own name where the name given was an alias
		return index, nil
	}
	return Index{}, &Error{Status: 404, Type: "index_not_found_exception", Reason: "no such index [" + name + "]", Method: "GET", Path: "/" + name}
}

// Indices returns the indices that the names or patterns select, by their names. Names that select
// nothing are an error unless they are patterns.
func (r *Reader) Indices(ctx context.Context, names ...string) (map[string]Index, error) {
	indices := map[string]Index{}
	for _, some := range requests(names) {
		err := r.get(ctx, esapi.IndicesGetRequest{Index: some, FlatSettings: new(true)}, &indices)
		if err != nil {
			return nil, err
		}
	}
	return indices, nil
}

// IndexExists tells for each name whether there is an index or an alias called so, open or closed. It
// asks for many names at once.
func (r *Reader) IndexExists(ctx context.Context, names ...string) (map[string]bool, error) {
	found := make(map[string]bool, len(names))
	for _, name := range names {
		found[name] = false
	}
	for _, some := range requests(names) {
		aliases, err := r.aliases(ctx, esapi.IndicesGetAliasRequest{Index: some, IgnoreUnavailable: new(true), AllowNoIndices: new(true)})
		if err != nil {
			return nil, err
		}
		mark(found, aliases)
	}
	return found, nil
}

func mark(found map[string]bool, aliases map[string][]string) {
	for index, names := range aliases {
		for _, name := range append(names, index) {
			if _, asked := found[name]; asked {
				found[name] = true
			}
		}
	}
}

// IndexUUIDs returns the UUIDs of those of the named indices that exist, open or closed. An index that was deleted and
// made again has another one. The names of aliases are not among the answers.
func (r *Reader) IndexUUIDs(ctx context.Context, names ...string) (map[string]string, error) {
	asked := make(map[string]bool, len(names))
	for _, name := range names {
		asked[name] = true
	}
	found := make(map[string]string, len(names))
	for _, some := range requests(names) {
		var answer map[string]struct {
			Settings struct{ Index struct{ UUID string } }
		}
		request := esapi.IndicesGetSettingsRequest{
			Index: some, IgnoreUnavailable: new(true), AllowNoIndices: new(true), FilterPath: []string{"*.settings.index.uuid"},
		}
		if err := r.get(ctx, request, &answer); err != nil && !NotFound(err) {
			return nil, err
		}
		for name, index := range answer {
			if asked[name] {
				found[name] = index.Settings.Index.UUID
			}
		}
	}
	return found, nil
}

// Aliases returns every index of the cluster, hidden and closed ones too, with the names of its aliases.
func (r *Reader) Aliases(ctx context.Context) (map[string][]string, error) {
	request := esapi.IndicesGetAliasRequest{}
	if r.info.Version.Flavor == version.OpenSearch || r.info.Version.AtLeast(7, 7) {
		request.ExpandWildcards = "all" // hidden indices came with 7.7
	}
	return r.aliases(ctx, request)
}

func (r *Reader) aliases(ctx context.Context, request esapi.IndicesGetAliasRequest) (map[string][]string, error) {
	var answer map[string]struct {
		Aliases map[string]json.RawMessage `json:"aliases"`
	}
	if err := r.get(ctx, request, &answer); err != nil {
		if NotFound(err) {
			return map[string][]string{}, nil
		}
		return nil, err
	}
	names := make(map[string][]string, len(answer))
	for index, of := range answer {
		names[index] = nil
		for alias := range of.Aliases {
			names[index] = append(names[index], alias)
		}
	}
	return names, nil
}

// Count returns the number of documents that searches see in the index or pattern: root documents as of
// the last refresh.
func (r *Reader) Count(ctx context.Context, index string) (int64, error) {
	var answer struct {
		Count  int64 `json:"count"`
		Shards struct {
			Failed int `json:"failed"`
		} `json:"_shards"`
	}
	if err := r.get(ctx, esapi.CountRequest{Index: escape([]string{index})}, &answer); err != nil {
		return 0, err
	}
	if answer.Shards.Failed > 0 {
		return 0, fmt.Errorf("count of %s: %d shards did not answer", index, answer.Shards.Failed)
	}
	return answer.Count, nil
}

// ClusterSettings returns the settings in force, flat, with the defaults. Values that are lists are left out.
func (r *Reader) ClusterSettings(ctx context.Context) (map[string]string, error) {
	var answer struct{ Defaults, Persistent, Transient map[string]json.RawMessage }
	err := r.get(ctx, esapi.ClusterGetSettingsRequest{IncludeDefaults: new(true), FlatSettings: new(true)}, &answer)
	if err != nil {
		return nil, err
	}
	settings := map[string]string{}
	for _, layer := range []map[string]json.RawMessage{answer.Defaults, answer.Persistent, answer.Transient} {
		for name, raw := range layer {
			var value string
			if json.Unmarshal(raw, &value) == nil {
				settings[name] = value
			}
		}
	}
	return settings, nil
}

// IndexSummary is a line of the server's own list of indices.
type IndexSummary struct {
	Name   string `json:"index"`
	Health string `json:"health"`
	Status string `json:"status"`            // open or close
	Docs   int64  `json:"docs.count,string"` // Lucene's documents: nested ones count apart
	Bytes  int64  `json:"store.size,string"`
}

// List returns every index with its size, hidden and closed ones too; closed ones have no counts.
func (r *Reader) List(ctx context.Context) ([]IndexSummary, error) {
	request := esapi.CatIndicesRequest{Format: "json", Bytes: "b", H: []string{"index", "health", "status", "docs.count", "store.size"}}
	if r.composes() {
		request.ExpandWildcards = "all"
	}
	var answer []json.RawMessage
	if err := r.get(ctx, request, &answer); err != nil {
		return nil, err
	}
	list := make([]IndexSummary, len(answer))
	for i, line := range answer {
		// Closed indices have null for the numbers, which leaves them zero.
		if err := json.Unmarshal(line, &list[i]); err != nil {
			return nil, fmt.Errorf("list of indices of %s: line %s: %w", r.url, line, err)
		}
	}
	return list, nil
}
