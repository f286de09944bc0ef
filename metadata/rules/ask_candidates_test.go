//go:build knows

package rules

type body = map[string]any

type fieldCandidate struct {
	name, module string
	needs        body
}

// fieldCandidates is every field type that any Elasticsearch or OpenSearch has
// had, with the module or plugin that brings it ("" is the core).
var fieldCandidates = []fieldCandidate{
	{"text", "", nil},
	{"keyword", "", nil},
	{"long", "", nil},
	{"integer", "", nil},
	{"short", "", nil},
	{"byte", "", nil},
	{"double", "", nil},
	{"float", "", nil},
	{"half_float", "", nil},
	{"unsigned_long", "", nil},
	{"scaled_float", "mapper-extras", body{"scaling_factor": 100}},
	{"date", "", nil},
	{"date_nanos", "", nil},
	{"boolean", "", nil},
	{"binary", "", nil},
	{"integer_range", "", nil},
	{"float_range", "", nil},
	{"long_range", "", nil},
	{"double_range", "", nil},
	{"date_range", "", nil},
	{"ip_range", "", nil},
	{"ip", "", nil},
	{"object", "", nil},
	{"nested", "", nil},
	{"flat_object", "", nil},
	{"flattened", "", nil},
	{"geo_point", "", nil},
	{"geo_shape", "geo", nil},
	{"point", "", nil},
	{"shape", "", nil},
	{"xy_point", "opensearch-geospatial", nil},
	{"xy_shape", "opensearch-geospatial", nil},
	{"completion", "", nil},
	{"token_count", "mapper-extras", body{"analyzer": "standard"}},
	{"percolator", "percolator", nil},
	{"join", "parent-join", body{"relations": body{"q": "a"}}},
	{"alias", "", body{"path": "k"}},
	{"rank_feature", "mapper-extras", nil},
	{"rank_features", "mapper-extras", nil},
	{"search_as_you_type", "mapper-extras", nil},
	{"dense_vector", "", body{"dims": 3}},
	{"sparse_vector", "", nil},
	{"knn_vector", "opensearch-knn", body{"dimension": 3}},
	{"histogram", "", nil},
	{"aggregate_metric_double", "", body{"metrics": []string{"min"}, "default_metric": "min"}},
	{"constant_keyword", "", body{"value": "a"}},
	{"wildcard", "", nil},
	{"version", "", nil},
	{"match_only_text", "", nil},
	{"semantic_text", "", nil},
	{"counted_keyword", "", nil},
	{"string", "", nil},
	{"murmur3", "mapper-murmur3", nil},
	{"annotated_text", "mapper-annotated-text", nil},
	{"icu_collation_keyword", "analysis-icu", nil},
	{"semantic", "opensearch-neural-search", body{"model_id": "m"}},
	{"passthrough", "", body{"priority": 1}},
	{"rank_vectors", "", nil},
	{"exponential_histogram", "", nil},
	{"star_tree", "", nil},
}

// parameterCandidates is every parameter of any field type, with values of
// which one suits each type that has it.
var parameterCandidates = map[string][]any{
	"analyzer": {"standard"}, "search_analyzer": {"standard"}, "search_quote_analyzer": {"standard"},
	"normalizer": {"lowercase"}, "boost": {2}, "coerce": {true}, "copy_to": {"k"}, "doc_values": {false},
	"dynamic": {false}, "eager_global_ordinals": {true}, "enabled": {true}, "fielddata": {true},
	"fielddata_frequency_filter": {body{"min": 0.1, "max": 1, "min_segment_size": 10}},
	"fields":                     {body{"r": body{"type": "keyword"}}},
	"format":                     {"yyyy"}, "ignore_above": {10}, "ignore_malformed": {true}, "ignore_z_value": {true},
	"index": {true}, "index_options": {"docs", body{"type": "hnsw"}}, "index_phrases": {true}, "index_prefixes": {body{}},
	"locale": {"en"}, "meta": {body{"a": "b"}}, "norms": {true, false},
	"null_value":             {"1", "POINT(1 2)", "true", "2001", "127.0.0.1"},
	"position_increment_gap": {5}, "properties": {body{}}, "similarity": {"BM25", "cosine"},
	"split_queries_on_whitespace": {true}, "store": {true}, "term_vector": {"no"},
	"include_in_parent": {true}, "include_in_root": {true}, "include_in_all": {true}, "scaling_factor": {10},
	"depth_limit": {10}, "max_input_length": {10}, "preserve_separators": {true}, "preserve_position_increments": {true},
	"contexts": {[]body{{"name": "c", "type": "category"}}}, "enable_position_increments": {true},
	"relations": {body{"a": "b"}}, "path": {"k"}, "positive_score_impact": {true}, "dims": {3}, "dimension": {3},
	"max_shingle_size": {3}, "value": {"a"}, "time_series_metric": {"gauge"}, "time_series_dimension": {true},
	"script": {"emit(1)"}, "on_script_error": {"fail"}, "metrics": {[]string{"min"}}, "default_metric": {"min"},
	"orientation": {"right"}, "strategy": {"recursive"}, "tree": {"geohash"}, "precision": {"1m"},
	"tree_levels": {3}, "distance_error_pct": {0.1}, "points_only": {true}, "subobjects": {true},
	"method":   {body{"name": "hnsw", "engine": "lucene", "space_type": "l2"}},
	"model_id": {"m"}, "space_type": {"l2"}, "data_type": {"float"}, "mode": {"on_disk"}, "compression_level": {"4x"},
	"element_type": {"float"}, "synthetic_source_keep": {"none"}, "skip_list": {true},
	"lat_lon": {true}, "validate": {true}, "geohash": {true}, "precision_step": {8}, "numeric_resolution": {"days"},
	"postings_format": {"x"}, "doc_values_format": {"x"}, "omit_norms": {true}, "index_analyzer": {"standard"},
}

var rootCandidates = map[string]any{
	"properties": body{}, "dynamic": true, "dynamic_date_formats": []string{"yyyy"}, "date_detection": true,
	"numeric_detection": true, "dynamic_templates": []body{}, "_meta": body{}, "_source": body{}, "_routing": body{"required": true},
	"_field_names": body{"enabled": true}, "_size": body{"enabled": true}, "runtime": body{"a": body{"type": "long"}},
	"_data_stream_timestamp": body{"enabled": true}, "_all": body{"enabled": false}, "_default_": body{}, "include_in_all": true,
	"derived":   body{"a": body{"type": "long", "script": "emit(1)"}},
	"composite": body{}, "context_aware_grouping": body{"fields": []string{"a"}, "script": body{"source": "return ctx.a"}},
	"subobjects": true, "_doc_count": body{}, "_ignored": body{}, "_type": body{}, "_parent": body{"type": "a"},
	"_timestamp": body{"enabled": true}, "_ttl": body{}, "_uid": body{}, "_id": body{}, "_index": body{}, "enabled": true,
	"analyzer": "standard", "search_analyzer": "standard", "index_analyzer": "standard", "_analyzer": body{}, "_boost": body{}, "transform": body{},
}

var sourceCandidates = map[string]any{
	"enabled": true, "includes": []string{"a"}, "excludes": []string{"a"}, "include": []string{"a"}, "exclude": []string{"a"},
	"compress": true, "compress_threshold": "1k", "format": "json", "mode": "stored",
	"recovery_source_enabled": true, "recovery_source_includes": []string{"a"}, "recovery_source_excludes": []string{"a"},
}

var aliasCandidates = map[string]any{
	"filter": body{"term": body{"a": "b"}}, "routing": "1", "index_routing": "1", "search_routing": "1",
	"is_write_index": true, "is_hidden": true, "must_exist": false,
}

var indexTemplateCandidates = map[string]any{
	"index_patterns": []string{"migassist-ask-*"}, "template": body{}, "composed_of": []string{}, "priority": 5, "version": 3,
	"_meta": body{"a": "b"}, "data_stream": body{}, "allow_auto_create": true, "ignore_missing_component_templates": []string{"a"},
	"deprecated": true, "context": body{"name": "a"}, "created_date": 1, "modified_date": 1,
}

var componentTemplateCandidates = map[string]any{
	"template": body{}, "version": 3, "_meta": body{"a": "b"}, "allow_auto_create": true, "deprecated": true, "created_date": 1, "modified_date": 1,
}

var legacyTemplateCandidates = map[string]any{
	"index_patterns": []string{"migassist-ask-*"}, "order": 1, "version": 3, "settings": body{}, "mappings": body{}, "aliases": body{},
	"_meta": body{}, "template": "migassist-ask-*", "warmers": body{},
}

// dynamicTemplateCandidates are the keys of one dynamic template.
var dynamicTemplateCandidates = map[string]any{
	"match": "a*", "unmatch": "b*", "match_mapping_type": "string", "unmatch_mapping_type": "long", "path_match": "a.*", "path_unmatch": "b.*",
	"match_pattern": "simple", "runtime": body{"type": "long"},
}

// knnCandidates are the engines, methods and space types of vectors, as "ENGINE METHOD SPACE".
func knnCandidates() []string {
	var all []string
	for _, engine := range []string{"lucene", "faiss", "nmslib"} {
		for _, method := range []string{"hnsw", "ivf"} {
			for _, space := range []string{"l2", "l1", "linf", "cosinesimil", "innerproduct", "hamming"} {
				all = append(all, engine+" "+method+" "+space)
			}
		}
	}
	return all
}

const (
	storeTypeCandidates  = "fs niofs mmapfs hybridfs simplefs default memory snapshot smb_mmap_fs smb_nio_fs smb_simple_fs"
	similarityCandidates = "BM25 boolean classic default DFR DFI IB LMDirichlet LMJelinekMercer scripted"

	filterCandidates = "apostrophe arabic_normalization arabic_stem asciifolding bengali_normalization bengali_stem brazilian_stem " +
		"cjk_bigram cjk_width classic common_grams concatenate_graph condition czech_stem decimal_digit delimited_payload " +
		"delimited_payload_filter delimited_term_freq dictionary_decompounder dutch_stem edge_ngram edgeNGram elision fingerprint " +
		"flatten_graph french_stem german_normalization german_stem hindi_normalization hindi_stem hunspell hyphenation_decompounder " +
		"indic_normalization indonesian_stem keep keep_types keep_word keyword_marker keyword_repeat kstem latvian_stem length limit " +
		"lowercase min_hash multiplexer ngram nGram pattern_capture pattern_replace persian_normalization persian_stem porter_stem " +
		"portuguese_stem predicate_token_filter remove_duplicates reverse romanian_stem russian_stem scandinavian_folding " +
		"scandinavian_normalization serbian_normalization shingle snowball sorani_normalization spanish_stem standard stemmer " +
		"stemmer_override stop swedish_stem synonym synonym_graph telugu_normalization telugu_stem trim truncate turkish_stem " +
		"type_as_payload unique uppercase word_delimiter word_delimiter_graph dutchStem"
	tokenizerCandidates = "char_group classic edge_ngram edgeNGram keyword letter lowercase ngram nGram path_hierarchy PathHierarchy " +
		"pattern simple_pattern simple_pattern_split standard thai uax_url_email whitespace"
	charFilterCandidates = "html_strip htmlStrip mapping pattern_replace"
	analyzerCandidates   = "arabic armenian basque bengali brazilian bulgarian catalan chinese cjk czech danish default dutch english " +
		"estonian fingerprint finnish french galician german greek hindi hungarian indonesian irish italian keyword latvian lithuanian " +
		"norwegian pattern persian portuguese romanian russian serbian simple snowball sorani spanish standard standard_html_strip stop " +
		"swedish thai turkish whitespace"
)

// analysisNeeds holds what a component of this type cannot be made without.
var analysisNeeds = map[string]body{
	"common_grams": {"common_words": []string{"a"}}, "condition": {"filter": []string{"lowercase"}, "script": body{"source": "true"}},
	"predicate_token_filter":  {"script": body{"source": "true"}},
	"dictionary_decompounder": {"word_list": []string{"a"}}, "hyphenation_decompounder": {"word_list": []string{"a"}, "hyphenation_patterns_path": "x"},
	"elision": {"articles": []string{"l"}}, "keep": {"keep_words": []string{"a"}}, "keep_types": {"types": []string{"<NUM>"}},
	"keyword_marker": {"keywords": []string{"a"}}, "multiplexer": {"filters": []string{"lowercase"}},
	"pattern_capture": {"patterns": []string{"a"}}, "pattern_replace": {"pattern": "a"}, "stemmer_override": {"rules": []string{"a => b"}},
	"synonym": {"synonyms": []string{"a, b"}}, "synonym_graph": {"synonyms": []string{"a, b"}}, "mapping": {"mappings": []string{"a => b"}},
	"simple_pattern": {"pattern": "a"}, "simple_pattern_split": {"pattern": "a"}, "char_group": {"tokenize_on_chars": []string{"-"}},
	"DFR":      {"basic_model": "g", "after_effect": "l", "normalization": "h2", "normalization.h2.c": "3.0"},
	"DFI":      {"independence_measure": "standardized"},
	"IB":       {"distribution": "ll", "lambda": "df", "normalization": "h2"},
	"scripted": {"script": body{"source": "return 1;"}},
}
