package tree

import (
	"iter"
	"slices"
	"strings"
)

// Kind is what a value is.
type Kind uint8

// The kinds of JSON values.
const (
	Null Kind = iota
	Bool
	Number
	String
	Array
	Object
)

func (k Kind) String() string {
	return [...]string{"null", "boolean", "number", "string", "array", "object"}[k]
}

// Value is a JSON value. It is one place of one tree: a value that is put into a second place is shared, so that a change of it shows in both.
type Value struct {
	kind   Kind
	parsed bool   // members and elements say what the value is, not raw
	raw    []byte // as it stands in the text, without white space around it

	members  []member
	places   map[string]int // of the last member of each name, where there are many; nil: not known
	elements []element
	tail     []byte // white space before the closing bracket
}

// member is one of an object. In print it is lead, a comma where there is none yet, key and value.
type member struct {
	lead  []byte // white space and comma before the key
	key   []byte // quoted, with colon and the white space around it
	name  []byte // unescaped
	value *Value
}

type element struct {
	lead  []byte // white space and comma before the value
	value *Value
}

// NewNull returns null.
func NewNull() *Value { return &Value{kind: Null, raw: []byte("null")} }

// NewBool returns true or false.
func NewBool(b bool) *Value {
	if b {
		return &Value{kind: Bool, raw: []byte("true")}
	}
	return &Value{kind: Bool, raw: []byte("false")}
}

// NewNumber returns a number, whose literal must be one of JSON's.
func NewNumber(literal string) *Value { return &Value{kind: Number, raw: []byte(literal)} }

// NewString returns a string.
func NewString(s string) *Value { return &Value{kind: String, raw: appendQuoted(nil, s)} }

// NewArray returns an array of values.
func NewArray(values ...*Value) *Value {
	a := &Value{kind: Array, parsed: true}
	for _, v := range values {
		a.Append(v)
	}
	return a
}

// NewObject returns an object without members.
func NewObject() *Value { return &Value{kind: Object, parsed: true} }

// Kind returns what the value is; Null for nil, which is what a member that is not there comes to.
func (v *Value) Kind() Kind {
	if v == nil {
		return Null
	}
	return v.kind
}

// Bool tells whether the value is true.
func (v *Value) Bool() bool { return v.Kind() == Bool && v.raw[0] == 't' }

// Literal returns a number as it is written; "" for other kinds.
func (v *Value) Literal() string {
	if v.Kind() != Number {
		return ""
	}
	return string(v.raw)
}

// Text returns what a string says; "" for other kinds.
func (v *Value) Text() string {
	if v.Kind() != String {
		return ""
	}
	return string(unquote(v.raw))
}

// Len returns how many elements an array has, or members an object, each name once; 0 for other kinds.
func (v *Value) Len() int {
	switch v.Kind() {
	case Array:
		v.parse()
		return len(v.elements)
	case Object:
		n := 0
		for range v.Members() {
			n++
		}
		return n
	}
	return 0
}

// Get returns the member of a name, nil where there is none, or v is no object.
func (v *Value) Get(name string) *Value {
	if i := v.find(name); i >= 0 {
		return v.members[i].value
	}
	return nil
}

// find returns the place of the last member of a name; -1: there is none.
func (v *Value) find(name string) int {
	if v.Kind() != Object {
		return -1
	}
	v.parse()
	return v.place([]byte(name))
}

// wide is the number of members from which their names are indexed.
const wide = 24

// place returns the place of the last member of a name in an object that was parsed; -1: there is none.
func (v *Value) place(name []byte) int {
	if len(v.members) < wide {
		for i, m := range slices.Backward(v.members) {
			if string(m.name) == string(name) {
				return i
			}
		}
		return -1
	}
	if v.places == nil {
		v.places = make(map[string]int, len(v.members))
		for i, m := range v.members {
			v.places[string(m.name)] = i
		}
	}
	if i, ok := v.places[string(name)]; ok {
		return i
	}
	return -1
}

// Set gives the member of a name another value, in its place, or adds one at the end. It does nothing where v is no object.
func (v *Value) Set(name string, value *Value) {
	if v.Kind() != Object {
		return
	}
	if i := v.find(name); i >= 0 {
		v.members[i].value = value
		v.only(name, i)
		return
	}
	v.members = append(v.members, member{key: append(appendQuoted(nil, name), ':'), name: []byte(name), value: value})
	if v.places != nil {
		v.places[name] = len(v.members) - 1
	}
}

// only removes the members of a name but for one.
func (v *Value) only(name string, keep int) {
	kept := v.members[:0]
	for i, m := range v.members {
		if i == keep || string(m.name) != name {
			kept = append(kept, m)
		}
	}
	v.keep(kept)
}

// keep takes the members that are left, which lie where all of them lay.
func (v *Value) keep(kept []member) {
	if len(kept) < len(v.members) {
		clear(v.members[len(kept):])
		v.members, v.places = kept, nil
	}
}

// Remove removes the members of a name, and tells whether there were any.
func (v *Value) Remove(name string) bool {
	if v.find(name) < 0 {
		return false
	}
	v.only(name, -1)
	return true
}

// Rename gives the member of a name another one, in its place. A member that had the new name is removed. It tells whether there was
// one to rename.
func (v *Value) Rename(from, to string) bool {
	i := v.find(from)
	if i < 0 || from == to {
		return i >= 0
	}
	renamed := v.members[i]
	renamed.key = append(appendQuoted(nil, to), ':')
	renamed.name = []byte(to)
	v.members[i].name = nil // marked
	kept := v.members[:0]
	for at, m := range v.members {
		switch {
		case at == i:
			kept = append(kept, renamed)
		case string(m.name) != from && string(m.name) != to:
			kept = append(kept, m)
		}
	}
	v.keep(kept)
	v.places = nil
	return true
}

// Members yields the members of an object in their order; of several of a name the last. None for other kinds. The object must not change
// meanwhile.
func (v *Value) Members() iter.Seq2[string, *Value] {
	return func(yield func(string, *Value) bool) {
		if v.Kind() != Object {
			return
		}
		v.parse()
		for i, m := range v.members {
			if v.shadowed(i) {
				continue
			}
			if !yield(string(m.name), m.value) {
				return
			}
		}
	}
}

// shadowed tells whether a later member has the name of member i.
func (v *Value) shadowed(i int) bool { return v.place(v.members[i].name) != i }

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
		for i := range v.Len() {
			if v.kind != Array || !yield(i, v.elements[i].value) {
				return
			}
		}
	}
}

// SetAt gives element i of an array another value.
func (v *Value) SetAt(i int, value *Value) {
	if v.At(i) != nil {
		v.elements[i].value = value
	}
}

// Append adds an element at the end of an array.
func (v *Value) Append(value *Value) {
	if v.Kind() == Array {
		v.parse()
		v.elements = append(v.elements, element{value: value})
	}
}

// Resize cuts an array, or fills it up with nulls.
func (v *Value) Resize(n int) {
	for v.Kind() == Array && v.Len() < n {
		v.Append(NewNull())
	}
	if v.Kind() == Array && v.Len() > n {
		clear(v.elements[n:])
		v.elements = v.elements[:n]
	}
}

// Path returns what lies at member names one after the other, nil where nothing does.
func (v *Value) Path(names ...string) *Value {
	for _, name := range names {
		v = v.Get(name)
	}
	return v
}

func (v *Value) String() string {
	text, err := v.AppendJSON(nil)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text))
}
