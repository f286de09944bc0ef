package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// runtimeRules are of fields that are computed when they are asked for.
var runtimeRules = []Rule{
	{
		Name: "derived-fields", Fidelity: Lossy, Applies: fromElasticsearch,
		Why: "derived fields are computed by the same scripts; queries for values and ranges, and aggregations, find what they found, " +
			"but the target does not take exists queries for them",
		rewrite: runtimeToDerived,
	},
	{
		Name: "runtime-fields", Fidelity: Lossy,
		Why:     "the target has no runtime fields; from 2.15 derived fields do the same, with scripts that are written anew",
		rewrite: removeRuntime,
	},
	{
		Name: "runtime-template", Fidelity: Lossy,
		Why:     "it makes runtime fields, which the target does not have; such fields are indexed instead, by the target's defaults",
		rewrite: removeRuntimeTemplates,
	},
}

// derivedTypes are the types of runtime fields that derived ones have too.
var derivedTypes = words("keyword long double boolean date ip geo_point")

// onlyThere are functions that scripts of runtime fields have in Elasticsearch alone.
var onlyThere = regexp.MustCompile(`\b(grok|dissect|field)\s*\(|\$\(`)

// runtimeToDerived takes those whose script the target can run, and whose name no other field has.
func runtimeToDerived(d *draft) {
	runtime, _ := d.Mappings["runtime"].(map[string]any)
	if runtime == nil || !has(d.known.Mapping, "derived") || d.modules.lack("lang-painless") {
		return
	}
	at := d.content().at("mappings")
	derived := map[string]any{}
	for _, name := range sorted(runtime) {
		def, _ := runtime[name].(map[string]any)
		if field := derivedOf(def); field != nil && !d.hasField(name) {
			d.remove(edit{in: runtime, at: at.at("runtime"), key: name})
			derived[name] = field
			for _, key := range sorted(def) {
				if !has(words("type script format"), key) {
					d.record(edit{at: at.at("runtime", name), key: key, why: "a derived field does not have it"}, def[key], nil)
				}
			}
		}
	}
	if len(derived) == 0 {
		return
	}
	if len(runtime) == 0 {
		delete(d.Mappings, "runtime")
	}
	d.set(edit{in: d.Mappings, at: at, key: "derived"}, derived)
}

// derivedOf is a runtime field in the form of a derived one; nil where it cannot be one.
func derivedOf(def map[string]any) map[string]any {
	script, is := def["script"].(map[string]any)
	if text, short := def["script"].(string); short {
		script, is = map[string]any{"source": text}, true
	}
	source, said := script["source"].(string)
	kind, _ := def["type"].(string)
	if lang := script["lang"]; !is || !said || lang != nil && lang != "painless" || !has(derivedTypes, kind) || onlyThere.MatchString(source) {
		return nil
	}
	field := map[string]any{"type": kind, "script": script}
	if format, there := def["format"]; there {
		field["format"] = format
	}
	return field
}

// hasField tells whether the mapping has a property of a dotted name.
func (d *draft) hasField(name string) bool {
	at := d.Mappings
	for part := range strings.SplitSeq(name, ".") {
		properties, _ := at["properties"].(map[string]any)
		if at, _ = properties[part].(map[string]any); at == nil {
			return false
		}
	}
	return true
}

func removeRuntime(d *draft) {
	at := d.content().at("mappings")
	if !has(d.known.Mapping, "runtime") {
		d.remove(edit{in: d.Mappings, at: at, key: "runtime"})
	}
	if fmt.Sprint(d.Mappings["dynamic"]) == "runtime" {
		d.set(edit{in: d.Mappings, at: at, key: "dynamic", why: "the target has no runtime fields; new fields are indexed"}, "true")
	}
	d.fields(func(f *field) {
		if f.def["dynamic"] == "runtime" {
			d.set(edit{in: f.def, at: f.at, key: "dynamic", why: "the target has no runtime fields; new fields are indexed"}, "true")
		}
	})
}

// removeRuntimeTemplates goes from the end, so that the number in each path is
// the one the source has.
func removeRuntimeTemplates(d *draft) {
	list, _ := d.Mappings["dynamic_templates"].([]any)
	for i, entry := range slices.Backward(slices.Clone(list)) {
		named, _ := entry.(map[string]any)
		for _, name := range sorted(named) {
			body, _ := named[name].(map[string]any)
			if _, runtime := body["runtime"]; !runtime || len(named) != 1 {
				continue
			}
			d.remove(edit{in: named, at: d.content().at("mappings", "dynamic_templates", strconv.Itoa(i)), key: name})
			list = slices.Delete(list, i, i+1)
			d.Mappings["dynamic_templates"] = list
		}
	}
}
