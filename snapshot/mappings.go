package snapshot

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"

	"migassist/lucene/input"
)

// decodeMappings returns mappings by type name. They are written in one of these forms:
//
//	[{"_doc": {…}}, {"other": {…}}]   one object per type: index metadata and legacy templates
//	["REZMAA…"]                       the same as bytes: SMILE or JSON, usually in DEFLATE
//	{"_doc": {…}}                     as the REST API has it
//
// at is the blob they were found in, for errors.
func decodeMappings(at string, raw json.RawMessage) (map[string]json.RawMessage, error) {
	byType := map[string]json.RawMessage{}
	if present(raw) == nil {
		return byType, nil
	}
	parts := []json.RawMessage{raw}
	if raw[0] == '[' {
		if err := unmarshal(at, raw, &parts); err != nil {
			return nil, err
		}
	}
	for _, part := range parts {
		part, err := mappingText(at, part)
		if err != nil {
			return nil, err
		}
		var types map[string]json.RawMessage
		if err := unmarshal(at, part, &types); err != nil {
			return nil, err
		}
		maps.Copy(byType, types)
	}
	return byType, nil
}

// mappingText returns the JSON of a mapping that is an object, or bytes in base64.
func mappingText(at string, raw json.RawMessage) (json.RawMessage, error) {
	if len(raw) == 0 || raw[0] != '"' {
		return raw, nil
	}
	var encoded string
	if err := unmarshal(at, raw, &encoded); err != nil {
		return nil, err
	}
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, &input.CorruptError{File: at, Want: "a mapping in base64", Got: err.Error()}
	}
	return decodeBody(at+" (mapping)", 0, data)
}

// SourceMode says what a shard keeps of the documents that were sent.
type SourceMode int

// What is kept of a document.
const (
	SourceKept      SourceMode = iota // as sent
	SourceDisabled                    // nothing: "_source": {"enabled": false}
	SourceFiltered                    // without some fields: includes or excludes
	SourceSynthetic                   // nothing; the server rebuilds it from the index
)

var sourceModes = [...]string{"kept", "disabled", "filtered", "synthetic"}

// String is one word for messages.
func (m SourceMode) String() string { return sourceModes[m] }

// Source is what the mappings and settings of an index say of _source.
type Source struct {
	Mode     SourceMode
	Type     string // the mapping type that says so, where an index has several
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

// SourceMode tells whether documents can be read back as they were sent. Where an index has several
// types, the one that keeps least decides.
func (x *Index) SourceMode() Source {
	worst := Source{}
	for _, name := range sortedKeys(x.Mappings) {
		var m sourceMapping
		if err := json.Unmarshal(x.Mappings[name], &m); err != nil || m.Source == nil {
			continue
		}
		s := Source{Type: name, Includes: m.Source.Includes, Excludes: m.Source.Excludes}
		switch {
		case m.Source.Enabled != nil && !bool(*m.Source.Enabled), m.Source.Mode == "disabled":
			s.Mode = SourceDisabled
		case m.Source.Mode == "synthetic":
			s.Mode = SourceSynthetic
		case len(s.Includes)+len(s.Excludes) > 0:
			s.Mode = SourceFiltered
		}
		if rank(s.Mode) > rank(worst.Mode) {
			worst = s
		}
	}
	if worst.Mode == SourceKept || worst.Mode == SourceFiltered {
		return x.sourceBySettings(worst)
	}
	return worst
}

// sourceBySettings looks at the settings that override the mapping: Elasticsearch 8.15 and later, and
// OpenSearch 3.
func (x *Index) sourceBySettings(s Source) Source {
	switch {
	case x.Settings["index.mapping.source.mode"] == "disabled":
		return Source{Mode: SourceDisabled}
	case x.Settings["index.mapping.source.mode"] == "synthetic", x.Settings["index.derived_source.enabled"] == "true":
		return Source{Mode: SourceSynthetic}
	}
	return s
}

// rank orders modes by how little they keep.
func rank(m SourceMode) int {
	return [...]int{SourceKept: 0, SourceFiltered: 1, SourceSynthetic: 2, SourceDisabled: 3}[m]
}

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
