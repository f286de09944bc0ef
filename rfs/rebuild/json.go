package rebuild

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// errJSON says that a _source is not the JSON of an object.
var errJSON = errors.New("_source is not a JSON object")

// member is a member of an object: its key as written, and its value.
type member struct{ key, value []byte }

// name returns the key without escapes.
func (m member) name() string {
	if bytes.IndexByte(m.key, '\\') < 0 && len(m.key) >= 2 {
		return string(m.key[1 : len(m.key)-1])
	}
	var name string
	if json.Unmarshal(m.key, &name) != nil {
		return string(m.key)
	}
	return name
}

// members splits the object at the beginning of text.
func members(text []byte) ([]member, error) {
	var all []member
	at := skipSpace(text, 0)
	if at >= len(text) || text[at] != '{' {
		return nil, errJSON
	}
	at = skipSpace(text, at+1)
	for at < len(text) && text[at] != '}' {
		keyEnd := skipValue(text, at)
		colon := skipSpace(text, keyEnd)
		if keyEnd <= at || colon >= len(text) || text[colon] != ':' {
			return nil, fmt.Errorf("%w: at byte %d", errJSON, at)
		}
		begin := skipSpace(text, colon+1)
		end := skipValue(text, begin)
		if end <= begin {
			return nil, fmt.Errorf("%w: at byte %d", errJSON, begin)
		}
		all = append(all, member{text[at:keyEnd], text[begin:end]})
		if at = skipSpace(text, end); at < len(text) && text[at] == ',' {
			at = skipSpace(text, at+1)
		}
	}
	return all, nil
}

// elements splits the array at the beginning of text; ok is false where there is none.
func elements(text []byte) (all [][]byte, ok bool) {
	inside, isArray := insideArray(text)
	if !isArray {
		return nil, false
	}
	for at := 0; at < len(inside); {
		end := skipValue(inside, at)
		if end <= at {
			return nil, false
		}
		all = append(all, inside[at:end])
		if at = skipSpace(inside, end); at < len(inside) && inside[at] == ',' {
			at = skipSpace(inside, at+1)
		}
	}
	return all, true
}

func isObject(text []byte) bool { return len(text) > 0 && text[0] == '{' }

func skipSpace(text []byte, at int) int {
	for at < len(text) && (text[at] == ' ' || text[at] == '\n' || text[at] == '\r' || text[at] == '\t') {
		at++
	}
	return at
}

// skipValue returns the end of the value that begins at a position; the position itself where none does.
func skipValue(text []byte, at int) int {
	depth := 0
	for i := at; i < len(text); i++ {
		switch text[i] {
		case '"':
			if i = skipString(text, i); i < 0 {
				return at
			}
			if depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
			if depth < 0 {
				return i
			}
		case ',', ' ', '\n', '\r', '\t', ':':
			if depth == 0 {
				return i
			}
		}
	}
	if depth > 0 {
		return at
	}
	return len(text)
}

// skipString returns where the closing quote is, or -1.
func skipString(text []byte, at int) int {
	for i := at + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

// mergeInto adds to the JSON object that ends dst what it does not have of the rebuilt one.
func mergeInto(dst []byte, begin int, rebuilt []byte) ([]byte, error) {
	stored := append([]byte(nil), dst[begin:]...)
	merged, err := merge(dst[:begin], stored, rebuilt)
	if err != nil {
		return dst[:begin], err
	}
	return merged, nil
}

// merge appends the stored object with the members that only the rebuilt one has. Objects are merged, and arrays of as many
// objects one by one; of everything else the stored one is taken.
func merge(dst, stored, rebuilt []byte) ([]byte, error) {
	have, err := members(stored)
	if err != nil {
		return dst, err
	}
	found, err := members(rebuilt)
	if err != nil {
		return dst, err
	}
	dst = append(dst, '{')
	for i, m := range have {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(append(dst, m.key...), ':')
		var other []byte
		for j, f := range found {
			if f.value != nil && f.name() == m.name() {
				other, found[j].value = f.value, nil
			}
		}
		if dst, err = mergeValue(dst, m.value, other); err != nil {
			return dst, err
		}
	}
	for _, f := range found {
		if f.value != nil {
			dst = appendMissing(dst, have, "", f)
		}
	}
	return append(dst, '}'), nil
}

func mergeValue(dst, stored, rebuilt []byte) ([]byte, error) {
	if isObject(stored) && isObject(rebuilt) {
		return merge(dst, stored, rebuilt)
	}
	have, isArray := elements(stored)
	found, alsoArray := elements(rebuilt)
	if isObject(rebuilt) {
		found, alsoArray = [][]byte{rebuilt}, true
	}
	if !isArray || !alsoArray || len(have) != len(found) || !allObjects(have) || !allObjects(found) {
		return append(dst, stored...), nil
	}
	dst = append(dst, '[')
	for i := range have {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = merge(dst, have[i], found[i]); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

func allObjects(all [][]byte) bool {
	for _, one := range all {
		if !isObject(one) {
			return false
		}
	}
	return len(all) > 0
}

// appendMissing appends a rebuilt member without what the stored members have under a dotted name.
func appendMissing(dst []byte, have []member, prefix string, m member) []byte {
	name := prefix + m.name()
	if hasPath(have, name) {
		return dst
	}
	inner, err := members(m.value)
	if err != nil || !isObject(m.value) {
		inner = nil
	}
	begin := len(dst)
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst = append(append(dst, m.key...), ':')
	if len(inner) == 0 {
		return append(dst, m.value...)
	}
	dst = append(dst, '{')
	at := len(dst)
	for _, child := range inner {
		dst = appendMissing(dst, have, name+".", child)
	}
	if len(dst) == at {
		return dst[:begin]
	}
	return append(dst, '}')
}

// hasPath tells whether members have a dotted path, in one name or through objects.
func hasPath(have []member, path string) bool {
	for _, m := range have {
		name := m.name()
		if name == path {
			return true
		}
		if len(path) <= len(name) || path[:len(name)] != name || path[len(name)] != '.' || !isObject(m.value) {
			continue
		}
		if inner, err := members(m.value); err == nil && hasPath(inner, path[len(name)+1:]) {
			return true
		}
	}
	return false
}
