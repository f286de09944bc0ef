package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxFileSize bounds the file before it is parsed; a real one has a few kilobytes.
const maxFileSize = 1 << 20

// file decodes a YAML file into the tree, strictly and from its nodes.
type file struct {
	name     string
	tree     *Config
	seen     map[string]int // lines of the keys and sections read so far
	problems Problems
}

// readFile fills the tree from the content of a file called name, and gives all
// that is wrong with it.
func readFile(tree *Config, name string, content []byte) Problems {
	f := &file{name: name, tree: tree, seen: map[string]int{}}
	if len(content) > maxFileSize {
		f.problems.add("", name, "has %d bytes, which is more than a configuration may have (%s)", len(content), Bytes(maxFileSize))
		return f.problems
	}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var document yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		f.problems.add("", name, "is not YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
		return f.problems
	}
	if err := decoder.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		f.problems.add("", name, "has more than one YAML document; want one")
	}
	for _, root := range document.Content {
		f.mapping("", root)
	}
	return f.problems
}

func (f *file) complain(node *yaml.Node, path, format string, args ...any) {
	f.problems.add(path, f.place(node), format, args...)
}

func (f *file) place(node *yaml.Node) string { return fmt.Sprintf("%s:%d", f.name, node.Line) }

// mapping reads the keys of a section; "" is the whole file.
func (f *file) mapping(section string, node *yaml.Node) {
	node = resolve(node)
	if isNull(node) {
		return // a section whose lines are all commented out
	}
	if node.Kind != yaml.MappingNode {
		f.complain(node, section, "is %s; want keys with values", kindOf(node))
		return
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, value := node.Content[i], node.Content[i+1]
		path := strings.TrimPrefix(section+"."+name.Value, ".")
		if line, twice := f.seen[path]; twice {
			f.complain(name, path, "is given twice, first on line %d; keep one", line)
			continue
		}
		f.seen[path] = name.Line
		f.entry(path, name, value)
	}
}

// entry reads what stands under one name: a section, or the value of a key.
func (f *file) entry(path string, name, value *yaml.Node) {
	k, known := findKey(path)
	switch {
	case name.Kind != yaml.ScalarNode:
		f.complain(name, "", "a key is %s; want a name", kindOf(name))
	case known:
		f.value(k, resolve(value))
	case isSection(path):
		f.mapping(path, value)
	default:
		f.complain(name, path, "%s", unknownKey(path))
	}
}

// unknownKey says what an unknown path was probably meant to be.
func unknownKey(path string) string {
	if meant := Closest(path, paths(!strings.Contains(path, "."))); meant != "" {
		return "unknown key; did you mean " + meant + "?"
	}
	leaf := path[strings.LastIndex(path, ".")+1:]
	for _, k := range keys {
		if _, own, _ := strings.Cut(k.path, "."); own != "" && plain(own) == plain(leaf) || k.flag == leaf {
			return "unknown key; did you mean " + k.path + "?"
		}
	}
	section, _, nested := strings.Cut(path, ".")
	if nested && isSection(section) {
		return fmt.Sprintf("unknown key; %s has %s", section, strings.Join(namesIn(section), ", "))
	}
	return fmt.Sprintf("unknown key; there are %s", strings.Join(namesIn(""), ", "))
}

// namesIn lists the keys of a section, or for "" the sections and keys at the top.
func namesIn(section string) []string {
	var names []string
	for _, path := range paths(true) {
		parent, leaf, nested := strings.Cut(path, ".")
		switch {
		case section == "" && !nested:
			names = append(names, path)
		case nested && parent == section:
			names = append(names, leaf)
		}
	}
	return names
}

// value puts a node into the field of its key.
func (f *file) value(k key, node *yaml.Node) {
	if isNull(node) {
		f.complain(node, k.path, "has no value; give one or remove the line")
		return
	}
	field := k.field(f.tree)
	var err error
	switch field := field.(type) {
	case *[]string:
		*field, err = listOf(node)
	case *map[string]string:
		*field, err = mapOf(node)
	case *Secret:
		*field, err = secretOf(node)
	case *Structure:
		*field, err = structureOf(node)
	default:
		err = scalarInto(field, node, k.enum)
	}
	if err != nil {
		f.complain(node, k.path, "%s", err)
		return
	}
	f.tree.origins[k.path] = f.place(node)
}
