package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// templateKind is one of the three kinds of templates.
type templateKind struct {
	word   string // in paths
	listed string // the name of the list in answers; "" answers an object by name
	inner  string // the name of the body in the list
	noun   string // in messages
	keys   map[string]bool
}

var (
	legacyTemplate = templateKind{
		word: "_template", noun: "template",
		keys: paramSet("index_patterns template order version settings mappings aliases"),
	}
	componentTemplate = templateKind{
		word: "_component_template", listed: "component_templates", inner: "component_template", noun: "component template",
		keys: paramSet("template version _meta"),
	}
	indexTemplate = templateKind{
		word: "_index_template", listed: "index_templates", inner: "index_template", noun: "index template",
		keys: paramSet("index_patterns template composed_of priority version _meta data_stream context"),
	}
	templateKinds = []templateKind{legacyTemplate, componentTemplate, indexTemplate}
)

// template is a template of any kind.
type template struct {
	Patterns   []string       `json:"index_patterns"`
	Order      int            `json:"order"`
	Priority   int            `json:"priority"`
	ComposedOf []string       `json:"composed_of"`
	Version    *int           `json:"version"`
	Meta       map[string]any `json:"_meta"`
	DataStream map[string]any `json:"data_stream"`
	Template   *indexBody     `json:"template"`
	given      map[string]any
}

// templates are all templates, by the word of their kind and their name.
type templates map[string]map[string]*template

func newTemplates() templates {
	all := templates{}
	for _, kind := range templateKinds {
		all[kind.word] = map[string]*template{}
	}
	return all
}

func (s *Server) putTemplate(kind templateKind) func(*request) (answer, error) {
	return func(r *request) (answer, error) {
		name := r.vars["name"]
		t, err := kind.parse(name, r)
		if err != nil {
			return answer{}, err
		}
		if _, exists := s.templates[kind.word][name]; exists && r.flag("create") {
			return answer{}, illegal("%s [%s] already exists", strings.ReplaceAll(kind.noun, " ", "_"), name)
		}
		if err := s.checkTemplate(kind, name, t); err != nil {
			return answer{}, err
		}
		s.templates[kind.word][name] = t
		return acknowledged(), nil
	}
}

func (k templateKind) parse(name string, r *request) (*template, error) {
	t := &template{}
	if err := r.decode(&t.given); err != nil {
		return nil, err
	}
	for key := range t.given {
		if !k.keys[key] && k.word == legacyTemplate.word {
			return nil, invalid("parse_exception", "unknown key [%s] in the template ", key)
		}
		if !k.keys[key] {
			return nil, invalid("x_content_parse_exception", "[1:2] [%s] unknown field [%s]", k.inner, key)
		}
	}
	if k.word == legacyTemplate.word {
		t.given["template"] = nil // a pattern in old requests: not what the key means below
		legacy := &indexBody{}
		if err := r.decode(legacy); err != nil {
			return nil, err
		}
		t.Template = legacy
		return t, t.fill(r.body)
	}
	if err := r.decode(t); err != nil {
		return nil, err
	}
	if t.Template == nil {
		t.Template = &indexBody{}
	}
	return t, nil
}

// fill reads the keys of a legacy template.
func (t *template) fill(body []byte) error {
	var legacy struct {
		Patterns any  `json:"index_patterns"`
		Order    int  `json:"order"`
		Version  *int `json:"version"`
	}
	if err := json.Unmarshal(body, &legacy); err != nil {
		return invalid("parse_exception", "Failed to parse content to map")
	}
	switch patterns := legacy.Patterns.(type) {
	case string:
		t.Patterns = []string{patterns}
	case []any:
		for _, pattern := range patterns {
			t.Patterns = append(t.Patterns, text(pattern))
		}
	}
	t.Order, t.Version = legacy.Order, legacy.Version
	return nil
}

func (s *Server) checkTemplate(kind templateKind, name string, t *template) error {
	if _, typed := t.Template.Mappings["_doc"]; typed && len(t.Template.Mappings) == 1 {
		return illegal("The mapping definition cannot be nested under a type")
	}
	if kind.word == legacyTemplate.word && len(t.Patterns) == 0 {
		return invalid("action_request_validation_exception", "Validation Failed: 1: index patterns are missing;")
	}
	if kind.word == indexTemplate.word && len(t.Patterns) == 0 {
		return illegal("Required [index_patterns]")
	}
	if strings.Contains(name, " ") {
		return invalidTemplate(name, "Validation Failed: 1: name must not contain a space;")
	}
	if strings.Contains(name, "#") {
		return invalidTemplate(name, "Validation Failed: 1: name must not contain a '#';")
	}
	if strings.ToLower(name) != name && kind.word == legacyTemplate.word {
		return invalidTemplate(name, "Validation Failed: 1: name must be lower cased;")
	}
	if err := parseSettings(t.Template.Settings).check(); err != nil {
		return err
	}
	if _, err := parseMapping(t.Template.Mappings); err != nil {
		return err
	}
	if kind.word == indexTemplate.word {
		return s.checkIndexTemplate(name, t)
	}
	return nil
}

func invalidTemplate(name, why string) *problem {
	return invalid("invalid_index_template_exception", "index_template [%s] invalid, cause [%s]", name, why)
}

func (s *Server) checkIndexTemplate(name string, t *template) error {
	var unknown []string
	for _, component := range t.ComposedOf {
		if s.templates[componentTemplate.word][component] == nil {
			unknown = append(unknown, component)
		}
	}
	if len(unknown) > 0 {
		return invalidTemplate(name, fmt.Sprintf("index template [%s] specifies component templates [%s] that do not exist", name, strings.Join(unknown, ", ")))
	}
	for other, existing := range s.templates[indexTemplate.word] {
		if other != name && existing.Priority == t.Priority && slices.ContainsFunc(existing.Patterns, func(a string) bool {
			return slices.ContainsFunc(t.Patterns, func(b string) bool { return matches(a, b) || matches(b, a) })
		}) {
			return illegal("index template [%s] has index patterns [%s] matching patterns from existing templates [%s] with patterns (%s => [%s]) "+
				"that have the same priority [%d], multiple index templates may not match during index creation, please use a different priority",
				name, strings.Join(t.Patterns, ", "), other, other, strings.Join(existing.Patterns, ", "), t.Priority)
		}
	}
	return nil
}

func (s *Server) deleteTemplate(kind templateKind) func(*request) (answer, error) {
	return func(r *request) (answer, error) {
		name := r.vars["name"]
		if s.templates[kind.word][name] == nil {
			return answer{}, missing("index_template_missing_exception", "index_template [%s] missing", name)
		}
		if kind.word == componentTemplate.word {
			for user, t := range s.templates[indexTemplate.word] {
				if slices.Contains(t.ComposedOf, name) {
					return answer{}, illegal("component templates [%s] cannot be removed as they are still in use by index templates [%s]", name, user)
				}
			}
		}
		delete(s.templates[kind.word], name)
		return acknowledged(), nil
	}
}
