package rules

import (
	"fmt"
	"strings"
)

// analysisRules bring analyzers and their parts to names the target has. An
// index whose text would be cut differently is refused rather than changed in
// silence.
var analysisRules = []Rule{
	{
		Name: "analysis-renamed", Fidelity: Lossless,
		Why:     "only the name changed between the versions",
		rewrite: renameAnalysis,
	},
	{
		Name: "analysis-standard-filter", Fidelity: Lossless,
		Why:     "the token filter 'standard' has done nothing since 4.0 and is gone",
		rewrite: removeStandardFilter,
	},
	{
		Name:    "synonyms-set",
		Why:     "the synonyms are in a set of the source's cluster, which the target does not have; text would be searched without them",
		rewrite: refuseSynonymSets,
	},
	{
		Name:    "analysis-missing",
		Why:     "an analyzer names a part that neither its item nor the target has; without it text would be cut into other terms",
		rewrite: refuseMissingAnalysis,
	},
	{
		Name:    "analyzer-missing",
		Why:     "a field names an analyzer that neither its index nor the target has",
		rewrite: everyField(refuseMissingAnalyzer),
	},
}

// analysisPrefix is followed by SECTION.NAME.PARAMETER.
const analysisPrefix = "index.analysis."

// analysisNames are the parts whose names changed, by section.
var analysisNames = map[string]map[string]string{
	"filter": {
		"nGram": "ngram", "edgeNGram": "edge_ngram",
		"delimited_payload_filter": "delimited_payload", "analysis_delimited_payload_filter": "delimited_payload",
	},
	"tokenizer":   {"nGram": "ngram", "edgeNGram": "edge_ngram", "PathHierarchy": "path_hierarchy"},
	"char_filter": {"htmlStrip": "html_strip"},
}

// component is one parameter of one analysis component.
type component struct {
	setting                  string
	section, name, parameter string
}

// components takes the analysis settings apart. Names do not contain dots: the
// server itself groups them by the first one.
func (d *draft) components() []component {
	var found []component
	for _, setting := range sorted(d.Settings) {
		rest, ours := strings.CutPrefix(setting, analysisPrefix)
		parts := strings.SplitN(rest, ".", 3)
		if ours && len(parts) == 3 {
			found = append(found, component{setting: setting, section: parts[0], name: parts[1], parameter: parts[2]})
		}
	}
	return found
}

// defined are the names a section of this item defines itself.
func (d *draft) defined(section string) map[string]bool {
	names := map[string]bool{}
	for _, c := range d.components() {
		if c.section == section {
			names[c.name] = true
		}
	}
	return names
}

// references are the settings in which one section names parts of another.
func references(c component) (section string, is bool) {
	switch {
	case c.section != "analyzer" && c.section != "normalizer":
		return "", false
	case c.parameter == "filter" || c.parameter == "tokenizer" || c.parameter == "char_filter":
		return c.parameter, true
	}
	return "", false
}

// listed is a setting that is one name, a list, or names joined by commas.
func listed(value any) []string {
	switch v := value.(type) {
	case string:
		var names []string
		for name := range strings.SplitSeq(v, ",") {
			if name = strings.TrimSpace(name); name != "" {
				names = append(names, name)
			}
		}
		return names
	case []any:
		names := make([]string, 0, len(v))
		for _, name := range v {
			names = append(names, fmt.Sprint(name))
		}
		return names
	}
	return nil
}

// relisted keeps the form the setting had: one name or a list.
func relisted(old any, names []string) any {
	if _, single := old.(string); single {
		return strings.Join(names, ",")
	}
	list := make([]any, len(names))
	for i, name := range names {
		list[i] = name
	}
	return list
}

func renameAnalysis(d *draft) {
	for _, c := range d.components() {
		if c.parameter == "type" {
			if name, renamed := analysisNames[c.section][fmt.Sprint(d.Settings[c.setting])]; renamed {
				d.setSetting(c.setting, name, "")
			}
		}
		section, is := references(c)
		if !is {
			continue
		}
		own := d.defined(section)
		names := listed(d.Settings[c.setting])
		renamed := false
		for i, name := range names {
			if to, ok := analysisNames[section][name]; ok && !own[name] {
				names[i], renamed = to, true
			}
		}
		if renamed {
			d.setSetting(c.setting, relisted(d.Settings[c.setting], names), "")
		}
	}
}

// removeStandardFilter removes the filter from analyzers, under its own name and
// under any name defined as one.
func removeStandardFilter(d *draft) {
	gone := map[string]bool{}
	if !d.defined("filter")["standard"] {
		gone["standard"] = true
	}
	for _, c := range d.components() {
		if c.section == "filter" && c.parameter == "type" && fmt.Sprint(d.Settings[c.setting]) == "standard" {
			gone[c.name] = true
		}
	}
	for _, c := range d.components() {
		if c.section == "filter" && gone[c.name] {
			d.removeSetting(c.setting, "", "")
		}
		if section, is := references(c); !is || section != "filter" {
			continue
		}
		var kept []string
		names := listed(d.Settings[c.setting])
		for _, name := range names {
			if !gone[name] {
				kept = append(kept, name)
			}
		}
		switch {
		case len(kept) == len(names):
		case len(kept) == 0:
			d.removeSetting(c.setting, "", "")
		default:
			d.setSetting(c.setting, relisted(d.Settings[c.setting], kept), "")
		}
	}
}

func refuseSynonymSets(d *draft) {
	for _, c := range d.components() {
		if c.parameter == "synonyms_set" {
			d.refuse(d.content().at("settings", c.setting), "the filter %s takes its synonyms from the set %v of the source's cluster, which the target does not have; "+
				"create the index or template on the target by hand, with them in the filter's synonyms, then the documents can be brought", c.name, d.Settings[c.setting])
		}
	}
}

// refuseMissingAnalysis looks up every type and every reference in what the
// item defines, what the target has, and what plugins bring.
func refuseMissingAnalysis(d *draft) {
	for _, c := range d.components() {
		at := d.content().at("settings", c.setting)
		if c.parameter == "type" {
			d.wantAnalysis(at, c.section, fmt.Sprint(d.Settings[c.setting]), true)
		}
		section, is := references(c)
		if !is || !d.alone() {
			continue
		}
		own := d.defined(section)
		for _, name := range listed(d.Settings[c.setting]) {
			if !own[name] {
				d.wantAnalysis(at, section, name, false)
			}
		}
	}
}

// refuseMissingAnalyzer looks up the analyzers and the normalizer a field names.
func refuseMissingAnalyzer(d *draft, f *field) {
	if !d.alone() {
		return
	}
	for _, key := range []string{"analyzer", "search_analyzer", "search_quote_analyzer", "normalizer"} {
		name, said := f.def[key].(string)
		section := "analyzer"
		if key == "normalizer" {
			section = key
		}
		if !said || strings.HasPrefix(name, "{") || name == "" || section == "normalizer" && name == "lowercase" || d.defined(section)[name] {
			continue
		}
		d.wantAnalysis(f.at.at(key), section, name, false)
	}
}

func (d *draft) wantAnalysis(at pointer, section, name string, isType bool) {
	key := section
	switch {
	case section == "normalizer" && isType:
		return // always "custom", or a plugin's
	case isType && section == "analyzer":
		if name == "custom" {
			return
		}
	case isType:
		key = section + " type"
	}
	plugin := pluginOf(name)
	if has(d.known.Analysis[key], name) {
		if !d.modules.lack(commonAnalysis) || has(d.known.Core[key], name) {
			return
		}
		plugin = commonAnalysis
	}
	switch {
	case plugin == "":
		d.refuse(at, "the %s %q is not known to the target; without it text would be cut into other terms", section, name)
	case d.modules.lack(plugin):
		d.refuse(at, "the %s %q comes with %s, which the target does not have; install it", section, name, plugin)
	}
}

// commonAnalysis is the module of most built-in analysis; only minimal builds
// lack it.
const commonAnalysis = "analysis-common"

// analysisPlugins are the plugins by the beginnings of the names they bring.
var analysisPlugins = []struct{ prefix, plugin string }{
	{"icu_", "analysis-icu"},
	{"kuromoji", "analysis-kuromoji"},
	{"ja_stop", "analysis-kuromoji"},
	{"hiragana_uppercase", "analysis-kuromoji"},
	{"katakana_uppercase", "analysis-kuromoji"},
	{"nori", "analysis-nori"},
	{"phonetic", "analysis-phonetic"},
	{"smartcn", "analysis-smartcn"},
	{"polish", "analysis-stempel"},
	{"ukrainian", "analysis-ukrainian"},
	{"ik_", "analysis-ik"},
	{"pinyin", "analysis-pinyin"},
	{"stconvert", "analysis-stconvert"},
}

func pluginOf(name string) string {
	for _, p := range analysisPlugins {
		if strings.HasPrefix(name, p.prefix) {
			return p.plugin
		}
	}
	return ""
}
