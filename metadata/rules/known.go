package rules

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"migassist/cluster/version"
)

// knownFormat is the format number of the tables in known/.
const knownFormat = 1

// known is what one version of a product accepts when an index or a template
// is created. The tables are data, asked from real servers; ask_test.go holds
// the questions and the command.
type known struct {
	Format  int    `json:"format"`
	MadeBy  string `json:"made_by"`
	Product string `json:"product"`
	Version string `json:"version"`

	// Settings may be given at creation; Private ones exist but may not.
	Settings []string `json:"settings"`
	Private  []string `json:"private_settings"`
	// Mapping and Source are the keys at the root of a mapping and in its _source.
	Mapping []string `json:"mapping"`
	Source  []string `json:"_source"`
	// Fields has the field types and the parameters of each.
	Fields map[string]*knownField `json:"fields"`
	// KNN has what vectors of floats can be searched by, "ENGINE METHOD SPACE_TYPE"
	// (with space type hamming, vectors of bits).
	KNN []string `json:"knn"`
	// DynamicTemplate are the keys of one dynamic template.
	DynamicTemplate []string `json:"dynamic_template"`
	// Analysis has, per section, the names that exist without a definition,
	// and under "SECTION type" the types a definition may name.
	Analysis map[string][]string `json:"analysis"`
	// Core is the part of Analysis that needs no module.
	Core       map[string][]string `json:"core_analysis"`
	StoreTypes []string            `json:"store_types"`
	Aliases    []string            `json:"aliases"`

	IndexTemplate     []string `json:"index_template"`
	ComponentTemplate []string `json:"component_template"`
	LegacyTemplate    []string `json:"legacy_template"`
}

type knownField struct {
	Module     string   `json:"module,omitempty"`
	Parameters []string `json:"parameters"`
	// NoMulti is set where the type cannot stand in the "fields" of another.
	NoMulti bool `json:"no_multi_field,omitempty"`
}

//go:embed known/*.json
var knownFiles embed.FS

// knownTo reads the table of a version: its own, else the nearest older one of
// the same major, else the oldest of that major.
func knownTo(v version.Version) (*known, error) {
	names, err := knownFiles.ReadDir("known")
	if err != nil {
		return nil, fmt.Errorf("list the tables of known settings and fields: %w", err)
	}
	var best *known
	for _, entry := range names {
		k, err := readKnown("known/" + entry.Name())
		if err != nil {
			return nil, err
		}
		if candidate := k.version(); candidate.Flavor == v.Flavor && candidate.Major == v.Major && nearer(v, best, k) {
			best = k
		}
	}
	if best == nil {
		return nil, fmt.Errorf("there is no table of what %s knows", v)
	}
	best.forget(v)
	return best, nil
}

// since has what came within a major version: an older target, which has no table of its own, lacks it.
// "type" is a field type, "type parameter" one of its parameters; "knn" is followed by how the names of
// methods begin, "mapping" by a key at the root of a mapping.
var since = []struct {
	what         string
	major, minor int
}{
	{"flat_object", 2, 7},
	{"unsigned_long", 2, 8},
	{"match_only_text", 2, 12},
	{"constant_keyword", 2, 14},
	{"wildcard", 2, 15},
	{"version", 3, 2},
	{"knn_vector data_type", 2, 9},
	{"knn_vector space_type", 2, 17},
	{"knn_vector mode", 2, 17},
	{"knn_vector compression_level", 2, 17},
	{"mapping derived", 2, 15},
	{"knn lucene", 2, 2},
	{"knn lucene hnsw innerproduct", 2, 13},
	{"knn lucene hnsw hamming", 2, 16},
	{"knn faiss hnsw hamming", 2, 16},
	{"knn faiss hnsw cosinesimil", 2, 19},
}

// forget takes out of a table what v did not have yet.
func (k *known) forget(v version.Version) {
	for _, s := range since {
		if v.Major != s.major || v.AtLeast(s.major, s.minor) {
			continue
		}
		kind, parameter, _ := strings.Cut(s.what, " ")
		switch {
		case kind == "knn":
			k.KNN = slices.DeleteFunc(k.KNN, func(name string) bool { return strings.HasPrefix(name, parameter) })
		case kind == "mapping":
			k.Mapping = slices.DeleteFunc(k.Mapping, func(name string) bool { return name == parameter })
		case parameter == "":
			delete(k.Fields, kind)
		case k.Fields[kind] != nil:
			k.Fields[kind].Parameters = slices.DeleteFunc(k.Fields[kind].Parameters, func(name string) bool { return name == parameter })
		}
	}
}

// nearer tells whether candidate serves v better than best.
func nearer(v version.Version, best, candidate *known) bool {
	if best == nil {
		return true
	}
	have, offered := best.version(), candidate.version()
	if have.Compare(v) <= 0 {
		return offered.Compare(v) <= 0 && offered.Compare(have) > 0
	}
	return offered.Compare(have) < 0
}

func readKnown(name string) (*known, error) {
	content, err := knownFiles.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read table %s: %w", name, err)
	}
	k := &known{}
	if err := json.Unmarshal(content, k); err != nil {
		return nil, fmt.Errorf("read table %s: %w", name, err)
	}
	if k.Format != knownFormat {
		return nil, fmt.Errorf("read table %s: format %d, this version reads %d", name, k.Format, knownFormat)
	}
	return k, nil
}

func (k *known) version() version.Version {
	flavor, _ := version.ParseFlavor(k.Product)
	v, err := version.ParseNumber(flavor, k.Version)
	if err != nil {
		return version.Version{}
	}
	return v
}
