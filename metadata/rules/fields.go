package rules

import (
	"encoding/json"
	"fmt"
	"strings"
)

// fieldRules give each field a type the target has.
var fieldRules = []Rule{
	{
		Name: "flattened", Fidelity: Lossy,
		Applies: func(p Pair) bool { return fromElasticsearch(p) && p.To.AtLeast(2, 7) },
		Why: "flat_object is the target's type for an object whose leaves are all searched as keywords; queries find the same, " +
			"but aggregations and sorting on a leaf find nothing",
		rewrite: everyField(flattenedToFlatObject),
	},
	{
		Name: "constant-keyword", Fidelity: Equivalent, Applies: fromElasticsearch,
		Why:     "the target wants the value to be said, and no document had given one yet",
		rewrite: everyField(constantWithoutValue),
	},
	{
		Name: "metrics", Fidelity: Lossy, Applies: fromElasticsearch,
		Why:     "the target has no aggregate_metric_double; its numbers are fields of their own below it, and aggregations name the one they want",
		rewrite: everyField(metricsToObject),
	},
	{
		Name: "semantic-text", Fidelity: Lossy, Applies: fromElasticsearch,
		Why:     "the target has no semantic_text; the text is searched by its words, and by its meaning only after a model of the target has made vectors of it",
		rewrite: everyField(semanticToText),
	},
	{
		Name: "shapes", Fidelity: Equivalent, Applies: fromElasticsearch,
		Why:     "the target's plugin opensearch-geospatial calls places in a plane xy_point and xy_shape; queries are of type xy_shape",
		rewrite: everyField(planeToXY),
	},
	{
		Name: "field-type", Fidelity: Lossy,
		Why:     "the target does not have this field type",
		rewrite: everyField(replaceUnknownType),
	},
	{
		Name: "dotted-name", Why: "a field cannot be a value and have fields below it",
		rewrite: refuseDotted,
	},
	{
		Name: "field-similarity", Fidelity: Lossy,
		Why:     "the similarity it names does not exist on the target; scores are computed by the target's default",
		rewrite: everyField(removeUnknownSimilarity),
	},
	{
		Name: "field-alias", Fidelity: Lossy,
		Why:     "the field it stands for cannot be searched on the target, and an alias must lead to one that can",
		rewrite: everyField(removeDanglingAlias),
	},
	{
		Name: "sort-field", Fidelity: Equivalent,
		Why:     "a field that documents were sorted by on the disks cannot be searched on the target; documents and searches are the same",
		rewrite: removeDanglingSort,
	},
	{
		Name: "copy-to", Fidelity: Lossy,
		Why:     "the field it copies to is kept unparsed on the target and takes no copies",
		rewrite: everyField(removeDanglingCopy),
	},
}

func everyField(visit func(*draft, *field)) func(*draft) {
	return func(d *draft) {
		d.fields(func(f *field) { visit(d, f) })
	}
}

// retype records the new type of a field and then what it had beside the type
// and may not keep.
func (d *draft) retype(f *field, to, why string, fidelity Fidelity, keep ...string) {
	d.set(edit{in: f.def, at: f.at, key: "type", why: why, fidelity: fidelity}, to)
	for _, name := range sorted(f.def) {
		if name != "type" && !has(keep, name) {
			d.remove(edit{in: f.def, at: f.at, key: name, fidelity: fidelity, why: "a field of type " + to + " does not have it"})
		}
	}
}

func flattenedToFlatObject(d *draft, f *field) {
	if f.kind() != "flattened" {
		return
	}
	if f.role == multiField {
		return // flat_object is no multi-field: left to replaceUnknownType
	}
	d.set(edit{in: f.def, at: f.at, key: "type"}, "flat_object")
	for _, name := range sorted(f.def) {
		if name == "type" || has(d.parameters("flat_object"), name) {
			continue
		}
		e := edit{in: f.def, at: f.at, key: name, fidelity: Lossy, why: "a flat_object has no such parameter; its leaves are indexed as the target does it"}
		if name == "depth_limit" || name == "eager_global_ordinals" || name == "split_queries_on_whitespace" {
			e.fidelity = Equivalent
		}
		d.remove(e)
	}
}

func constantWithoutValue(d *draft, f *field) {
	if f.kind() != "constant_keyword" || f.def["value"] != nil || d.known.Fields["constant_keyword"] == nil {
		return
	}
	d.retype(f, "keyword", "", Equivalent, "meta")
}

// fallback is the nearest type for one the target lacks.
type fallback struct {
	to   string
	why  string
	keep []string
}

var fallbacks = map[string]fallback{
	"version": {
		"keyword", "the target has no version type; terms are found as before, order and ranges are those of text",
		words("meta"),
	},
	"wildcard": {
		"keyword", "the target has no wildcard type; the same queries work, patterns with a leading star are slower",
		words("ignore_above null_value copy_to fields meta"),
	},
	"constant_keyword": {
		"keyword", "the target has no constant_keyword; documents that do not carry the value are not found by it",
		words("meta"),
	},
	"match_only_text": {
		"text", "the target has no match_only_text; text does the same with a larger index",
		words("analyzer search_analyzer search_quote_analyzer fields copy_to meta"),
	},
	"unsigned_long": {
		"keyword", "the target has no unsigned_long, and a long cannot hold its upper half; terms are found, ranges are not",
		words("ignore_malformed null_value copy_to fields meta"),
	},
	"pattern_text":    {"text", "the target has no pattern_text; text does the same with a larger index", words("analyzer meta copy_to")},
	"passthrough":     {"object", "the target has no passthrough; the fields below it are found by their whole names", words("properties dynamic enabled")},
	"counted_keyword": {"keyword", "the target has no counted_keyword; terms are found, repeated values are counted once", words("meta")},
	"string":          {"text", "the target has no string type", words("analyzer search_analyzer fields copy_to")},
}

// replaceUnknownType gives a field whose type the target lacks the nearest one.
// Where there is none, an object that is not parsed takes any value: the
// documents stay whole, the field cannot be searched.
func replaceUnknownType(d *draft, f *field) {
	name := f.kind()
	if open := name == "" && f.def["type"] == nil; open || strings.HasPrefix(name, "{") || d.hasType(name) {
		return
	}
	if to, ok := fallbacks[name]; ok && d.hasType(to.to) {
		d.retype(f, to.to, to.why, Lossy, to.keep...)
		if name == "wildcard" && f.def["ignore_above"] == nil {
			d.set(edit{in: f.def, at: f.at, key: "ignore_above", why: "a keyword holds 32766 bytes at most, and a document with more would be refused; longer values are not found"}, json.Number("8191"))
		}
		return
	}
	d.disable(f, name)
}

// disable turns a field into an object that takes any value and does nothing
// with it; a multi-field, which has no values of its own, is removed.
func (d *draft) disable(f *field, name string) {
	why := fmt.Sprintf("the target does not have the field type %s", name)
	if module := d.module(name); module != "" {
		why = fmt.Sprintf("the field type %s comes with %s, which the target does not have", name, module)
	}
	if f.role == multiField {
		d.remove(edit{in: f.in, at: f.parent(), key: f.name, fidelity: Lossy, why: why + "; the field above it stays"})
		return
	}
	d.set(edit{in: f.def, at: f.at, key: "type", fidelity: Lossy, why: why + "; its values stay in the documents, unparsed, and cannot be searched"}, "object")
	d.set(edit{in: f.def, at: f.at, key: "enabled", fidelity: Lossy, why: why + "; an object that is not enabled takes any value"}, false)
	for _, key := range sorted(f.def) {
		if key != "type" && key != "enabled" {
			d.remove(edit{in: f.def, at: f.at, key: key, why: why, fidelity: Lossy})
		}
	}
}

// hasType tells whether the target has a field type: its table lists it, and no
// module it comes with is known to be missing; or a plugin the target says it
// has brings it.
func (d *draft) hasType(name string) bool {
	module := d.module(name)
	if d.known.Fields[name] != nil {
		return !d.modules.lack(module)
	}
	return module != "" && d.modules.have(module)
}

// pluginTypes are brought by plugins outside the full distribution, so that no
// table lists them.
var pluginTypes = map[string]string{
	"murmur3": "mapper-murmur3", "annotated_text": "mapper-annotated-text", "icu_collation_keyword": "analysis-icu",
	"xy_point": "opensearch-geospatial", "xy_shape": "opensearch-geospatial",
}

func (d *draft) module(name string) string {
	if f := d.known.Fields[name]; f != nil {
		return f.Module
	}
	return pluginTypes[name]
}

func (d *draft) parameters(name string) []string {
	if f := d.known.Fields[name]; f != nil {
		return f.Parameters
	}
	return nil
}
