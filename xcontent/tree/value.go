package tree

import "strings"

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
	raw    []byte // as it stands in the text, without white space around it
	*parts        // of an object or array that was looked into; they say what it is, not raw
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
	a := &Value{kind: Array, parts: &parts{}}
	for _, v := range values {
		a.Append(v)
	}
	return a
}

// NewObject returns an object without members.
func NewObject() *Value { return &Value{kind: Object, parts: &parts{}} }

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
		v.parse()
		return v.size()
	}
	return 0
}

func (v *Value) String() string {
	text, err := v.AppendJSON(nil)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text))
}
