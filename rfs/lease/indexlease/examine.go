package indexlease

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"migassist/cluster"
)

// mapping is what is looked at of an index's.
type mapping struct {
	Dynamic any `json:"dynamic"`
	Meta    struct {
		Format     int    `json:"migassist_lease"`
		Generation string `json:"generation"`
	} `json:"_meta"`
	Source struct {
		Enabled  *bool    `json:"enabled"`
		Mode     string   `json:"mode"`
		Includes []string `json:"includes"`
		Excludes []string `json:"excludes"`
	} `json:"_source"`
	Routing struct {
		Required bool `json:"required"`
	} `json:"_routing"`
	Properties map[string]map[string]any `json:"properties"`
}

// examine returns the generation of the index, or what keeps the index from holding records, in words that follow its name.
func (s *Store) examine(index cluster.Index) (string, error) {
	m, err := readMapping(index.Mappings)
	if err != nil {
		return "", fmt.Errorf("has a mapping that cannot be read: %w", err)
	}
	if err := m.examine(); err != nil {
		return "", err
	}
	var aliases map[string]json.RawMessage
	if err := json.Unmarshal(index.Aliases, &aliases); err != nil {
		return "", fmt.Errorf("has aliases that cannot be read: %w", err)
	}
	if alias := s.alias(m.Meta.Generation); aliases[alias] == nil {
		return "", fmt.Errorf("has no alias %s", alias)
	}
	return m.Meta.Generation, examineSettings(index.Settings)
}

func (m mapping) examine() error {
	switch {
	case m.Meta.Format == 0:
		return errors.New("was not made to hold a run's state")
	case m.Meta.Format > format:
		return fmt.Errorf("was made by a newer migassist (format %d, this one knows %d)", m.Meta.Format, format)
	case !generationName.MatchString(m.Meta.Generation):
		return fmt.Errorf("has a generation %q that this migassist did not give it", m.Meta.Generation)
	case m.Source.Enabled != nil && !*m.Source.Enabled, m.Source.Mode != "" && m.Source.Mode != "stored", len(m.Source.Includes)+len(m.Source.Excludes) > 0:
		return errors.New("does not keep _source as it comes")
	case m.Routing.Required:
		return errors.New("wants a routing value")
	case m.Dynamic != "strict":
		return fmt.Errorf("has dynamic %v where strict is wanted", m.Dynamic)
	}
	for _, name := range []string{"key", "open", "write", "body"} {
		if want := fields[name]; !reflect.DeepEqual(m.Properties[name], want) {
			return fmt.Errorf("has a field %s of %s where %s is wanted", name, shown(m.Properties[name]), shown(want))
		}
	}
	return nil
}

// readMapping reads a mapping with or without the type of 6.x.
func readMapping(raw json.RawMessage) (mapping, error) {
	var typed struct {
		Doc *mapping `json:"_doc"`
	}
	if err := json.Unmarshal(raw, &typed); err == nil && typed.Doc != nil {
		return *typed.Doc, nil
	}
	var m mapping
	err := json.Unmarshal(raw, &m)
	return m, err
}

// examineSettings looks for what nobody could override, or somebody changed later.
func examineSettings(raw json.RawMessage) error {
	var settings map[string]any
	if err := json.Unmarshal(raw, &settings); err != nil {
		return fmt.Errorf("has settings that cannot be read: %w", err)
	}
	for _, want := range []struct {
		name   string
		values []any
	}{
		{"index.translog.durability", []any{nil, "REQUEST", "request"}},
		{"index.default_pipeline", []any{nil, cluster.NoPipeline}},
		{"index.final_pipeline", []any{nil, cluster.NoPipeline}},
		{"index.mapping.source.mode", []any{nil, "STORED", "stored"}},
		{"index.mode", []any{nil, "standard"}},
		{"index.lifecycle.name", []any{nil, ""}},
		{"index.blocks.write", []any{nil, "false"}},
		{"index.blocks.read_only", []any{nil, "false"}},
	} {
		if value := settings[want.name]; !slices.Contains(want.values, value) {
			return fmt.Errorf("has %s %v, with which it cannot hold a run's state", want.name, value)
		}
	}
	return nil
}

func shown(field map[string]any) string {
	if field == nil {
		return "no type"
	}
	text, err := json.Marshal(field)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text))
}
