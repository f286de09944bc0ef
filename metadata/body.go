package metadata

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Body is a JSON object, kept as its text: compact, keys in order. Nil is none, and so is an empty object. As trees, those of ten thousand
// indices would be several times as large.
type Body []byte

// NewBody is the body of an object of JSON values.
func NewBody(object map[string]any) Body {
	if len(object) == 0 {
		return nil
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(object); err != nil {
		panic(fmt.Sprintf("metadata: a body that is no JSON: %v", err)) // all that rules write is
	}
	return bytes.Clone(bytes.TrimSuffix(text.Bytes(), []byte("\n")))
}

// Object is the body as values, with numbers as they are written; nil for none. It is the caller's own.
func (b Body) Object() map[string]any {
	if b == nil {
		return nil
	}
	object, err := decodeObject(json.RawMessage(b))
	if err != nil {
		panic(fmt.Sprintf("metadata: a body that is no JSON: %v", err)) // NewBody made it, or UnmarshalJSON did
	}
	return object
}

// Part is the object under one key, without looking at the others; nil where there is none.
func (b Body) Part(key string) map[string]any {
	var parts map[string]json.RawMessage
	if b == nil || json.Unmarshal(b, &parts) != nil {
		return nil
	}
	object, err := decodeObject(parts[key])
	if err != nil { // it is no object
		return nil
	}
	return object
}

// sent is the body as it is sent to a server that wants one.
func (b Body) sent() json.RawMessage {
	if b == nil {
		return json.RawMessage("{}")
	}
	return json.RawMessage(b)
}

// MarshalJSON gives the text.
func (b Body) MarshalJSON() ([]byte, error) {
	if b == nil {
		return []byte("null"), nil
	}
	return b, nil
}

// UnmarshalJSON takes an object, however it is written.
func (b *Body) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*b = nil
		return nil
	}
	object, err := decodeObject(text)
	if err != nil {
		return err
	}
	*b = NewBody(object)
	return nil
}
