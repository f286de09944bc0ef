package sandbox

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

func (s *Server) getTemplates(kind templateKind) func(*request) (answer, error) {
	return func(r *request) (answer, error) {
		all := s.templates[kind.word]
		name, named := r.vars["name"]
		var found []string
		for _, each := range slices.Sorted(maps.Keys(all)) {
			if !named || slices.ContainsFunc(strings.Split(name, ","), func(pattern string) bool { return matches(pattern, each) }) {
				found = append(found, each)
			}
		}
		if kind.listed == "" {
			status := http.StatusOK
			if len(found) == 0 && named {
				status = http.StatusNotFound
			}
			body := object{}
			for _, each := range found {
				body = body.with(each, all[each].showLegacy(r))
			}
			return answer{status, body}, nil
		}
		if len(found) == 0 && named && !strings.Contains(name, "*") {
			return answer{}, missing("resource_not_found_exception", "%s matching [%s] not found", kind.noun, name)
		}
		list := []object{}
		for _, each := range found {
			list = append(list, obj("name", each, kind.inner, all[each].show(kind)))
		}
		return ok(obj(kind.listed, list)), nil
	}
}

func (t *template) showLegacy(r *request) object {
	body := object{}.with("order", t.Order)
	if t.Version != nil {
		body = body.with("version", *t.Version)
	}
	given := parseSettings(t.Template.Settings)
	shown := given.nested()
	if r.flag("flat_settings") {
		shown = given.flat()
	}
	return body.with("index_patterns", t.Patterns, "settings", shown, "mappings", t.Template.showMappings(), "aliases", t.Template.showAliases())
}

func (b *indexBody) showMappings() object {
	m, err := parseMapping(b.Mappings)
	if err != nil { // checked when it was put
		return object{}
	}
	return m.render()
}

func (b *indexBody) showAliases() object {
	return byName(b.Aliases, func(_ string, definition any) any { return parseAlias(definition).show() })
}

func (t *template) show(kind templateKind) object {
	body := object{}
	if kind.word == indexTemplate.word {
		body = body.with("index_patterns", t.Patterns)
	}
	inner := object{}
	if t.Template.Settings != nil {
		inner = inner.with("settings", parseSettings(t.Template.Settings).nested())
	}
	if t.Template.Mappings != nil {
		inner = inner.with("mappings", t.Template.showMappings())
	}
	if t.Template.Aliases != nil {
		inner = inner.with("aliases", t.Template.showAliases())
	}
	if t.given["template"] != nil {
		body = body.with("template", inner)
	}
	for _, key := range []string{"composed_of", "priority", "version", "_meta"} {
		if t.given[key] != nil {
			body = body.with(key, ordered(t.given[key]))
		}
	}
	if t.DataStream != nil {
		body = body.with("data_stream", obj("timestamp_field", obj("name", "@timestamp")))
	}
	return body
}

// applyTemplates gives a new index what its templates say: the index template of the highest priority
// with its components, or else all legacy templates in their order.
func (s *Server) applyTemplates(on *index) error { return on.make(s.templatesFor(on.name)) }

// make gives an index what bodies of templates say, one after the other.
func (i *index) make(bodies []*indexBody) error {
	for _, body := range bodies {
		maps.Copy(i.settings, parseSettings(body.Settings))
		m, err := parseMapping(body.Mappings)
		if err != nil {
			return err
		}
		if err := i.mapping.merge(m.clone()); err != nil {
			return err
		}
		for name, definition := range body.Aliases {
			i.aliases[strings.ReplaceAll(name, "{index}", i.name)] = parseAlias(definition)
		}
	}
	return nil
}

// composed are the bodies that an index template is put together from, in the order in which they count.
func (s *Server) composed(t *template) (bodies []*indexBody) {
	for _, component := range t.ComposedOf {
		bodies = append(bodies, s.templates[componentTemplate.word][component].Template)
	}
	return append(bodies, t.Template)
}

// simulateTemplate answers what an index template would give to a new index, and changes nothing.
func (s *Server) simulateTemplate(r *request) (answer, error) {
	name := "simulate_template_" + newUUID()
	t, err := indexTemplate.parse(name, r)
	if err != nil {
		return answer{}, err
	}
	if err := s.checkTemplate(indexTemplate, name, t); err != nil {
		return answer{}, err
	}
	on := &index{name: name, settings: settings{}, mapping: newMapping(), aliases: map[string]alias{}}
	if err := on.make(s.composed(t)); err != nil {
		return answer{}, err
	}
	everything := func(string) bool { return true }
	body := obj("settings", on.showSettings(r), "mappings", on.mapping.render(), "aliases", on.showAliases(everything))
	return ok(obj("template", body, "overlapping", []any{})), nil
}

func (s *Server) templatesFor(index string) []*indexBody {
	fits := func(t *template) bool {
		return slices.ContainsFunc(t.Patterns, func(pattern string) bool { return matches(pattern, index) })
	}
	var best *template
	for _, name := range slices.Sorted(maps.Keys(s.templates[indexTemplate.word])) {
		if t := s.templates[indexTemplate.word][name]; fits(t) && (best == nil || t.Priority > best.Priority) {
			best = t
		}
	}
	var bodies []*indexBody
	if best != nil {
		return s.composed(best)
	}
	var legacy []*template
	for _, name := range slices.Sorted(maps.Keys(s.templates[legacyTemplate.word])) {
		if t := s.templates[legacyTemplate.word][name]; fits(t) {
			legacy = append(legacy, t)
		}
	}
	slices.SortStableFunc(legacy, func(a, b *template) int { return a.Order - b.Order })
	for _, t := range legacy {
		bodies = append(bodies, t.Template)
	}
	return bodies
}
