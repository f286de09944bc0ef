package sandbox

import (
	"maps"
	"strconv"
	"strings"
)

// versionCreated is the internal id of 2.19.1.
const versionCreated = "136407927"

// indexBody is what creates an index, and the inside of a template.
type indexBody struct {
	Settings map[string]any `json:"settings"`
	Mappings map[string]any `json:"mappings"`
	Aliases  map[string]any `json:"aliases"`
}

func (s *Server) createIndex(r *request) (answer, error) {
	name := r.vars["index"]
	if err := s.checkNewIndexName(name); err != nil {
		return answer{}, err
	}
	raw := map[string]any{}
	if len(r.body) > 0 && !strings.HasPrefix(strings.TrimSpace(string(r.body)), "{") {
		p := invalid("not_x_content_exception", "Compressor detection can only be called on some xcontent bytes or compressed xcontent bytes")
		p.status = 500
		return answer{}, p
	}
	if err := r.decode(&raw); err != nil {
		return answer{}, err
	}
	for key, value := range raw {
		_, isObject := value.(map[string]any)
		switch {
		case key != "settings" && key != "mappings" && key != "aliases":
			return answer{}, invalid("parse_exception", "unknown key [%s] for create index", key)
		case key == "settings" && !isObject:
			return answer{}, invalid("parse_exception", "key [settings] must be an object")
		case !isObject:
			p := invalid("class_cast_exception", "class java.lang.Integer cannot be cast to class java.util.Map")
			p.status = 500
			return answer{}, p
		}
	}
	var body indexBody
	if err := r.decode(&body); err != nil {
		return answer{}, err
	}
	if _, err := s.create(name, &body); err != nil {
		return answer{}, err
	}
	return ok(obj("acknowledged", true, "shards_acknowledged", true, "index", name)), nil
}

// create makes an index from its templates and the body, which may be nil.
func (s *Server) create(name string, body *indexBody) (*index, error) {
	if err := s.checkNewIndexName(name); err != nil {
		return nil, err
	}
	if body == nil {
		body = &indexBody{}
	}
	given := parseSettings(body.Settings)
	if err := given.check(); err != nil {
		return nil, err
	}
	on := &index{name: name, uuid: newUUID(), settings: settings{}, mapping: newMapping(), aliases: map[string]alias{}}
	if err := s.applyTemplates(on); err != nil {
		return nil, err
	}
	maps.Copy(on.settings, given)
	if err := on.settings.check(); err != nil {
		return nil, err
	}
	mapping, err := parseMapping(body.Mappings)
	if err != nil {
		return nil, err
	}
	if err := on.mapping.merge(mapping); err != nil {
		return nil, err
	}
	if err := on.checkMapping(on.mapping); err != nil {
		return nil, err
	}
	if err := s.addAliases(on, body.Aliases); err != nil {
		return nil, err
	}
	on.complete(strconv.FormatInt(s.options.Now().UnixMilli(), 10))
	s.indices[name] = on
	return on, nil
}

// complete sets what only the server sets.
func (i *index) complete(created string) {
	for name, value := range map[string]string{
		"index.number_of_shards":   "1",
		"index.number_of_replicas": "1",
		"index.replication.type":   "DOCUMENT",
	} {
		if i.settings[name] == nil {
			i.settings[name] = value
		}
	}
	i.settings["index.provided_name"] = i.name
	i.settings["index.creation_date"] = created
	i.settings["index.uuid"] = i.uuid
	i.settings["index.version.created"] = versionCreated
	i.shards = newShards(i.settings.number("index.number_of_shards", 1))
}

// checkMapping checks what depends on the settings.
func (i *index) checkMapping(m *mapping) error {
	limit := i.settings.number("index.mapping.total_fields.limit", 1000)
	if m.root.size() > limit {
		return illegal("Limit of total fields [%d] has been exceeded", limit)
	}
	return m.root.checkAnalyzers(i.settings)
}

func (s *Server) addAliases(on *index, raw map[string]any) error {
	for name, definition := range raw {
		if _, isObject := definition.(map[string]any); !isObject {
			return illegal("No alias is specified")
		}
		if name == on.name {
			p := invalid("illegal_state_exception", "index, alias, and data stream names need to be unique, but the following duplicates were found "+
				"[%s (alias of [%s/%s]) conflicts with index]", name, on.name, on.uuid)
			p.status = 500
			return p
		}
		if err := s.checkAliasName(name, nil); err != nil {
			return err
		}
		on.aliases[name] = parseAlias(definition)
	}
	return nil
}

// parseAlias reads the body of an alias.
func parseAlias(definition any) alias {
	body, _ := definition.(map[string]any)
	var a alias
	a.filter = body["filter"]
	for _, set := range []struct {
		name string
		into []*string
	}{
		{"routing", []*string{&a.indexRouting, &a.searchRouting}},
		{"index_routing", []*string{&a.indexRouting}},
		{"search_routing", []*string{&a.searchRouting}},
		{"is_write_index", []*string{&a.writes}},
		{"is_hidden", []*string{&a.hidden}},
	} {
		for _, into := range set.into {
			if body[set.name] != nil {
				*into = text(body[set.name])
			}
		}
	}
	return a
}

func (s *Server) getIndex(r *request) (answer, error) {
	found, err := s.resolve(r.vars["index"], r.selection())
	if err != nil {
		return answer{}, err
	}
	var body object
	for _, i := range found {
		body = body.with(i.name, obj("aliases", i.showAliases(nil), "mappings", i.mapping.render(), "settings", i.showSettings(r)))
	}
	return ok(nonNil(body)), nil
}

// nonNil is an empty object for nothing.
func nonNil(o object) object {
	if o == nil {
		return object{}
	}
	return o
}

func (s *Server) deleteIndex(r *request) (answer, error) {
	by := r.selection()
	by.strict = true
	found, err := s.resolve(r.vars["index"], by)
	if err != nil {
		return answer{}, err
	}
	for _, i := range found {
		delete(s.indices, i.name)
	}
	return acknowledged(), nil
}
