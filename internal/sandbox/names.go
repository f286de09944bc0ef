package sandbox

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// badNameCharacters may not be in the name of an index or alias.
const badNameCharacters = "\\/*?\"<>| ,"

// badName says what is wrong with a name; "" is nothing.
func badName(name string) string {
	switch {
	case strings.ContainsAny(name, badNameCharacters):
		return `must not contain the following characters [ , ", *, \, <, |, ,, >, /, ?]`
	case strings.Contains(name, "#"):
		return "must not contain '#'"
	case strings.Contains(name, ":"):
		return "must not contain ':'"
	case strings.HasPrefix(name, "_"), strings.HasPrefix(name, "-"), strings.HasPrefix(name, "+"):
		return "must not start with '_', '-', or '+'"
	case len(name) > 255:
		return "index name is too long, (" + "more than 255 bytes)"
	case name == "." || name == "..":
		return "must not be '.' or '..'"
	}
	return ""
}

func (s *Server) checkNewIndexName(name string) error {
	why := badName(name)
	if why == "" && strings.ToLower(name) != name {
		why = "must be lowercase"
	}
	if why == "" && len(s.indicesOfAlias(name)) > 0 {
		why = "already exists as alias"
	}
	if why != "" {
		return invalid("invalid_index_name_exception", "Invalid index name [%s], %s", name, why).with("index", name, "index_uuid", "_na_")
	}
	if existing := s.indices[name]; existing != nil {
		return invalid("resource_already_exists_exception", "index [%s/%s] already exists", name, existing.uuid).
			with("index", name, "index_uuid", existing.uuid)
	}
	return nil
}

func (s *Server) checkAliasName(name string, on *index) error {
	if why := badName(name); why != "" {
		return invalid("invalid_alias_name_exception", "Invalid alias name [%s]: %s", name, why)
	}
	if existing := s.indices[name]; existing != nil && (on == nil || existing.name != on.name || existing == s.indices[on.name]) {
		return invalid("invalid_alias_name_exception", "Invalid alias name [%s], an index exists with the same name as the alias", name).
			with("index", name, "index_uuid", existing.uuid)
	}
	return nil
}

// indicesOfAlias are the indices that an alias points to, by name.
func (s *Server) indicesOfAlias(alias string) []*index {
	var found []*index
	for _, name := range slices.Sorted(maps.Keys(s.indices)) {
		if _, has := s.indices[name].aliases[alias]; has {
			found = append(found, s.indices[name])
		}
	}
	return found
}

// selection is how names in a path are resolved.
type selection struct {
	lenient bool   // what is missing is left out: ignore_unavailable
	hidden  bool   // patterns select hidden indices too: expand_wildcards=all or hidden
	strict  bool   // aliases are not taken: for deletion
	kind    string // resource.type of the error
}

func (r *request) selection() selection {
	return selection{
		lenient: r.flag("ignore_unavailable"),
		hidden:  strings.Contains(r.query.Get("expand_wildcards"), "all") || strings.Contains(r.query.Get("expand_wildcards"), "hidden"),
		kind:    "index_or_alias",
	}
}

// resolve finds the indices of an expression: names, aliases, patterns, separated by commas; "" and _all
// are all.
func (s *Server) resolve(expression string, by selection) ([]*index, error) {
	if expression == "" || expression == "_all" {
		expression = "*"
	}
	found := map[string]*index{}
	for part := range strings.SplitSeq(expression, ",") {
		if err := s.resolvePart(part, by, found); err != nil {
			return nil, err
		}
	}
	list := make([]*index, 0, len(found))
	for _, name := range slices.Sorted(maps.Keys(found)) {
		list = append(list, found[name])
	}
	return list, nil
}

func (s *Server) resolvePart(part string, by selection, found map[string]*index) error {
	if strings.HasPrefix(part, "_") {
		return invalid("invalid_index_name_exception", "Invalid index name [%s], must not start with '_'.", part).
			with("index", part, "index_uuid", "_na_")
	}
	if strings.Contains(part, "*") {
		for name, index := range s.indices {
			if index.answersTo(part) && (by.hidden || !index.hidden() || strings.HasPrefix(part, ".") && strings.HasPrefix(name, ".")) {
				found[name] = index
			}
		}
		return nil
	}
	if index := s.indices[part]; index != nil {
		found[part] = index
		return nil
	}
	behind := s.indicesOfAlias(part)
	if len(behind) > 0 && by.strict {
		return illegal("The provided expression [%s] matches an alias, specify the corresponding concrete indices instead.", part)
	}
	for _, index := range behind {
		found[index.name] = index
	}
	if len(behind) == 0 && !by.lenient {
		return noSuchIndex(part, by.kind)
	}
	return nil
}

// answersTo reports whether a pattern matches the index's name or one of its aliases.
func (i *index) answersTo(pattern string) bool {
	if matches(pattern, i.name) {
		return true
	}
	for alias := range i.aliases {
		if matches(pattern, alias) {
			return true
		}
	}
	return false
}

// matches compares with a pattern in which only the asterisk means anything.
func matches(pattern, name string) bool {
	escaped := strings.NewReplacer(`\`, `\\`, `?`, `\?`, `[`, `\[`).Replace(pattern)
	// path.Match stops at slashes, which names do not hold.
	matched, err := path.Match(escaped, name)
	return err == nil && matched
}

// writeIndex is the one index that a name in a write leads to.
func (s *Server) writeIndex(name string) (*index, error) {
	if index := s.indices[name]; index != nil {
		return index, nil
	}
	behind := s.indicesOfAlias(name)
	if len(behind) == 1 && behind[0].aliases[name].writes != "false" {
		return behind[0], nil
	}
	for _, index := range behind {
		if index.aliases[name].writes == "true" {
			return index, nil
		}
	}
	if len(behind) > 0 {
		return nil, illegal("no write index is defined for alias [%s]. The write index may be explicitly disabled using is_write_index=false "+
			"or the alias points to multiple indices without one being designated as a write index", name)
	}
	return nil, nil //nolint:nilnil // no index of this name: the caller may create it
}
