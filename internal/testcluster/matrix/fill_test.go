//go:build e2e

package matrix

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// settings are those that an index may be given. Each is tried for itself.
var settings = []string{
	`"index.refresh_interval":"7s"`, `"index.max_result_window":20000`, `"index.priority":7`, `"index.codec":"best_compression"`,
	`"index.mapping.total_fields.limit":2000`, `"index.mapping.depth.limit":15`, `"index.mapping.nested_fields.limit":40`, `"index.mapping.ignore_malformed":false`,
	`"index.mapping.coerce":true`, `"index.mapping.field_name_length.limit":200`, `"index.mapping.dimension_fields.limit":18`,
	`"index.search.slowlog.threshold.query.warn":"10s"`, `"index.search.slowlog.level":"info"`, `"index.indexing.slowlog.threshold.index.warn":"9s"`, `"index.indexing.slowlog.source":"1000"`,
	`"index.search.slowlog.include.user":true`, `"index.translog.durability":"async"`, `"index.translog.sync_interval":"7s"`, `"index.translog.flush_threshold_size":"300mb"`,
	`"index.translog.flush_threshold_ops":7000`, `"index.translog.retention.age":"1h"`, `"index.translog.disable_flush":false`, `"index.unassigned.node_left.delayed_timeout":"2m"`,
	`"index.routing.allocation.total_shards_per_node":10`, `"index.routing.allocation.exclude._name":"nobody"`, `"index.routing.allocation.include._tier_preference":"data_content"`,
	`"index.routing.rebalance.enable":"all"`, `"index.soft_deletes.retention_lease.period":"10h"`, `"index.soft_deletes.retention.operations":100`, `"index.gc_deletes":"90s"`,
	`"index.query.default_field":["text","keyword"]`, `"index.query.default_field":"text"`, `"index.query_string.lenient":true`, `"index.max_ngram_diff":3`, `"index.max_shingle_diff":4`,
	`"index.max_terms_count":70000`, `"index.max_docvalue_fields_search":150`, `"index.max_script_fields":40`, `"index.analyze.max_token_count":20000`, `"index.highlight.max_analyzed_offset":2000000`,
	`"index.merge.policy.max_merged_segment":"4gb"`, `"index.merge.policy.max_merge_at_once":9`, `"index.merge.policy.max_merge_at_once_explicit":25`, `"index.merge.policy.segments_per_tier":11`,
	`"index.merge.scheduler.max_thread_count":1`, `"index.load_fixed_bitset_filters_eagerly":true`, `"index.requests.cache.enable":true`, `"index.cache.query.enable":true`, `"index.queries.cache.enabled":true`,
	`"index.store.type":"niofs"`, `"index.store.preload":["nvd"]`, `"index.store.throttle.type":"none"`, `"index.warmer.enabled":true`, `"index.gateway.local.sync":"5s"`, `"index.compound_format":false`,
	`"index.mapper.dynamic":true`, `"index.ttl.disable_purge":true`, `"index.recovery.initial_shards":"quorum"`, `"index.write.wait_for_active_shards":"1"`, `"index.hidden":false`,
	`"index.search.idle.after":"45s"`, `"index.shard.check_on_startup":"false"`, `"index.auto_expand_replicas":"false"`, `"index.allocation.max_retries":6`,
	`"index.final_pipeline":"_none"`, `"index.lifecycle.name":"hot-warm"`, `"index.plugins.index_state_management.policy_id":"hot-warm"`, `"index.append_only.enabled":false`, `"index.lifecycle.origination_date":1577836800000`,
	`"index.similarity.flat.type":"BM25","index.similarity.flat.k1":0.5,"index.similarity.flat.b":0.3`, `"index.similarity.old.type":"DFR","index.similarity.old.basic_model":"g","index.similarity.old.after_effect":"l","index.similarity.old.normalization":"h2","index.similarity.old.normalization.h2.c":"3.0"`,
	`"index.analysis.analyzer.exactly.type":"custom","index.analysis.analyzer.exactly.tokenizer":"keyword"`,
	`"index.analysis.analyzer.folding.type":"custom","index.analysis.analyzer.folding.tokenizer":"standard","index.analysis.analyzer.folding.filter":["lowercase","asciifolding"]`,
	`"index.analysis.analyzer.stopping.type":"standard","index.analysis.analyzer.stopping.stopwords":"_english_"`, `"index.analysis.analyzer.splitting.type":"pattern","index.analysis.analyzer.splitting.pattern":"[,;]"`,
	`"index.analysis.filter.tails.type":"edgeNGram","index.analysis.filter.tails.min_gram":2,"index.analysis.filter.tails.max_gram":4,"index.analysis.analyzer.tailing.tokenizer":"standard","index.analysis.analyzer.tailing.filter":["standard","lowercase","tails"]`,
	`"index.analysis.filter.brief.type":"length","index.analysis.filter.brief.max":20,"index.analysis.analyzer.brief.tokenizer":"whitespace","index.analysis.analyzer.brief.filter":["brief"]`,
	`"index.analysis.char_filter.amp.type":"mapping","index.analysis.char_filter.amp.mappings":["& => and"],"index.analysis.analyzer.amped.tokenizer":"standard","index.analysis.analyzer.amped.char_filter":["amp"]`,
	`"index.analysis.normalizer.low.type":"custom","index.analysis.normalizer.low.filter":["lowercase"]`,
}

// younger are words in settings that Elasticsearch 1 and 2 would take, as they take any, and that nobody gave them.
var younger = []string{"pipeline", "lifecycle", "plugins", "soft_deletes", "tier", "append_only", "hidden", "dimension", "idle"}

// roots are keys that a mapping may have beside its fields.
var roots = []string{
	`"_meta":{"owner":"team search","revision":3}`, `"date_detection":false`, `"numeric_detection":true`, `"dynamic_date_formats":["yyyy/MM/dd"]`, `"dynamic":"true"`, `"_source":{"enabled":true}`,
	`"_all":{"enabled":false}`, `"_timestamp":{"enabled":true}`, `"_ttl":{"enabled":true,"default":"500d"}`, `"_field_names":{"enabled":true}`, `"_routing":{"required":false}`, `"include_in_all":false`,
	`"_size":{"enabled":true}`, `"runtime":{"hour":{"type":"long"}}`, `"_index":{"enabled":true}`, `"_analyzer":{"path":"nothing"}`, `"_boost":{"name":"boosting"}`,
	`"dynamic_templates":[{"ids":{"match":"*_id","match_mapping_type":"string","mapping":{"type":"keyword","ignore_above":64}}},{"texts":{"path_match":"texts.*","mapping":{"type":"text","norms":false}}}]`,
	`"dynamic_templates":[{"ids":{"match":"*_id","match_mapping_type":"string","mapping":{"type":"string","index":"not_analyzed"}}},{"texts":{"path_match":"texts.*","mapping":{"type":"string","norms":{"enabled":false}}}}]`,
}

// some are those of a list that the server takes; of those with the same key the first.
func (s *source) some(t *testing.T, list []string, body func(some string) string) []string {
	t.Helper()
	var taken []string
	seen := map[string]bool{}
	var try func(list []string)
	try = func(list []string) { // halves, as the oldest servers take nearly all
		switch {
		case len(list) == 0:
		case s.accepts(t, body(strings.Join(list, ","))):
			taken = append(taken, list...)
		case len(list) > 1:
			try(list[:len(list)/2])
			try(list[len(list)/2:])
		}
	}
	var first []string
	for _, one := range list {
		key, _, _ := strings.Cut(one, ":")
		switch {
		case seen[key], s.before(5) && slices.ContainsFunc(younger, func(word string) bool { return strings.Contains(key, word) }):
		case s.before(5) != strings.Contains(one, "not_analyzed") && strings.Contains(key, "dynamic_templates"): // each has words of its own
		case s.before(6) && strings.Contains(one, `default_field":[`):
		case s.before(2) && strings.Contains(key, "codec"): // it would take it, and the index would never be there
		case strings.Contains(key, "translog.retention") && !s.before(8): // a template takes it, and no index
		case strings.Contains(key, "_tier") && s.before(7, 10): // it would be the name of an attribute that no node has
		case s.before(5):
			first = append(first, one)
			seen[key] = true
		case s.accepts(t, body(one)):
			seen[key] = true
			taken = append(taken, one)
		}
	}
	try(first)
	return taken
}

// fill makes all that the server takes of templates, pipelines, scripts and indices, and their documents.
func (s *source) fill(t *testing.T) {
	t.Helper()
	own := s.some(t, settings, func(one string) string { return s.body(","+one, "", "") })
	root := strings.Join(s.some(t, roots, func(one string) string { return s.body("", s.mapping(nil, one), "") }), ",")
	if !s.before(5) {
		s.must(t, "DELETE", "/_template/probe", "")
	}
	analysis := slices.DeleteFunc(slices.Clone(own), func(one string) bool { return !strings.Contains(one, "index.analysis.") })
	own = slices.DeleteFunc(own, func(one string) bool { return strings.Contains(one, "index.analysis.") })
	s.must(t, "PUT", "/analyzed", s.body(","+strings.Join(analysis, ","), "", ""))
	options := "," + strings.Join(own, ",")
	mapping := s.mapping(s.definitions(), root)
	aliases := `{"plain":{},"filtered":{"filter":{"term":{"long":2}}},"routed":{"routing":"r"},"both":{"index_routing":"i","search_routing":"i,r"}}`
	s.must(t, "PUT", "/rich", strings.Replace(s.body(options, mapping, aliases), `"number_of_shards":1`, `"number_of_shards":3`, 1))
	s.offer(t, "write index", "POST", "/_aliases", `{"actions":[{"add":{"index":"rich","alias":"writing","is_write_index":true}}]}`)
	s.offer(t, "hidden alias", "POST", "/_aliases", `{"actions":[{"add":{"index":"rich","alias":"hiding","is_hidden":true}}]}`)
	s.templates(t, options, mapping)
	s.must(t, "PUT", "/made-1", "") // by the legacy template
	for _, name := range []string{"rich", "made-1"} {
		s.documents(t, name)
	}
	s.others(t)
	s.must(t, "POST", "/_refresh", "")
}

// templates are one of each kind, with all that the index has.
func (s *source) templates(t *testing.T, options, mapping string) {
	t.Helper()
	pattern := `"index_patterns":["made-*"]`
	if s.before(6) {
		pattern = `"template":"made-*"`
	}
	inner := strings.TrimSuffix(strings.TrimPrefix(s.body(options, mapping, `{"by-template":{"filter":{"range":{"long":{"gte":2}}}}}`), "{"), "}")
	s.must(t, "PUT", "/_template/rich-legacy", fmt.Sprintf(`{%s,"order":3,%s}`, pattern, inner))
	s.offer(t, "template with version", "PUT", "/_template/versioned", fmt.Sprintf(`{%s,"order":-1,"version":12,"settings":{"index.refresh_interval":"11s"}}`, strings.Replace(pattern, "made", "nothing", 1)))
	s.offer(t, "component template", "PUT", "/_component_template/rich-part", fmt.Sprintf(`{"version":4,"_meta":{"by":"matrix"},"template":{%s}}`, inner))
	s.offer(t, "index template", "PUT", "/_index_template/rich-composed",
		`{"index_patterns":["composed-*"],"priority":7,"version":2,"_meta":{"owner":"ops"},"composed_of":["rich-part"],"template":{"settings":{"number_of_shards":2},"aliases":{"composed":{}}}}`)
	s.offer(t, "template that keeps indices from being made", "PUT", "/_index_template/rich-forbidding", `{"index_patterns":["forbidden-*"],"priority":8,"allow_auto_create":false}`)
	s.offer(t, "data stream template", "PUT", "/_index_template/rich-stream",
		`{"index_patterns":["stream-*"],"priority":300,"data_stream":{},"template":{"settings":{"number_of_replicas":0},"mappings":{"properties":{"@timestamp":{"type":"date"},"message":{"type":"text"}}}}}`)
}

// documents are five, each with a value of each field that says one.
func (s *source) documents(t *testing.T, index string) {
	t.Helper()
	for i := range 5 {
		document := map[string]json.RawMessage{}
		for _, f := range s.fields {
			if value := f.values[i]; value != "" {
				document[f.name] = json.RawMessage(value)
			}
		}
		body, err := json.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		s.must(t, "PUT", fmt.Sprintf("/%s/%s/%d", index, s.typeName(), i+1), string(body))
	}
}

// others are further indices, each about one thing, and what is no index.
func (s *source) others(t *testing.T) {
	t.Helper()
	s.must(t, "PUT", "/blocked", s.body("", s.mapping(map[string]json.RawMessage{"n": json.RawMessage(`{"type":"long"}`)}, ""), ""))
	s.must(t, "PUT", "/blocked/"+s.typeName()+"/1", `{"n":1}`)
	s.must(t, "PUT", "/closed", s.body("", s.mapping(map[string]json.RawMessage{"n": json.RawMessage(`{"type":"long"}`)}, ""), ""))
	s.must(t, "PUT", "/closed/"+s.typeName()+"/1", `{"n":1}`)
	for name, path := range map[string]string{"pipeline": "/_ingest/pipeline/rich-pipeline", "other pipeline": "/_ingest/pipeline/rich-final"} {
		if !s.offer(t, name, "PUT", path, `{"description":"adds a field","version":3,"processors":[{"set":{"field":"added","value":"by the pipeline"}}]}`) {
			s.offer(t, name+" that does nothing", "PUT", path, `{"description":"does nothing","processors":[]}`)
		}
	}
	for _, lang := range []string{"groovy", "expression", "mustache"} {
		s.offer(t, "old stored script "+lang, "PUT", "/_scripts/"+lang+"/rich-"+lang, `{"script":"1 + 1"}`)
	}
	s.offer(t, "cluster settings", "PUT", "/_cluster/settings", `{"persistent":{"cluster.routing.allocation.node_concurrent_recoveries":"3","indices.recovery.max_bytes_per_sec":"50mb"}}`)
	if s.before(5) { // it would take any setting
		s.types(t)
		return
	}
	s.offer(t, "index with pipelines", "PUT", "/piped", s.body(`,"index.default_pipeline":"rich-pipeline"`, "", ""))
	s.offer(t, "index with a final pipeline", "PUT", "/finally", s.body(`,"index.final_pipeline":"rich-final"`, "", ""))
	s.offer(t, "search pipeline", "PUT", "/_search/pipeline/rich-search", `{"description":"does nothing","request_processors":[]}`)
	for _, script := range []string{
		`{"script":{"lang":"painless","source":"return params.x + 1"}}`, `{"script":{"lang":"mustache","source":"{\"query\":{\"match_all\":{}}}"}}`, `{"script":{"lang":"expression","source":"doc['long'].value * 2"}}`,
	} {
		s.offer(t, "stored script", "PUT", "/_scripts/rich-"+strings.Fields(strings.NewReplacer(`"`, " ", ":", " ").Replace(script))[4], script)
	}
	s.offer(t, "lifecycle policy", "PUT", "/_ilm/policy/hot-warm", `{"policy":{"phases":{"hot":{"actions":{"rollover":{"max_age":"7d"}}},"delete":{"min_age":"30d","actions":{"delete":{}}}}}}`)
	if s.offer(t, "data stream", "PUT", "/_data_stream/stream-1", "") {
		for i := range 4 {
			if s.must(t, "POST", "/stream-1/_doc", fmt.Sprintf(`{"@timestamp":"2020-01-0%dT00:00:00Z","message":"event"}`, i+1)); i == 1 {
				s.must(t, "POST", "/stream-1/_rollover", "")
			}
		}
	}
	s.types(t)
}

// types is an index of two types, or one with a join where the server has no types.
func (s *source) types(t *testing.T) {
	t.Helper()
	if s.before(6) {
		s.multi = true
		s.must(t, "PUT", "/family", s.body("", `{"parent":{"properties":{"n":{"type":"long"}}},"child":{"_parent":{"type":"parent"},"properties":{"n":{"type":"long"},"toy":{"type":"boolean"}}}}`, `{"children":{"filter":{"type":{"value":"child"}}}}`))
		s.must(t, "PUT", "/family/parent/p1", `{"n":1}`)
		s.must(t, "PUT", "/family/child/c1?parent=p1", `{"n":2,"toy":true}`)
		return
	}
	if s.offer(t, "join", "PUT", "/family", s.body("", s.mapping(map[string]json.RawMessage{"relation": json.RawMessage(`{"type":"join","relations":{"parent":["child","pet"]}}`)}, ""), "")) {
		s.must(t, "PUT", "/family/"+s.typeName()+"/p1", `{"relation":"parent"}`)
		s.must(t, "PUT", "/family/"+s.typeName()+"/c1?routing=p1", `{"relation":{"name":"child","parent":"p1"}}`)
	}
}

// shut closes and blocks what is to be closed and blocked, when all documents are there.
func (s *source) shut(t *testing.T) {
	t.Helper()
	s.must(t, "PUT", "/blocked/_settings", `{"index.blocks.write":true}`)
	if s.before(7, 2) { // closed indices come into no snapshot
		s.must(t, "DELETE", "/closed", "")
		return
	}
	s.must(t, "POST", "/closed/_close", "")
}
