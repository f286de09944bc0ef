package sandbox

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
