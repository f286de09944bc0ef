package jmespath

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/jmespath-community/go-jmespath/pkg/api"

	"migassist/transform"
	"migassist/xcontent/tree"
)

// Program is an expression that was compiled. It does not change.
type Program struct{ expression api.JMESPath }

// Parse reads a configuration: {"script": expression}, or the expression as a string.
func Parse(config json.RawMessage) (*Program, error) {
	const form = `it wants {"script": expression}`
	var script string
	if json.Unmarshal(config, &script) != nil || len(config) == 0 {
		keys := map[string]string{}
		if err := json.Unmarshal(config, &keys); err != nil || len(keys) != 1 || keys["script"] == "" {
			return nil, errors.New(form)
		}
		script = keys["script"]
	}
	if script == "" {
		return nil, errors.New("the expression is empty; @ leaves messages as they are")
	}
	expression, err := api.Compile(script)
	if err != nil {
		return nil, fmt.Errorf("the expression: %w", err)
	}
	return &Program{expression}, nil
}

// New returns a transformer for one goroutine.
func (p *Program) New() transform.Transformer { return transformer{p} }

type transformer struct{ program *Program }

func (t transformer) Transform(_ context.Context, dst []*transform.Message, m *transform.Message) ([]*transform.Message, error) {
	exported, result, err := t.program.search(m)
	if err != nil {
		return dst, err
	}
	v, err := exported.Adopt(result)
	if err != nil {
		return dst, fmt.Errorf("what it returned: %w", err)
	}
	out, err := m.Replace(dst, v)
	if err == nil && m.Kind != transform.Document && len(out) == len(dst) {
		err = fmt.Errorf("it returned null, where an object is wanted that stands for the %s", m.Kind)
	}
	if err != nil {
		return dst, err
	}
	return out, nil
}

func (p *Program) search(m *transform.Message) (*tree.Exported, any, error) {
	message, err := m.Value()
	if err != nil {
		return nil, nil, err
	}
	exported := message.Export(number)
	result, err := p.expression.Search(exported.Any)
	return exported, result, err
}

// Holds tells whether the expression is true of a message, in the sense of JMESPath: neither false, null, nor empty.
func (p *Program) Holds(m *transform.Message) (bool, error) {
	_, result, err := p.search(m)
	if err != nil {
		return false, err
	}
	switch result := result.(type) {
	case nil:
		return false, nil
	case bool:
		return result, nil
	case string:
		return result != "", nil
	case []any:
		return len(result) > 0, nil
	case map[string]any:
		return len(result) > 0, nil
	}
	return true, nil
}

// number is what stands for a number: a double if it holds it exactly, or else what no function takes.
func number(literal string) any {
	f, err := strconv.ParseFloat(literal, 64)
	if err != nil || !tree.Equal(tree.NewNumber(literal), tree.NewNumber(strconv.FormatFloat(f, 'g', -1, 64))) {
		return json.Number(literal)
	}
	return f
}
