//go:build e2e

package matrix

// field is a kind of field: how it is defined, what five documents have in it, and what is asked of it. A source has the kinds
// that its server takes when it is asked to; the golden plans show which these are.
type field struct {
	name string
	// definition is as the server takes it; needs is another row that it leads to.
	definition string
	needs      string
	// values are of the documents 1 to 5; one that is empty leaves the field out.
	values  [5]string
	queries []query
}

// query is asked of the source and the target; FIELD stands for the field's name.
type query struct{ kind, body string }

func filter(body string) string { return `{"constant_score":{"filter":` + body + `}}` }

// exact are the queries of a field whose values are single terms.
func exact(term string) []query {
	return []query{
		{kind: "term", body: filter(`{"term":{"FIELD":` + term + `}}`)},
		{kind: "exists", body: filter(`{"exists":{"field":"FIELD"}}`)},
	}
}

func ordered(term, from, to string) []query {
	return append(exact(term), query{kind: "range", body: filter(`{"range":{"FIELD":{"gte":` + from + `,"lt":` + to + `}}}`)})
}

func within(path string, queries []query) []query {
	nested := make([]query, len(queries))
	for i, q := range queries {
		nested[i] = query{kind: "nested " + q.kind, body: `{"nested":{"path":"` + path + `","query":` + q.body + `}}`}
	}
	return nested
}

var (
	sentences = [5]string{`"The quick brown fox"`, `"a lazy dog sleeps"`, `"quick thinking, brown bread"`, ``, `["Foxes in boxes","dog days"]`}
	words     = [5]string{`"alpha"`, `"Beta"`, `["gamma","alpha"]`, ``, `"beta"`}
	numbers   = [5]string{`1`, `2`, `[3,5]`, ``, `100`}
	decimals  = [5]string{`1.5`, `-2.25`, `[3.75,5]`, ``, `100`}
	moments   = [5]string{`"2020-01-01T00:00:00Z"`, `"2020-02-03T04:05:06.789Z"`, `["2020-03-01","2021-01-01"]`, ``, `1600000000000`}
	days      = [5]string{`"2020/01/01"`, `"2020/02/03"`, `["2020/03/01","2021/01/01"]`, ``, `"2022/12/31"`}
	addresses = [5]string{`"10.0.0.1"`, `"192.168.0.7"`, `["10.1.0.1","172.16.0.1"]`, ``, `"10.255.255.255"`}
	places    = [5]string{`{"lat":48.1,"lon":11.5}`, `"52.5,13.4"`, `[11.6,48.2]`, ``, `{"lat":-33.9,"lon":151.2}`}
	shapes    = [5]string{
		`{"type":"point","coordinates":[11.5,48.1]}`, `{"type":"polygon","coordinates":[[[10,47],[12,47],[12,49],[10,49],[10,47]]]}`,
		`{"type":"linestring","coordinates":[[0,0],[1,1]]}`, ``, `{"type":"point","coordinates":[151.2,-33.9]}`,
	}

	analyzed = []query{
		{kind: "full text", body: `{"match":{"FIELD":"quick"}}`},
		{kind: "phrase", body: `{"match_phrase":{"FIELD":"brown fox"}}`},
		{kind: "all words", body: `{"match":{"FIELD":{"query":"lazy dog","operator":"and"}}}`},
		{kind: "exists", body: filter(`{"exists":{"field":"FIELD"}}`)},
	}
	bags = []query{ // texts without positions
		{kind: "full text", body: `{"match":{"FIELD":"quick"}}`},
		{kind: "exists", body: filter(`{"exists":{"field":"FIELD"}}`)},
	}
	terms = append(exact(`"alpha"`),
		query{kind: "prefix", body: filter(`{"prefix":{"FIELD":"al"}}`)},
		query{kind: "wildcard", body: `{"wildcard":{"FIELD":"*ta"}}`},
		query{kind: "range", body: filter(`{"range":{"FIELD":{"gte":"alpha","lt":"b"}}}`)},
	)
	around = []query{
		{kind: "geo distance", body: filter(`{"geo_distance":{"distance":"50km","FIELD":{"lat":48.15,"lon":11.55}}}`)},
		{kind: "geo box", body: filter(`{"geo_bounding_box":{"FIELD":{"top_left":{"lat":53,"lon":11},"bottom_right":{"lat":48,"lon":14}}}}`)},
		{kind: "exists", body: filter(`{"exists":{"field":"FIELD"}}`)},
	}
	touching = []query{
		{kind: "geo shape", body: filter(`{"geo_shape":{"FIELD":{"shape":{"type":"envelope","coordinates":[[11,49],[12,48]]}}}}`)},
		{kind: "exists", body: filter(`{"exists":{"field":"FIELD"}}`)},
	}
	present = []query{{kind: "exists", body: filter(`{"exists":{"field":"FIELD"}}`)}}
	none    []query
)

// fields are all kinds that any of the servers may have. What a rule is about is here in the forms that it tells apart.
var fields = []field{
	{"text", `{"type":"text"}`, "", sentences, analyzed},
	{"text_raw", `{"type":"text","fields":{"raw":{"type":"keyword","ignore_above":256}}}`, "", sentences, append(analyzed, query{kind: "multi-field", body: filter(`{"term":{"FIELD.raw":"a lazy dog sleeps"}}`)})},
	{"text_freqs", `{"type":"text","index_options":"freqs","norms":false}`, "", sentences, bags},
	{"text_vectors", `{"type":"text","term_vector":"with_positions_offsets","store":true,"fielddata":true,"boost":2.0}`, "", sentences, analyzed},
	{"text_offsets", `{"type":"text","index_options":"offsets","position_increment_gap":7,"fielddata":true}`, "", sentences, analyzed},
	{"text_phrases", `{"type":"text","index_phrases":true,"index_prefixes":{"min_chars":2,"max_chars":5}}`, "", sentences, analyzed},
	{"text_keyword_analyzer", `{"type":"text","analyzer":"keyword","search_analyzer":"keyword"}`, "", words, []query{{kind: "full text", body: `{"match":{"FIELD":"alpha"}}`}}},
	{"text_copied", `{"type":"text","copy_to":"text_all"}`, "text_all", sentences, append(analyzed, query{kind: "copy", body: `{"match":{"text_all":"sleeps"}}`})},
	{"text_all", `{"type":"text"}`, "", [5]string{}, none},
	{"text_meta", `{"type":"text","meta":{"unit":"words"}}`, "", sentences, analyzed},
	{"string", `{"type":"string"}`, "", sentences, analyzed},
	{"string_exact", `{"type":"string","index":"not_analyzed"}`, "", words, terms},
	{"string_doc_values", `{"type":"string","index":"not_analyzed","doc_values":true,"null_value":"NONE","ignore_above":32}`, "", words, terms},
	{"string_norms", `{"type":"string","norms":{"enabled":false},"index_options":"docs"}`, "", sentences, bags},
	{"string_omit_norms", `{"type":"string","omit_norms":true,"term_vector":"yes"}`, "", sentences, analyzed},
	{"string_analyzers", `{"type":"string","index_analyzer":"standard","search_analyzer":"simple"}`, "", sentences, analyzed},
	{"string_gap", `{"type":"string","position_offset_gap":10}`, "", sentences, analyzed},
	{"string_raw", `{"type":"string","fields":{"raw":{"type":"string","index":"not_analyzed"}}}`, "", sentences, append(analyzed, query{kind: "multi-field", body: filter(`{"term":{"FIELD.raw":"a lazy dog sleeps"}}`)})},
	{"string_stored", `{"type":"string","index":"no","store":"yes"}`, "", words, none},
	{"string_not_in_all", `{"type":"string","include_in_all":false}`, "", sentences, analyzed},
	{"string_fielddata", `{"type":"string","fielddata":{"format":"disabled"}}`, "", sentences, analyzed},
	{"string_similarity", `{"type":"string","similarity":"BM25"}`, "", sentences, analyzed},
	{"text_not_in_all", `{"type":"text","include_in_all":false}`, "", sentences, analyzed},
	{"text_classic", `{"type":"text","similarity":"classic"}`, "", sentences, analyzed},
	{"text_boolean", `{"type":"text","similarity":"boolean"}`, "", sentences, analyzed},
	{"keyword", `{"type":"keyword"}`, "", words, terms},
	{"keyword_limits", `{"type":"keyword","ignore_above":32,"null_value":"NONE","eager_global_ordinals":true,"norms":true,"store":true,"similarity":"BM25"}`, "", words, terms},
	{"keyword_columns", `{"type":"keyword","doc_values":false,"split_queries_on_whitespace":true}`, "", words, terms},
	{"keyword_unindexed", `{"type":"keyword","index":false}`, "", words, none},
	{"keyword_dimension", `{"type":"keyword","time_series_dimension":true}`, "", [5]string{`"a"`, `"b"`, `"a"`, ``, `"c"`}, exact(`"a"`)},
	{"long", `{"type":"long","null_value":-7}`, "", numbers, ordered(`2`, `2`, `6`)},
	{"integer", `{"type":"integer","coerce":false}`, "", numbers, ordered(`2`, `2`, `6`)},
	{"integer_malformed", `{"type":"integer","ignore_malformed":true}`, "", [5]string{`1`, `"no number"`, `[3,5]`, ``, `100`}, ordered(`1`, `2`, `6`)},
	{"integer_precision", `{"type":"integer","precision_step":8,"doc_values":true}`, "", numbers, ordered(`2`, `2`, `6`)},
	{"integer_metric", `{"type":"integer","time_series_metric":"gauge"}`, "", [5]string{`1`, `2`, `3`, ``, `100`}, ordered(`2`, `2`, `6`)},
	{"short", `{"type":"short","store":true}`, "", numbers, ordered(`2`, `2`, `6`)},
	{"byte", `{"type":"byte"}`, "", numbers, ordered(`2`, `2`, `6`)},
	{"double", `{"type":"double"}`, "", decimals, ordered(`1.5`, `-3`, `4`)},
	{"float", `{"type":"float"}`, "", decimals, ordered(`1.5`, `-3`, `4`)},
	{"half_float", `{"type":"half_float"}`, "", decimals, ordered(`1.5`, `-3`, `4`)},
	{"scaled_float", `{"type":"scaled_float","scaling_factor":100}`, "", decimals, ordered(`1.5`, `-3`, `4`)},
	{"unsigned_long", `{"type":"unsigned_long"}`, "", [5]string{`1`, `18446744073709551615`, `[3,5]`, ``, `100`}, ordered(`1`, `2`, `6`)},
	{"token_count", `{"type":"token_count","analyzer":"standard"}`, "", [5]string{`"a b"`, `"a b c"`, `"x"`, ``, `"one two"`}, ordered(`2`, `1`, `3`)},
	{"boolean", `{"type":"boolean","null_value":false}`, "", [5]string{`true`, `false`, `[true,false]`, ``, `true`}, exact(`true`)},
	{"date", `{"type":"date"}`, "", moments, ordered(`"2020-01-01T00:00:00Z"`, `"2020-01-15"`, `"2020-12-01"`)},
	{"date_format", `{"type":"date","format":"yyyy/MM/dd"}`, "", days, ordered(`"2020/01/01"`, `"2020/01/15"`, `"2020/12/01"`)},
	{"date_named", `{"type":"date","format":"dateOptionalTime"}`, "", [5]string{`"2020-01-01T00:00:00Z"`, `"2020-02-03"`, `["2020-03-01","2021-01-01"]`, ``, `"2022-12-31"`}, ordered(`"2020-01-01"`, `"2020-01-15"`, `"2020-12-01"`)},
	{"date_either", `{"type":"date","format":"strict_date_optional_time||epoch_millis","ignore_malformed":true,"null_value":"1970-01-01"}`, "", moments, ordered(`"2020-01-01T00:00:00Z"`, `"2020-01-15"`, `"2020-12-01"`)},
	{"date_nanos", `{"type":"date_nanos"}`, "", [5]string{`"2020-01-01T00:00:00.123456789Z"`, `"2020-02-03"`, `"2020-03-01"`, ``, `"2022-12-31"`}, ordered(`"2020-01-01T00:00:00.123456789Z"`, `"2020-01-15"`, `"2020-12-01"`)},
	{"ip", `{"type":"ip"}`, "", addresses, ordered(`"10.0.0.1"`, `"10.0.0.0"`, `"11.0.0.0"`)},
	{"binary", `{"type":"binary"}`, "", [5]string{`"U29tZQ=="`, `"Ynl0ZXM="`, ``, ``, ``}, none},
	{"binary_columns", `{"type":"binary","doc_values":true}`, "", [5]string{`"U29tZQ=="`, `"Ynl0ZXM="`, ``, ``, ``}, present},
	{"integer_range", `{"type":"integer_range"}`, "", [5]string{`{"gte":1,"lt":5}`, `{"gte":10}`, `{"gte":4,"lte":11}`, ``, `{"lt":0}`}, ordered(`4`, `2`, `3`)},
	{"float_range", `{"type":"float_range","coerce":true}`, "", [5]string{`{"gte":1.5,"lt":5}`, `{"gte":10}`, `{"gte":4,"lte":11}`, ``, `{"lt":0}`}, ordered(`4.5`, `2`, `3`)},
	{"date_range", `{"type":"date_range","format":"yyyy/MM/dd"}`, "", [5]string{`{"gte":"2020/01/01"}`, `{"gte":"2019/01/01","lt":"2020/01/01"}`, ``, ``, ``}, []query{
		{kind: "range", body: filter(`{"range":{"FIELD":{"gte":"2019/02/01","lt":"2019/03/01","format":"yyyy/MM/dd"}}}`)}, {kind: "exists", body: filter(`{"exists":{"field":"FIELD"}}`)},
	}},
	{"ip_range", `{"type":"ip_range"}`, "", [5]string{`{"gte":"10.0.0.0","lte":"10.255.255.255"}`, `{"gte":"192.168.0.0"}`, `{"gte":"172.16.0.0","lt":"172.17.0.0"}`, ``, ``}, exact(`"10.1.2.3"`)},
	{"geo_point", `{"type":"geo_point"}`, "", places, around},
	{"geo_point_columns", `{"type":"geo_point","ignore_malformed":true,"ignore_z_value":true}`, "", places, around},
	{"geo_point_lat_lon", `{"type":"geo_point","lat_lon":true,"geohash":true,"geohash_prefix":true,"validate":true,"normalize":true}`, "", places, around},
	{"geo_point_geohash", `{"type":"geo_point","geohash":true,"geohash_precision":10}`, "", places, around},
	{"geo_shape", `{"type":"geo_shape"}`, "", shapes, touching},
	{"geo_shape_tree", `{"type":"geo_shape","tree":"quadtree","precision":"100m","orientation":"ccw"}`, "", shapes, touching},
	{"geo_shape_levels", `{"type":"geo_shape","tree":"geohash","tree_levels":6,"distance_error_pct":0.025,"strategy":"recursive"}`, "", shapes, touching},
	{"object", `{"properties":{"inner":{"type":"long"},"deep":{"properties":{"er":{"type":"date"}}}}}`, "", [5]string{`{"inner":1,"deep":{"er":"2020-01-01"}}`, `{"inner":2}`, `[{"inner":3},{"inner":5}]`, ``, `{"inner":100}`}, []query{
		{kind: "object", body: filter(`{"range":{"FIELD.inner":{"gte":2,"lt":6}}}`)}, {kind: "deep", body: filter(`{"term":{"FIELD.deep.er":"2020-01-01"}}`)},
	}},
	{"object_disabled", `{"type":"object","enabled":false}`, "", [5]string{`{"any":["thing",1]}`, `{"other":{"x":1}}`, ``, ``, ``}, none},
	{"object_static", `{"type":"object","dynamic":false,"properties":{"known":{"type":"long"}}}`, "", [5]string{`{"known":1,"unknown":"x"}`, `{"known":2}`, ``, ``, ``}, []query{{kind: "object", body: filter(`{"term":{"FIELD.known":2}}`)}}},
	{"object_strict", `{"type":"object","dynamic":"strict","properties":{"known":{"type":"long"}}}`, "", [5]string{`{"known":1}`, `{"known":2}`, ``, ``, ``}, []query{{kind: "object", body: filter(`{"term":{"FIELD.known":2}}`)}}},
	{"object_dotted", `{"type":"object","subobjects":false,"properties":{"a.b":{"type":"long"}}}`, "", [5]string{`{"a.b":1}`, `{"a.b":2}`, ``, ``, ``}, []query{{kind: "object", body: filter(`{"term":{"FIELD.a.b":2}}`)}}},
	{"nested", `{"type":"nested","properties":{"n":{"type":"integer"},"inner":{"type":"nested","properties":{"when":{"type":"date"}}}}}`, "", [5]string{`[{"n":1},{"n":2,"inner":{"when":"2020-01-01"}}]`, `{"n":7}`, `{"n":3}`, ``, ``}, append(
		within("FIELD", []query{{kind: "term", body: filter(`{"term":{"FIELD.n":2}}`)}, {kind: "range", body: filter(`{"range":{"FIELD.n":{"gte":3}}}`)}, {kind: "exists", body: filter(`{"exists":{"field":"FIELD.n"}}`)}}),
		within("FIELD.inner", []query{{kind: "deep", body: filter(`{"term":{"FIELD.inner.when":"2020-01-01"}}`)}})...)},
	{"nested_in_root", `{"type":"nested","include_in_root":true,"include_in_parent":true,"properties":{"n":{"type":"integer"}}}`, "", [5]string{`[{"n":1},{"n":2}]`, `{"n":7}`, ``, ``, ``}, []query{{kind: "in the root", body: filter(`{"term":{"FIELD.n":2}}`)}}},
	{"alias", `{"type":"alias","path":"long"}`, "long", [5]string{}, ordered(`2`, `2`, `6`)},
	{"completion", `{"type":"completion","preserve_separators":false,"max_input_length":40}`, "", [5]string{`"alpha"`, `["beta","gamma"]`, ``, ``, ``}, none},
	{"completion_payloads", `{"type":"completion","payloads":true}`, "", [5]string{`"alpha"`, `["beta","gamma"]`, ``, ``, ``}, none},
	{"search_as_you_type", `{"type":"search_as_you_type","max_shingle_size":3}`, "", sentences, []query{{kind: "full text", body: `{"match":{"FIELD":"quick"}}`}, {kind: "as you type", body: `{"multi_match":{"query":"quick br","type":"bool_prefix","fields":["FIELD","FIELD._2gram","FIELD._3gram"]}}`}}},
	{"rank_feature", `{"type":"rank_feature"}`, "", [5]string{`1.5`, `2`, ``, ``, `7`}, []query{{kind: "rank", body: `{"rank_feature":{"field":"FIELD"}}`}}},
	{"rank_feature_negative", `{"type":"rank_feature","positive_score_impact":false}`, "", [5]string{`1.5`, `2`, ``, ``, `7`}, []query{{kind: "rank", body: `{"rank_feature":{"field":"FIELD"}}`}}},
	{"rank_features", `{"type":"rank_features"}`, "", [5]string{`{"a":1,"b":2.5}`, `{"a":3}`, ``, ``, `{"c":1}`}, []query{{kind: "rank", body: `{"rank_feature":{"field":"FIELD.a"}}`}}},
	{"sparse_vector", `{"type":"sparse_vector"}`, "", [5]string{`{"a":1,"b":2.5}`, `{"a":3}`, ``, ``, `{"c":1}`}, none},
	{"percolator", `{"type":"percolator"}`, "", [5]string{`{"match_all":{}}`, ``, ``, ``, ``}, present},
	{"murmur3", `{"type":"murmur3"}`, "", words, none},
	// Vectors have no values: the k-NN plugin that can be had lacks its native libraries, and a vector ends the server.
	{"dense_vector", `{"type":"dense_vector","dims":3}`, "", [5]string{}, none},
	{"dense_vector_unindexed", `{"type":"dense_vector","dims":3,"index":false}`, "", [5]string{}, none},
	{"dense_vector_l2", `{"type":"dense_vector","dims":3,"index":true,"similarity":"l2_norm"}`, "", [5]string{}, none},
	{"dense_vector_cosine", `{"type":"dense_vector","dims":3,"index":true,"similarity":"cosine","index_options":{"type":"hnsw","m":16,"ef_construction":100}}`, "", [5]string{}, none},
	{"dense_vector_dot", `{"type":"dense_vector","dims":3,"index":true,"similarity":"max_inner_product"}`, "", [5]string{}, none},
	{"dense_vector_byte", `{"type":"dense_vector","dims":3,"element_type":"byte","index":true,"similarity":"l2_norm"}`, "", [5]string{}, none},
	{"knn_vector", `{"type":"knn_vector","dimension":3}`, "", [5]string{}, none},
	{"flattened", `{"type":"flattened","depth_limit":10}`, "", [5]string{`{"a":"x","b":{"c":"y"}}`, `{"a":"z"}`, ``, ``, ``}, []query{{kind: "leaf", body: filter(`{"term":{"FIELD.a":"x"}}`)}, {kind: "exists", body: filter(`{"exists":{"field":"FIELD"}}`)}}},
	{"flat_object", `{"type":"flat_object"}`, "", [5]string{`{"a":"x","b":{"c":"y"}}`, `{"a":"z"}`, ``, ``, ``}, []query{{kind: "leaf", body: filter(`{"term":{"FIELD.a":"x"}}`)}}},
	{"version", `{"type":"version"}`, "", [5]string{`"1.2.3"`, `"1.10.0"`, ``, ``, ``}, exact(`"1.2.3"`)},
	{"wildcard", `{"type":"wildcard","ignore_above":256}`, "", words, exact(`"alpha"`)},
	{"constant_keyword", `{"type":"constant_keyword","value":"same"}`, "", [5]string{}, exact(`"same"`)},
	{"match_only_text", `{"type":"match_only_text"}`, "", sentences, analyzed},
	{"histogram", `{"type":"histogram"}`, "", [5]string{`{"values":[1,2],"counts":[3,4]}`, ``, ``, ``, ``}, present},
	{"aggregate_metric_double", `{"type":"aggregate_metric_double","metrics":["min","max"],"default_metric":"max"}`, "", [5]string{`{"min":1,"max":2}`, ``, ``, ``, ``}, none},
	{"passthrough", `{"type":"passthrough","priority":1,"properties":{"inner":{"type":"long"}}}`, "", [5]string{`{"inner":1}`, `{"inner":2}`, ``, ``, ``}, []query{{kind: "object", body: filter(`{"term":{"FIELD.inner":2}}`)}}},
}
