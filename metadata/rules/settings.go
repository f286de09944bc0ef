package rules

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// settingRules decide about each setting that does not simply travel along.
// What no rule names and the target does not know is left to unknownRules.
var settingRules = []Rule{
	refuseSetting("time-series", "index.mode", "time_series logsdb",
		"time-series and logsdb indices build _source and _id in ways of their own; they are out of scope"),
	refuseSetting("searchable-snapshot", "index.store.type", "snapshot remote_snapshot",
		"it is a searchable snapshot, an index without files of its own; mount the snapshot it points to instead"),
	{
		Name: "source-identity", Fidelity: Lossless,
		Why: "it says which index of the source this was; the target gives its own",
		rewrite: removeSettings("index.uuid index.creation_date index.creation_date_string index.provided_name index.version. index.history.uuid " +
			"index.resize. index.shrink. index.split. index.routing.allocation.initial_recovery. index.verified_before_close " +
			"index.allocation.existing_shards_allocator index.context. index.remote_store. index.shard.routing.path.type"),
	},
	{
		Name: "archived-setting", Fidelity: Lossless,
		Why:     "the source itself had put this setting aside and did not use it",
		rewrite: removeSettings("archived."),
	},
	{
		Name: "routing-shards", Fidelity: Lossless, On: []Kind{Index},
		Why: "the number of virtual shards decides which shard a document goes to; with the source's number " +
			"every document, custom routing or not, lands on the shard it was on",
		rewrite: keepRoutingShards,
	},
	{
		Name: "block", Fidelity: Lossy,
		Why:     "a block would refuse the documents that are to come",
		rewrite: removeBlocks,
	},
	{
		Name: "closed", Fidelity: Equivalent, On: []Kind{Index},
		Why:     "a closed index takes no documents, so it is created open, and closed when they have arrived: metadata finish does that",
		rewrite: openClosed,
	},
	{
		Name: "lifecycle", Fidelity: Lossy, Applies: fromElasticsearch,
		Why:     "OpenSearch has no index lifecycle management but index state management; metadata finish gives the index to the policy that was made of its own",
		rewrite: attach,
	},
	{
		Name: "follower", Fidelity: Lossy, Applies: fromElasticsearch,
		Why:     "cross-cluster replication does not come along; the index becomes an ordinary one that nothing writes to",
		rewrite: removeSettings("index.xpack.ccr. index.ccr."),
	},
	{
		Name: "tier", Fidelity: Lossy,
		Why:     "the target has no data tiers, and with this setting no node of it would take the shards",
		rewrite: removeTiers,
	},
	{
		Name: "allocation-filter", Fidelity: Lossy,
		Why:     "it names nodes of the source by their attributes; the target's nodes have none of these and the shards would stay unassigned",
		rewrite: removeSettings("index.routing.allocation.require. index.routing.allocation.include. index.routing.allocation.exclude."),
	},
	{
		Name: "allocation-off", Fidelity: Equivalent, On: []Kind{Index},
		Why:     "no node would take the shards of a new index, nor its documents; metadata finish sets it when they have arrived",
		rewrite: allowAllocation,
	},
	{
		Name: "frozen", Fidelity: Equivalent,
		Why:     "frozen indices do not exist on the target; it becomes an ordinary index that answers the same",
		rewrite: removeSettings("index.frozen index.search.throttled"),
	},
	{
		Name: "soft-deletes", Fidelity: Equivalent,
		Why:     "every index of the target keeps soft deletes; they cannot be switched off",
		rewrite: removeSettingValue("index.soft_deletes.enabled", "false"),
	},
	{
		Name: "data-path", Fidelity: Equivalent,
		Why:     "it is a folder on the source's machines",
		rewrite: removeSettings("index.data_path"),
	},
	{
		Name: "obsolete-setting", Fidelity: Lossless,
		Why:     "it had been without effect on indices of the source's version already",
		rewrite: removeSettings("index.optimize_auto_generated_id index.mapper.dynamic index.mapping.single_type index.mapping.ignore_above_default index.blobs."),
	},
	{
		Name: "early-sort", Fidelity: Lossless, Applies: before6,
		Why:     "indices are sorted since 6; before that the setting had no effect",
		rewrite: removeSettings("index.sort."),
	},
	{
		Name: "merge-explicit", Fidelity: Equivalent,
		Applies: func(p Pair) bool { return p.To.AtLeast(2, 0) },
		Why:     "Lucene 9 no longer limits how many segments a forced merge takes at once",
		rewrite: removeSettings("index.merge.policy.max_merge_at_once_explicit"),
	},
	{
		Name: "startup-check", Fidelity: Equivalent,
		Why:     "the value 'fix' is gone; no shard is checked at its start",
		rewrite: removeSettingValue("index.shard.check_on_startup", "fix"),
	},
	{
		Name: "store-type", Fidelity: Equivalent,
		Why:     "how files are read from the disk is the target's choice where it does not know this one",
		rewrite: knownStoreType,
	},
	{
		Name: "codec", Fidelity: Equivalent,
		Why:     "how stored fields are compressed is the target's choice where it does not know this codec; documents are the same",
		rewrite: knownCodec,
	},
	{
		Name: "standard-mode", Fidelity: Equivalent,
		Why:     "the index is an ordinary one on the target, of one shard as it was",
		rewrite: standardMode,
	},
	{
		Name: "similarity-normalization", Fidelity: Lossless, Applies: before7,
		Why:     "a snapshot of Elasticsearch up to 6 loses the word normalization from this parameter of a similarity in a template",
		rewrite: renameNormalization,
	},
	{
		Name: "similarity", Fidelity: Lossy,
		Why:     "the target does not have this similarity; scores are computed by its default",
		rewrite: knownSimilarity,
	},
	{
		Name: "final-pipeline", Fidelity: Equivalent, On: []Kind{Index},
		Why:     "a final pipeline would alter each migrated document; metadata finish sets it when they have arrived",
		rewrite: removePipeline,
	},
}

// refuseSetting is a rule that refuses an item for one of some values of a setting.
func refuseSetting(rule, setting, values, why string) Rule {
	return Rule{Name: rule, Why: why, rewrite: func(d *draft) {
		if value, ok := d.Settings[setting].(string); ok && has(words(values), value) {
			d.refuse(d.content().at("settings", setting), "%s is %s: %s", setting, value, why)
		}
	}}
}

// removeSettings removes names, and with a trailing dot all below them.
func removeSettings(names string) func(*draft) {
	list := words(names)
	return func(d *draft) {
		for _, name := range sorted(d.Settings) {
			if matches(list, name) {
				d.removeSetting(name, "", "")
			}
		}
	}
}

func matches(list []string, name string) bool {
	for _, entry := range list {
		if entry == name || strings.HasSuffix(entry, ".") && strings.HasPrefix(name, entry) {
			return true
		}
	}
	return false
}

func removeSettingValue(name, value string) func(*draft) {
	return func(d *draft) {
		if fmt.Sprint(d.Settings[name]) == value {
			d.removeSetting(name, "", "")
		}
	}
}

func keepRoutingShards(d *draft) {
	if d.RoutingShards <= 0 {
		return
	}
	shards, err := strconv.Atoi(fmt.Sprint(d.Settings["index.number_of_shards"]))
	switch {
	case err != nil || shards < 1:
		d.refuse("/settings/index.number_of_shards", "the number of shards is %v, which is no number from 1 up",
			d.Settings["index.number_of_shards"])
	case d.RoutingShards%shards != 0:
		d.refuse("/routing_num_shards", "%d virtual shards cannot be spread evenly over %d shards; the metadata contradicts itself",
			d.RoutingShards, shards)
	default:
		d.setSetting("index.number_of_routing_shards", strconv.Itoa(d.RoutingShards), "")
	}
}

func removeBlocks(d *draft) {
	for _, name := range sorted(d.Settings) {
		switch {
		case !strings.HasPrefix(name, "index.blocks."):
		case truth(d.Settings[name]) && d.Kind == Index:
			const why = "a block would refuse the documents that are to come; metadata finish sets it when they have arrived"
			d.later(LaterSettings, map[string]any{name: "true"}, "the source has this block")
			d.removeSetting(name, why, Equivalent)
		case truth(d.Settings[name]):
			d.removeSetting(name, "", "")
		default:
			d.removeSetting(name, "it is off, and off is the default", Lossless)
		}
	}
}

// truth reads a boolean setting, which metadata keeps as a string.
func truth(value any) bool { return fmt.Sprint(value) == "true" }

func openClosed(d *draft) {
	if d.State == "close" {
		d.record(edit{at: "", key: "state"}, "close", "open")
		d.later(LaterClose, nil, "it is closed on the source")
	}
}

// removeTiers takes away the preferences for data tiers. Elasticsearch 7.10 and
// later gives data_content or data_hot to every new index by itself, which says
// no more than "any data node".
func removeTiers(d *draft) {
	for _, name := range sorted(d.Settings) {
		last := name[strings.LastIndexByte(name, '.')+1:]
		if last != "_tier_preference" && last != "_tier" || !strings.HasPrefix(name, "index.routing.allocation.") {
			continue
		}
		switch fmt.Sprint(d.Settings[name]) {
		case "data_content", "data_hot", "data_hot,data_content":
			d.removeSetting(name, "the target has no data tiers; this one, the default of every new index, means any data node", Equivalent)
		default:
			d.removeSetting(name, "", "")
		}
	}
}

func allowAllocation(d *draft) {
	const name = "index.routing.allocation.enable"
	if value := fmt.Sprint(d.Settings[name]); value == "none" {
		d.later(LaterSettings, map[string]any{name: value}, "no shard of it is allocated anew on the source")
		d.removeSetting(name, "", "")
	}
}

func knownStoreType(d *draft) {
	value, there := d.Settings["index.store.type"]
	if there && !has(d.known.StoreTypes, fmt.Sprint(value)) {
		d.removeSetting("index.store.type", "", "")
	}
}

// levelled are the codecs that take a level of compression; a plugin has them.
var levelled = words("zstd zstd_no_dict qat_lz4 qat_deflate qat_zstd")

// knownCodec lets those pass that every version has, and those of the plugin where it may be there.
func knownCodec(d *draft) {
	value, there := d.Settings["index.codec"]
	name := fmt.Sprint(value)
	level := has(levelled, name) || !there && !fromElasticsearch(d.pair) // which another template may have the codec for
	switch {
	case !there || has(words("default best_compression lucene_default"), name):
	case strings.HasPrefix(name, "legacy_"):
		d.setSetting("index.codec", strings.TrimPrefix(name, "legacy_"), "it has no name of its own on the target")
	case has(levelled, name) && d.pair.To.AtLeast(2, 9) && !d.modules.lack("opensearch-custom-codecs"):
	default:
		d.removeSetting("index.codec", "", "")
		level = false
	}
	if !level {
		d.removeSetting("index.codec.compression_level", "it is of a codec that the target does not have, or that this index has not", "")
	}
}

// standardMode takes the mode away where it says no more than the target does without it.
func standardMode(d *draft) {
	if value, there := d.Settings["index.mode"]; there && (value == "standard" || value == "lookup") {
		d.removeSetting("index.mode", "", "")
	}
}

// renameNormalization puts a word back. The server writes a template's settings as a tree, in which normalization ("h2") can't be a
// value and have something below it (normalization.h2.c) at once.
func renameNormalization(d *draft) {
	for _, name := range sorted(d.Settings) {
		rest, ours := strings.CutPrefix(name, "index.similarity.")
		parts := strings.Split(rest, ".")
		if !ours || len(parts) != 3 {
			continue
		}
		if way := "index.similarity." + parts[0] + ".normalization"; d.Settings[way] == parts[1] {
			value := d.Settings[name]
			d.removeSetting(name, "", "")
			d.setSetting(way+"."+parts[1]+"."+parts[2], value, "")
		}
	}
}

// knownSimilarity removes the definition of a similarity whose type the target
// does not have. Fields that name it are given the default by the field rules.
func knownSimilarity(d *draft) {
	const prefix = "index.similarity."
	for _, name := range sorted(d.Settings) {
		rest, ours := strings.CutPrefix(name, prefix)
		similarity, isType := strings.CutSuffix(rest, ".type")
		if !ours || !isType || d.hasSimilarity(fmt.Sprint(d.Settings[name])) {
			continue
		}
		for _, other := range sorted(d.Settings) {
			if strings.HasPrefix(other, prefix+similarity+".") {
				d.removeSetting(other, "", "")
			}
		}
	}
}

func (d *draft) hasSimilarity(name string) bool {
	return has(d.known.Analysis["similarity"], name) && (name != "scripted" || !d.modules.lack("lang-painless"))
}

func removePipeline(d *draft) {
	const name = "index.final_pipeline"
	if value, there := d.Settings[name]; there && fmt.Sprint(value) != "_none" {
		d.later(LaterSettings, map[string]any{name: value}, "it is the final pipeline on the source")
		d.removeSetting(name, "", "")
	}
}

// asBool reads a boolean of a mapping, which may be a string there too.
func asBool(value any) bool {
	switch v := value.(type) {
	case bool:
		return v
	case string:
		return v == "true"
	case json.Number:
		return v == "1"
	}
	return false
}
