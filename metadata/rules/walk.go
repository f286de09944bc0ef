package rules

import (
	"fmt"
	"reflect"
	"strconv"
)

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
	if name, said := f.def["type"]; said && name != nil {
		return fmt.Sprint(name)
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
	d.walkDefinitions(d.content().at("mappings"), d.Mappings, "properties", property, visit)
	d.dynamicTemplates(func(at pointer, body map[string]any) {
		d.walkDefinition(&field{at: at.at("mapping"), role: template, in: body, name: "mapping"}, visit)
	})
}

func (d *draft) walkDefinitions(below pointer, holder map[string]any, key string, r role, visit func(*field)) {
	value, there := holder[key]
	if !there || value == nil {
		return
	}
	definitions, object := value.(map[string]any)
	if !object {
		d.refuse(below.at(key), "%s is no JSON object", key)
		return
	}
	order := d.order(below, key, definitions)
	f := &field{role: r, in: definitions} // one for all, which no rule keeps
	for i, name := range order.names {
		f.at, f.name = order.at[i], name
		d.walkDefinition(f, visit)
	}
}

func (d *draft) walkDefinition(f *field, visit func(*field)) {
	var object bool
	if f.def, object = f.in[f.name].(map[string]any); !object {
		if f.in[f.name] != nil {
			d.refuse(f.at, "the definition of field %s is no JSON object", f.name)
		}
		return
	}
	at, def := f.at, f.def
	if visit(f); d.refusal != nil {
		return
	}
	if _, still := f.in[f.name]; !still {
		return
	}
	d.walkDefinitions(at, def, "properties", property, visit)
	d.walkDefinitions(at, def, "fields", multiField, visit)
}

// order is that of the names in an object of definitions, and where each stands.
type order struct {
	below pointer
	of    map[string]any
	names []string
	at    []pointer
}

// order is made once for all rules, and again when one of them has changed the names.
func (d *draft) order(below pointer, key string, definitions map[string]any) *order {
	identity := reflect.ValueOf(definitions).Pointer()
	if known := d.orders[identity]; known != nil && known.below == below && known.still() {
		return known
	}
	if d.orders == nil {
		d.orders = map[uintptr]*order{}
	}
	o := &order{below: below, of: definitions, names: sorted(definitions)}
	o.at = make([]pointer, len(o.names))
	at := below.at(key)
	for i, name := range o.names {
		o.at[i] = at.at(name)
	}
	d.orders[identity] = o
	return o
}

// still tells whether the names are what they were.
func (o *order) still() bool {
	for _, name := range o.names {
		if _, there := o.of[name]; !there {
			return false
		}
	}
	return len(o.names) == len(o.of)
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
