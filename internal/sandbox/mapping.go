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

// merge adds another mapping to this one; a field may not change its type.
func (m *mapping) merge(other *mapping) error {
	maps.Copy(m.top, other.top)
	return m.root.merge("", other.root)
}

func (f *mapped) merge(path string, other *mapped) error {
	if other.dynamic != "" {
		f.dynamic = other.dynamic
	}
	for _, name := range slices.Sorted(maps.Keys(other.properties)) {
		child, mine := other.properties[name], f.properties[name]
		if mine == nil {
			f.properties[name] = child
			continue
		}
		if err := mine.mergeField(path+name, child); err != nil {
			return err
		}
	}
	return nil
}

func (f *mapped) mergeField(path string, other *mapped) error {
	switch {
	case (f.properties == nil) != (other.properties == nil):
		return illegal("can't merge a non object mapping [%s] with an object mapping", path)
	case f.kind != other.kind && f.kind == "object":
		return illegal("cannot change object mapping from non-nested to nested")
	case f.kind != other.kind && f.kind == "nested":
		return illegal("cannot change object mapping from nested to non-nested")
	case f.kind != other.kind:
		return illegal("mapper [%s] cannot be changed from type [%s] to [%s]", path, f.kind, other.kind)
	case f.properties != nil:
		return f.merge(path+".", other)
	}
	for _, param := range slices.Sorted(maps.Keys(fixedParams)) {
		if from, to := f.param(param), other.param(param); from != to {
			return illegal("Mapper for [%s] conflicts with existing mapper:\n\tCannot update parameter [%s] from [%s] to [%s]", path, param, from, to)
		}
	}
	f.params = other.params
	return nil
}

// fixedParams are the parameters that a field keeps for life, with their defaults.
var fixedParams = map[string]string{"index": "true", "doc_values": "true", "store": "false", "analyzer": "default"}

func (f *mapped) param(name string) string {
	if f.params[name] == nil {
		return fixedParams[name]
	}
	return text(f.params[name])
}

// clone is a copy that can be changed without touching the original.
func (m *mapping) clone() *mapping {
	return &mapping{root: m.root.clone(), top: maps.Clone(m.top)}
}

func (f *mapped) clone() *mapped {
	c := *f
	if f.properties != nil {
		c.properties = make(map[string]*mapped, len(f.properties))
		for name, child := range f.properties {
			c.properties[name] = child.clone()
		}
	}
	return &c
}

// size is the number of fields that index.mapping.total_fields.limit counts: objects and multi-fields too.
func (f *mapped) size() int {
	n := 0
	for _, child := range f.properties {
		n += 1 + child.size()
	}
	if fields, isObject := f.params["fields"].(map[string]any); isObject {
		n += len(fields)
	}
	return n
}

// checkAnalyzers makes sure that every analyzer named in a mapping is there.
func (f *mapped) checkAnalyzers(in settings) error {
	for _, param := range []string{"analyzer", "search_analyzer", "search_quote_analyzer"} {
		name := text(f.params[param])
		if f.params[param] == nil || builtinAnalyzers[name] || in.defines("index.analysis.analyzer."+name+".") {
			continue
		}
		p := invalid("mapper_parsing_exception", "Failed to parse mapping [_doc]: analyzer [%s] has not been configured in mappings", name)
		return p.because(illegal("analyzer [%s] has not been configured in mappings", name))
	}
	for _, child := range f.properties {
		if err := child.checkAnalyzers(in); err != nil {
			return err
		}
	}
	return nil
}

func (s settings) defines(prefix string) bool {
	for name := range s {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
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
