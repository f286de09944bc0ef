package sandbox

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// refuseNew says what happens to a field that the mapping does not have: an error in strict mode, or
// that it is passed over.
func (r *documentReader) refuseNew(full, parentPath, dynamic string) (skip bool, err error) {
	switch dynamic {
	case "false":
		return true, nil
	case "strict", "strict_allow_templates":
		within := "_doc"
		if parentPath != "" {
			within = strings.TrimSuffix(parentPath, ".")
		}
		name := full[strings.LastIndexByte(full, '.')+1:]
		return false, invalid("strict_dynamic_mapping_exception", "mapping set to %s, dynamic introduction of [%s] within [%s] is not allowed", dynamic, name, within)
	}
	if !r.mutable {
		return false, errNeedsCopy
	}
	if r.mapping.root.size() >= r.limit {
		return false, illegal("Limit of total fields [%d] has been exceeded", r.limit)
	}
	return false, nil
}

// unknown reads the value of a field that the mapping did not have before this document, and adds it; its
// first token is read.
func (r *documentReader) unknown(parent *mapped, path, name, dynamic string, token json.Token) error {
	if token == nil || token == json.Delim('[') && !r.in.More() {
		return r.skipFrom(token) // nothing tells the type
	}
	if token == json.Delim('[') {
		return r.eachElement(func(element json.Token) error {
			return r.unknown(parent, path, name, dynamic, element)
		})
	}
	before := parent.properties[name]
	if before == nil {
		skip, err := r.refuseNew(path+name, path, dynamic)
		if err != nil {
			return err
		}
		if skip {
			return r.skipFrom(token)
		}
	}
	child, err := r.infer(path, name, token)
	if err != nil {
		return err
	}
	if before != nil && before.kind != child.kind {
		return changedType(path+name, before.kind, child.kind)
	}
	if before == nil {
		parent.properties[name], before = child, child
		r.added[child] = true
	}
	return r.known(before, path, name, dynamic, token)
}

// changedType is the refusal of a document in which a new field has values of two types: the server infers
// the type of every value by itself and then joins them, text first.
func changedType(path, first, second string) error {
	if second == "text" {
		first, second = second, first
	}
	return illegal("mapper [%s] cannot be changed from type [%s] to [%s]", path, first, second)
}

// infer makes the field that a value asks for: by a dynamic template, or by its own kind.
func (r *documentReader) infer(path, name string, token json.Token) (*mapped, error) {
	kind := kindOf(token)
	if s, isText := token.(string); isText && text(r.mapping.top["date_detection"]) != "false" && looksLikeDate(s) {
		kind = "date"
	}
	if definition := r.mapping.dynamicTemplate(path+name, name, kind); definition != nil {
		child, problem := parseField(path, name, definition)
		if problem != nil {
			return nil, problem
		}
		return child, nil
	}
	switch kind {
	case "object":
		return &mapped{kind: "object", enabled: true, properties: map[string]*mapped{}}, nil
	case "string":
		return &mapped{kind: "text", enabled: true, params: map[string]any{
			"fields": map[string]any{"keyword": map[string]any{"type": "keyword", "ignore_above": 256}},
		}}, nil
	case "double":
		kind = "float"
	}
	return &mapped{kind: kind, enabled: true, params: map[string]any{}}, nil
}

// kindOf is the name of a value's kind, as dynamic templates have it in match_mapping_type.
func kindOf(token json.Token) string {
	switch v := token.(type) {
	case json.Delim:
		return "object"
	case bool:
		return "boolean"
	case json.Number:
		if strings.ContainsAny(v.String(), ".eE") {
			return "double"
		}
		return "long"
	}
	return "string"
}

// dynamicTemplate is the definition that the first fitting template gives to a new field, or nil.
func (m *mapping) dynamicTemplate(full, name, kind string) map[string]any {
	templates, _ := m.top["dynamic_templates"].([]any)
	for _, entry := range templates {
		named, _ := entry.(map[string]any)
		for _, raw := range named {
			template, _ := raw.(map[string]any)
			if !fitsTemplate(template, full, name, kind) {
				continue
			}
			definition, _ := template["mapping"].(map[string]any)
			return fillTemplate(definition, name, kind)
		}
	}
	return nil
}

func fitsTemplate(template map[string]any, full, name, kind string) bool {
	wanted := text(template["match_mapping_type"])
	if template["match_mapping_type"] != nil && wanted != "*" && wanted != kind {
		return false
	}
	fits := func(param, against string, otherwise bool) bool {
		if template[param] == nil {
			return otherwise
		}
		return matches(text(template[param]), against)
	}
	return fits("match", name, true) && !fits("unmatch", name, false) &&
		fits("path_match", full, true) && !fits("path_unmatch", full, false)
}

// fillTemplate puts name and type of the field where the template asks for them.
func fillTemplate(definition map[string]any, name, kind string) map[string]any {
	plain := map[string]string{"string": "text", "double": "float"}[kind]
	if plain == "" {
		plain = kind
	}
	filled := maps.Clone(definition)
	if filled == nil {
		filled = map[string]any{}
	}
	for _, param := range slices.Sorted(maps.Keys(filled)) {
		if value, isText := filled[param].(string); isText {
			filled[param] = strings.NewReplacer("{name}", name, "{dynamic_type}", plain).Replace(value)
		}
	}
	if filled["type"] == nil && kind != "object" {
		filled["type"] = plain
	}
	return filled
}
