package typemap

import (
	"fmt"
	"slices"
	"strings"

	"migassist/xcontent/tree"
)

// untyped is the type of what has none.
const untyped = "_doc"

// rootKeys are those of a mapping; where a mapping has none of them, its keys are types.
var rootKeys = strings.Fields("properties dynamic dynamic_templates dynamic_date_formats date_detection numeric_detection _source _routing _meta " +
	"_field_names _size _all _parent _timestamp _ttl runtime derived include_in_all enabled")

func typed(mappings *tree.Value) bool {
	if mappings.Kind() != tree.Object || mappings.Len() == 0 {
		return false
	}
	for name, value := range mappings.Members() {
		if slices.Contains(rootKeys, name) || value.Kind() != tree.Object {
			return false
		}
	}
	return true
}

// create is the making of an index: one for each target that its types go to.
func (r *request) create(index string) (sent bool, err error) {
	body := r.value.Path("payload", "inlinedJsonBody")
	mappings := body.Get("mappings")
	r.withoutTypes()
	if !typed(mappings) {
		return r.createAll(r.targetsOfNew(index))
	}
	united := map[string]*tree.Value{}
	var targets []string
	for typ, mapping := range mappings.Members() {
		target := r.program.Target(index, typ)
		switch {
		case target == "" || typ == "_default_":
		case united[target] == nil:
			united[target] = mapping.Clone()
			targets = append(targets, target)
		default:
			if err := unite(united[target], mapping, ""); err != nil {
				return false, fmt.Errorf("type %s goes to index %s, where others go: %w", typ, target, err)
			}
		}
	}
	return r.createEach(targets, func(target string) *tree.Value { return united[target] })
}

// targetsOfNew are the indices that stand for one that is made without types.
func (r *request) targetsOfNew(index string) []string {
	if _, static := r.program.static[index]; static {
		return r.targets(index, "")
	}
	return r.targets(index, untyped)
}

func (r *request) createAll(targets []string) (sent bool, err error) {
	return r.createEach(targets, func(string) *tree.Value { return nil })
}

// createEach makes a request for each target, with a mapping if there is one to put in.
func (r *request) createEach(targets []string, mapping func(target string) *tree.Value) (sent bool, err error) {
	for _, target := range targets {
		made := r.value.Clone()
		made.Set("URI", tree.NewString(r.uri(escaped(target))))
		if m := mapping(target); m != nil {
			made.Path("payload", "inlinedJsonBody").Set("mappings", m)
		}
		r.made = append(r.made, made)
	}
	return len(targets) > 0, nil
}

// unite puts a mapping, or the fields of an object, into another. What they define in two ways is an error that names it.
func unite(into, more *tree.Value, path string) error {
	for name, value := range more.Members() {
		have := into.Get(name)
		switch {
		case have == nil:
			into.Set(name, value.Clone())
		case tree.Equal(have, value):
		case name == "properties" || name == "fields":
			if err := uniteFields(have, value, path); err != nil {
				return err
			}
		default:
			return fmt.Errorf("%s is %s and %s", strings.TrimPrefix(path+"."+name, "."), have, value)
		}
	}
	return nil
}

func uniteFields(into, more *tree.Value, path string) error {
	for name, value := range more.Members() {
		have, at := into.Get(name), strings.TrimPrefix(path+"."+name, ".")
		switch {
		case have == nil:
			into.Set(name, value.Clone())
		case kindOf(have) != kindOf(value):
			return fmt.Errorf("field %s is %s and %s", at, kindOf(have), kindOf(value))
		default:
			if err := unite(have, value, at); err != nil {
				return err
			}
		}
	}
	return nil
}

func kindOf(field *tree.Value) string { return text(field.Get("type"), "object") }
