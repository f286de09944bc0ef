// Package jsonlist writes large structs as indented JSON without holding all of it in memory.
//
// The bytes are those of encoding/json with an indent of two spaces and no escapes for HTML. It holds the text twice, and all of
// it; here the elements of a struct's lists are encoded one at a time.
package jsonlist

import (
	"bufio"
	"bytes"
	"encoding"
	"encoding/json"
	"io"
	"reflect"
	"strings"
)

// Write encodes a struct, or a pointer to one. Of its tags it knows names, "-", omitempty and omitzero.
func Write(w io.Writer, value any) error {
	p := &printer{w: bufio.NewWriterSize(w, 64<<10)}
	p.value(reflect.ValueOf(value), 0)
	p.text("\n")
	if p.err != nil {
		return p.err
	}
	return p.w.Flush()
}

const indent = "  "

// printer keeps the first error of encoding; the writer keeps its own.
type printer struct {
	w      *bufio.Writer
	buffer bytes.Buffer
	err    error
}

func (p *printer) text(text string) { _, _ = p.w.WriteString(text) }

// value takes structs and lists apart, and leaves the rest to encoding/json.
func (p *printer) value(v reflect.Value, depth int) {
	switch {
	case !v.IsValid() || marshals(v.Type()):
		p.whole(v, depth)
	case v.Kind() == reflect.Pointer && !v.IsNil() && v.Elem().Kind() == reflect.Struct:
		p.value(v.Elem(), depth)
	case v.Kind() == reflect.Struct:
		p.object(v, depth)
	case v.Kind() == reflect.Slice && v.Len() > 0 && v.Type().Elem().Kind() != reflect.Uint8:
		p.list(v, depth)
	default:
		p.whole(v, depth)
	}
}

var (
	marshaler     = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

// marshals tells whether a type has its own way to be JSON.
func marshals(t reflect.Type) bool {
	for _, one := range []reflect.Type{t, reflect.PointerTo(t)} {
		if one.Implements(marshaler) || one.Implements(textMarshaler) {
			return true
		}
	}
	return false
}

func (p *printer) list(v reflect.Value, depth int) {
	p.text("[")
	for i := range v.Len() {
		p.next(i == 0, depth+1)
		p.whole(v.Index(i), depth+1)
	}
	p.line(depth)
	p.text("]")
}

func (p *printer) object(v reflect.Value, depth int) {
	first := true
	p.text("{")
	p.fields(v, depth, &first)
	if !first {
		p.line(depth)
	}
	p.text("}")
}

// fields writes those of a struct, and in their place those of the structs embedded in it.
func (p *printer) fields(v reflect.Value, depth int, first *bool) {
	for i := range v.NumField() {
		field, value := v.Type().Field(i), v.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && name == "" {
			if value.Kind() == reflect.Pointer {
				value = value.Elem()
			}
			if value.IsValid() {
				p.fields(value, depth, first)
			}
			continue
		}
		if !field.IsExported() || name == "-" || skipped(value, options) {
			continue
		}
		if name == "" {
			name = field.Name
		}
		p.next(*first, depth+1)
		*first = false
		p.whole(reflect.ValueOf(name), depth)
		p.text(": ")
		p.value(value, depth+1)
	}
}

func skipped(value reflect.Value, options string) bool {
	for option := range strings.SplitSeq(options, ",") {
		switch {
		case option == "omitzero" && value.IsZero():
			return true
		case option == "omitempty" && empty(value):
			return true
		}
	}
	return false
}

// empty is what encoding/json calls so: structs never are.
func empty(value reflect.Value) bool {
	switch value.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return value.Len() == 0
	case reflect.Struct:
		return false
	default:
		return value.IsZero()
	}
}

func (p *printer) next(first bool, depth int) {
	if !first {
		p.text(",")
	}
	p.line(depth)
}

func (p *printer) line(depth int) { p.text("\n" + strings.Repeat(indent, depth)) }

// whole encodes a value at once.
func (p *printer) whole(v reflect.Value, depth int) {
	if p.err != nil {
		return
	}
	var value any
	if v.IsValid() {
		value = v.Interface()
	}
	p.buffer.Reset()
	encoder := json.NewEncoder(&p.buffer)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent(strings.Repeat(indent, depth), indent)
	if p.err = encoder.Encode(value); p.err == nil {
		_, _ = p.w.Write(bytes.TrimSuffix(p.buffer.Bytes(), []byte("\n")))
	}
}
