package sandbox

import (
	"maps"
	"slices"
	"strings"
)

// merge adds another mapping to this one; a field may not change its type.
func (m *mapping) merge(other *mapping) error {
	maps.Copy(m.top, other.top)
	return m.root.merge("", other.root)
}

func (f *mapped) merge(path string, other *mapped) error {
	if other.dynamic != "" {
		f.dynamic = other.dynamic
	}
	for _, name := range slices.Sorted(maps.Keys(other.properties)) {
		child, mine := other.properties[name], f.properties[name]
		if mine == nil {
			f.properties[name] = child
			continue
		}
		if err := mine.mergeField(path+name, child); err != nil {
			return err
		}
	}
	return nil
}

func (f *mapped) mergeField(path string, other *mapped) error {
	switch {
	case (f.properties == nil) != (other.properties == nil):
		return illegal("can't merge a non object mapping [%s] with an object mapping", path)
	case f.kind != other.kind && f.kind == "object":
		return illegal("cannot change object mapping from non-nested to nested")
	case f.kind != other.kind && f.kind == "nested":
		return illegal("cannot change object mapping from nested to non-nested")
	case f.kind != other.kind:
		return illegal("mapper [%s] cannot be changed from type [%s] to [%s]", path, f.kind, other.kind)
	case f.properties != nil:
		return f.merge(path+".", other)
	}
	for _, param := range slices.Sorted(maps.Keys(fixedParams)) {
		if from, to := f.param(param), other.param(param); from != to {
			return illegal("Mapper for [%s] conflicts with existing mapper:\n\tCannot update parameter [%s] from [%s] to [%s]", path, param, from, to)
		}
	}
	f.params = other.params
	return nil
}

// fixedParams are the parameters that a field keeps for life, with their defaults.
var fixedParams = map[string]string{"index": "true", "doc_values": "true", "store": "false", "analyzer": "default"}

func (f *mapped) param(name string) string {
	if f.params[name] == nil {
		return fixedParams[name]
	}
	return text(f.params[name])
}

// clone is a copy that can be changed without touching the original.
func (m *mapping) clone() *mapping {
	return &mapping{root: m.root.clone(), top: maps.Clone(m.top)}
}

func (f *mapped) clone() *mapped {
	c := *f
	if f.properties != nil {
		c.properties = make(map[string]*mapped, len(f.properties))
		for name, child := range f.properties {
			c.properties[name] = child.clone()
		}
	}
	return &c
}

// size is the number of fields that index.mapping.total_fields.limit counts: objects and multi-fields too.
func (f *mapped) size() int {
	n := 0
	for _, child := range f.properties {
		n += 1 + child.size()
	}
	if fields, isObject := f.params["fields"].(map[string]any); isObject {
		n += len(fields)
	}
	return n
}

// checkAnalyzers makes sure that every analyzer named in a mapping is there.
func (f *mapped) checkAnalyzers(in settings) error {
	for _, param := range []string{"analyzer", "search_analyzer", "search_quote_analyzer"} {
		name := text(f.params[param])
		if f.params[param] == nil || builtinAnalyzers[name] || in.defines("index.analysis.analyzer."+name+".") {
			continue
		}
		p := invalid("mapper_parsing_exception", "Failed to parse mapping [_doc]: analyzer [%s] has not been configured in mappings", name)
		return p.because(illegal("analyzer [%s] has not been configured in mappings", name))
	}
	for _, child := range f.properties {
		if err := child.checkAnalyzers(in); err != nil {
			return err
		}
	}
	return nil
}

func (s settings) defines(prefix string) bool {
	for name := range s {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
