package tree

import (
	"encoding/json"
	"reflect"
)

// Exported is a value as Go has it, for a program that changes it or makes others of its parts.
type Exported struct {
	Any any // as [Value.Any] gives it

	root    *Value
	number  func(literal string) any
	origins map[uintptr]origin
}

// origin is the value that a map or slice was made of. It is told by where it lies, which is nobody else's while it is exported.
type origin struct {
	value *Value
	len   int
}

// Export returns the value for a program; number makes what stands for a number (nil: json.Number).
func (v *Value) Export(number func(literal string) any) *Exported {
	if number == nil {
		number = func(literal string) any { return json.Number(literal) }
	}
	e := &Exported{root: v, number: number, origins: map[uintptr]origin{}}
	e.Any = e.export(v)
	return e
}

func (e *Exported) export(v *Value) any {
	switch v.Kind() {
	case Number:
		return e.number(v.Literal())
	case Array:
		a := make([]any, 0, v.Len())
		for _, element := range v.Elements() {
			a = append(a, e.export(element))
		}
		e.note(a, v)
		return a
	case Object:
		o := make(map[string]any, v.Len())
		for name, m := range v.Members() {
			o[name] = e.export(m)
		}
		e.note(o, v)
		return o
	}
	return v.Any()
}

func (e *Exported) note(x any, v *Value) {
	if r := reflect.ValueOf(x); r.Len() > 0 {
		e.origins[r.Pointer()] = origin{v, r.Len()}
	}
}

// of returns the value that a map or slice was made of, wherever it stands now, or else base.
func (e *Exported) of(x any, base *Value) *Value {
	r := reflect.ValueOf(x)
	if r.Len() == 0 {
		return base
	}
	if o, ok := e.origins[r.Pointer()]; ok && o.len == r.Len() {
		return o.value
	}
	return base
}

// Adopt returns what a program made, x, as a tree: parts of the exported value, changed ones, and new ones. What is equal to what stood at its
// place, or was moved whole, keeps its bytes; members keep their order, and new ones follow in the order of their names. The exported value itself
// is not changed; parts of it may be part of what is returned.
func (e *Exported) Adopt(x any) (*Value, error) { return e.adopt(e.root, x) }

// Adopt is [Exported.Adopt] for a program that was given [Value.Any].
func (v *Value) Adopt(x any) (*Value, error) { return (&Exported{}).adopt(v, x) }

func (e *Exported) adopt(v *Value, x any) (*Value, error) {
	switch x := x.(type) {
	case map[string]any:
		if v = e.of(x, v); v.Kind() == Object {
			return e.adoptObject(v, x)
		}
		return e.adoptObject(NewObject(), x)
	case []any:
		if v = e.of(x, v); v.Kind() == Array {
			return e.adoptArray(v, x)
		}
		return e.adoptArray(NewArray(), x)
	}
	made, err := From(x)
	if err != nil || v == nil || !Equal(v, made) {
		return made, err
	}
	return v, nil
}

func (e *Exported) adoptObject(v *Value, x map[string]any) (*Value, error) {
	out := v
	change := func() *Value {
		if out == v {
			out = v.copied()
		}
		return out
	}
	here := make(map[string]bool, len(x))
	for name, member := range v.Members() {
		now, ok := x[name]
		if !ok {
			change().Remove(name)
			continue
		}
		here[name] = true
		adopted, err := e.adopt(member, now)
		if err != nil {
			return nil, err
		}
		if adopted != member {
			change().Set(name, adopted)
		}
	}
	for _, name := range sortedKeys(x) {
		if here[name] {
			continue
		}
		added, err := e.adopt(nil, x[name])
		if err != nil {
			return nil, err
		}
		change().Set(name, added)
	}
	return out, nil
}

func (e *Exported) adoptArray(v *Value, x []any) (*Value, error) {
	out := v
	if len(x) != v.Len() {
		out = v.copied()
		out.Resize(min(v.Len(), len(x)))
	}
	for i, now := range x {
		adopted, err := e.adopt(v.At(i), now)
		switch {
		case err != nil:
			return nil, err
		case i >= out.Len():
			out.Append(adopted)
		case adopted != v.At(i):
			if out == v {
				out = v.copied()
			}
			out.SetAt(i, adopted)
		}
	}
	return out, nil
}
