package rules

import "strconv"

// role is where a field definition stands.
type role int

const (
	property   role = iota // in the properties of the mapping or of an object
	multiField             // in the fields of another field
	template               // the mapping of a dynamic template
)

// field is one field definition as the walker shows it to a rule.
type field struct {
	at   pointer // of the definition
	role role
	def  map[string]any
	// in and name are where the definition hangs, so that it can be removed.
	in   map[string]any
	name string
}

// kind is the type of the field: what it says, else what it must be. A dynamic
// template may leave it open ("").
func (f *field) kind() string {
	if name, said := f.def["type"].(string); said {
		return name
	}
	if f.role == template {
		return ""
	}
	return "object"
}

// parent is the pointer of what the definition hangs in.
func (f *field) parent() pointer {
	return f.at[:len(f.at)-len(pointer("").at(f.name))]
}

// fields shows every field definition of the mapping to visit: properties at any
// depth, the multi-fields of each, the mappings of dynamic templates. The parts
// of a definition are walked after it was visited, in the state it then has.
func (d *draft) fields(visit func(*field)) {
	at := d.content().at("mappings")
	d.walkDefinitions(at.at("properties"), d.Mappings, "properties", property, visit)
	d.dynamicTemplates(func(at pointer, body map[string]any) {
		d.walkDefinition(at, body, "mapping", template, visit)
	})
}

func (d *draft) walkDefinitions(at pointer, holder map[string]any, key string, r role, visit func(*field)) {
	value, there := holder[key]
	if !there || value == nil {
		return
	}
	definitions, object := value.(map[string]any)
	if !object {
		d.refuse(at, "%s is no JSON object", key)
		return
	}
	for _, name := range sorted(definitions) {
		d.walkDefinition(at, definitions, name, r, visit)
	}
}

func (d *draft) walkDefinition(at pointer, in map[string]any, name string, r role, visit func(*field)) {
	at = at.at(name)
	def, object := in[name].(map[string]any)
	if !object {
		if in[name] != nil {
			d.refuse(at, "the definition of field %s is no JSON object", name)
		}
		return
	}
	if visit(&field{at: at, role: r, def: def, in: in, name: name}); d.refusal != nil {
		return
	}
	if _, still := in[name]; !still {
		return
	}
	d.walkDefinitions(at.at("properties"), def, "properties", property, visit)
	d.walkDefinitions(at.at("fields"), def, "fields", multiField, visit)
}

// dynamicTemplates shows the body of each dynamic template: its conditions and
// its mapping.
func (d *draft) dynamicTemplates(visit func(at pointer, body map[string]any)) {
	list, _ := d.Mappings["dynamic_templates"].([]any)
	for i, entry := range list {
		named, _ := entry.(map[string]any)
		for _, name := range sorted(named) {
			if body, object := named[name].(map[string]any); object {
				visit(d.content().at("mappings", "dynamic_templates", strconv.Itoa(i), name), body)
			}
		}
	}
}
