package tree

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// Any returns the value as Go has it: nil, bool, [json.Number], string, []any, map[string]any.
func (v *Value) Any() any {
	switch v.Kind() {
	case Bool:
		return v.Bool()
	case Number:
		return json.Number(v.raw)
	case String:
		return v.Text()
	case Array:
		a := make([]any, 0, v.Len())
		for _, e := range v.Elements() {
			a = append(a, e.Any())
		}
		return a
	case Object:
		o := make(map[string]any, v.Len())
		for name, m := range v.Members() {
			o[name] = m.Any()
		}
		return o
	}
	return nil
}

// From returns what a Go value is in JSON: nil, booleans, numbers, strings, []any, map[string]any (members sorted by name), a [*Value] as it
// is, and what encoding/json makes of others.
func From(x any) (*Value, error) {
	switch x := x.(type) {
	case nil:
		return NewNull(), nil
	case *Value:
		return x, nil
	case bool:
		return NewBool(x), nil
	case string:
		return NewString(x), nil
	case int:
		return NewNumber(strconv.Itoa(x)), nil
	case []any:
		a := NewArray()
		for _, e := range x {
			v, err := From(e)
			if err != nil {
				return nil, err
			}
			a.Append(v)
		}
		return a, nil
	case map[string]any:
		o := NewObject()
		for _, name := range sortedKeys(x) {
			v, err := From(x[name])
			if err != nil {
				return nil, err
			}
			o.Set(name, v)
		}
		return o, nil
	}
	text, err := json.Marshal(x)
	if err != nil {
		return nil, fmt.Errorf("JSON: %w", err)
	}
	return Parse(text)
}

func sortedKeys(x map[string]any) []string { return slices.Sorted(maps.Keys(x)) }

// Clone returns a copy that shares nothing that can change.
func (v *Value) Clone() *Value {
	if v == nil || v.parts == nil {
		return v.same()
	}
	c := v.copied()
	for i := range c.members {
		c.members[i].value = c.members[i].value.Clone()
	}
	for i := range c.elements {
		c.elements[i].value = c.elements[i].value.Clone()
	}
	return c
}

func (v *Value) same() *Value {
	if v == nil {
		return nil
	}
	return &Value{kind: v.kind, raw: v.raw}
}

// copied returns an object or array of the same members or elements, which can be changed by itself.
func (v *Value) copied() *Value {
	v.parse()
	c := &Value{kind: v.kind, parts: &parts{tail: v.tail, elements: slices.Clone(v.elements)}}
	if v.kind == Object {
		c.members = make([]member, 0, len(v.members))
	}
	for _, m := range v.members {
		if m.value != nil {
			c.members = append(c.members, m)
		}
	}
	return c
}
