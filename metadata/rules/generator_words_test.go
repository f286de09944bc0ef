package rules

// choice is a name with values it may have, each as JSON.
type choice struct {
	name   string
	values []string
}

func pick(name string, values ...string) choice { return choice{name, values} }

// kind is a field type with the parameters it cannot do without, and others that some version has.
type kind struct {
	name       string
	needs      []string
	parameters []string
}

func typeOf(name, needs, parameters string) kind { return kind{name, words(needs), words(parameters)} }

// someTypes are those of any version.
var someTypes = []kind{
	typeOf("string", "", "index analyzer index_analyzer search_analyzer norms omit_norms fielddata doc_values ignore_above null_value include_in_all index_options "+
		"position_offset_gap position_increment_gap term_vector similarity boost store copy_to postings_format index_name"),
	typeOf("text", "", "analyzer search_analyzer norms index index_options index_phrases index_prefixes fielddata fielddata_frequency_filter position_increment_gap "+
		"similarity term_vector eager_global_ordinals store copy_to boost meta include_in_all"),
	typeOf("keyword", "", "index doc_values store ignore_above null_value normalizer norms index_options similarity eager_global_ordinals split_queries_on_whitespace "+
		"copy_to meta boost time_series_dimension script on_script_error synthetic_source_keep include_in_all"),
	typeOf("long", "", "index doc_values store coerce ignore_malformed null_value boost meta copy_to time_series_metric script precision_step include_in_all fielddata"),
	typeOf("integer", "", "index doc_values store coerce ignore_malformed null_value"),
	typeOf("double", "", "index doc_values store null_value time_series_metric meta"),
	typeOf("half_float", "", "index"), typeOf("byte", "", "coerce null_value"), typeOf("float", "", "store"), typeOf("short", "", "doc_values"),
	typeOf("scaled_float", "scaling_factor", "coerce index store meta"),
	typeOf("unsigned_long", "", "index null_value ignore_malformed meta time_series_metric doc_values"),
	typeOf("date", "", "format locale index doc_values store ignore_malformed boost meta numeric_resolution script copy_to null_value include_in_all"),
	typeOf("date_nanos", "", "format index doc_values"),
	typeOf("boolean", "", "index doc_values store null_value boost script time_series_dimension ignore_malformed"),
	typeOf("binary", "", "doc_values store"),
	typeOf("ip", "", "index doc_values null_value ignore_malformed time_series_dimension"),
	typeOf("integer_range", "", "coerce index"), typeOf("date_range", "", "format coerce"), typeOf("ip_range", "", "store"),
	typeOf("object", "", "dynamic enabled subobjects include_in_all"), typeOf("nested", "", "dynamic include_in_parent include_in_root include_in_all"),
	typeOf("flattened", "", "depth_limit ignore_above null_value index doc_values index_options similarity eager_global_ordinals split_queries_on_whitespace meta time_series_dimensions"),
	typeOf("flat_object", "", ""),
	typeOf("geo_point", "", "ignore_malformed ignore_z_value null_value index doc_values lat_lon geohash geohash_prefix geohash_precision validate validate_lat normalize coerce script"),
	typeOf("geo_shape", "", "tree precision tree_levels strategy distance_error_pct orientation points_only ignore_malformed ignore_z_value coerce index doc_values"),
	typeOf("point", "", "ignore_malformed meta"), typeOf("shape", "", "orientation coerce"),
	typeOf("completion", "", "analyzer max_input_length preserve_separators preserve_position_increments contexts context payloads"),
	typeOf("token_count", "analyzer", "enable_position_increments index doc_values"),
	typeOf("percolator", "", ""), typeOf("join", "relations", "eager_global_ordinals"), typeOf("alias", "path", ""),
	typeOf("rank_feature", "", "positive_score_impact null_value"), typeOf("rank_features", "", "positive_score_impact"),
	typeOf("search_as_you_type", "", "max_shingle_size analyzer index norms similarity"),
	typeOf("dense_vector", "dims", "similarity index index_options element_type meta"), typeOf("dense_vector", "dims similarity", "index_options element_type"),
	typeOf("rank_vectors", "dims", ""), typeOf("sparse_vector", "", "index_options store"), typeOf("knn_vector", "dimension", "method space_type data_type mode compression_level model_id"),
	typeOf("knn_vector", "dimension method", "space_type data_type"),
	typeOf("histogram", "", "ignore_malformed time_series_metric"), typeOf("aggregate_metric_double", "metrics default_metric", "time_series_metric"),
	typeOf("constant_keyword", "", "value meta"), typeOf("wildcard", "", "ignore_above null_value copy_to"), typeOf("version", "", "meta"),
	typeOf("match_only_text", "", "meta copy_to analyzer"), typeOf("semantic_text", "", "inference_id search_inference_id meta index_options chunking_settings"),
	typeOf("pattern_text", "", "analyzer"), typeOf("passthrough", "priority", "dynamic time_series_dimension"), typeOf("counted_keyword", "", "index meta"),
	typeOf("murmur3", "", "store"), typeOf("annotated_text", "", "analyzer"), typeOf("icu_collation_keyword", "", "index language"),
	typeOf("multi_field", "fields", "path"), typeOf("nonsense", "", "odd"),
}

var someParameters = []choice{
	pick("index", `true`, `false`), pick("string index", `"analyzed"`, `"not_analyzed"`, `"no"`), pick("analyzer", `"standard"`, `"english"`, `"mine"`),
	pick("index_analyzer", `"standard"`), pick("search_analyzer", `"standard"`), pick("norms", `true`, `false`), pick("string norms", `{"enabled":false}`, `{"loading":"eager"}`),
	pick("omit_norms", `true`, `"false"`), pick("fielddata", `true`, `false`), pick("string fielddata", `{"format":"disabled"}`, `{"loading":"eager"}`), pick("long fielddata", `{"format":"doc_values"}`),
	pick("doc_values", `true`, `false`), pick("store", `true`, `false`), pick("ignore_above", `5`, `8191`), pick("null_value", `"1"`, `"x"`), pick("long null_value", `1`), pick("integer null_value", `0`),
	pick("double null_value", `1.5`), pick("byte null_value", `1`), pick("boolean null_value", `true`), pick("ip null_value", `"127.0.0.1"`), pick("date null_value", `"2001-01-01"`),
	pick("geo_point null_value", `"1,2"`, `{"lat":1,"lon":2}`), pick("rank_feature null_value", `1`), pick("unsigned_long null_value", `18446744073709551615`),
	pick("include_in_all", `true`, `false`), pick("index_options", `"docs"`, `"freqs"`), pick("text index_options", `"positions"`, `"offsets"`), pick("position_offset_gap", `5`),
	pick("position_increment_gap", `5`), pick("term_vector", `"no"`, `"with_positions_offsets"`), pick("similarity", `"BM25"`, `"boolean"`, `"classic"`, `"mine"`), pick("boost", `2`, `1.0`),
	pick("copy_to", `"copied"`, `["copied","more"]`), pick("postings_format", `"pulsing"`), pick("index_name", `"other"`), pick("index_phrases", `true`), pick("index_prefixes", `{}`, `{"min_chars":1,"max_chars":5}`),
	pick("fielddata_frequency_filter", `{"min":0.1,"max":1,"min_segment_size":10}`), pick("eager_global_ordinals", `true`), pick("meta", `{"unit":"ms"}`), pick("normalizer", `"lowercase"`, `"mine"`),
	pick("split_queries_on_whitespace", `true`), pick("time_series_dimension", `true`), pick("time_series_dimensions", `["a"]`), pick("time_series_metric", `"gauge"`, `"counter"`),
	pick("script", `"emit(1)"`, `{"source":"emit(1)"}`), pick("on_script_error", `"continue"`), pick("synthetic_source_keep", `"none"`), pick("coerce", `true`, `false`), pick("ignore_malformed", `true`, `false`),
	pick("precision_step", `4`), pick("scaling_factor", `100`), pick("format", `"yyyy-MM-dd"`, `"strict_date_optional_time||epoch_millis"`, `"dateOptionalTime"`, `"YYYY-MM-dd"`, `"8uuuu"`, `"xxxx-'W'ww"`, `"epoch_second"`),
	pick("locale", `"en"`, `"de_DE"`), pick("numeric_resolution", `"seconds"`), pick("dynamic", `true`, `false`, `"strict"`, `"runtime"`), pick("enabled", `true`, `false`), pick("subobjects", `true`, `false`),
	pick("include_in_parent", `true`), pick("include_in_root", `true`), pick("depth_limit", `5`), pick("ignore_z_value", `true`), pick("lat_lon", `true`, `false`), pick("geohash", `true`, `false`),
	pick("geohash_prefix", `true`), pick("geohash_precision", `8`), pick("validate", `true`, `false`), pick("validate_lat", `false`), pick("normalize", `true`),
	pick("tree", `"geohash"`, `"quadtree"`), pick("precision", `"1m"`, `"50m"`), pick("tree_levels", `8`), pick("strategy", `"recursive"`, `"term"`), pick("distance_error_pct", `0.025`),
	pick("orientation", `"ccw"`, `"clockwise"`), pick("points_only", `true`, `false`), pick("max_input_length", `20`), pick("preserve_separators", `false`), pick("preserve_position_increments", `false`),
	pick("contexts", `[{"name":"c","type":"category"}]`, `[{"name":"g","type":"geo","precision":4}]`), pick("context", `{"c":{"type":"category","default":"x"}}`, `{"g":{"type":"geo","precision":["1km"],"neighbors":true}}`),
	pick("payloads", `true`), pick("enable_position_increments", `false`), pick("relations", `{"q":"a"}`, `{"q":["a","b"],"b":"c"}`), pick("path", `"f0"`, `"f1"`, `"f0.f1"`), pick("positive_score_impact", `false`),
	pick("max_shingle_size", `3`, `4`), pick("dims", `4`, `64`, `2048`), pick("dense_vector similarity", `"l2_norm"`, `"cosine"`, `"dot_product"`, `"max_inner_product"`),
	pick("dense_vector index_options", `{"type":"hnsw","m":8,"ef_construction":50}`, `{"type":"int8_hnsw"}`, `{"type":"int4_hnsw"}`, `{"type":"bbq_hnsw"}`, `{"type":"flat"}`, `{"type":"int8_flat"}`, `{"type":"bbq_flat"}`),
	pick("sparse_vector index_options", `{"prune":true}`), pick("semantic_text index_options", `{"dense_vector":{"type":"bbq_hnsw"}}`), pick("element_type", `"float"`, `"byte"`, `"bit"`), pick("dimension", `4`, `16`),
	pick("method", `{"name":"hnsw","engine":"nmslib","space_type":"l2"}`, `{"name":"hnsw","engine":"nmslib","space_type":"l1"}`, `{"name":"hnsw","engine":"nmslib","space_type":"cosinesimil","parameters":{"m":8}}`,
		`{"name":"hnsw","engine":"faiss","space_type":"innerproduct","parameters":{"encoder":{"name":"sq"}}}`, `{"name":"hnsw","engine":"lucene","space_type":"cosinesimil"}`, `{"name":"hnsw"}`, `{"name":"hnsw","space_type":"linf"}`,
		`{"name":"ivf","engine":"faiss","space_type":"l2"}`),
	pick("space_type", `"l2"`, `"l1"`, `"innerproduct"`, `"cosinesimil"`, `"hamming"`), pick("data_type", `"byte"`, `"binary"`, `"BINARY"`, `"float"`), pick("mode", `"on_disk"`, `"in_memory"`),
	pick("compression_level", `"4x"`, `"32x"`), pick("model_id", `"m"`), pick("metrics", `["min","max"]`, `["value_count","sum","min"]`), pick("default_metric", `"min"`), pick("value", `"x"`),
	pick("inference_id", `"elser"`), pick("search_inference_id", `"elser"`), pick("chunking_settings", `{"strategy":"none"}`), pick("priority", `10`), pick("language", `"de"`),
	pick("fields", `{"f0":{"type":"string","index":"not_analyzed"},"raw":{"type":"string"}}`, `{"raw":{"type":"keyword"}}`), pick("odd", `"odd"`),
}

var (
	dynamicTypes = []string{`"string"`, `"long"`, `"*"`, `["string","long"]`, `["date"]`}

	someConditions = []choice{
		pick("match", `"a*"`, `["a*","b.c*"]`), pick("unmatch", `"ab*"`, `["ab*"]`, `["ab*","*c"]`), pick("path_match", `"o.*"`, `["o.*","p.*"]`), pick("path_unmatch", `"*.x"`, `["*.x","*.y"]`),
		pick("match_pattern", `"regex"`, `"simple"`),
		{"match_mapping_type", dynamicTypes},
		{"unmatch_mapping_type", dynamicTypes},
	}

	someRoots = []choice{
		pick("dynamic", `true`, `"strict"`, `"false"`, `"runtime"`), pick("runtime", `{}`, `{"r":{"type":"long","script":{"source":"emit(1)"}},"g":{"type":"keyword","script":{"source":"emit(grok('a'))"}}}`,
			`{"f0":{"type":"keyword"},"d":{"type":"date","format":"yyyy","script":"emit(1L)"}}`), pick("_size", `{"enabled":true}`), pick("_meta", `{"a":1}`), pick("_all", `{"enabled":false}`), pick("_parent", `{"type":"p"}`),
		pick("_timestamp", `{"enabled":true}`, `{"enabled":"false"}`, `{}`), pick("_ttl", `{"enabled":true,"default":"1d"}`), pick("_source", `{"enabled":false}`, `{"mode":"synthetic"}`, `{"mode":"disabled"}`, `{"excludes":["f9"]}`, `{"compress":true}`),
		pick("_routing", `{"required":true}`, `{"required":true,"path":"f0"}`, `{"store":true}`), pick("_field_names", `{"enabled":false}`), pick("_id", `{"path":"f0"}`), pick("_analyzer", `{"path":"f0"}`), pick("_boost", `{"name":"b"}`),
		pick("numeric_detection", `true`, `"yes"`), pick("date_detection", `false`, `"no"`), pick("dynamic_date_formats", `["yyyy/MM/dd"]`, `["dateOptionalTime","YYYY"]`), pick("include_in_all", `false`), pick("subobjects", `false`, `true`),
		pick("_data_stream_timestamp", `{"enabled":true}`), pick("_doc_count", `{}`), pick("transform", `{"script":"1"}`), pick("derived", `{"x":{"type":"long","script":{"source":"emit(1)"}}}`), pick("odd", `{}`),
	}

	someAliases = []choice{
		pick("filter", `{"term":{"f0":"x"}}`, `{"and":[{"term":{"f0":"x"}},{"missing":{"field":"f1"}}]}`, `{"type":{"value":"doc"}}`, `{"not":{"filter":{"query":{"match_all":{}}}}}`, `{"or":{"filters":[{"term":{"f0":"x","_cache":true}}]}}`,
			`{"filtered":{"query":{"match_all":{}},"filter":{"term":{"_type":"doc"}}}}`, `{"bool":{"must_not":{"fquery":{"query":{"match_all":{}}}}}}`),
		pick("index_routing", `"1"`), pick("search_routing", `"1,2"`), pick("is_write_index", `true`, `false`), pick("is_hidden", `true`), pick("odd", `true`),
	}

	someRest = []choice{
		pick("version", `1`), pick("order", `0`, `5`), pick("priority", `100`), pick("template", `"logs-*"`), pick("index_patterns", `["logs-*"]`), pick("composed_of", `[]`, `["c"]`), pick("_meta", `{"a":1}`), pick("allow_auto_create", `true`, `false`),
		pick("data_stream", `{}`, `{"hidden":true,"allow_custom_routing":false}`, `{"failure_store":true,"timestamp_field":{"name":"@timestamp"}}`, `{"index_mode":"standard"}`), pick("deprecated", `true`),
		pick("ignore_missing_component_templates", `["c"]`), pick("created_date", `1`), pick("template.lifecycle", `{"data_retention":"7d"}`), pick("template.data_stream_options", `{"failure_store":{"enabled":true}}`),
	}

	someSettings = []choice{
		pick("index.version.created", `"1070699"`, `"5061699"`, `"6082399"`, `"7102399"`, `"8100099"`, `"8518000"`, `"136408127"`), pick("index.uuid", `"u"`), pick("index.creation_date", `"1"`), pick("index.resize.source.name", `"s"`),
		pick("archived.index.x", `"1"`), pick("index.number_of_replicas", `"0"`), pick("index.number_of_routing_shards", `"12"`, `"24"`), pick("index.routing_partition_size", `"1"`),
		pick("index.codec", `"default"`, `"best_compression"`, `"zstd"`, `"zstd_no_dict"`, `"legacy_best_compression"`, `"lucene_default"`, `"odd"`), pick("index.codec.compression_level", `"3"`),
		pick("index.blocks.write", `"true"`, `"false"`, `"on"`), pick("index.blocks.read_only", `"true"`), pick("index.lifecycle.name", `"p"`), pick("index.lifecycle.rollover_alias", `"a"`), pick("index.frozen", `"true"`), pick("index.search.throttled", `"true"`),
		pick("index.store.type", `"fs"`, `"niofs"`, `"mmapfs"`, `"hybridfs"`, `"simplefs"`, `"memory"`), pick("index.data_path", `"/d"`), pick("index.mode", `"standard"`, `"lookup"`),
		pick("index.routing.allocation.include._tier_preference", `"data_hot"`, `"data_content"`, `"data_warm,data_hot"`), pick("index.routing.allocation.require.zone", `"z"`), pick("index.routing.allocation.exclude._name", `"n"`),
		pick("index.routing.allocation.include._tier", `"data_cold"`), pick("index.routing.allocation.enable", `"all"`, `"none"`), pick("index.routing.allocation.total_shards_per_node", `"2"`), pick("index.routing.rebalance.enable", `"none"`),
		pick("index.soft_deletes.enabled", `"true"`, `"false"`), pick("index.soft_deletes.retention.operations", `"10"`), pick("index.shard.check_on_startup", `"fix"`, `"checksum"`, `"false"`), pick("index.hidden", `"true"`), pick("index.odd.setting", `"1"`, `null`),
		pick("index.mapping.total_fields.limit", `"5"`, `"2000"`), pick("index.mapping.depth.limit", `"1"`, `"30"`), pick("index.mapping.nested_fields.limit", `"0"`, `"60"`), pick("index.mapping.nested_objects.limit", `"20000"`),
		pick("index.mapping.field_name_length.limit", `"100"`), pick("index.mapping.total_fields.ignore_dynamic_beyond_limit", `"true"`, `"false"`), pick("index.mapping.ignore_above", `"20"`), pick("index.mapping.source.mode", `"synthetic"`, `"stored"`, `"disabled"`),
		pick("index.mapping.coerce", `"true"`, `"1"`), pick("index.mapping.ignore_malformed", `"true"`, `"no"`), pick("index.mapping.single_type", `"true"`), pick("index.mapper.dynamic", `"false"`), pick("index.mapping.dimension_fields.limit", `"32"`),
		pick("index.mapping.semantic_text.use_legacy_format", `"true"`), pick("index.merge.policy.max_merge_at_once_explicit", `"30"`), pick("index.merge.policy.floor_segment", `"2mb"`, `"2000000"`), pick("index.merge.scheduler.max_thread_count", `"1"`),
		pick("index.refresh_interval", `"1s"`, `"30000"`, `"-1"`), pick("index.translog.durability", `"async"`), pick("index.translog.flush_threshold_size", `"512mb"`, `"512"`), pick("index.search.slowlog.threshold.query.warn", `"10s"`, `"10000"`),
		pick("index.final_pipeline", `"p"`, `"_none"`), pick("index.default_pipeline", `"p"`), pick("index.percolator.map_unmapped_fields_as_text", `"true"`), pick("index.xpack.ccr.following_index", `"true"`), pick("index.context.hash", `"h"`),
		pick("index.knn", `"true"`, `"false"`), pick("index.knn.space_type", `"l2"`, `"l1"`, `"cosinesimil"`), pick("index.knn.algo_param.m", `"16"`), pick("index.knn.algo_param.ef_construction", `"100"`), pick("index.knn.algo_param.ef_search", `"50"`),
		pick("index.similarity.mine.type", `"BM25"`, `"classic"`, `"DFR"`, `"scripted"`), pick("index.similarity.mine.normalization", `"h2"`), pick("index.similarity.mine.h2.c", `"3.0"`), pick("index.similarity.default.type", `"classic"`, `"BM25"`),
		pick("index.analysis.analyzer.mine.type", `"custom"`, `"standard"`, `"odd"`), pick("index.analysis.analyzer.mine.tokenizer", `"standard"`, `"nGram"`, `"t"`, `"icu_tokenizer"`),
		pick("index.analysis.analyzer.mine.filter", `["standard","lowercase"]`, `"lowercase,standard"`, `["f","nGram"]`, `"standard"`, `["icu_folding"]`), pick("index.analysis.analyzer.mine.char_filter", `["htmlStrip"]`),
		pick("index.analysis.filter.f.type", `"nGram"`, `"shingle"`, `"standard"`, `"synonym"`, `"delimited_payload_filter"`), pick("index.analysis.filter.f.max_gram", `"9"`), pick("index.analysis.filter.f.max_shingle_size", `"8"`), pick("index.analysis.filter.f.synonyms_set", `"s"`),
		pick("index.analysis.filter.f.synonyms", `["a => b"]`), pick("index.analysis.tokenizer.t.type", `"edgeNGram"`, `"ngram"`, `"PathHierarchy"`), pick("index.analysis.tokenizer.t.max_gram", `"12"`), pick("index.analysis.normalizer.mine.type", `"custom"`),
		pick("index.analysis.normalizer.mine.filter", `["lowercase"]`), pick("index.sort.field", `"f0"`), pick("index.max_result_window", `"20000"`), pick("index.max_ngram_diff", `"20"`), pick("index.ttl.disable_purge", `"on"`), pick("index.priority", `"5"`),
	}
)
