package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"migassist/transform"
	"migassist/transform/jmespath"
)

// conditional runs messages through a chain of its own, those of which the condition holds.
type conditional struct {
	condition *jmespath.Program
	then      *Program
}

// parseConditional reads [{"JsonJMESPathPredicateProvider": {"script": …}}, transforms].
func parseConditional(config json.RawMessage, o Options) (*conditional, error) {
	const form = `it wants a list of two: a condition like {"JsonJMESPathPredicateProvider": {"script": "…"}}, and the transforms for what meets it`
	var two []json.RawMessage
	if err := json.Unmarshal(config, &two); err != nil || len(two) != 2 {
		return nil, errors.New(form)
	}
	var predicate map[string]json.RawMessage
	if err := json.Unmarshal(two[0], &predicate); err != nil || len(predicate) != 1 {
		return nil, errors.New(form)
	}
	for name, script := range predicate {
		if !strings.EqualFold(name, "JsonJMESPathPredicateProvider") && !strings.EqualFold(name, "predicate") {
			return nil, fmt.Errorf("%q is no condition that is known: %s", name, form)
		}
		condition, wrong := jmespath.Parse(script)
		if wrong != nil {
			wrong = fmt.Errorf("the condition: %w", wrong)
		}
		then, err := Parse(two[1], o)
		if err = join(wrong, err); err != nil {
			return nil, err
		}
		return &conditional{condition, then}, nil
	}
	return nil, errors.New(form)
}

// join joins errors of which the second may be joined already.
func join(first, second error) error {
	if first == nil {
		return second
	}
	all := []error{first}
	if joined, ok := second.(interface{ Unwrap() []error }); ok {
		return errors.Join(append(all, joined.Unwrap()...)...)
	}
	return errors.Join(first, second)
}

// Fingerprint is the same for conditions and transforms that are the same.
func (c *conditional) Fingerprint() string { return c.then.Fingerprint() }

func (c *conditional) New() transform.Transformer { return &deciding{c.condition, c.then.New()} }

type deciding struct {
	condition *jmespath.Program
	then      transform.Transformer
}

func (d *deciding) Transform(ctx context.Context, dst []*transform.Message, m *transform.Message) ([]*transform.Message, error) {
	holds, err := d.condition.Holds(m)
	switch {
	case err != nil:
		return dst, fmt.Errorf("the condition: %w", err)
	case !holds:
		return append(dst, m), nil
	}
	return d.then.Transform(ctx, dst, m)
}
