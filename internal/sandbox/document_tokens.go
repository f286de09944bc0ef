package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// scalar is a value that is neither object nor list.
type scalar struct {
	token  json.Token // string, json.Number, bool
	id     string     // of the document, for messages
	path   string     // of the field
	column int64      // behind the value, as the server counts it
}

func failedDocument(cause *problem) *problem {
	return invalid("mapper_parsing_exception", "failed to parse").because(cause)
}

// broken is what is said of text that is not JSON.
func (r *documentReader) broken(err error) error {
	kind := "json_parse_exception"
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		kind = "json_e_o_f_exception"
	}
	return failedDocument(invalid(kind, "%v at column %d", err, r.in.InputOffset()+1))
}

func checkFieldName(name string) *problem {
	switch {
	case strings.TrimSpace(name) == "":
		return illegal("field name cannot be an empty string")
	case strings.Trim(name, ".") == "":
		return illegal("field name cannot contain only the character [.]")
	case strings.HasPrefix(name, "."), strings.HasSuffix(name, "."), strings.Contains(name, ".."):
		return illegal("object field starting or ending with a [.] makes object resolution ambiguous: [%s]", name)
	}
	return nil
}

func failedField(f *mapped, path, id, preview string) *problem {
	return invalid("mapper_parsing_exception", "failed to parse field [%s] of type [%s] in document with id '%s'. Preview of field's value: '%s'", path, f.kind, id, preview)
}

var numeric = paramSet("byte short integer long unsigned_long half_float float double scaled_float")

// eachElement reads a list whose bracket is read.
func (r *documentReader) eachElement(read func(json.Token) error) error {
	for r.in.More() {
		token, err := r.in.Token()
		if err != nil {
			return r.broken(err)
		}
		if err := read(token); err != nil {
			return err
		}
	}
	if _, err := r.in.Token(); err != nil {
		return r.broken(err)
	}
	return nil
}

// skip reads over a value, and skipOpen over the rest of one whose bracket is read. Names that are there
// twice are found here too.
func (r *documentReader) skip() error {
	token, err := r.in.Token()
	if err != nil {
		return r.broken(err)
	}
	return r.skipFrom(token)
}

func (r *documentReader) skipFrom(token json.Token) error {
	switch token {
	case json.Delim('{'):
		return r.fields(nil, "", "")
	case json.Delim('['):
		return r.eachElement(r.skipFrom)
	}
	return nil
}

// skipOpen does not know which bracket it was, and counts.
func (r *documentReader) skipOpen() error {
	for depth := 1; depth > 0; {
		token, err := r.in.Token()
		if err != nil {
			return r.broken(err)
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
	return nil
}

func (r *documentReader) preview() (string, error) {
	var value any
	if err := r.in.Decode(&value); err != nil {
		return "", r.broken(err)
	}
	return javaText(value), nil
}

func javaToken(token json.Token) string {
	switch v := token.(type) {
	case json.Delim:
		return map[json.Delim]string{'{': "START_OBJECT", '}': "END_OBJECT", '[': "START_ARRAY", ']': "END_ARRAY"}[v]
	case string:
		return "VALUE_STRING"
	case bool:
		return strings.ToUpper(fmt.Sprintf("VALUE_%t", v))
	case nil:
		return "VALUE_NULL"
	}
	return "VALUE_NUMBER_INT"
}
