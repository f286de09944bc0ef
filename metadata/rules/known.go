package rules

import (
	"embed"
	"encoding/json"
	"fmt"

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
	return best, nil
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
