package sandbox

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

func (s *Server) main(*request) (answer, error) {
	return ok(obj(
		"name", "sandbox",
		"cluster_name", "sandbox",
		"cluster_uuid", s.id,
		"version", obj(
			"distribution", "opensearch",
			"number", "2.19.1",
			"build_type", "sandbox",
			"build_hash", "unknown",
			"build_date", "2025-02-27T01:16:47.726162386Z",
			"build_snapshot", false,
			"lucene_version", "9.12.1",
			"minimum_wire_compatibility_version", "7.10.0",
			"minimum_index_compatibility_version", "7.0.0",
		),
		"tagline", "The OpenSearch Project: https://opensearch.org/",
	)), nil
}

// moduleNames are modules of the full distribution of OpenSearch 2.19.1, whose mappings and settings are taken here.
var moduleNames = []string{
	"aggs-matrix-stats", "analysis-common", "geo", "ingest-common", "ingest-geoip", "lang-expression", "lang-mustache", "lang-painless",
	"mapper-extras", "opensearch-dashboards", "parent-join", "percolator", "rank-eval", "reindex", "repository-url", "search-pipeline-common",
}

func (s *Server) nodes(*request) (answer, error) {
	var modules []object
	for _, name := range moduleNames {
		modules = append(modules, obj("name", name, "opensearch_version", "2.19.1"))
	}
	node := obj("name", "sandbox", "version", "2.19.1", "build_type", "sandbox", "roles", []string{"cluster_manager", "data", "ingest"}, "modules", modules)
	return ok(obj("_nodes", obj("total", 1, "successful", 1, "failed", 0), "cluster_name", "sandbox", "nodes", obj(s.id, node))), nil
}

// clusterSettingNames are the cluster settings that may be set here, with their defaults.
var clusterSettingNames = map[string]string{
	"action.auto_create_index":                          "true",
	"action.destructive_requires_name":                  "false",
	"cluster.max_shards_per_node":                       "1000",
	"cluster.routing.allocation.enable":                 "all",
	"compatibility.override_main_response_version":      "false",
	"cluster.routing.allocation.disk.threshold_enabled": "true",
}

func (s *Server) setting(name, otherwise string) string {
	for _, layer := range []map[string]string{s.transient, s.persistent, clusterSettingNames} {
		if value, set := layer[name]; set {
			return value
		}
	}
	return otherwise
}

func (s *Server) clusterSettings(r *request) (answer, error) {
	body := obj("persistent", showLayer(r, s.persistent), "transient", showLayer(r, s.transient))
	if r.flag("include_defaults") {
		defaults := maps.Clone(clusterSettingNames)
		defaults["http.compression"] = "true"
		defaults["http.max_content_length"] = strconv.FormatInt(s.options.MaxContentLength, 10) + "b"
		body = body.with("defaults", showLayer(r, defaults))
	}
	return ok(body), nil
}

func showLayer(r *request, layer map[string]string) object {
	flat := settings{}
	for name, value := range layer {
		flat[name] = value
	}
	if r.flag("flat_settings") {
		return flat.flat()
	}
	return flat.nested()
}

func (s *Server) putClusterSettings(r *request) (answer, error) {
	var body map[string]map[string]any
	if err := r.decode(&body); err != nil {
		return answer{}, err
	}
	layers := map[string]map[string]string{"persistent": maps.Clone(s.persistent), "transient": maps.Clone(s.transient)}
	for kind, raw := range body {
		layer, known := layers[kind]
		if !known {
			return answer{}, illegal("unknown field [%s]", kind)
		}
		if err := setLayer(kind, raw, layer); err != nil {
			return answer{}, err
		}
	}
	s.persistent, s.transient = layers["persistent"], layers["transient"]
	return ok(obj("acknowledged", true, "persistent", showLayer(r, s.persistent), "transient", showLayer(r, s.transient))), nil
}

func setLayer(kind string, raw map[string]any, layer map[string]string) error {
	given := settings{}
	flatten("", raw, given)
	for name, value := range raw {
		if value == nil {
			delete(layer, name)
		}
	}
	for name := range given {
		if _, known := clusterSettingNames[name]; !known {
			return illegal("%s setting [%s], not recognized", kind, name)
		}
		layer[name] = given.text(name, "")
	}
	return nil
}

func (s *Server) health(*request) (answer, error) {
	shards, replicas := 0, 0
	for _, on := range s.indices {
		shards += len(on.shards)
		replicas += len(on.shards) * on.settings.number("index.number_of_replicas", 1)
	}
	status := "green"
	if replicas > 0 {
		status = "yellow"
	}
	return ok(obj("cluster_name", "sandbox", "status", status, "timed_out", false, "number_of_nodes", 1,
		"number_of_data_nodes", 1, "active_primary_shards", shards, "active_shards", shards, "unassigned_shards", replicas)), nil
}

func (s *Server) catIndices(r *request) (answer, error) {
	if r.query.Get("format") != "json" {
		return answer{}, illegal("the sandbox lists indices as format=json only")
	}
	found, err := s.resolve(r.vars["index"], r.selection())
	if err != nil {
		return answer{}, err
	}
	list := []object{}
	for _, on := range found {
		list = append(list, on.catLine(r.query.Get("bytes") != "").only(r.query.Get("h")))
	}
	return ok(list), nil
}

func (i *index) catLine(plainBytes bool) object {
	bytes := 208 * len(i.shards)
	for _, d := range i.live() {
		bytes += len(d.source)
	}
	size := strconv.Itoa(bytes)
	if !plainBytes {
		size += "b"
	}
	health := "green"
	if i.settings.number("index.number_of_replicas", 1) > 0 {
		health = "yellow"
	}
	return obj("health", health, "status", "open", "index", i.name, "uuid", i.uuid,
		"pri", strconv.Itoa(len(i.shards)), "rep", i.settings.text("index.number_of_replicas", "1"),
		"docs.count", strconv.Itoa(i.count()), "docs.deleted", "0", "store.size", size, "pri.store.size", size)
}

// only keeps the columns asked for, in that order.
func (o object) only(columns string) object {
	if columns == "" {
		return o
	}
	var kept object
	for column := range strings.SplitSeq(columns, ",") {
		if n := slices.IndexFunc(o, func(f field) bool { return f.name == column }); n >= 0 {
			kept = append(kept, o[n])
		}
	}
	return nonNil(kept)
}
