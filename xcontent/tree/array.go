package tree

import "iter"

// At returns element i of an array, nil where there is none.
func (v *Value) At(i int) *Value {
	if v.Kind() != Array {
		return nil
	}
	v.parse()
	if i < 0 || i >= len(v.elements) {
		return nil
	}
	return v.elements[i].value
}

// Elements yields the elements of an array; none for other kinds.
func (v *Value) Elements() iter.Seq2[int, *Value] {
	return func(yield func(int, *Value) bool) {
		if v.Kind() != Array {
			return
		}
		v.parse()
		for i := 0; i < len(v.elements); i++ {
			if !yield(i, v.elements[i].value) {
				return
			}
		}
	}
}

// SetAt gives element i of an array another value, where there is one; nil is null.
func (v *Value) SetAt(i int, value *Value) {
	if v.At(i) == nil {
		return
	}
	if value == nil {
		value = NewNull()
	}
	e := &v.elements[i]
	e.value, e.text = value, e.text[:e.lead:e.lead]
}

// Append adds an element at the end of an array; nil is null.
func (v *Value) Append(value *Value) {
	if v.Kind() != Array {
		return
	}
	if value == nil {
		value = NewNull()
	}
	v.parse()
	v.elements = append(v.elements, place{value: value})
}

// Resize cuts an array, or fills it up with nulls.
func (v *Value) Resize(n int) {
	if v.Kind() != Array {
		return
	}
	for v.Len() < n {
		v.Append(NewNull())
	}
	if v.Len() > n {
		clear(v.elements[n:])
		v.elements = v.elements[:n]
	}
}
