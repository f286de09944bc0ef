package sandbox

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
)

func (s *Server) getAlias(r *request) (answer, error) {
	by := r.selection()
	if r.vars["index"] == "" {
		by.hidden = true // asked for without a name, none is left out
	}
	found, err := s.resolve(r.vars["index"], by)
	if err != nil {
		return answer{}, err
	}
	names := r.vars["alias"]
	wanted := func(alias string) bool {
		return slices.ContainsFunc(strings.Split(names, ","), func(pattern string) bool {
			return pattern == "_all" || matches(pattern, alias)
		})
	}
	if names == "" {
		wanted = nil
	}
	body := object{}
	for _, on := range found {
		shown := on.showAliases(wanted)
		if wanted == nil || len(shown) > 0 {
			body = body.with(on.name, obj("aliases", shown))
		}
	}
	if wanted != nil && len(body) == 0 && !strings.Contains(names, "*") {
		return answer{}, plainly(http.StatusNotFound, "alias [%s] missing", names)
	}
	return ok(body), nil
}

func (s *Server) putAlias(r *request) (answer, error) {
	found, err := s.resolve(r.vars["index"], selection{kind: "index_or_alias"})
	if err != nil {
		return answer{}, err
	}
	var definition map[string]any
	if err := r.decode(&definition); err != nil {
		return answer{}, err
	}
	if err := s.checkAliasName(r.vars["alias"], nil); err != nil {
		return answer{}, err
	}
	for _, on := range found {
		on.aliases[r.vars["alias"]] = parseAlias(definition)
	}
	return acknowledged(), nil
}

func (s *Server) deleteAlias(r *request) (answer, error) {
	found, err := s.resolve(r.vars["index"], r.selection())
	if err != nil {
		return answer{}, err
	}
	removed := false
	for _, on := range found {
		_, had := on.aliases[r.vars["alias"]]
		removed = removed || had
		delete(on.aliases, r.vars["alias"])
	}
	if !removed {
		return answer{}, aliasesMissing(r.vars["alias"])
	}
	return acknowledged(), nil
}

func aliasesMissing(name string) *problem {
	return missing("aliases_not_found_exception", "aliases [%s] missing", name).with("resource.id", name, "resource.type", "aliases")
}

// aliasAction is what stands below add, remove and remove_index.
type aliasAction struct {
	Index   string   `json:"index"`
	Indices []string `json:"indices"`
	Alias   string   `json:"alias"`
	Aliases []string `json:"aliases"`
	raw     map[string]any
}

// updateAliases does all its actions or none: they are checked on copies.
func (s *Server) updateAliases(r *request) (answer, error) {
	var body struct {
		Actions []map[string]json.RawMessage `json:"actions"`
	}
	if err := r.decode(&body); err != nil {
		return answer{}, err
	}
	if len(body.Actions) == 0 {
		return answer{}, illegal("No action specified")
	}
	changed := map[string]map[string]alias{}
	var removed []string
	for _, action := range body.Actions {
		for verb, raw := range action {
			indices, err := s.aliasStep(verb, raw, changed)
			if err != nil {
				return answer{}, err
			}
			removed = append(removed, indices...)
		}
	}
	for name, aliases := range changed {
		s.indices[name].aliases = aliases
	}
	for _, name := range removed {
		delete(s.indices, name)
	}
	return acknowledged(), nil
}

// aliasStep does one action on the copies; it returns the indices that remove_index wants gone.
func (s *Server) aliasStep(verb string, raw json.RawMessage, changed map[string]map[string]alias) ([]string, error) {
	var step aliasAction
	if verb != "add" && verb != "remove" && verb != "remove_index" {
		cause := invalid("x_content_parse_exception", "[1:14] [alias_action] unknown field [%s]", verb)
		p := invalid("x_content_parse_exception", "[1:20] [aliases] failed to parse field [actions]").because(cause)
		p.root = cause
		return nil, p
	}
	if err := json.Unmarshal(raw, &step); err != nil {
		return nil, illegal("[%s] %v", verb, err)
	}
	if err := json.Unmarshal(raw, &step.raw); err != nil {
		return nil, illegal("[%s] %v", verb, err)
	}
	expression := strings.Join(append(step.Indices, step.Index), ",")
	found, err := s.resolve(strings.Trim(expression, ","), selection{kind: "index_or_alias"})
	if err != nil {
		return nil, err
	}
	if verb == "remove_index" {
		var names []string
		for _, on := range found {
			names = append(names, on.name)
		}
		return names, nil
	}
	for _, name := range append(step.Aliases, step.Alias) {
		if name == "" {
			continue
		}
		if err := s.aliasOnCopies(verb, name, step.raw, found, changed); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func (s *Server) aliasOnCopies(verb, name string, raw map[string]any, found []*index, changed map[string]map[string]alias) error {
	if verb == "add" {
		if err := s.checkAliasName(name, nil); err != nil {
			return err
		}
	}
	removed := false
	for _, on := range found {
		if changed[on.name] == nil {
			changed[on.name] = maps.Clone(on.aliases)
		}
		if verb == "add" {
			changed[on.name][name] = parseAlias(raw)
			continue
		}
		_, had := changed[on.name][name]
		removed = removed || had
		delete(changed[on.name], name)
	}
	if verb == "remove" && !removed {
		return aliasesMissing(name)
	}
	return nil
}
