package snapshot

import (
	"encoding/json"
	"fmt"
	"slices"
)

// SourceMode says what a shard keeps of the documents that were sent.
type SourceMode string

// What is kept of a document.
const (
	SourceStored    SourceMode = "stored"    // as sent
	SourceDisabled  SourceMode = "disabled"  // nothing: "_source": {"enabled": false}
	SourceFiltered  SourceMode = "filtered"  // without some fields: includes or excludes, or vectors kept elsewhere
	SourceSynthetic SourceMode = "synthetic" // nothing; Elasticsearch 8.4 and later makes it again from the index
	SourceDerived   SourceMode = "derived"   // nothing; OpenSearch 3 makes it again from the index
)

// Source is what the mappings and settings of an index say of _source.
type Source struct {
	Mode     SourceMode
	Type     string // the mapping type that says so; empty where a setting does, or nothing
	Includes []string
	Excludes []string
}

// sourceMapping is the "_source" of a mapping type.
type sourceMapping struct {
	Source *struct {
		Enabled  *flag    `json:"enabled"`
		Mode     string   `json:"mode"`
		Includes patterns `json:"includes"`
		Excludes patterns `json:"excludes"`
	} `json:"_source"`
}

// SourceMode tells whether documents can be read back as they were sent; [Index.Source] says more.
func (x *Index) SourceMode() SourceMode { return x.Source().Mode }

// Source tells whether documents can be read back as they were sent. Where an index has several types,
// the one that keeps least decides; "_default_" has no documents and so no say. Source: SourceFieldMapper
// of either product. From Elasticsearch 8.15 on a setting counts before the mapping's mode.
func (x *Index) Source() Source {
	setting := x.Settings["index.mapping.source.mode"]
	worst := Source{Mode: SourceStored}
	for _, name := range sortedKeys(x.Mappings) {
		var m sourceMapping
		if err := json.Unmarshal(x.Mappings[name], &m); err != nil || m.Source == nil || name == defaultType {
			continue
		}
		s := Source{Mode: SourceStored, Type: name, Includes: m.Source.Includes, Excludes: m.Source.Excludes}
		switch {
		case m.Source.Enabled != nil && !bool(*m.Source.Enabled), setting == "" && m.Source.Mode == "disabled":
			s.Mode = SourceDisabled
		case setting == "" && m.Source.Mode == "synthetic":
			s.Mode = SourceSynthetic
		case len(s.Includes)+len(s.Excludes) > 0:
			s.Mode = SourceFiltered
		}
		if keepsLess[s.Mode] > keepsLess[worst.Mode] {
			worst = s
		}
	}
	worst = x.sourceBySettings(worst)
	if worst.Mode == SourceStored || worst.Mode == SourceFiltered {
		if vectors := x.vectorsLeftOut(); len(vectors) > 0 {
			worst.Mode, worst.Excludes = SourceFiltered, slices.Concat(worst.Excludes, vectors)
		}
	}
	return worst
}

// defaultType is the mapping that Elasticsearch before 7 copies into new types.
const defaultType = "_default_"

// sourceBySettings looks at the settings that turn _source off whatever the mapping says.
func (x *Index) sourceBySettings(s Source) Source {
	switch {
	case x.Settings["index.mapping.source.mode"] == "disabled":
		return Source{Mode: SourceDisabled}
	case x.Settings["index.mapping.source.mode"] == "synthetic":
		return Source{Mode: SourceSynthetic}
	case s.Mode != SourceDisabled && x.Settings["index.derived_source.enabled"] == "true":
		return Source{Mode: SourceDerived}
	}
	return s
}

// keepsLess orders modes by how little they keep.
var keepsLess = map[SourceMode]int{SourceStored: 0, SourceFiltered: 1, SourceDerived: 2, SourceSynthetic: 2, SourceDisabled: 3}

// flag is a boolean, also in the string form that older versions accept.
type flag bool

// UnmarshalJSON implements json.Unmarshaler.
func (f *flag) UnmarshalJSON(data []byte) error {
	switch string(data) {
	case "false", `"false"`, `"off"`, `"no"`, `"0"`, "0":
		*f = false
	case "true", `"true"`, `"on"`, `"yes"`, `"1"`, "1":
		*f = true
	default:
		return fmt.Errorf("%s is no boolean", data)
	}
	return nil
}

// patterns is a list of strings, or one string.
type patterns []string

// UnmarshalJSON implements json.Unmarshaler.
func (p *patterns) UnmarshalJSON(data []byte) error {
	var one string
	if err := json.Unmarshal(data, &one); err == nil {
		if one != "" {
			*p = patterns{one}
		}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(p))
}
