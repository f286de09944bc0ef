package rules

import "strings"

// unknownRules come last: what no rule before them named is compared with the
// table of what the target knows, and what it does not know is removed and
// listed. Nothing is left for the target to complain about.
var unknownRules = []Rule{
	{
		Name: "unknown-setting", Fidelity: Lossy,
		Why:     "the target does not know this setting and would refuse the whole item",
		rewrite: removeUnknownSettings,
	},
	{
		Name: "unknown-mapping-key", Fidelity: Lossy,
		Why:     "the target does not know this key of a mapping and would refuse it",
		rewrite: removeUnknownMappingKeys,
	},
	{
		Name: "unknown-parameter", Fidelity: Lossy,
		Why:     "the field type does not have this parameter on the target",
		rewrite: everyField(removeUnknownParameters),
	},
	{
		Name: "unknown-alias-key", Fidelity: Lossy,
		Why:     "an alias does not have this key on the target",
		rewrite: removeUnknownAliasKeys,
	},
	{
		Name: "unknown-template-key", Fidelity: Lossy,
		Why:     "a template does not have this key on the target",
		rewrite: removeUnknownTemplateKeys,
	},
}

// settingGroups are settings whose last part is the user's own.
var settingGroups = words("index.analysis. index.similarity. index.routing.allocation.require. index.routing.allocation.include. " +
	"index.routing.allocation.exclude.")

// innerSettings, where the target does not know them, change neither documents nor searches.
var innerSettings = words("index.translog. index.merge. index.store. index.cache. index.fielddata. index.compound_format index.compound_on_flush index.compress. " +
	"index.codec. index.bloom_filter_for_id_field. index.fast_refresh. index.term_index_interval index.term_index_divisor index.warmer. index.gateway. " +
	"index.recovery. index.shared_filesystem. index.shadow_replicas index.load_fixed_bitset_filters_eagerly index.use_compound_file index.reader. " +
	"index.concurrency index.index_concurrency index.cache_size index.allocation. index.dense_vector. index.time_series.")

// settingModule is what a setting belongs to, where it is not the core.
func settingModule(name string) string {
	switch {
	case name == "index.knn" || strings.HasPrefix(name, "index.knn."):
		return "opensearch-knn"
	case strings.HasPrefix(name, "index.percolator."):
		return "percolator"
	case strings.HasPrefix(name, "index.plugins.index_state_management."):
		return ismModule
	}
	return ""
}

func removeUnknownSettings(d *draft) {
	for _, name := range sorted(d.Settings) {
		switch {
		case d.modules.lack(settingModule(name)):
			d.removeSetting(name, "it belongs to "+settingModule(name)+", which the target does not have", "")
		case has(d.known.Settings, name) || matches(settingGroups, name) || settingModule(name) == ismModule: // which no table has
		case has(d.known.Private, name):
			d.removeSetting(name, "the target keeps this setting to itself", "")
		case d.Settings[name] == nil:
			d.removeSetting(name, "it has no value, and the target does not know it", Lossless)
		case matches(innerSettings, name):
			d.removeSetting(name, "it is about how the source kept its files and caches; the target does it in its own way, and documents and searches are the same", Equivalent)
		default:
			reason := settingReasons[name]
			if !truth(d.Settings[name]) && reason.off {
				reason = settingReason{told: told{"it is off, and the target does the same", Lossless}}
			}
			d.removeSetting(name, reason.why, reason.fidelity)
		}
	}
}

// settingReason is what is said of a setting that the target does not know; off is set where it says nothing unless it is true.
type settingReason struct {
	told
	off bool
}

var settingReasons = map[string]settingReason{
	"index.mapping.total_fields.ignore_dynamic_beyond_limit": {told{"the source left fields beyond the limit unindexed, and the target refuses their documents: " +
		"raise index.mapping.total_fields.limit before that happens", Lossy}, true},
	"index.mapping.semantic_text.use_legacy_format": {told{"it is about semantic_text, which the target does not have", Equivalent}, false},
	"index.mapping.dimension_fields.limit":          {told{"it is about time-series indices, and this is not one", Equivalent}, false},
	"index.mapping.exclude_source_vectors":          {told{"it said whether vectors are kept in _source; the target keeps what it is sent", Equivalent}, false},
	"index.mapping.synthetic_source_keep":           {told{"the target keeps _source as it was sent", Equivalent}, false},
}

// metadataKeys are the root keys whose reason is better than "not known".
var metadataKeys = map[string]struct {
	why      string
	fidelity Fidelity
}{
	"_size":      {"the size of a document is kept by the plugin mapper-size, which the target is not known to have", Lossy},
	"_all":       {"the _all field is gone; queries without a field search all fields", Equivalent},
	"subobjects": {"names with dots are objects on the target; queries find the same by the same names", Equivalent},
	"_id":        {"the target takes no parameters for the id; documents keep the ids they have", Equivalent},
	"_type":      {"documents have no types", Equivalent},
	"_index":     {"the name of the index is not kept as a field of its own; queries by _index work", Equivalent},
	"_uid":       {"the field is called _id", Equivalent},
	"_analyzer":  {"the analyzer of a document cannot be taken from one of its fields any more", Lossy},
	"_boost":     {"documents have no boost of their own any more; scores do not depend on that field", Lossy},
	"transform":  {"the script changed documents before they were indexed, and not their _source; the target indexes what they say", Lossy},
}

func removeUnknownMappingKeys(d *draft) {
	at := d.content().at("mappings")
	for _, key := range sorted(d.Mappings) {
		reason := metadataKeys[key]
		if key == "_size" && d.modules.have("mapper-size") {
			continue
		}
		if !has(d.known.Mapping, key) {
			d.remove(edit{in: d.Mappings, at: at, key: key, why: reason.why, fidelity: reason.fidelity})
		}
	}
	d.removeUnknownMetaKeys()
	source, _ := d.Mappings["_source"].(map[string]any)
	for _, key := range sorted(source) {
		if !has(d.known.Source, key) {
			d.remove(edit{in: source, at: at.at("_source"), key: key})
		}
	}
	d.dynamicTemplates(func(at pointer, body map[string]any) {
		for _, key := range sorted(body) {
			if !has(d.known.DynamicTemplate, key) {
				d.remove(edit{in: body, at: at, key: key})
			}
		}
	})
}

// metaFieldKeys are what the metadata fields of a mapping have in OpenSearch.
var metaFieldKeys = map[string][]string{
	"_routing": {"required"}, "_field_names": {"enabled"}, "_data_stream_timestamp": {"enabled"}, "_size": {"enabled"},
}

func (d *draft) removeUnknownMetaKeys() {
	for _, name := range sorted(d.Mappings) {
		keys, ours := metaFieldKeys[name]
		object, _ := d.Mappings[name].(map[string]any)
		for _, key := range sorted(object) {
			if !ours || has(keys, key) {
				continue
			}
			e := edit{in: object, at: d.content().at("mappings", name), key: key}
			if key == "path" {
				e.why = "the routing is not taken from a field of the document any more; documents keep theirs, new ones must be sent with it"
			} else if name == "_routing" {
				e.why, e.fidelity = "it said how the source kept the routing", Lossless
			}
			d.remove(e)
		}
	}
}

// parameterReasons are the parameters whose reason is better than "does not have it".
var parameterReasons = map[string]struct {
	why      string
	fidelity Fidelity
}{
	"time_series_dimension": {"it is a mark for time-series indices, and this is not one", Equivalent},
	"time_series_metric":    {"it is a mark for time-series indices, and this is not one", Equivalent},
	"synthetic_source_keep": {"the target keeps _source as it was sent", Equivalent},
	"subobjects":            {"names with dots are objects on the target; queries find the same by the same names", Equivalent},
	"script":                {"the source computed the values when it indexed a document, and documents do not have them; an ingest pipeline can", Lossy},
	"on_script_error":       {"the field has no script on the target", Lossy},
	"boost":                 {"the target does not weigh a field when it is indexed; say the boost in the query", Lossy},
}

func removeUnknownParameters(d *draft, f *field) {
	name := f.kind()
	if strings.HasPrefix(name, "{") || name == "" || d.known.Fields[name] == nil {
		return // a dynamic template decides by the document, or a plugin's type
	}
	for _, key := range sorted(f.def) {
		if key == "type" || has(d.parameters(name), key) {
			continue
		}
		e := edit{in: f.def, at: f.at, key: key}
		if reason, there := parameterReasons[key]; there {
			e.why, e.fidelity = reason.why, reason.fidelity
		}
		d.remove(e)
	}
}

func removeUnknownAliasKeys(d *draft) {
	for _, name := range sorted(d.Aliases) {
		alias, _ := d.Aliases[name].(map[string]any)
		for _, key := range sorted(alias) {
			if !has(d.known.Aliases, key) {
				d.remove(edit{in: alias, at: d.content().at("aliases", name), key: key})
			}
		}
	}
}

func removeUnknownTemplateKeys(d *draft) {
	list := map[Kind][]string{
		IndexTemplate: d.known.IndexTemplate, ComponentTemplate: d.known.ComponentTemplate, LegacyTemplate: d.known.LegacyTemplate,
	}[d.Kind]
	if d.Kind == Index {
		return
	}
	for _, key := range sorted(d.Rest) {
		if !has(list, key) {
			d.remove(edit{in: d.Rest, at: "", key: key})
		}
	}
}
