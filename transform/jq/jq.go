package jq

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/itchyny/gojq"

	"migassist/transform"
	"migassist/xcontent/tree"
)

// Program is a filter that was compiled. It does not change.
type Program struct {
	code   *gojq.Code
	limits transform.Limits
	script string
}

// Parse reads a configuration: a filter as a string, or an object with one of script, the filter, and scriptFile, its path relative to folder.
func Parse(config json.RawMessage, folder string, limits transform.Limits) (*Program, error) {
	script, err := scriptOf(config, folder)
	if err != nil {
		return nil, err
	}
	query, err := gojq.Parse(script)
	if err != nil {
		return nil, fmt.Errorf("the filter: %w", err)
	}
	code, err := gojq.Compile(query)
	if err != nil {
		return nil, fmt.Errorf("the filter: %w", err)
	}
	return &Program{code, limits.WithDefaults(), script}, nil
}

func scriptOf(config json.RawMessage, folder string) (string, error) {
	const form = `it wants a filter as a string, or {"script": filter}, or {"scriptFile": path}`
	var script string
	if json.Unmarshal(config, &script) == nil && len(config) > 0 {
		return filled(script)
	}
	keys := map[string]string{}
	if err := json.Unmarshal(config, &keys); err != nil || len(keys) != 1 {
		return "", errors.New(form)
	}
	for key, value := range keys {
		switch key {
		case "script":
			return filled(value)
		case "scriptFile":
			if !filepath.IsAbs(value) {
				value = filepath.Join(folder, value)
			}
			text, err := os.ReadFile(value)
			if err != nil {
				return "", fmt.Errorf("read the filter: %w", err)
			}
			return filled(string(text))
		}
		return "", fmt.Errorf("key %q is not known: %s", key, form)
	}
	return "", errors.New(form)
}

func filled(script string) (string, error) {
	if script == "" {
		return "", errors.New(`the filter is empty; "." leaves messages as they are`)
	}
	return script, nil
}

// Fingerprint is the same for filters that are the same.
func (p *Program) Fingerprint() string { return p.script }

// New returns a transformer for one goroutine.
func (p *Program) New() transform.Transformer { return transformer{p} }

type transformer struct{ program *Program }

func (t transformer) Transform(ctx context.Context, dst []*transform.Message, m *transform.Message) ([]*transform.Message, error) {
	message, err := m.Value()
	if err != nil {
		return dst, err
	}
	if m.Kind == transform.Document {
		message = message.At(0)
	}
	guarded, release := t.program.limits.Guard(ctx)
	defer release()
	exported := message.Export(nil)
	results := t.program.code.RunWithContext(guarded, exported.Any)
	out := dst
	for {
		result, more := results.Next()
		if !more {
			break
		}
		if err, failed := result.(error); failed {
			return dst, t.failed(guarded, err)
		}
		if out, err = replace(m, out, exported, result); err != nil {
			return dst, err
		}
		if guarded.Err() != nil {
			return dst, t.failed(guarded, guarded.Err())
		}
	}
	if m.Kind != transform.Document && len(out) != len(dst)+1 {
		return dst, fmt.Errorf("it gave %d results, where one is wanted that stands for the %s", len(out)-len(dst), m.Kind)
	}
	return out, nil
}

func replace(m *transform.Message, out []*transform.Message, exported *tree.Exported, result any) ([]*transform.Message, error) {
	v, err := exported.Adopt(result)
	if err != nil {
		return nil, fmt.Errorf("what it returned: %w", err)
	}
	return m.Replace(out, v)
}

func (t transformer) failed(ctx context.Context, err error) error {
	if halt, ok := errors.AsType[*gojq.HaltError](err); ok && halt.Value() == nil {
		return errors.New("it halted: leave halt out, and empty drops a document")
	}
	return transform.Stopped(ctx, err)
}
