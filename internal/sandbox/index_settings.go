package sandbox

import "strings"

func (i *index) showSettings(r *request) object {
	if r.flag("flat_settings") {
		return i.settings.flat()
	}
	return i.settings.nested()
}

func (s *Server) getMapping(r *request) (answer, error) {
	return s.each(r, func(i *index) object { return obj("mappings", i.mapping.render()) })
}

func (s *Server) getSettings(r *request) (answer, error) {
	return s.each(r, func(i *index) object { return obj("settings", i.showSettings(r)) })
}

// each answers an object per index.
func (s *Server) each(r *request, show func(*index) object) (answer, error) {
	found, err := s.resolve(r.vars["index"], r.selection())
	if err != nil {
		return answer{}, err
	}
	body := object{}
	for _, i := range found {
		body = body.with(i.name, show(i))
	}
	return ok(body), nil
}

func (s *Server) putMapping(r *request) (answer, error) {
	found, err := s.resolve(r.vars["index"], r.selection())
	if err != nil {
		return answer{}, err
	}
	var raw map[string]any
	if err := r.decode(&raw); err != nil {
		return answer{}, err
	}
	for _, i := range found {
		added, err := parseMapping(raw)
		if err != nil {
			return answer{}, err
		}
		extended := i.mapping.clone()
		if err := extended.merge(added); err != nil {
			return answer{}, err
		}
		if err := i.checkMapping(extended); err != nil {
			return answer{}, err
		}
		i.mapping = extended
	}
	return acknowledged(), nil
}

// fixedSettings may only be set when an index is made.
var fixedSettings = settingSet("number_of_shards number_of_routing_shards routing_partition_size codec sort.field sort.order soft_deletes.enabled")

func (s *Server) putSettings(r *request) (answer, error) {
	found, err := s.resolve(r.vars["index"], r.selection())
	if err != nil {
		return answer{}, err
	}
	var raw map[string]any
	if err := r.decode(&raw); err != nil {
		return answer{}, err
	}
	if inner, wrapped := raw["settings"].(map[string]any); wrapped && len(raw) == 1 {
		raw = inner
	}
	given := parseSettings(raw)
	if err := given.check(); err != nil {
		return answer{}, err
	}
	for _, name := range unset(raw) {
		for _, i := range found {
			delete(i.settings, name)
		}
	}
	for name, value := range given {
		for _, i := range found {
			if fixedSettings[name] {
				return answer{}, illegal("Can't update non dynamic settings [[%s]] for open indices [[%s/%s]]", name, i.name, i.uuid)
			}
			i.settings[name] = value
		}
	}
	return acknowledged(), nil
}

// unset are the settings, under their full names, that a request gives null, nested or flat.
func unset(raw map[string]any) []string {
	var names []string
	for name, value := range raw {
		switch v := value.(type) {
		case nil:
			names = append(names, "index."+strings.TrimPrefix(name, "index."))
		case map[string]any:
			for _, inner := range unset(v) {
				names = append(names, "index."+strings.TrimPrefix(name+"."+strings.TrimPrefix(inner, "index."), "index."))
			}
		}
	}
	return names
}

func (s *Server) refresh(r *request) (answer, error) {
	found, err := s.resolve(r.vars["index"], r.selection())
	if err != nil {
		return answer{}, err
	}
	total, successful := 0, 0
	for _, i := range found {
		successful += len(i.shards)
		total += len(i.shards) * (1 + i.settings.number("index.number_of_replicas", 1))
	}
	return ok(obj("_shards", obj("total", total, "successful", successful, "failed", 0))), nil
}
