package tree

// Adopt returns what a program made of the value: x is a Go value as [Value.Any] gives them, changed. What is equal keeps its bytes, members
// keep their order, and new ones follow in the order of their names. The value itself may be changed, and be part of what is returned.
func (v *Value) Adopt(x any) (*Value, error) {
	switch x := x.(type) {
	case map[string]any:
		if v.Kind() == Object {
			return v.adoptObject(x)
		}
	case []any:
		if v.Kind() == Array {
			return v.adoptArray(x)
		}
	}
	made, err := From(x)
	if err != nil || v == nil || !Equal(v, made) {
		return made, err
	}
	return v, nil
}

func (v *Value) adoptObject(x map[string]any) (*Value, error) {
	var gone []string
	here := make(map[string]bool, len(x))
	for name, member := range v.Members() {
		now, ok := x[name]
		if !ok {
			gone = append(gone, name)
			continue
		}
		here[name] = true
		adopted, err := member.Adopt(now)
		if err != nil {
			return nil, err
		}
		if adopted != member {
			v.members[v.find(name)].value = adopted
		}
	}
	for _, name := range gone {
		v.Remove(name)
	}
	if len(here) == len(x) {
		return v, nil
	}
	fresh := make(map[string]any, len(x)-len(here))
	for name, now := range x {
		if !here[name] {
			fresh[name] = now
		}
	}
	added, err := From(fresh)
	if err != nil {
		return nil, err
	}
	for name, member := range added.Members() {
		v.Set(name, member)
	}
	return v, nil
}

func (v *Value) adoptArray(x []any) (*Value, error) {
	v.Resize(min(v.Len(), len(x)))
	for i, now := range x {
		adopted, err := v.At(i).Adopt(now)
		if err != nil {
			return nil, err
		}
		if i < v.Len() {
			v.SetAt(i, adopted)
		} else {
			v.Append(adopted)
		}
	}
	return v, nil
}
