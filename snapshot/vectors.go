package snapshot

import (
	"encoding/json"
	"slices"

	"migassist/cluster/version"
)

// excludeVectorsVersion is the index version from which on Elasticsearch leaves vectors out of _source unless told
// otherwise (9.2). Source: IndexVersions.EXCLUDE_SOURCE_VECTORS_DEFAULT.
const excludeVectorsVersion = 9_035_000

// vectorsLeftOut returns the paths of the fields that the server keeps beside _source and puts back when it is asked
// for a document, sorted. What is stored lacks them, or (OpenSearch) has a number in their place. Source:
// SourceFieldMapper and DenseVectorFieldMapper of Elasticsearch 9.2, the derived source of the k-NN plugin of
// OpenSearch 3.
func (x *Index) vectorsLeftOut() []string {
	var types []string
	switch x.Created.Flavor {
	case version.Elasticsearch:
		if x.switchedOn("index.mapping.exclude_source_vectors", x.CreatedID >= excludeVectorsVersion) {
			types = []string{"dense_vector", "sparse_vector", "rank_vectors"}
		}
	case version.OpenSearch:
		// The plugin writes the setting into each index with index.knn that is created.
		if x.Settings["index.knn"] == "true" && x.switchedOn("index.knn.derived_source.enabled", false) {
			types = []string{"knn_vector"}
		}
	case version.Unknown:
	}
	if types == nil {
		return nil
	}
	var paths []string
	for _, raw := range x.Mappings {
		paths = fieldsOf(paths, "", raw, types)
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// switchedOn is the value of a boolean setting.
func (x *Index) switchedOn(name string, byDefault bool) bool {
	if value, ok := x.Settings[name]; ok {
		return value == "true"
	}
	return byDefault
}

// fieldsOf appends the paths below the mapping raw of the indexed fields that have one of the types.
func fieldsOf(paths []string, path string, raw json.RawMessage, types []string) []string {
	var m struct {
		Type       string                     `json:"type"`
		Index      *flag                      `json:"index"`
		Properties map[string]json.RawMessage `json:"properties"`
	}
	if json.Unmarshal(raw, &m) != nil {
		return paths // the server could not have read it either
	}
	if slices.Contains(types, m.Type) && (m.Index == nil || bool(*m.Index)) {
		return append(paths, path)
	}
	if path != "" {
		path += "."
	}
	for name, below := range m.Properties {
		paths = fieldsOf(paths, path+name, below, types)
	}
	return paths
}
