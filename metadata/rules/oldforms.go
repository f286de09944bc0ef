package rules

import (
	"strings"

	"migassist/cluster/version"
)

// before2 and before5 tell whether an item comes from a server older than that Elasticsearch.
func before2(p Pair) bool { return p.From.Flavor == version.Elasticsearch && !p.From.AtLeast(2, 0) }
func before5(p Pair) bool { return p.From.Flavor == version.Elasticsearch && !p.From.AtLeast(5, 0) }

// mayBeBefore7 tells whether the source may have indices that Elasticsearch 6 or older made, its own or kept through upgrades.
func mayBeBefore7(p Pair) bool {
	return p.From.Major < 8 && p.From.Flavor == version.Elasticsearch || p.From.Major == 1 && p.From.Flavor == version.OpenSearch
}

// createdBefore7 has a rule look at such items only. What made an index is in its settings: 6082399 is 6.8.23, and the numbers of OpenSearch are
// larger than all of Elasticsearch 7.
func createdBefore7(rewrite func(*draft)) func(*draft) {
	return func(d *draft) {
		if before7(d.pair) || d.created > 0 && d.created < 7000000 {
			rewrite(d)
		}
	}
}

// formRules bring what Elasticsearch 1 to 6 wrote in forms of its own to those of 7.
var formRules = []Rule{
	{
		Name: "multi-field", Fidelity: Lossless, Applies: before2,
		Why:     "a field with fields is of the type of its first one, which has its name",
		rewrite: everyField(oneOfMulti),
	},
	{
		Name: "geo-point", Fidelity: Lossy, Applies: before7,
		Why:     "a geo_point makes no fields of its parts any more; it is searched by place as before",
		rewrite: everyField(renewGeoPoint),
	},
	{
		Name: "completion-context", Fidelity: Lossy, Applies: before5,
		Why: "contexts are a list, each says its name, and suggestions have no payloads; documents that say context, payload or output in the field " +
			"are refused until a transform of documents says contexts, and leaves the others out",
		rewrite: everyField(renewCompletion),
	},
	{
		Name: "date-number", Fidelity: Equivalent, Applies: before2,
		Why:     "a number was milliseconds whatever the format said; the target takes it where the format says so",
		rewrite: everyField(takeNumbers),
	},
	{
		Name: "date-pattern", Fidelity: Equivalent, Applies: mayBeBefore7,
		Why:     "letters of a date pattern mean other things in indices since 7: the year of the era is u, an offset is XX, XXX or VV",
		rewrite: createdBefore7(renewPatterns),
	},
	{
		Name: "alias-filter", Fidelity: Equivalent, Applies: before5,
		Why:     "the filter finds the same documents in the words that queries have had since 5",
		rewrite: renewAliasFilters,
	},
}

// oneOfMulti takes apart {"type": "multi_field", "fields": {NAME: …, other: …}}.
func oneOfMulti(d *draft, f *field) {
	if f.kind() != "multi_field" {
		return
	}
	fields, _ := f.def["fields"].(map[string]any)
	own, there := fields[f.name].(map[string]any)
	d.remove(edit{in: f.def, at: f.at, key: "path"})
	if !there {
		d.set(edit{in: f.def, at: f.at, key: "type"}, "string")
		d.set(edit{in: f.def, at: f.at, key: "index", why: "none of its fields has its name, so it was not searched by it"}, "no")
		return
	}
	d.remove(edit{in: fields, at: f.at.at("fields"), key: f.name})
	if len(fields) == 0 {
		d.remove(edit{in: f.def, at: f.at, key: "fields"})
	}
	for _, key := range sorted(own) {
		d.set(edit{in: f.def, at: f.at, key: key}, own[key])
	}
	if _, said := own["type"]; !said {
		d.set(edit{in: f.def, at: f.at, key: "type"}, "string")
	}
}

// renewGeoPoint leaves out the fields .lat, .lon and .geohash, and says in the word there is that places
// beyond the poles do no harm.
func renewGeoPoint(d *draft, f *field) {
	if f.kind() != "geo_point" {
		return
	}
	for _, name := range words("lat_lon geohash geohash_prefix") {
		if value, there := f.def[name]; there && !yes(value) {
			d.remove(edit{in: f.def, at: f.at, key: name, why: "it was off", fidelity: Lossless})
		}
	}
	for _, name := range words("lat_lon geohash geohash_prefix geohash_precision") {
		d.remove(edit{in: f.def, at: f.at, key: name})
	}
	lenient := false
	for _, name := range words("validate validate_lat validate_lon") {
		value, there := f.def[name]
		lenient = lenient || there && !yes(value)
	}
	for _, name := range words("coerce normalize normalize_lat normalize_lon") {
		value, there := f.def[name]
		lenient = lenient || there && yes(value)
	}
	for _, name := range words("validate validate_lat validate_lon coerce normalize normalize_lat normalize_lon") {
		d.remove(edit{in: f.def, at: f.at, key: name, fidelity: Equivalent, why: "what is done with places off the map is said by ignore_malformed"})
	}
	if lenient && f.def["ignore_malformed"] == nil {
		d.set(edit{in: f.def, at: f.at, key: "ignore_malformed", fidelity: Equivalent, why: "the source took places off the map"}, true)
	}
}

func renewCompletion(d *draft, f *field) {
	if f.kind() != "completion" {
		return
	}
	d.remove(edit{in: f.def, at: f.at, key: "payloads"})
	contexts, there := f.def["context"].(map[string]any)
	if !there {
		return
	}
	var list []any
	for _, name := range sorted(contexts) {
		context, _ := copyOf(contexts[name]).(map[string]any)
		if context == nil {
			continue
		}
		context["name"] = name
		delete(context, "default")
		delete(context, "neighbors")
		if precision, is := context["precision"].([]any); is && len(precision) > 0 {
			context["precision"] = precision[0]
		}
		list = append(list, context)
	}
	d.remove(edit{in: f.def, at: f.at, key: "context"})
	d.set(edit{in: f.def, at: f.at, key: "contexts"}, list)
}

// takeNumbers adds the milliseconds to the formats of a date of Elasticsearch 1.
func takeNumbers(d *draft, f *field) {
	if f.kind() != "date" {
		return
	}
	format, _ := f.def["format"].(string)
	switch {
	case format == "":
		format = "date_optional_time"
	case strings.Contains(format, "epoch_") || f.def["numeric_resolution"] != nil:
		return
	}
	d.set(edit{in: f.def, at: f.at, key: "format"}, format+"||epoch_millis")
}

// renewPatterns rewrites the patterns of dates, of ranges of dates, and those by which dates are detected.
func renewPatterns(d *draft) {
	d.fields(func(f *field) {
		if format, is := f.def["format"].(string); is && (f.kind() == "date" || f.kind() == "date_range" || f.kind() == "") {
			d.set(edit{in: f.def, at: f.at, key: "format"}, renewPattern(format))
		}
	})
	formats, _ := d.Mappings["dynamic_date_formats"].([]any)
	renewed := make([]any, len(formats))
	for i, format := range formats {
		renewed[i] = format
		if text, is := format.(string); is {
			renewed[i] = renewPattern(renewFormat(text))
		}
	}
	if len(formats) > 0 {
		d.set(edit{in: d.Mappings, at: d.content().at("mappings"), key: "dynamic_date_formats"}, renewed)
	}
}

// renewPattern turns Joda's letters into those of java.time, alternative by alternative. Names are in
// small letters and underscores; a pattern that begins with 8 is of java.time already.
func renewPattern(format string) string {
	parts := strings.Split(format, "||")
	for i, part := range parts {
		if java, is := strings.CutPrefix(part, "8"); is {
			parts[i] = java
		} else if !isFormatName(part) {
			parts[i] = javaPattern(part)
		}
	}
	return strings.Join(parts, "||")
}

// isFormatName tells names ("date", "strict_year_month") from patterns, which have capitals or no word.
func isFormatName(format string) bool {
	for _, c := range format {
		if (c < 'a' || c > 'z') && c != '_' {
			return false
		}
	}
	return strings.Contains(format, "_") || has(words("date year time epoch iso"), format)
}

// javaPattern goes through runs of one letter outside of quotes. A pattern of weeks keeps its Y, which
// is what java.time calls the year of a week.
func javaPattern(pattern string) string {
	weeks := strings.ContainsRune(pattern, 'w')
	var out strings.Builder
	quoted := false
	for i := 0; i < len(pattern); {
		c := pattern[i]
		n := 1
		for i+n < len(pattern) && pattern[i+n] == c {
			n++
		}
		i += n
		switch {
		case c == '\'':
			quoted = quoted != (n%2 == 1)
			out.WriteString(pattern[i-n : i])
		case quoted:
			out.WriteString(pattern[i-n : i])
		case c == 'Y' && !weeks:
			out.WriteString(strings.Repeat("u", n))
		case c == 'x' && weeks:
			out.WriteString(strings.Repeat("Y", n))
		case c == 'Z':
			out.WriteString([]string{"XX", "XXX", "VV"}[min(n, 3)-1])
		default:
			out.WriteString(pattern[i-n : i])
		}
	}
	return out.String()
}

func renewAliasFilters(d *draft) {
	for _, name := range sorted(d.Aliases) {
		alias, _ := d.Aliases[name].(map[string]any)
		if filter, there := alias["filter"].(map[string]any); there {
			d.set(edit{in: alias, at: d.content().at("aliases", name), key: "filter"}, renewQuery(filter))
		}
	}
}

// renewQuery rewrites the filters of before 5: and, or, not, missing, query, fquery, filtered, limit.
func renewQuery(query map[string]any) map[string]any {
	out := map[string]any{}
	for _, name := range sorted(query) {
		value := query[name]
		switch name {
		case "and", "or":
			clause := map[string]string{"and": "filter", "or": "should"}[name]
			out["bool"] = map[string]any{clause: renewList(value, "filters")}
		case "not":
			inner, _ := value.(map[string]any)
			if wrapped, is := inner["filter"].(map[string]any); is {
				inner = wrapped
			}
			out["bool"] = map[string]any{"must_not": []any{renewQuery(inner)}}
		case "missing":
			missing, _ := value.(map[string]any)
			out["bool"] = map[string]any{"must_not": []any{map[string]any{"exists": map[string]any{"field": missing["field"]}}}}
		case "query", "fquery":
			inner, _ := value.(map[string]any)
			if wrapped, is := inner["query"].(map[string]any); is && name == "fquery" {
				inner = wrapped
			}
			return renewQuery(inner)
		case "filtered":
			out["bool"] = renewFiltered(value)
		case "bool":
			out[name] = renewBool(value)
		default:
			out[name] = withoutCache(value)
		}
	}
	return out
}

func renewList(value any, key string) []any {
	if wrapped, is := value.(map[string]any); is {
		value = wrapped[key]
	}
	list, single := value.([]any)
	if !single {
		list = []any{value}
	}
	renewed := make([]any, 0, len(list))
	for _, entry := range list {
		if inner, is := entry.(map[string]any); is {
			renewed = append(renewed, renewQuery(inner))
		}
	}
	return renewed
}

func renewFiltered(value any) map[string]any {
	filtered, _ := value.(map[string]any)
	clauses := map[string]any{}
	for from, to := range map[string]string{"query": "must", "filter": "filter"} {
		if inner, is := filtered[from].(map[string]any); is {
			clauses[to] = []any{renewQuery(inner)}
		}
	}
	return clauses
}

func renewBool(value any) map[string]any {
	clauses, _ := value.(map[string]any)
	renewed := map[string]any{}
	for name, inner := range clauses {
		if has(words("must should must_not filter"), name) {
			renewed[name] = renewList(inner, "filters")
		} else if !strings.HasPrefix(name, "_") {
			renewed[name] = inner
		}
	}
	return renewed
}

// withoutCache leaves out how the source cached a filter, and how it computed terms.
func withoutCache(value any) any {
	object, is := value.(map[string]any)
	if !is {
		return value
	}
	kept := map[string]any{}
	for name, inner := range object {
		if !has(words("_cache _cache_key _name execution"), name) {
			kept[name] = inner
		}
	}
	return kept
}
