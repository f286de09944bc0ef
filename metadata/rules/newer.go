package rules

// newerRules bring what Elasticsearch 8 and 9 say of a whole index to where the target says it.
var newerRules = []Rule{
	{
		Name: "ignore-above", Fidelity: Equivalent, Applies: fromElasticsearch,
		Why:     "longer values are left unindexed by what each field says; the target has no such setting for all of them",
		rewrite: ignoreAboveEach,
	},
	{
		Name: "source-mode", Fidelity: Equivalent, Applies: fromElasticsearch,
		Why:     "the target keeps _source as it is sent; what a synthetic one would be is made from the fields by rfs --rebuild-source",
		rewrite: sourceMode,
	},
}

// ignoreAboveEach gives the number of index.mapping.ignore_above to the fields that go by it.
func ignoreAboveEach(d *draft) {
	const setting = "index.mapping.ignore_above"
	value, there := d.Settings[setting]
	if !there {
		return
	}
	given := 0
	d.fields(func(f *field) {
		if kind := f.kind(); (kind == "keyword" || kind == "wildcard") && f.def["ignore_above"] == nil {
			given++
			d.set(edit{in: f.def, at: f.at, key: "ignore_above"}, numberFrom(value))
		}
	})
	if given > 0 {
		d.removeSetting(setting, "", "")
		return
	}
	d.removeSetting(setting, "the target says it of each field, and none here goes by it; fields of other templates and new ones do not know it", Lossy)
}

// sourceMode has "disabled" said as ever, and leaves out the other modes: the target has one.
func sourceMode(d *draft) {
	const setting = "index.mapping.source.mode"
	source, _ := d.Mappings["_source"].(map[string]any)
	mode := source["mode"]
	if mode == nil {
		mode = d.Settings[setting]
	}
	d.removeSetting(setting, "", "")
	d.remove(edit{in: source, at: d.content().at("mappings", "_source"), key: "mode"})
	if mode != "disabled" {
		return
	}
	if source == nil {
		source = map[string]any{}
		if d.Mappings == nil {
			d.Mappings = map[string]any{}
		}
		d.Mappings["_source"] = source
	}
	d.set(edit{in: source, at: d.content().at("mappings", "_source"), key: "enabled", why: "so the target says it"}, false)
}

// metricsToObject keeps the numbers of an aggregate_metric_double searchable, as the fields of an object.
func metricsToObject(d *draft, f *field) {
	if f.kind() != "aggregate_metric_double" || f.role == multiField || d.hasType("aggregate_metric_double") {
		return
	}
	properties := map[string]any{}
	for _, metric := range listed(f.def["metrics"]) {
		properties[metric] = map[string]any{"type": "double"}
		if metric == "value_count" {
			properties[metric] = map[string]any{"type": "long"}
		}
	}
	d.retype(f, "object", "", "")
	d.set(edit{in: f.def, at: f.at, key: "properties"}, properties)
}

// semanticToText goes by the form of the documents: from 8.18 on the field is a text in them, before it was
// an object with the text and what a model made of it.
func semanticToText(d *draft, f *field) {
	if f.kind() != "semantic_text" || f.role == multiField || d.hasType("semantic_text") {
		return
	}
	why := d.rule.Why
	if d.pair.To.AtLeast(3, 1) {
		why += "; its own type semantic asks for the id of such a model, so that such a field is made by hand or by a transform"
	}
	if d.pair.From.AtLeast(8, 18) && !truth(d.Settings["index.mapping.semantic_text.use_legacy_format"]) {
		d.retype(f, "text", why, "", "meta")
		return
	}
	d.retype(f, "object", why, "")
	d.set(edit{in: f.def, at: f.at, key: "properties", why: "documents of before 8.18 have the text, and what a model made of it, below the field"}, map[string]any{
		"text":      map[string]any{"type": "text"},
		"inference": map[string]any{"type": "object", "enabled": false},
	})
}

// planeToXY is for targets that say they have the plugin: it is in no table.
func planeToXY(d *draft, f *field) {
	to := map[string]string{"point": "xy_point", "shape": "xy_shape"}[f.kind()]
	if to != "" && d.hasType(to) {
		d.retype(f, to, "", "", "ignore_malformed", "ignore_z_value", "meta")
	}
}

// refuseDotted looks for names like "a.b" beside a field "a" that is no object: Elasticsearch 1, and 8 with
// subobjects off, have both, and the target could take neither the mapping nor the documents.
func refuseDotted(d *draft) {
	d.dottedIn(d.content().at("mappings", "properties"), d.Mappings)
	d.fields(func(f *field) { d.dottedIn(f.at.at("properties"), f.def) })
}

func (d *draft) dottedIn(at pointer, holder map[string]any) {
	properties, _ := holder["properties"].(map[string]any)
	for _, name := range sorted(properties) {
		for i, c := range name {
			if c != '.' {
				continue
			}
			above, there := properties[name[:i]].(map[string]any)
			kind, said := above["type"].(string)
			if there && said && kind != "object" && kind != "nested" {
				d.refuse(at.at(name), "the field %s is a %s, and %s is a field below it; the target has objects of such names, "+
					"so that neither the mapping nor the documents would be taken; create the index on the target by hand with another name for one, and have "+
					"a transform of documents rename it", name[:i], kind, name)
			}
		}
	}
}
