package cluster

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"migassist/cluster/version"
)

// typed is the parameter that makes a cluster show mappings by type as it keeps them; "" where it always does, or keeps none.
// Elasticsearch knows it from 6.7 to 7.x, OpenSearch in 1.x.
func (r *Reader) typed() string {
	v := r.info.Version
	if v.Flavor == version.OpenSearch && v.Major < 2 || v.Flavor == version.Elasticsearch && v.AtLeast(6, 7) && v.Major < 8 {
		return "&include_type_name=true"
	}
	return ""
}

// Definitions are the indices of these names, open and closed ones, with their mappings by type where the cluster keeps them so.
// A name that there is no index of is an error.
func (r *Reader) Definitions(ctx context.Context, names ...string) (map[string]Index, error) {
	indices := map[string]Index{}
	for _, some := range requests(names) {
		at := plain{method: http.MethodGet, path: "/" + strings.Join(some, ",") + "?flat_settings=true" + r.typed()}
		if err := r.get(ctx, at, &indices); err != nil {
			return nil, err
		}
	}
	return indices, nil
}

// TypedTemplates are all legacy templates, with their mappings by type where the cluster keeps them so.
func (r *Reader) TypedTemplates(ctx context.Context) (map[string]json.RawMessage, error) {
	templates := map[string]json.RawMessage{}
	err := r.get(ctx, plain{method: http.MethodGet, path: "/_template?flat_settings=true" + r.typed()}, &templates)
	if err != nil && !NotFound(err) {
		return nil, err
	}
	return templates, nil
}

// Facts are of an index what its definition does not say.
type Facts struct {
	State         string `json:"state"`              // "open" or "close"
	RoutingShards int    `json:"routing_num_shards"` // 0 where the cluster does not tell
}

// Facts are those of every index, by name. The map is nil where the cluster does not tell any.
func (r *Reader) Facts(ctx context.Context) (map[string]Facts, error) {
	var answer struct {
		Metadata struct {
			Indices map[string]Facts `json:"indices"`
		} `json:"metadata"`
	}
	if err := r.state(ctx, "metadata.indices.*.state,metadata.indices.*.routing_num_shards", &answer); err != nil {
		return nil, err
	}
	return answer.Metadata.Indices, nil
}

// beside are the sections of a cluster's metadata that have routes of their own, and may be large.
const beside = "-metadata.indices,-metadata.templates,-metadata.component_template,-metadata.index_template,-metadata.data_stream.data_stream," +
	"-metadata.ingest,-metadata.search_pipeline,-metadata.stored_scripts,-metadata.index-graveyard"

// Sections are the parts of the cluster's metadata that are neither indices nor have routes in [Reader.Named], by the names under which
// the cluster keeps them: repositories, and what its plugins put there.
func (r *Reader) Sections(ctx context.Context) (map[string]json.RawMessage, error) {
	var answer struct {
		Metadata map[string]json.RawMessage `json:"metadata"`
	}
	filter := beside
	if v := r.info.Version; v.Flavor == version.Elasticsearch && v.Major < 5 {
		filter = "metadata.repositories" // no filter could leave out a section, and no plugin had one
	}
	if err := r.state(ctx, filter, &answer); err != nil {
		return nil, err
	}
	return answer.Metadata, nil
}

// state asks for a part of the cluster's metadata, which collections of OpenSearch Serverless do not show.
func (r *Reader) state(ctx context.Context, filter string, into any) error {
	if r.serverless {
		return nil
	}
	err := r.get(ctx, plain{method: http.MethodGet, path: "/_cluster/state/metadata?filter_path=" + url.QueryEscape(filter)}, into)
	if absent(err) || NotFound(err) {
		return nil
	}
	return err
}
