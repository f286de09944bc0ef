package rules

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// limitRules keep an index that its source made within limits that the target has and the source had not.
var limitRules = []Rule{
	{
		Name: "gram-limit", Fidelity: Lossless, Applies: mayBeBefore7,
		Why:     "the source made grams of any range of lengths; the target asks for the range to be allowed",
		rewrite: createdBefore7(allowGrams),
	},
	{
		Name: "unit", Fidelity: Lossless, Applies: before7,
		Why:     "a number without a unit was of milliseconds or of bytes, which the target wants to be said",
		rewrite: sayUnits,
	},
	{
		Name: "boolean", Fidelity: Lossless, Applies: before7,
		Why:     "a boolean is true or false and nothing else",
		rewrite: sayBooleans,
	},
}

// countRules look at what the other rules have made of the fields.
var countRules = []Rule{
	{
		Name: "field-limit", Fidelity: Equivalent,
		Why:     "the item has more than the target allows by default; the limit is raised to what there is, and fields to come have as much room as on a new index",
		rewrite: raiseFieldLimits,
	},
}

// shingleRoom and gramRoom are the target's defaults of index.max_shingle_diff and index.max_ngram_diff.
const shingleRoom, gramRoom = 3, 1

// allowGrams allows the widest range among the filters and tokenizers of the item.
func allowGrams(d *draft) {
	grams, shingles := gramRoom, shingleRoom
	for _, c := range d.components() {
		if c.parameter != "type" || c.section != "filter" && c.section != "tokenizer" {
			continue
		}
		prefix := analysisPrefix + c.section + "." + c.name + "."
		number := func(name string, missing int) int {
			if value, there := d.Settings[prefix+name]; there {
				return numberOf(value)
			}
			return missing
		}
		switch fmt.Sprint(d.Settings[c.setting]) {
		case "nGram", "ngram":
			grams = max(grams, number("max_gram", 2)-number("min_gram", 1))
		case "shingle":
			width := number("max_shingle_size", 2) - number("min_shingle_size", 2)
			if value, there := d.Settings[prefix+"output_unigrams"]; !there || yes(value) {
				width++
			}
			shingles = max(shingles, width)
		}
	}
	d.raise("index.max_ngram_diff", gramRoom, grams)
	d.raise("index.max_shingle_diff", shingleRoom, shingles)
}

// raise sets a limit where what there is goes beyond it.
func (d *draft) raise(setting string, standard, there int) {
	limit := standard
	if value, said := d.Settings[setting]; said {
		limit = numberOf(value)
	}
	if there > limit && has(d.known.Settings, setting) {
		d.setSetting(setting, strconv.Itoa(there), "")
	}
}

// The limits that an index of the target has where its settings do not say others.
const (
	fieldLimit  = 1000
	nestedLimit = 50
	depthLimit  = 20
)

// raiseFieldLimits counts as the server does: objects, fields, and what is below "fields".
func raiseFieldLimits(d *draft) {
	count := counter{}
	count.holder(d.Mappings, "properties", 1)
	limit := fieldLimit
	if value, said := d.Settings["index.mapping.total_fields.limit"]; said {
		limit = numberOf(value)
	}
	if count.fields > limit {
		d.raise("index.mapping.total_fields.limit", fieldLimit, count.fields+fieldLimit)
	}
	d.raise("index.mapping.nested_fields.limit", nestedLimit, count.nested)
	d.raise("index.mapping.depth.limit", depthLimit, count.depth)
}

type counter struct{ fields, nested, depth int }

func (c *counter) holder(in map[string]any, key string, depth int) {
	definitions, _ := in[key].(map[string]any)
	for name, value := range definitions {
		def, _ := value.(map[string]any)
		levels := depth
		if key == "properties" {
			levels += strings.Count(name, ".")
			c.fields += strings.Count(name, ".") // an object each, unless it is there already
			c.depth = max(c.depth, levels)
		}
		c.fields++
		if def["type"] == "nested" {
			c.nested++
		}
		c.holder(def, "properties", levels+1)
		c.holder(def, "fields", levels)
	}
}

var (
	bareNumber = regexp.MustCompile(`^[0-9]+$`)
	// timeSettings and byteSettings are those that Elasticsearch 1 and 2 took without a unit.
	timeSettings = words("index.refresh_interval index.gc_deletes index.translog.sync_interval index.unassigned.node_left.delayed_timeout " +
		"index.search.slowlog.threshold. index.indexing.slowlog.threshold. index.merge.scheduler.")
	byteSettings = words("index.translog.flush_threshold_size index.merge.policy.floor_segment index.merge.policy.max_merged_segment")
	// notTimes are below the names of timeSettings and are counts.
	notTimes = words("index.merge.scheduler.max_thread_count index.merge.scheduler.max_merge_count")
)

func sayUnits(d *draft) {
	for _, name := range sorted(d.Settings) {
		text := fmt.Sprint(d.Settings[name])
		switch {
		case !bareNumber.MatchString(text) || text == "0" || has(notTimes, name):
		case matches(timeSettings, name):
			d.setSetting(name, text+"ms", "")
		case matches(byteSettings, name):
			d.setSetting(name, text+"b", "")
		}
	}
}

// booleanSettings are booleans that metadata of Elasticsearch up to 5 may have in other words.
var booleanSettings = words("index.blocks.read index.blocks.write index.blocks.metadata index.blocks.read_only index.blocks.read_only_allow_delete " +
	"index.mapping.coerce index.mapping.ignore_malformed index.merge.scheduler.auto_throttle index.query.parse.allow_unmapped_fields " +
	"index.query_string.lenient index.load_fixed_bitset_filters_eagerly index.warmer.enabled index.requests.cache.enable index.ttl.disable_purge")

func sayBooleans(d *draft) {
	for _, name := range booleanSettings {
		switch fmt.Sprint(d.Settings[name]) {
		case "1", "on", "yes":
			d.setSetting(name, "true", "")
		case "0", "off", "no":
			d.setSetting(name, "false", "")
		}
	}
	d.fields(func(f *field) {
		for _, name := range words("coerce ignore_malformed norms eager_global_ordinals include_in_parent include_in_root") {
			switch v := f.def[name].(type) {
			case string, json.Number:
				d.set(edit{in: f.def, at: f.at, key: name}, yes(v))
			}
		}
	})
	for _, name := range words("date_detection numeric_detection") {
		if text, is := d.Mappings[name].(string); is {
			d.set(edit{in: d.Mappings, at: d.content().at("mappings"), key: name}, yes(text))
		}
	}
}

// numberFrom is the number that a setting says as text; what is none stays as it is.
func numberFrom(value any) any {
	text := fmt.Sprint(value)
	if !bareNumber.MatchString(text) {
		return value
	}
	return json.Number(text)
}
