package edit

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// maxPath bounds how many names a path has; Elasticsearch and OpenSearch take 20 by default.
const maxPath = 100

// path is the names of members, from the document inwards; at least one.
type path []string

// parsePath reads names with dots between them. A backslash before a dot or a backslash makes it part of a name.
func parsePath(text string) (path, error) {
	var names path
	var name strings.Builder
	for i := 0; i <= len(text); i++ {
		switch {
		case i == len(text) || text[i] == '.':
			if name.Len() == 0 {
				return nil, fmt.Errorf(`the path %q has a name that is empty; names stand between dots, and \. is a dot within one`, text)
			}
			names = append(names, name.String())
			name.Reset()
		case text[i] != '\\':
			name.WriteByte(text[i])
		case i+1 < len(text) && (text[i+1] == '.' || text[i+1] == '\\'):
			i++
			name.WriteByte(text[i])
		default:
			return nil, fmt.Errorf(`the path %q has a backslash that is not before a dot or another one; write \\ for one that belongs to a name (in JSON "\\\\")`, text)
		}
	}
	if len(names) > maxPath {
		return nil, fmt.Errorf("the path %.60q… has %d names, and may have %d", text, len(names), maxPath)
	}
	return names, nil
}

// String writes a path as parsePath reads it.
func (p path) String() string {
	names := make([]string, len(p))
	for i, name := range p {
		names[i] = strings.NewReplacer(`\`, `\\`, `.`, `\.`).Replace(name)
	}
	return strings.Join(names, ".")
}

// last returns the name of the field itself, and parent the path to the object that it is in.
func (p path) last() string { return p[len(p)-1] }
func (p path) parent() path { return p[:len(p)-1] }

// pair is a field, and where it comes to, from the innermost object that both are in.
type pair struct {
	within   path // the object; may be empty
	from, to path
}

func parsePair(from, to string) (pair, error) {
	source, wrong := parsePath(from)
	target, err := parsePath(to)
	if err = errors.Join(wrong, err); err != nil {
		return pair{}, err
	}
	if slices.Equal(source, target) {
		return pair{}, fmt.Errorf("%q comes to where it is", from)
	}
	shared := 0
	for shared < min(len(source), len(target))-1 && source[shared] == target[shared] {
		shared++
	}
	return pair{source[:shared:shared], source[shared:], target[shared:]}, nil
}

func (p pair) String() string {
	return fmt.Sprintf("%s to %s", append(p.within, p.from...), append(p.within, p.to...))
}

// wraps tells whether the field comes to lie in an object that takes its place, as a comes to a.b.
func (p pair) wraps() bool { return len(p.from) == 1 && len(p.to) > 1 && p.from[0] == p.to[0] }

// unwraps tells whether the field takes the place of an object that it is in, as a.b comes to a.
func (p pair) unwraps() bool { return len(p.to) == 1 && len(p.from) > 1 && p.from[0] == p.to[0] }
