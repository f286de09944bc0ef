package sandbox

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// mapping is how documents of an index are read: a tree of fields, and what else stands at its top.
type mapping struct {
	root *mapped
	top  map[string]any // everything but properties and dynamic, as given
}

// mapped is one field.
type mapped struct {
	kind       string // a key of fieldTypes
	params     map[string]any
	properties map[string]*mapped // of objects and nested objects
	dynamic    string             // true, false, strict, strict_allow_templates; "" is that of the parent
	enabled    bool
}

// dynamicModes are the values of "dynamic".
var dynamicModes = []string{"true", "false", "strict", "strict_allow_templates"}

func newMapping() *mapping {
	return &mapping{root: &mapped{kind: "object", enabled: true, properties: map[string]*mapped{}}, top: map[string]any{}}
}

// parseMapping reads a mapping without a type above it, and refuses what the server does.
func parseMapping(raw map[string]any) (*mapping, error) {
	if len(raw) == 1 {
		for name, inner := range raw {
			if _, isObject := inner.(map[string]any); isObject && !rootParams[name] && name != "_all" && (name == "_doc" || !strings.HasPrefix(name, "_")) {
				return nil, illegal("The mapping definition cannot be nested under a type")
			}
		}
	}
	m := newMapping()
	unknown := map[string]any{}
	for name, value := range raw {
		switch {
		case name == "properties":
		case name == "dynamic":
			m.root.dynamic = text(value)
		case rootParams[name]:
			m.top[name] = value
		default:
			unknown[name] = value
		}
	}
	if len(unknown) > 0 {
		var listed []string
		for _, name := range slices.Sorted(maps.Keys(unknown)) {
			listed = append(listed, fmt.Sprintf(" [%s : %s]", name, javaText(unknown[name])))
		}
		return nil, failedMapping(invalid("mapper_parsing_exception", "Root mapping definition has unsupported parameters: %s", strings.Join(listed, "")))
	}
	if m.root.dynamic != "" && !slices.Contains(dynamicModes, m.root.dynamic) {
		cause := illegal("Could not convert [dynamic.dynamic] to boolean")
		return nil, failedMapping(cause.because(illegal("Failed to parse value [%s] as only [true] or [false] are allowed.", m.root.dynamic)))
	}
	if err := m.root.parseProperties("", raw["properties"]); err != nil {
		return nil, failedMapping(err)
	}
	return m, nil
}

// failedMapping wraps what is wrong with a mapping as the server does.
func failedMapping(cause *problem) error {
	p := invalid("mapper_parsing_exception", "Failed to parse mapping [_doc]: %s", cause.reason)
	p.cause = cause
	if cause.kind != "illegal_argument_exception" { // the server takes its own exceptions for the root
		p.root = cause
	}
	return p
}

func (f *mapped) parseProperties(path string, raw any) *problem {
	properties, isObject := raw.(map[string]any)
	if !isObject {
		if list, isList := raw.([]any); raw != nil && (!isList || len(list) > 0) {
			return invalid("parse_exception", "properties must be a map type")
		}
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		definition, isObject := properties[name].(map[string]any)
		if !isObject {
			return invalid("mapper_parsing_exception", "Expected map for property [fields] on field [%s] but got a class java.lang.String", name)
		}
		if err := f.parseField(path, name, definition); err != nil {
			return err
		}
	}
	return nil
}

// parseField adds a field; a name with dots is a path of objects.
func (f *mapped) parseField(path, name string, definition map[string]any) *problem {
	parent := f
	steps := strings.Split(name, ".")
	for _, step := range steps[:len(steps)-1] {
		child := parent.properties[step]
		if child == nil {
			child = &mapped{kind: "object", enabled: true, properties: map[string]*mapped{}}
			parent.properties[step] = child
		}
		if child.properties == nil {
			return illegal("mapper [%s] cannot be changed from type [%s] to [ObjectMapper]", path+step, child.kind)
		}
		parent = child
	}
	if slices.Contains(steps, "") {
		return illegal("name cannot be empty string")
	}
	last := steps[len(steps)-1]
	child, err := parseField(path, last, definition)
	if err != nil {
		return err
	}
	parent.properties[last] = child
	return nil
}

func parseField(path, name string, definition map[string]any) (*mapped, *problem) {
	child := &mapped{kind: "object", enabled: true, params: map[string]any{}}
	switch kind, given := definition["type"]; {
	case given:
		child.kind = text(kind)
	case definition["properties"] == nil && definition["dynamic"] == nil && definition["enabled"] == nil && len(definition) > 0:
		return nil, invalid("mapper_parsing_exception", "No type specified for field [%s]", name)
	}
	known, exists := fieldTypes[child.kind]
	if !exists {
		return nil, invalid("mapper_parsing_exception", "No handler for type [%s] declared on field [%s]", child.kind, name)
	}
	for param, value := range definition {
		switch {
		case !known.params[param]:
			return nil, unknownParam(child.kind, param, name, value)
		case param == "dynamic":
			child.dynamic = text(value)
		case param == "enabled":
			child.enabled = text(value) == "true"
		case param != "type" && param != "properties":
			child.params[param] = value
		}
	}
	if child.kind == "object" || child.kind == "nested" {
		child.properties = map[string]*mapped{}
		return child, child.parseProperties(path+name+".", definition["properties"])
	}
	return child, child.checkSubfields(name)
}

func unknownParam(kind, param, name string, value any) *problem {
	if kind == "object" || kind == "nested" {
		return invalid("mapper_parsing_exception", "Mapping definition for [%s] has unsupported parameters:  [%s : %s]", name, param, javaText(value))
	}
	return invalid("mapper_parsing_exception", "unknown parameter [%s] on mapper [%s] of type [%s]", param, name, kind)
}

// checkSubfields checks the multi-fields below a field.
func (f *mapped) checkSubfields(name string) *problem {
	fields, isObject := f.params["fields"].(map[string]any)
	if !isObject {
		return nil
	}
	for _, sub := range slices.Sorted(maps.Keys(fields)) {
		definition, isObject := fields[sub].(map[string]any)
		if !isObject {
			return invalid("mapper_parsing_exception", "illegal field [%s], only fields can be specified inside fields", sub)
		}
		if _, known := fieldTypes[text(definition["type"])]; !known && definition["type"] != nil {
			return invalid("mapper_parsing_exception", "no handler for type [%s] declared on field [%s]", text(definition["type"]), sub)
		}
		if _, err := parseField(name+".", sub, definition); err != nil {
			return err
		}
	}
	return nil
}

// render is the mapping as GET shows it.
func (m *mapping) render() object {
	tree := m.root.render(true)
	for name, value := range m.top {
		if enabled, isObject := value.(map[string]any); name == "_source" && isObject && len(enabled) == 1 && text(enabled["enabled"]) == "true" {
			continue // the default is not shown
		}
		tree[name] = value
	}
	return inOrder(tree)
}

func (f *mapped) render(root bool) map[string]any {
	tree := maps.Clone(f.params)
	if tree == nil {
		tree = map[string]any{}
	}
	if f.dynamic != "" {
		tree["dynamic"] = f.dynamic
	}
	if !f.enabled {
		tree["enabled"] = false
	}
	if len(f.properties) > 0 {
		properties := map[string]any{}
		for name, child := range f.properties {
			properties[name] = child.render(false)
		}
		tree["properties"] = properties
	}
	if !root && (f.kind != "object" || len(f.properties) == 0) {
		tree["type"] = f.kind
	}
	return tree
}

// javaText is a value as Java's toString shows it: {a=1, b=[x, y]}.
func javaText(value any) string {
	switch v := value.(type) {
	case map[string]any:
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, name+"="+javaText(v[name]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		parts := make([]string, len(v))
		for i, element := range v {
			parts[i] = javaText(element)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return text(value)
}
