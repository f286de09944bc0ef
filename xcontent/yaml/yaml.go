package yaml

import (
	"bytes"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"migassist/xcontent/literal"
)

const (
	// maxDepth bounds nesting.
	maxDepth = 1000
	// maxInput bounds the text in bytes: its nodes take some dozen times as much memory.
	maxInput = 8 << 20
)

// SyntaxError says that a text is not YAML, or means nothing in JSON.
type SyntaxError struct {
	Line    int // 0: not known
	Problem string
}

// Error implements error.
func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return "invalid YAML: " + e.Problem
	}
	return fmt.Sprintf("invalid YAML in line %d: %s", e.Line, e.Problem)
}

// Is tells whether src begins as Elasticsearch wants YAML to begin, with three dashes.
func Is(src []byte) bool { return bytes.HasPrefix(src, []byte("---")) }

// AppendJSON appends the JSON text of the first document of src to dst. The only error is a *[SyntaxError]; dst then comes
// back as it was.
func AppendJSON(dst, src []byte, dialect Dialect) ([]byte, error) {
	if len(src) > maxInput {
		return dst, &SyntaxError{Problem: fmt.Sprintf("%d bytes are more than the %d that are converted", len(src), maxInput)}
	}
	var document yaml.Node
	if err := yaml.Unmarshal(src, &document); err != nil {
		return dst, &SyntaxError{Problem: strings.TrimPrefix(err.Error(), "yaml: ")}
	}
	w := &writer{out: dst, dialect: dialect}
	if len(document.Content) == 0 { // nothing but comments
		return append(dst, "null"...), nil
	}
	if err := w.value(document.Content[0], 0); err != nil {
		return dst, err
	}
	return w.out, nil
}

// writer writes nodes as JSON.
type writer struct {
	out     []byte
	dialect Dialect
}

func (w *writer) value(n *yaml.Node, depth int) error {
	if depth > maxDepth {
		return &SyntaxError{Line: n.Line, Problem: fmt.Sprintf("more than %d levels", maxDepth)}
	}
	switch n.Kind {
	case yaml.MappingNode:
		return w.object(n, depth+1)
	case yaml.SequenceNode:
		return w.array(n, depth+1)
	case yaml.AliasNode:
		w.out = literal.AppendText(w.out, n.Value)
		return nil
	default:
		return w.scalar(n)
	}
}

func (w *writer) object(n *yaml.Node, depth int) error {
	w.out = append(w.out, '{')
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode && key.Kind != yaml.AliasNode {
			return &SyntaxError{Line: key.Line, Problem: "a key that is no text"}
		}
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.out = literal.AppendText(w.out, key.Value)
		w.out = append(w.out, ':')
		if err := w.value(n.Content[i+1], depth); err != nil {
			return err
		}
	}
	w.out = append(w.out, '}')
	return nil
}

func (w *writer) array(n *yaml.Node, depth int) error {
	w.out = append(w.out, '[')
	for i, entry := range n.Content {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		if err := w.value(entry, depth); err != nil {
			return err
		}
	}
	w.out = append(w.out, ']')
	return nil
}

// scalar writes what the dialect makes of a scalar.
func (w *writer) scalar(n *yaml.Node) error {
	s := scalar{text: n.Value, plain: n.Style&^yaml.TaggedStyle == 0}
	if n.Style&yaml.TaggedStyle != 0 {
		s.tag = n.Tag
	}
	out, err := w.dialect.append(w.out, s)
	if err != nil {
		return &SyntaxError{Line: n.Line, Problem: err.Error()}
	}
	w.out = out
	return nil
}
