package rules

import (
	"slices"
	"strings"
)

// removeUnknownSimilarity looks up the name a field gives in the settings of its item.
func removeUnknownSimilarity(d *draft, f *field) {
	name, said := f.def["similarity"].(string)
	if !said || name == "BM25" || name == "boolean" || name == "default" || f.kind() == "knn_vector" {
		return
	}
	if _, defined := d.Settings["index.similarity."+name+".type"]; !defined && (d.alone() || name == "classic") {
		d.remove(edit{in: f.def, at: f.at, key: "similarity"})
	}
}

func removeDanglingAlias(d *draft, f *field) {
	path, said := f.def["path"].(string)
	if f.kind() == "alias" && said && (d.unparsed(path) || d.gone(path)) {
		d.remove(edit{in: f.in, at: f.parent(), key: f.name})
	}
}

// gone tells whether this draft took away the multi-field that a dotted path leads to.
func (d *draft) gone(path string) bool {
	dot := strings.LastIndexByte(path, '.')
	if dot < 0 {
		return false
	}
	want := string(d.propertyAt(path[:dot]).at("fields", path[dot+1:]))
	return slices.ContainsFunc(d.changes, func(c Change) bool { return c.Path == want && c.After == nil })
}

// propertyAt is where the field of a dotted path is defined.
func (d *draft) propertyAt(path string) pointer {
	at := d.content().at("mappings")
	for name := range strings.SplitSeq(path, ".") {
		at = at.at("properties", name)
	}
	return at
}

func removeDanglingSort(d *draft) {
	if slices.ContainsFunc(listed(d.Settings["index.sort.field"]), func(path string) bool { return d.unparsed(path) || d.gone(path) }) {
		removeSettings("index.sort.")(d)
	}
}

func removeDanglingCopy(d *draft, f *field) {
	value, there := f.def["copy_to"]
	if !there {
		return
	}
	names := listed(value)
	var kept []string
	for _, name := range names {
		if !d.unparsed(name) {
			kept = append(kept, name)
		}
	}
	switch {
	case len(kept) == len(names):
	case len(kept) == 0:
		d.remove(edit{in: f.def, at: f.at, key: "copy_to"})
	default:
		d.set(edit{in: f.def, at: f.at, key: "copy_to"}, relisted(value, kept))
	}
}

// unparsed tells whether a dotted path leads to a field that this item had under
// a type of its own and now keeps as an object that is not enabled.
func (d *draft) unparsed(path string) bool {
	at := d.Mappings
	parts := strings.Split(path, ".")
	for i := range parts {
		properties, _ := at["properties"].(map[string]any)
		if at, _ = properties[parts[i]].(map[string]any); at == nil {
			return false
		}
	}
	enabled, said := at["enabled"]
	return said && !asBool(enabled) && at["type"] == "object" && d.replaced(path)
}

// replaced tells whether this draft took the type away from a field; an object
// that was disabled on the source already is the source's business.
func (d *draft) replaced(path string) bool {
	want := string(d.propertyAt(path).at("type"))
	return slices.ContainsFunc(d.changes, func(c Change) bool { return c.Path == want && c.After == "object" })
}
