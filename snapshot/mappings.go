package snapshot

import (
	"encoding/base64"
	"encoding/json"
	"maps"

	"migassist/lucene/input"
)

// decodeMappings returns mappings by type name. They are written in one of these forms:
//
//	[{"_doc": {…}}, {"other": {…}}]   one object per type: index metadata and legacy templates
//	["REZMAA…"]                       the same as bytes: SMILE or JSON, usually in DEFLATE
//	{"_doc": {…}}                     as the REST API has it
//
// at is the blob they were found in, for errors.
func decodeMappings(at string, raw json.RawMessage) (map[string]json.RawMessage, error) {
	byType := map[string]json.RawMessage{}
	if present(raw) == nil {
		return byType, nil
	}
	parts := []json.RawMessage{raw}
	if raw[0] == '[' {
		if err := unmarshal(at, raw, &parts); err != nil {
			return nil, err
		}
	}
	for _, part := range parts {
		part, err := mappingText(at, part)
		if err != nil {
			return nil, err
		}
		var types map[string]json.RawMessage
		if err := unmarshal(at, part, &types); err != nil {
			return nil, err
		}
		maps.Copy(byType, types)
	}
	return byType, nil
}

// mappingText returns the JSON of a mapping that is an object, or bytes in base64.
func mappingText(at string, raw json.RawMessage) (json.RawMessage, error) {
	if len(raw) == 0 || raw[0] != '"' {
		return raw, nil
	}
	var encoded string
	if err := unmarshal(at, raw, &encoded); err != nil {
		return nil, err
	}
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, &input.CorruptError{File: at, Want: "a mapping in base64", Got: err.Error()}
	}
	return decodeBody(at+" (mapping)", 0, data)
}
