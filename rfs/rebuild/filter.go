package rebuild

import "strings"

// filter is the includes and excludes of a mapping's _source.
type filter struct{ includes, excludes []string }

func newFilter(includes, excludes []string) filter { return filter{includes, excludes} }

// all tells whether nothing is left out.
func (f filter) all() bool { return len(f.includes)+len(f.excludes) == 0 }

// keeps tells whether _source has the field at a path.
func (f filter) keeps(path string) bool {
	return (len(f.includes) == 0 || matchesAny(f.includes, path)) && !matchesAny(f.excludes, path)
}

// leadsTo tells whether _source may have something below a path.
func (f filter) leadsTo(path string) bool {
	if matchesAny(f.excludes, path) {
		return false
	}
	if len(f.includes) == 0 || matchesAny(f.includes, path) {
		return true
	}
	for _, pattern := range f.includes {
		if star := strings.IndexByte(pattern, '*'); star >= 0 && strings.HasPrefix(path+".", pattern[:min(star, len(path)+1)]) {
			return true
		}
		if strings.HasPrefix(pattern, path+".") {
			return true
		}
	}
	return false
}

// matchesAny tells whether a pattern matches the path, or an object that holds it.
func matchesAny(patterns []string, path string) bool {
	for _, pattern := range patterns {
		for at := 0; at >= 0; {
			end := strings.IndexByte(path[at:], '.')
			head := path
			if end >= 0 {
				head = path[:at+end]
				at += end + 1
			} else {
				at = -1
			}
			if matches(pattern, head) {
				return true
			}
		}
	}
	return false
}

// matches compares with a pattern in which * stands for any text.
func matches(pattern, text string) bool {
	head, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == text
	}
	if !strings.HasPrefix(text, head) {
		return false
	}
	text = text[len(head):]
	for i := 0; i <= len(text); i++ {
		if matches(rest, text[i:]) {
			return true
		}
	}
	return false
}
