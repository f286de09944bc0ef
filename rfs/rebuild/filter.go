package rebuild

import "strings"

// filter is the includes and excludes of a mapping's _source. Servers refuse them together with synthetic source.
type filter struct{ includes, excludes []string }

func newFilter(includes, excludes []string) filter { return filter{includes, excludes} }

// keeps tells whether _source has the field at a path.
func (f filter) keeps(path string) bool {
	return (len(f.includes) == 0 || matchesAny(f.includes, path)) && !matchesAny(f.excludes, path)
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
