package view

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"migassist/metadata/rules"
)

// line is one line of a diff.
type line struct {
	sign  byte // '-' is before, '+' is after, ' ' only leads there
	depth int
	text  string
	// rule and fidelity are of the change that ends here; "" elsewhere.
	rule     string
	fidelity rules.Fidelity
}

// diffOf writes changes as the tree of the places they are at:
//
//	  settings
//	-   index.uuid: "x"          source-identity, lossless
//	  mappings
//	    properties
//	      title
//	-       type: "string"
//	+       type: "text"         string, equivalent
//
// What has not been changed is not in it. Several changes of one place follow one another.
func diffOf(changes []rules.Change) []line {
	if len(changes) == 0 {
		return nil
	}
	root := &place{}
	for _, change := range changes {
		root.put(change)
	}
	return root.lines(nil, 0)
}

// place is a step of a JSON pointer.
type place struct {
	name    string
	changes []rules.Change
	inner   map[string]*place
}

var unescape = strings.NewReplacer("~1", "/", "~0", "~")

func (p *place) put(change rules.Change) {
	at := p
	for name := range strings.SplitSeq(strings.TrimPrefix(change.Path, "/"), "/") {
		name = unescape.Replace(name)
		next := at.inner[name]
		if next == nil {
			next = &place{name: name}
			if at.inner == nil {
				at.inner = map[string]*place{}
			}
			at.inner[name] = next
		}
		at = next
	}
	at.changes = append(at.changes, change)
}

// lines appends what is below a place. Settings come before mappings, and these before the rest, as people look for them.
func (p *place) lines(lines []line, depth int) []line {
	for _, name := range slices.SortedFunc(maps.Keys(p.inner), inOrder) {
		inner := p.inner[name]
		for _, change := range inner.changes {
			lines = append(lines, edit(change, name, depth)...)
		}
		if len(inner.inner) > 0 {
			lines = append(lines, line{sign: ' ', depth: depth, text: name})
			lines = inner.lines(lines, depth+1)
		}
	}
	return lines
}

func inOrder(a, b string) int {
	places := []string{"settings", "mappings", "aliases"}
	rank := func(name string) int {
		if at := slices.Index(places, name); at >= 0 {
			return at
		}
		return len(places)
	}
	if ra, rb := rank(a), rank(b); ra != rb {
		return ra - rb
	}
	return strings.Compare(a, b)
}

// edit is one change of a key.
func edit(change rules.Change, name string, depth int) []line {
	var lines []line
	if change.Before != nil {
		lines = append(lines, valueLines('-', depth, name, change.Before)...)
	}
	if change.After != nil {
		lines = append(lines, valueLines('+', depth, name, change.After)...)
	}
	if len(lines) == 0 { // null became absent, or the other way round
		lines = []line{{sign: '-', depth: depth, text: name + ": null"}}
	}
	last := &lines[len(lines)-1]
	last.rule, last.fidelity = change.Rule, change.Fidelity
	return lines
}

// The bounds of a value in a diff. All of it is in the JSON.
const (
	shortValue = 100 // bytes of an object or a list in one line
	longLine   = 400 // bytes of a line
	mostLines  = 60
)

// valueLines is a key with its value: in one line where it is short, with its parts below it where it is not.
func valueLines(sign byte, depth int, name string, value any) []line {
	encoded := encode(value)
	if _, isObject := value.(map[string]any); len(encoded) <= shortValue || !isObject && !isList(value) {
		return []line{{sign: sign, depth: depth, text: name + ": " + cut(encoded, longLine)}}
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, []byte(encoded), "", "\t"); err != nil {
		return []line{{sign: sign, depth: depth, text: name + ": " + cut(encoded, longLine)}}
	}
	var lines []line
	for text := range strings.SplitSeq(indented.String(), "\n") {
		inner := strings.TrimLeft(text, "\t")
		if len(lines) == 0 {
			inner = name + ": " + inner
		}
		if len(lines) == mostLines {
			rest := strings.Count(indented.String(), "\n") + 1 - mostLines
			return append(lines, line{sign: sign, depth: depth + 1, text: fmt.Sprintf("… %d more lines", rest)})
		}
		lines = append(lines, line{sign: sign, depth: depth + len(text) - len(strings.TrimLeft(text, "\t")), text: cut(inner, longLine)})
	}
	return lines
}

func isList(value any) bool {
	_, ok := value.([]any)
	return ok
}

// encode is a value as compact JSON.
func encode(value any) string {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Sprint(value)
	}
	return strings.TrimSuffix(buffer.String(), "\n")
}

// cut shortens a text, between characters.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	text = text[:most]
	return strings.ToValidUTF8(text, "") + "…"
}
