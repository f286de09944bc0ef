package config

import (
	"errors"
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"
)

// resolve follows an alias to the node it stands for. The schema is two levels
// deep, so an alias that contains itself leads nowhere deep.
func resolve(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

func isNull(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null"
}

// kindOf names what a node is, for a sentence.
func kindOf(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	switch node.ShortTag() {
	case "!!bool":
		return "a boolean"
	case "!!int", "!!float":
		return "a number"
	case "!!null":
		return "empty"
	}
	return "a string"
}

// scalarInto reads a single value. YAML's own type must fit the field: no number in quotes, no bare "yes".
func scalarInto(field any, node *yaml.Node, enum []string) error {
	want := ""
	tag := node.ShortTag()
	switch field.(type) {
	case *bool:
		if tag != "!!bool" {
			want = "true or false"
		}
	case *int:
		if tag != "!!int" {
			want = "a whole number"
		}
	case *Bytes:
		if tag != "!!str" && tag != "!!int" {
			want = "a number of bytes, like 10MiB"
		}
	case *time.Duration:
		if tag != "!!str" {
			want = "a duration with its unit, like 65s"
		}
	default:
		if tag == "!!bool" {
			want = "a string; put it in quotes if it is meant as text"
		}
	}
	if node.Kind != yaml.ScalarNode {
		want = "a single value"
	}
	if want != "" {
		return fmt.Errorf("is %s; want %s", kindOf(node), want)
	}
	return assign(field, node.Value, enum)
}

// text is a scalar as it was written; numbers and dates keep their digits.
func text(node *yaml.Node) (string, error) {
	node = resolve(node)
	if node.Kind != yaml.ScalarNode || isNull(node) {
		return "", fmt.Errorf("line %d is %s; want a string", node.Line, kindOf(node))
	}
	return node.Value, nil
}

func listOf(node *yaml.Node) ([]string, error) {
	if node.Kind != yaml.SequenceNode {
		return nil, fmt.Errorf("is %s; want a list, like [a, b]", kindOf(node))
	}
	items := make([]string, 0, len(node.Content))
	for _, child := range node.Content {
		item, err := text(child)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

func mapOf(node *yaml.Node) (map[string]string, error) {
	if node.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("is %s; want a mapping, like {key: value}", kindOf(node))
	}
	entries := make(map[string]string, len(node.Content)/2)
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, err := text(node.Content[i])
		if err != nil {
			return nil, err
		}
		value, err := text(node.Content[i+1])
		if err != nil {
			return nil, err
		}
		if _, twice := entries[name]; twice {
			return nil, fmt.Errorf("has %q twice; keep one", name)
		}
		entries[name] = value
	}
	return entries, nil
}

// secretOf reads a literal, {env: NAME} or {file: PATH}. No error of it repeats what was written.
func secretOf(node *yaml.Node) (Secret, error) {
	wrong := errors.New("want a string, {env: NAME} or {file: PATH}")
	switch {
	case node.Kind == yaml.ScalarNode:
		return Literal(node.Value), nil
	case node.Kind != yaml.MappingNode || len(node.Content) != 2:
		return Secret{}, wrong
	}
	value, err := text(node.Content[1])
	if err != nil || value == "" {
		return Secret{}, wrong
	}
	switch node.Content[0].Value {
	case "env":
		return FromEnvironment(value), nil
	case "file":
		return FromFile(value), nil
	}
	return Secret{}, wrong
}
