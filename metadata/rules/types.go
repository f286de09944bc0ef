package rules

import (
	"slices"
	"strings"
)

// typeRules take away the level of mapping types, which 7.x still stores and
// OpenSearch 2.0 and Elasticsearch 8 no longer have.
var typeRules = []Rule{
	{
		Name:     "mapping-type",
		Why:      "mapping types are gone; the mapping stands where its only type stood, and no document changes",
		Fidelity: Lossless,
		rewrite:  stripType,
	},
}

// rootKeys are the keys a mapping may have at its root in any version. Where
// none of them is found, the keys are type names.
var rootKeys = words("properties dynamic dynamic_templates dynamic_date_formats date_detection numeric_detection " +
	"_source _routing _meta _field_names _size _all _parent _timestamp _ttl _data_stream_timestamp _doc_count runtime derived " +
	"composite subobjects include_in_all enabled")

func stripType(d *draft) {
	at := d.content().at("mappings")
	if len(d.Mappings) == 0 || !typed(d.Mappings) {
		return
	}
	if _, there := d.Mappings["_default_"]; there {
		d.applyDefault(at)
	}
	names := sorted(d.Mappings)
	switch len(names) {
	case 0:
		d.Mappings = nil
		return
	case 1:
	default:
		d.refuse(at, "it has the mapping types %s, the target has one mapping per index; --multi-type-resolution split makes an index INDEX_TYPE of each, "+
			"union makes one mapping of all, and type mappings (--transformer-config) send each where they say; say the same to rfs",
			strings.Join(names, ", "))
		return
	}
	mapping, ok := d.Mappings[names[0]].(map[string]any)
	if !ok {
		d.refuse(at.at(names[0]), "the mapping is no JSON object")
		return
	}
	d.Type = names[0]
	if names[0] != "_doc" {
		d.record(edit{at: at, key: names[0]}, names[0], nil)
	}
	d.Mappings = mapping
}

// applyDefault lets the _default_ mapping do what it did: in an index it shaped types made later, and in a template every type of the indices
// that are made by it.
func (d *draft) applyDefault(at pointer) {
	base, isObject := d.Mappings["_default_"].(map[string]any)
	switch {
	case !isObject || d.Kind == Index:
		d.remove(edit{
			in: d.Mappings, at: at, key: "_default_", fidelity: Equivalent,
			why: "the _default_ mapping only shaped types made later, and none can be made any more",
		})
		return
	case len(d.Mappings) == 1:
		d.record(edit{at: at, key: "_default_", why: "it is the mapping of every type, and so of the one mapping there is"}, "_default_", nil)
		d.Mappings = base
		return
	}
	d.remove(edit{in: d.Mappings, at: at, key: "_default_", why: "it is put under the mapping of each type, as the source did it"})
	for _, name := range sorted(d.Mappings) {
		if mapping, ok := d.Mappings[name].(map[string]any); ok {
			d.underlay(at, mapping, base)
		}
	}
}

// underlay adds to a mapping what it does not say itself. The changes are told as of the mapping that is left, which is the item's only one.
func (d *draft) underlay(at pointer, mapping, base map[string]any) {
	const why = "the _default_ mapping gave it to each type that did not say it itself"
	for _, name := range sorted(base) {
		have, there := mapping[name]
		inner, isObject := have.(map[string]any)
		under, wasObject := base[name].(map[string]any)
		change := edit{in: mapping, at: at, key: name, why: why}
		switch {
		case !there:
			d.set(change, copyOf(base[name]))
		case isObject && wasObject:
			d.underlay(at.at(name), inner, under)
		case name == "dynamic_templates":
			list, _ := have.([]any)
			if more, _ := copyOf(base[name]).([]any); len(more) > 0 {
				d.set(change, slices.Concat(list, more))
			}
		}
	}
}

// Types are the names of an item's mapping types, sorted; none where its mapping has no level of types.
func (i *Item) Types() []string {
	if len(i.Mappings) == 0 || !typed(i.Mappings) {
		return nil
	}
	names := sorted(i.Mappings)
	return slices.DeleteFunc(names, func(name string) bool { return name == "_default_" })
}

// OfType is the item as if it had one of its types only, with what changed by that; with are those of its types whose documents come to the same
// place. It shares what it is made of.
func (i *Item) OfType(name string, with []string) *Outcome {
	one := *i
	one.Mappings = map[string]any{name: i.Mappings[name]}
	one.Shared = len(with) > 1
	if base, there := i.Mappings["_default_"]; there && i.Kind != Index {
		one.Mappings["_default_"] = base
	}
	if len(with) == len(i.Types()) {
		return &Outcome{Item: &one}
	}
	one.Aliases, _ = copyOf(i.Aliases).(map[string]any)
	d := &draft{Item: &one, rule: partRule}
	d.partAliases(with)
	return &Outcome{Item: &one, Changes: d.changes}
}

// partRule is what the changes of OfType are said to be of.
var partRule = &Rule{
	Name: "part", Fidelity: Equivalent,
	Why: "the types of its index go to several indices of the target",
}

// partAliases brings the aliases of an index to one of the several that its types go to.
func (d *draft) partAliases(types []string) {
	at := d.content().at("aliases")
	for _, name := range sorted(d.Aliases) {
		alias, _ := d.Aliases[name].(map[string]any)
		d.remove(edit{
			in: alias, at: at.at(name), key: "is_write_index", fidelity: Lossy,
			why: "the alias leads to several indices now, and only one of them could take what is written by it; choose it on the target",
		})
		wanted, ofType := typeOfFilter(alias["filter"])
		switch {
		case !ofType:
		case !has(types, wanted):
			d.remove(edit{in: d.Aliases, at: at, key: name, why: "its filter asks for a type whose documents go to another index, where the alias is"})
		case len(types) == 1:
			d.remove(edit{in: alias, at: at.at(name), key: "filter", why: "the documents of the type it asks for are the only ones here"})
		}
	}
}

// typeOfFilter is T where a filter is {"type":{"value":T}} or {"term":{"_type":T}} and no more.
func typeOfFilter(filter any) (name string, is bool) {
	query, _ := filter.(map[string]any)
	if len(query) != 1 {
		return "", false
	}
	if by, _ := query["type"].(map[string]any); len(by) == 1 {
		name, is = by["value"].(string)
		return name, is
	}
	if by, _ := query["term"].(map[string]any); len(by) == 1 {
		name, is = by["_type"].(string)
		return name, is
	}
	return "", false
}

// typed tells whether the keys of a mapping are type names. A type could be
// named as one of the root keys; no server has been seen to have one.
func typed(mappings map[string]any) bool {
	for name, value := range mappings {
		if has(rootKeys, name) {
			return false
		}
		if _, object := value.(map[string]any); !object && value != nil {
			return false
		}
	}
	return true
}
