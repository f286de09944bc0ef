package rules

import "strings"

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
		d.remove(edit{
			in: d.Mappings, at: at, key: "_default_", fidelity: Equivalent,
			why: "the _default_ mapping only shaped types made later, and none can be made any more",
		})
	}
	names := sorted(d.Mappings)
	switch len(names) {
	case 0:
		d.Mappings = nil
		return
	case 1:
	default:
		d.refuse(at, "it has the mapping types %s, the target has one mapping per index; "+
			"create an index for each type on the target, named INDEX_TYPE, and rfs --multi-type-resolution split fills them; this version does not split mappings",
			strings.Join(names, ", "))
		return
	}
	mapping, ok := d.Mappings[names[0]].(map[string]any)
	if !ok {
		d.refuse(at.at(names[0]), "the mapping is no JSON object")
		return
	}
	if names[0] != "_doc" {
		d.record(edit{at: at, key: names[0]}, names[0], nil)
	}
	d.Mappings = mapping
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
