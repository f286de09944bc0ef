package rules

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"migassist/cluster/version"
)

// before7 tells whether an item comes from a server older than Elasticsearch 7.
func before7(p Pair) bool {
	return p.From.Flavor == version.Elasticsearch && !p.From.AtLeast(7, 0)
}

// olderRules bring the words of Elasticsearch 1 to 6 to those of 7, which the other rules expect.
var olderRules = []Rule{
	{
		Name: "template-patterns", Fidelity: Lossless, Applies: before7, On: []Kind{LegacyTemplate},
		Why:     "the pattern of a template is called index_patterns, and is a list",
		rewrite: listPatterns,
	},
	{
		Name: "parent", Fidelity: Lossy, Applies: before7,
		Why: "the field _parent is gone; documents keep their routing, which is the id of their parent. Where both types come to one index it gets " +
			"a join field, by which has_child and has_parent find what a transform of documents gave it",
		rewrite: removeParent,
	},
	{
		Name: "timestamp", Fidelity: Lossy, Applies: before7,
		Why:     "documents have no time of their own beside their fields any more, and none is deleted by its age",
		rewrite: removeTimestamp,
	},
	{
		Name: "stored-how", Fidelity: Lossless, Applies: before7,
		Why:     "it said how the source kept documents on its disks, which the target does its own way",
		rewrite: removeSourceKeys("compress compress_threshold format"),
	},
	{
		Name: "type-query", Fidelity: Lossy, Applies: mayBeBefore7,
		Why:     "its filter asks for a mapping type, which the target's documents do not have; an alias without it would show other documents",
		rewrite: removeTypedAliases,
	},
	{
		Name: "string", Fidelity: Equivalent, Applies: before7,
		Why:     "a string is a text where it is analyzed and a keyword where it is not; it is found and sorted as before, in a text with fielddata",
		rewrite: everyField(stringToText),
	},
	{
		Name: "old-parameter", Fidelity: Equivalent, Applies: before7,
		Why:     "the parameter had another name or form",
		rewrite: everyField(renewParameters),
	},
	{
		Name: "include-in-all", Fidelity: Equivalent, Applies: before7,
		Why: "the _all field is gone; queries without a field search all fields",
		rewrite: func(d *draft) {
			d.remove(edit{in: d.Mappings, at: d.content().at("mappings"), key: "include_in_all"})
			everyField(func(d *draft, f *field) { d.remove(edit{in: f.def, at: f.at, key: "include_in_all"}) })(d)
		},
	},
}

func listPatterns(d *draft) {
	pattern, there := d.Rest["template"]
	if !there {
		return
	}
	d.remove(edit{in: d.Rest, key: "template"})
	if _, said := d.Rest["index_patterns"]; !said {
		d.set(edit{in: d.Rest, key: "index_patterns"}, []any{pattern})
	}
}

// removeParent keeps in mind whose children the documents are, for Unite.
func removeParent(d *draft) {
	if parent, _ := d.Mappings["_parent"].(map[string]any); parent != nil && d.hasType("join") {
		d.Parent, _ = parent["type"].(string)
	}
	d.remove(edit{in: d.Mappings, at: d.content().at("mappings"), key: "_parent"})
}

// removeTimestamp tells what was in use from what was not: both are off where they do not say that they are on.
func removeTimestamp(d *draft) {
	for _, name := range words("_timestamp _ttl") {
		e := edit{in: d.Mappings, at: d.content().at("mappings"), key: name}
		if settings, _ := d.Mappings[name].(map[string]any); !yes(settings["enabled"]) || settings["enabled"] == nil {
			e.why, e.fidelity = "it was not in use", Lossless
		}
		d.remove(e)
	}
}

func removeSourceKeys(names string) func(*draft) {
	return func(d *draft) {
		source, _ := d.Mappings["_source"].(map[string]any)
		for _, name := range words(names) {
			d.remove(edit{in: source, at: d.content().at("mappings", "_source"), key: name})
		}
	}
}

// removeTypedAliases leaves out aliases whose filter names a mapping type, but for one that asks for the type that all documents have.
func removeTypedAliases(d *draft) {
	own := d.Type
	if own == "" {
		own = "_doc"
	}
	for _, name := range sorted(d.Aliases) {
		alias, _ := d.Aliases[name].(map[string]any)
		wanted, only := typeOfFilter(alias["filter"])
		switch {
		case only && wanted == own && !d.Shared:
			d.remove(edit{
				in: alias, at: d.content().at("aliases", name), key: "filter", fidelity: Equivalent,
				why: "the documents of the type it asks for are the only ones here",
			})
		case asksForType(alias["filter"]):
			d.remove(edit{in: d.Aliases, at: d.content().at("aliases"), key: name})
		}
	}
}

// asksForType looks for {"type": {"value": T}}, and for _type as the name of a field.
func asksForType(filter any) bool {
	switch v := filter.(type) {
	case map[string]any:
		for name, inner := range v {
			query, _ := inner.(map[string]any)
			if name == "_type" || inner == "_type" || name == "type" && query["value"] != nil || asksForType(inner) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, asksForType)
	}
	return false
}

// stringToText decides between text and keyword as Elasticsearch 5 does it for indices of 2.
func stringToText(d *draft, f *field) {
	if f.kind() != "string" {
		return
	}
	index, said := f.def["index"].(string)
	if analyzed := !said || index == "analyzed"; analyzed || index == "no" && f.def["analyzer"] != nil {
		d.set(edit{in: f.def, at: f.at, key: "type"}, "text")
		if index == "analyzed" {
			d.remove(edit{in: f.def, at: f.at, key: "index", why: "a text is analyzed", fidelity: Lossless})
		}
		if data, _ := f.def["fielddata"].(map[string]any); analyzed && data["format"] != "disabled" {
			d.set(edit{in: f.def, at: f.at, key: "fielddata", why: "an analyzed string could be sorted and aggregated by"}, true)
		}
		d.remove(edit{in: f.def, at: f.at, key: "doc_values", why: "a text has none, and an analyzed string had none"})
		d.remove(edit{in: f.def, at: f.at, key: "ignore_above", fidelity: Lossy, why: "a text has no ignore_above; terms of any length are indexed, up to the target's limit"})
		d.remove(edit{in: f.def, at: f.at, key: "null_value", fidelity: Lossy, why: "a text has no null_value; documents with null are not found by it"})
		d.addKeyword(f)
		return
	}
	d.set(edit{in: f.def, at: f.at, key: "type"}, "keyword")
	if index == "not_analyzed" {
		d.remove(edit{in: f.def, at: f.at, key: "index", why: "a keyword is not analyzed", fidelity: Lossless})
	}
	for _, name := range words("analyzer index_analyzer search_analyzer search_quote_analyzer position_increment_gap position_offset_gap term_vector fielddata") {
		d.remove(edit{in: f.def, at: f.at, key: name, why: "a keyword is one term, and a string that was not analyzed had no use for it"})
	}
}

// addKeyword adds what --string-keyword-subfield asks for.
func (d *draft) addKeyword(f *field) {
	if !d.options.KeywordSubfield || f.role == multiField {
		return
	}
	fields, _ := f.def["fields"].(map[string]any)
	if _, there := fields["keyword"]; there {
		return
	}
	with, _ := copyOf(fields).(map[string]any)
	if with == nil {
		with = map[string]any{}
	}
	with["keyword"] = map[string]any{"type": "keyword", "ignore_above": json.Number("256")}
	d.set(edit{in: f.def, at: f.at, key: "fields", fidelity: Equivalent, why: "--string-keyword-subfield asks for it: exact values are found and sorted by below the text"}, with)
}

// renewParameters brings parameters of before 5 into the form there is.
func renewParameters(d *draft, f *field) {
	change := func(key string, after any) { d.set(edit{in: f.def, at: f.at, key: key}, after) }
	drop := func(key, why string) { d.remove(edit{in: f.def, at: f.at, key: key, why: why}) }
	if index, is := f.def["index"].(string); is {
		change("index", index != "no" && index != "false")
	}
	if norms, is := f.def["norms"].(map[string]any); is {
		enabled, said := norms["enabled"]
		change("norms", !said || asBool(enabled))
	}
	if omit, there := f.def["omit_norms"]; there {
		drop("omit_norms", "")
		change("norms", !yes(omit))
	}
	if _, is := f.def["fielddata"].(map[string]any); is {
		drop("fielddata", "how field data is loaded is the target's choice")
	}
	renameParameters(d, f)
	for _, name := range words("store doc_values enabled") {
		if text, is := f.def[name].(string); is {
			change(name, yes(text))
		}
	}
	if f.def["doc_values"] == true && f.kind() != "binary" { // which has none unless told
		d.remove(edit{in: f.def, at: f.at, key: "doc_values", why: "it is the default", fidelity: Lossless})
	}
	if format, is := f.def["format"].(string); is && f.kind() == "date" {
		change("format", renewFormat(format))
	}
}

// renameParameters gives parameters the names they have had since 5, and leaves out those of formats on disk.
func renameParameters(d *draft, f *field) {
	for _, renamed := range [][2]string{{"index_analyzer", "analyzer"}, {"position_offset_gap", "position_increment_gap"}} {
		if value, there := f.def[renamed[0]]; there {
			d.remove(edit{in: f.def, at: f.at, key: renamed[0]})
			d.set(edit{in: f.def, at: f.at, key: renamed[1]}, value)
		}
	}
	for _, name := range words("postings_format doc_values_format precision_step index_name path omit_term_freq_and_positions") {
		if name != "path" || f.kind() != "alias" && f.kind() != "nested" {
			d.remove(edit{in: f.def, at: f.at, key: name, why: "it said how the source kept the field on its disks, or under which name; the target does it its own way"})
		}
	}
}

// yes reads the ways in which Elasticsearch 1 and 2 said that something is on.
func yes(value any) bool {
	switch text := fmt.Sprint(value); text {
	case "false", "0", "off", "no":
		return false
	}
	return true
}

// renewFormat gives the named date formats the names that they have kept.
func renewFormat(format string) string {
	parts := strings.Split(format, "||")
	for i, part := range parts {
		var snake strings.Builder
		for _, c := range part {
			if c >= 'A' && c <= 'Z' {
				snake.WriteByte('_')
				c += 'a' - 'A'
			}
			snake.WriteRune(c)
		}
		if named := snake.String(); has(camelFormats, part) {
			parts[i] = named
		}
	}
	return strings.Join(parts, "||")
}

// camelFormats are the names of formats in which Elasticsearch up to 6 takes capitals.
var camelFormats = words("dateOptionalTime strictDateOptionalTime basicDate basicDateTime basicDateTimeNoMillis basicOrdinalDate basicTime basicTTime " +
	"basicWeekDate dateHour dateHourMinute dateHourMinuteSecond dateHourMinuteSecondMillis dateTime dateTimeNoMillis hourMinute hourMinuteSecond " +
	"hourMinuteSecondMillis ordinalDate ordinalDateTime timeNoMillis tTime weekDate weekDateTime weekyearWeek weekyearWeekDay yearMonth yearMonthDay")
