package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"migassist/cluster/version"
)

// dynamicRules bring the conditions of dynamic templates, which are lists in Elasticsearch since 8.9, to single ones. OpenSearch reads a list as
// the text "[a*, b*]", which no field is called.
var dynamicRules = []Rule{
	{
		Name: "template-type", Fidelity: Equivalent, Applies: before6,
		Why:     "no value of JSON is of this type, so that the template had no effect; the target would refuse it",
		rewrite: removeUnusedTemplates,
	},
	{
		Name: "template-patterns-list", Fidelity: Lossless, Applies: hasLists,
		Why:     "the target takes one pattern; this expression matches what any of the list did",
		rewrite: joinPatterns,
	},
	{
		Name: "template-types-list", Fidelity: Lossless, Applies: hasLists,
		Why:     "the target takes one type of values for a template, so there is one for each",
		rewrite: eachType,
	},
}

func hasLists(p Pair) bool { return p.From.Flavor == version.Elasticsearch && p.From.AtLeast(8, 9) }

// before6 tells whether a source did not look at what it was given as closely as the target does.
func before6(p Pair) bool { return p.From.Flavor == version.Elasticsearch && !p.From.AtLeast(6, 0) }

// removeUnusedTemplates goes from the end, so that the number in each path is the one the source has.
func removeUnusedTemplates(d *draft) {
	list, _ := d.Mappings["dynamic_templates"].([]any)
	for i, entry := range slices.Backward(slices.Clone(list)) {
		named, _ := entry.(map[string]any)
		for _, name := range sorted(named) {
			body, _ := named[name].(map[string]any)
			kind := body["match_mapping_type"]
			if word, single := kind.(string); kind == nil || single && (word == "*" || has(jsonTypes, word)) || len(named) != 1 {
				continue
			}
			d.record(edit{at: d.content().at("mappings", "dynamic_templates", strconv.Itoa(i)), key: name}, body, nil)
			list = slices.Delete(list, i, i+1)
			d.Mappings["dynamic_templates"] = list
		}
	}
}

// nameConditions are those of patterns, which are all expressions or all simple.
var nameConditions = words("match unmatch path_match path_unmatch")

func joinPatterns(d *draft) {
	d.dynamicTemplates(func(at pointer, body map[string]any) {
		longest := 0
		for _, name := range nameConditions {
			list, _ := body[name].([]any)
			longest = max(longest, len(list))
		}
		if longest == 0 {
			return
		}
		expressions := body["match_pattern"] == "regex"
		for _, name := range nameConditions {
			patterns := listOf(body[name])
			if len(patterns) == 0 {
				continue
			}
			e := edit{in: body, at: at, key: name}
			if longest == 1 {
				d.set(e, patterns[0])
				continue
			}
			d.set(e, anyOf(patterns, expressions))
		}
		if longest > 1 {
			d.set(edit{in: body, at: at, key: "match_pattern"}, "regex")
		}
	})
}

// listOf is one pattern or several; a comma is part of a name.
func listOf(value any) []string {
	switch v := value.(type) {
	case nil:
		return nil
	case []any:
		patterns := make([]string, len(v))
		for i, pattern := range v {
			patterns[i] = fmt.Sprint(pattern)
		}
		return patterns
	}
	return []string{fmt.Sprint(value)}
}

// anyOf is an expression for whole names.
func anyOf(patterns []string, expressions bool) string {
	alternatives := slices.Clone(patterns)
	for i, pattern := range alternatives {
		if !expressions {
			alternatives[i] = strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*")
		}
	}
	return "(" + strings.Join(alternatives, "|") + ")"
}

// jsonTypes are what match_mapping_type may say.
var jsonTypes = words("object string long double boolean date binary")

// eachType goes from the end, so that the number in each path is the one the source has.
func eachType(d *draft) {
	list, _ := d.Mappings["dynamic_templates"].([]any)
	for i, entry := range slices.Backward(slices.Clone(list)) {
		named, _ := entry.(map[string]any)
		for _, name := range sorted(named) {
			body, _ := named[name].(map[string]any)
			types := typesOf(body)
			if types == nil || len(named) != 1 {
				continue
			}
			at := d.content().at("mappings", "dynamic_templates", strconv.Itoa(i))
			d.record(edit{at: at, key: name}, body, nil)
			more := make([]any, 0, len(types))
			for _, one := range types {
				copied, _ := copyOf(body).(map[string]any)
				delete(copied, "unmatch_mapping_type")
				copied["match_mapping_type"] = one
				more = append(more, map[string]any{name + "_" + one: copied})
				d.record(edit{at: at, key: name + "_" + one}, nil, copied)
			}
			list = slices.Replace(list, i, i+1, more...)
			d.Mappings["dynamic_templates"] = list
		}
	}
}

// typesOf are the types of values a template is for, where one word cannot say them.
func typesOf(body map[string]any) []string {
	_, several := body["match_mapping_type"].([]any)
	out := listOf(body["unmatch_mapping_type"])
	if !several && out == nil {
		return nil
	}
	wanted := listOf(body["match_mapping_type"])
	if len(wanted) == 0 || slices.Contains(wanted, "*") {
		wanted = slices.Clone(jsonTypes)
	}
	return slices.DeleteFunc(wanted, func(name string) bool { return slices.Contains(out, name) || slices.Contains(out, "*") })
}
