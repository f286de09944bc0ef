package snapshot

import (
	"bytes"
	"encoding/json"
	"fmt"

	"migassist/lucene/input"
)

// flatSettings are settings by dotted name.
type flatSettings struct {
	at     string // the blob, for errors
	values map[string]string
	lists  map[string][]string
}

// flattenSettings reads settings written flat ({"index.x": "1"}) or nested ({"index": {"x": "1"}}).
func flattenSettings(at string, raw json.RawMessage) (flatSettings, error) {
	f := flatSettings{at: at, values: map[string]string{}, lists: map[string][]string{}}
	if present(raw) == nil {
		return f, nil
	}
	return f, f.add("", raw)
}

func (f *flatSettings) add(name string, raw json.RawMessage) error {
	switch raw[0] {
	case '{':
		var inner map[string]json.RawMessage
		if err := unmarshal(f.at, raw, &inner); err != nil {
			return err
		}
		prefix := name
		if prefix != "" {
			prefix += "."
		}
		for key, value := range inner {
			if err := f.add(prefix+key, value); err != nil {
				return err
			}
		}
	case '[':
		var items []json.RawMessage
		if err := unmarshal(f.at, raw, &items); err != nil {
			return err
		}
		list := make([]string, 0, len(items))
		for _, item := range items {
			text, ok := scalar(item)
			if !ok {
				return &input.CorruptError{File: f.at, Want: "a list of plain values as setting " + name, Got: fmt.Sprintf("%.40s", item)}
			}
			list = append(list, text)
		}
		f.lists[name] = list
	default:
		if text, ok := scalar(raw); ok {
			f.values[name] = text
		}
	}
	return nil
}

// scalar returns the text of a string, number or boolean.
func scalar(raw json.RawMessage) (string, bool) {
	if len(raw) > 0 && raw[0] == '"' {
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err == nil
	}
	if bytes.Equal(raw, []byte("null")) || len(raw) == 0 || raw[0] == '{' || raw[0] == '[' {
		return "", false
	}
	return string(raw), true
}
