package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Structure is JSON of any shape, or a word. In the file it may be written as YAML.
type Structure string

// maxStructure bounds what a structure is in JSON, so that aliases that name each other end.
const (
	maxStructure      = 4 << 20
	maxStructureDepth = 200
)

// structureOf makes JSON of a node; members keep their order, and numbers their digits.
func structureOf(node *yaml.Node) (Structure, error) {
	if node.Kind == yaml.ScalarNode {
		return Structure(node.Value), nil
	}
	text, err := appendNode(nil, node, 0)
	return Structure(text), err
}

// structureFromYAML makes JSON of a text.
func structureFromYAML(text []byte) (Structure, error) {
	var document yaml.Node
	documents := yaml.NewDecoder(bytes.NewReader(text))
	if err := documents.Decode(&document); err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("is not YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	var second yaml.Node
	switch err := documents.Decode(&second); {
	case err == nil:
		return "", fmt.Errorf("has a second YAML document in line %d, which would not count; write one", second.Line)
	case !errors.Is(err, io.EOF):
		return "", fmt.Errorf("is not YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(document.Content) == 0 {
		return "", errors.New("is empty")
	}
	return structureOf(resolve(document.Content[0]))
}

func appendNode(out []byte, node *yaml.Node, depth int) ([]byte, error) {
	node = resolve(node)
	if depth > maxStructureDepth || len(out) > maxStructure {
		return nil, fmt.Errorf("line %d is too deep in others, or too much", node.Line)
	}
	switch node.Kind {
	case yaml.ScalarNode:
		return appendScalar(out, node)
	case yaml.SequenceNode:
		out = append(out, '[')
		for i, element := range node.Content {
			if i > 0 {
				out = append(out, ',')
			}
			var err error
			if out, err = appendNode(out, element, depth+1); err != nil {
				return nil, err
			}
		}
		return append(out, ']'), nil
	}
	return appendMapping(out, node, depth)
}

func appendMapping(out []byte, node *yaml.Node, depth int) ([]byte, error) {
	out = append(out, '{')
	seen := make(map[string]bool, len(node.Content)/2)
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, err := text(node.Content[i])
		if err != nil {
			return nil, err
		}
		if seen[name] {
			return nil, fmt.Errorf("line %d has %q twice; keep one", node.Content[i].Line, name)
		}
		seen[name] = true
		if i > 0 {
			out = append(out, ',')
		}
		if out, err = appendText(out, name); err != nil {
			return nil, err
		}
		if out, err = appendNode(append(out, ':'), node.Content[i+1], depth+1); err != nil {
			return nil, err
		}
	}
	return append(out, '}'), nil
}

func appendScalar(out []byte, node *yaml.Node) ([]byte, error) {
	switch node.ShortTag() {
	case "!!null":
		return append(out, "null"...), nil
	case "!!bool":
		var b bool
		if err := node.Decode(&b); err != nil {
			return nil, err
		}
		return fmt.Append(out, b), nil
	case "!!int", "!!float":
		if !json.Valid([]byte(node.Value)) {
			return nil, fmt.Errorf("line %d: %s is no number in JSON; put it in quotes if it is meant as text", node.Line, node.Value)
		}
		return append(out, node.Value...), nil
	}
	return appendText(out, node.Value)
}

func appendText(out []byte, s string) ([]byte, error) {
	var quoted bytes.Buffer
	encoder := json.NewEncoder(&quoted)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil {
		return nil, err
	}
	return append(out, bytes.TrimSpace(quoted.Bytes())...), nil
}
