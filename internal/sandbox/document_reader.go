package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
)

// documentReader reads one document against a mapping, as the server does before it indexes it.
type documentReader struct {
	id      string
	in      *json.Decoder
	mapping *mapping
	mutable bool             // the mapping is a copy of our own: fields may be added to it
	limit   int              // of fields
	added   map[*mapped]bool // the fields that this document adds
}

// errNeedsCopy ends a reading that met a new field while the mapping was still the index's own.
var errNeedsCopy = errors.New("a new field")

// accept checks a document against the index's mapping. It returns the mapping with the fields that the
// document adds to it, which is the same one if it adds none.
func (i *index) accept(id string, document []byte) (*mapping, error) {
	read := func(m *mapping, mutable bool) error {
		in := json.NewDecoder(bytes.NewReader(document))
		in.UseNumber()
		r := documentReader{
			id: id, in: in, mapping: m, mutable: mutable, added: map[*mapped]bool{},
			limit: i.settings.number("index.mapping.total_fields.limit", 1000),
		}
		return r.document(document)
	}
	err := read(i.mapping, false)
	if errors.Is(err, errNeedsCopy) {
		extended := i.mapping.clone()
		if err := read(extended, true); err != nil {
			return nil, err
		}
		return extended, nil
	}
	return i.mapping, err
}

func (r *documentReader) document(document []byte) error {
	trimmed := bytes.TrimSpace(document)
	if len(trimmed) == 0 {
		return invalid("mapper_parsing_exception", "failed to parse, document is empty")
	}
	if trimmed[0] != '{' {
		return failedDocument(invalid("not_x_content_exception",
			"Compressor detection can only be called on some xcontent bytes or compressed xcontent bytes"))
	}
	if _, err := r.in.Token(); err != nil {
		return r.broken(err)
	}
	if err := r.fields(r.mapping.root, "", "true"); err != nil {
		return err
	}
	next, err := r.in.Token()
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return r.broken(err)
	}
	return failedDocument(illegal("Malformed content, found extra data after parsing: %s", javaToken(next)))
}

// fields reads the rest of an object whose brace is read.
func (r *documentReader) fields(parent *mapped, path, dynamic string) error {
	if parent != nil && parent.dynamic != "" {
		dynamic = parent.dynamic
	}
	seen := map[string]bool{}
	for r.in.More() {
		token, err := r.in.Token()
		if err != nil {
			return r.broken(err)
		}
		name, _ := token.(string) // the decoder lets nothing else be a name
		if seen[name] {
			return failedDocument(invalid("json_parse_exception", "Duplicate field '%s'\n at column: %d", name, r.in.InputOffset()+1))
		}
		seen[name] = true
		if parent == nil || !parent.enabled {
			if err := r.skip(); err != nil {
				return err
			}
			continue
		}
		if err := r.namedField(parent, path, name, dynamic); err != nil {
			return err
		}
	}
	if _, err := r.in.Token(); err != nil {
		return r.broken(err)
	}
	return nil
}

// namedField reads the value of a field, whose name may be a path with dots.
func (r *documentReader) namedField(parent *mapped, path, name, dynamic string) error {
	if path == "" && metadataFields[name] {
		value, err := r.preview()
		if err != nil {
			return err
		}
		p := invalid("mapper_parsing_exception", "failed to parse field [%s] of type [%s] in document with id '%s'. Preview of field's value: '%s'", name, name, r.id, value)
		return p.because(invalid("mapper_parsing_exception",
			"Field [%s] is a metadata field and cannot be added inside a document. Use the index API request parameters.", name))
	}
	if err := checkFieldName(name); err != nil {
		return failedDocument(err)
	}
	steps := strings.Split(name, ".")
	for n, step := range steps[:len(steps)-1] {
		child := parent.properties[step]
		switch {
		case child == nil:
			skip, err := r.refuseNew(path+step, path, dynamic)
			if err != nil {
				return err
			}
			if skip {
				return r.skip()
			}
			child = &mapped{kind: "object", enabled: true, properties: map[string]*mapped{}}
			parent.properties[step] = child
		case child.properties == nil:
			return invalid("mapper_parsing_exception", "Could not dynamically add mapping for field [%s]. Existing mapping for [%s] must be of type object but found [%s].",
				path+strings.Join(steps[n:], "."), path+step, child.kind)
		}
		if child.dynamic != "" {
			dynamic = child.dynamic
		}
		parent, path = child, path+step+"."
	}
	return r.value(parent, path, steps[len(steps)-1], dynamic)
}

// value reads the value of a field that has a simple name.
func (r *documentReader) value(parent *mapped, path, name, dynamic string) error {
	token, err := r.in.Token()
	if err != nil {
		return r.broken(err)
	}
	if child := parent.properties[name]; child != nil && !r.added[child] {
		return r.known(child, path, name, dynamic, token)
	}
	return r.unknown(parent, path, name, dynamic, token)
}

// known reads the value of a field that the mapping has; its first token is read.
func (r *documentReader) known(f *mapped, path, name, dynamic string, token json.Token) error {
	switch {
	case f.kind == "object" || f.kind == "nested":
		return r.intoObject(f, path, name, dynamic, token)
	case f.kind == "alias":
		return failedDocument(illegal("Cannot write to a field alias [%s].", path+name))
	case token == json.Delim('['):
		if fieldTypes[f.kind].tree {
			return r.skipOpen()
		}
		return r.eachElement(func(element json.Token) error { return r.known(f, path, name, dynamic, element) })
	case token == json.Delim('{'):
		if fieldTypes[f.kind].tree || f.ignoresMalformed() {
			return r.skipOpen()
		}
		return r.objectForScalar(f, path, name)
	case token == nil:
		return nil
	}
	check := fieldTypes[f.kind].check
	if check == nil || f.ignoresMalformed() {
		return nil
	}
	value := scalar{token: token, id: r.id, path: path + name, column: r.in.InputOffset() + 1}
	if cause := check(f, value); cause != nil {
		preview := text(token)
		if number, err := strconv.ParseFloat(preview, 64); strings.Contains(cause.reason, "Infinity]") && (err == nil || math.IsInf(number, 0)) {
			preview = infinite(number)
		}
		return failedField(f, value.path, r.id, preview).because(cause)
	}
	return nil
}

func (f *mapped) ignoresMalformed() bool { return text(f.params["ignore_malformed"]) == "true" }

// objectForScalar refuses an object where the mapping has a scalar.
func (r *documentReader) objectForScalar(f *mapped, path, name string) error {
	column := r.in.InputOffset()
	raw := map[string]any{}
	for r.in.More() {
		key, err := r.in.Token()
		if err != nil {
			return r.broken(err)
		}
		var value any
		if err := r.in.Decode(&value); err != nil {
			return r.broken(err)
		}
		raw[text(key)] = value
	}
	cause := invalid("illegal_state_exception", "Can't get text on a START_OBJECT at 1:%d", column)
	if numeric[f.kind] {
		cause = invalid("json_parse_exception", "Current token (START_OBJECT) not numeric, can not use numeric value accessors\n at column: %d", column+1)
	}
	return failedField(f, path+name, r.id, javaText(raw)).because(cause)
}

// intoObject reads what stands where the mapping has an object.
func (r *documentReader) intoObject(f *mapped, path, name, dynamic string, token json.Token) error {
	switch token {
	case json.Delim('{'):
		return r.fields(f, path+name+".", dynamic)
	case json.Delim('['):
		return r.eachElement(func(element json.Token) error {
			if element != nil && element != json.Delim('{') && element != json.Delim('[') && f.enabled {
				return invalid("mapper_parsing_exception", "object mapping for [%s] tried to parse field [null] as object, but found a concrete value", path+name)
			}
			return r.intoObject(f, path, name, dynamic, element)
		})
	case nil:
		return nil
	}
	if !f.enabled {
		return nil
	}
	return invalid("mapper_parsing_exception", "object mapping for [%s] tried to parse field [%s] as object, but found a concrete value", path+name, name)
}
