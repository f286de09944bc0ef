package sandbox

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
)

// object is a JSON object whose fields keep their order.
type object []field

type field struct {
	name  string
	value any
}

// obj makes an object from names and values in turn.
func obj(namesAndValues ...any) object {
	o := make(object, 0, len(namesAndValues)/2)
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		name, _ := namesAndValues[i].(string) // a wrong call shows as an empty name in every test
		o = append(o, field{name, namesAndValues[i+1]})
	}
	return o
}

// with is the object with more fields.
func (o object) with(namesAndValues ...any) object {
	return append(slices.Clip(o), obj(namesAndValues...)...)
}

// source is a document's bytes, which go out exactly as they came in: json.RawMessage would be compacted.
type source []byte

// writeJSON writes a value as the server does: no HTML escapes, sources untouched.
func writeJSON(out *bytes.Buffer, value any) error {
	switch v := value.(type) {
	case source:
		out.Write(v)
		return nil
	case object:
		return writeFields(out, v)
	case []object:
		return writeList(out, v)
	case []any:
		return writeList(out, v)
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return err
	}
	out.Truncate(out.Len() - 1) // the line break
	return nil
}

func writeFields(out *bytes.Buffer, o object) error {
	out.WriteByte('{')
	for i, f := range o {
		if i > 0 {
			out.WriteByte(',')
		}
		if err := writeJSON(out, f.name); err != nil {
			return err
		}
		out.WriteByte(':')
		if err := writeJSON(out, f.value); err != nil {
			return err
		}
	}
	out.WriteByte('}')
	return nil
}

func writeList[T any](out *bytes.Buffer, list []T) error {
	out.WriteByte('[')
	for i, element := range list {
		if i > 0 {
			out.WriteByte(',')
		}
		if err := writeJSON(out, element); err != nil {
			return err
		}
	}
	out.WriteByte(']')
	return nil
}

// byName is an object of a map's entries in the order of their names.
func byName[T any](m map[string]T, value func(string, T) any) object {
	o := make(object, 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		o = append(o, field{name, value(name, m[name])})
	}
	return o
}

// answer is a status and a body; a nil body is none.
type answer struct {
	status int
	body   any
}

func ok(body any) answer { return answer{http.StatusOK, body} }

func acknowledged() answer { return ok(obj("acknowledged", true)) }

func (a answer) write(w http.ResponseWriter, filters []string) {
	var out bytes.Buffer
	if a.body != nil {
		body := a.body
		if len(filters) > 0 {
			body, _ = filter(body, filters)
			if body == nil {
				body = object{}
			}
		}
		if err := writeJSON(&out, body); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(a.status)
	_, _ = w.Write(out.Bytes()) // the client hung up
}
