package sandbox

import (
	"path"
	"strings"
)

// filter keeps of a body what the patterns of filter_path select. It reports whether anything is left:
// objects and lists that lose all they held are dropped, as the server does.
func filter(value any, patterns []string) (any, bool) {
	var inner []string
	for _, pattern := range patterns {
		if pattern == "" {
			return value, true
		}
		inner = append(inner, pattern)
	}
	switch v := value.(type) {
	case object:
		return filterObject(v, inner)
	case []object:
		list := make([]any, len(v))
		for i, element := range v {
			list[i] = element
		}
		return filterList(list, inner)
	case []any:
		return filterList(v, inner)
	}
	return nil, false
}

func filterObject(o object, patterns []string) (any, bool) {
	var kept object
	for _, f := range o {
		var deeper []string
		for _, pattern := range patterns {
			deeper = append(deeper, below(f.name, pattern)...)
		}
		if len(deeper) == 0 {
			continue
		}
		if value, left := filter(f.value, deeper); left {
			kept = append(kept, field{f.name, value})
		}
	}
	if kept == nil {
		return nil, false
	}
	return kept, true
}

func filterList(list []any, patterns []string) (any, bool) {
	var kept []any
	for _, element := range list {
		if value, left := filter(element, patterns); left {
			kept = append(kept, value)
		}
	}
	if kept == nil {
		return nil, false
	}
	return kept, true
}

// below is what remains of a pattern below a field: nothing where the field does not match, "" where the
// whole field is selected. A field's name may hold dots itself.
func below(name, pattern string) []string {
	if strings.HasPrefix(pattern, "**.") {
		rest := append(below(name, pattern[3:]), pattern)
		return rest
	}
	var rest []string
	for end := 0; end <= len(pattern); end++ {
		if end < len(pattern) && pattern[end] != '.' {
			continue
		}
		if matched, err := path.Match(pattern[:end], name); err == nil && matched {
			rest = append(rest, strings.TrimPrefix(pattern[end:], "."))
		}
	}
	return rest
}
