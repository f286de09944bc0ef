package sandbox

import "strings"

// fieldType is what a mapping type takes: parameters in the mapping, values in documents.
type fieldType struct {
	params map[string]bool
	check  func(f *mapped, v scalar) *problem // of one value; nil takes any scalar
	tree   bool                               // takes objects as values
}

const (
	commonFieldParams = "type meta copy_to fields boost "
	numberParams      = commonFieldParams + "index doc_values store ignore_malformed coerce null_value skip_list on_script_error script"
	rangeParams       = commonFieldParams + "index doc_values store coerce format locale"
	textParams        = commonFieldParams + "analyzer search_analyzer search_quote_analyzer index store norms index_options similarity term_vector " +
		"fielddata fielddata_frequency_filter index_prefixes index_phrases position_increment_gap eager_global_ordinals"
)

// fieldTypes are the mapping types of an OpenSearch 2.19.1 with the modules that every download has.
var fieldTypes = map[string]fieldType{
	"object":  {params: paramSet("type dynamic enabled properties include_in_all"), tree: true},
	"nested":  {params: paramSet("type dynamic enabled properties include_in_parent include_in_root"), tree: true},
	"keyword": {params: paramSet(commonFieldParams + "index doc_values store null_value eager_global_ordinals ignore_above index_options norms split_queries_on_whitespace similarity normalizer use_similarity")},
	"text":    {params: paramSet(textParams)},
	"match_only_text": {params: paramSet(commonFieldParams + "analyzer search_analyzer search_quote_analyzer index store norms index_options " +
		"similarity term_vector fielddata fielddata_frequency_filter position_increment_gap eager_global_ordinals")},
	"wildcard":           {params: paramSet(commonFieldParams + "normalizer ignore_above null_value doc_values")},
	"constant_keyword":   {params: paramSet(commonFieldParams + "value")},
	"search_as_you_type": {params: paramSet(textParams + " max_shingle_size")},
	"completion": {params: paramSet(commonFieldParams + "analyzer search_analyzer preserve_separators preserve_position_increments " +
		"max_input_length contexts"), tree: true},
	"token_count": {params: paramSet(commonFieldParams + "analyzer index doc_values store null_value enable_position_increments")},

	"byte":          {params: paramSet(numberParams), check: checkWhole(-1<<7, 1<<7-1)},
	"short":         {params: paramSet(numberParams), check: checkWhole(-1<<15, 1<<15-1)},
	"integer":       {params: paramSet(numberParams), check: checkWhole(-1<<31, 1<<31-1)},
	"long":          {params: paramSet(numberParams), check: checkWhole(-1<<63, 1<<63-1)},
	"unsigned_long": {params: paramSet(numberParams), check: checkUnsigned},
	"half_float":    {params: paramSet(numberParams), check: checkFloat(65504)},
	"float":         {params: paramSet(numberParams), check: checkFloat(3.4028235677973366e38)},
	"double":        {params: paramSet(numberParams), check: checkFloat(1.7976931348623157e308)},
	"scaled_float":  {params: paramSet(numberParams + " scaling_factor"), check: checkFloat(1.7976931348623157e308)},

	"boolean":    {params: paramSet(commonFieldParams + "index doc_values store null_value"), check: checkBoolean},
	"date":       {params: paramSet(commonFieldParams + "index doc_values store format print_format locale ignore_malformed null_value skip_list"), check: checkDate},
	"date_nanos": {params: paramSet(commonFieldParams + "index doc_values store format print_format locale ignore_malformed null_value skip_list"), check: checkDate},
	"ip":         {params: paramSet(commonFieldParams + "index doc_values store ignore_malformed null_value skip_list"), check: checkIP},
	"binary":     {params: paramSet(commonFieldParams + "doc_values store")},
	"alias":      {params: paramSet("type path")},

	"geo_point": {params: paramSet(commonFieldParams + "index doc_values store ignore_malformed ignore_z_value null_value"), tree: true},
	"geo_shape": {params: paramSet(commonFieldParams + "index doc_values store orientation ignore_malformed coerce ignore_z_value strategy " +
		"tree precision tree_levels distance_error_pct points_only"), tree: true},

	"integer_range": {params: paramSet(rangeParams), tree: true},
	"long_range":    {params: paramSet(rangeParams), tree: true},
	"float_range":   {params: paramSet(rangeParams), tree: true},
	"double_range":  {params: paramSet(rangeParams), tree: true},
	"date_range":    {params: paramSet(rangeParams), tree: true},
	"ip_range":      {params: paramSet(rangeParams), tree: true},

	"flat_object":   {params: paramSet("type"), tree: true},
	"join":          {params: paramSet("type relations eager_global_ordinals meta"), tree: true},
	"percolator":    {params: paramSet(commonFieldParams), tree: true},
	"rank_feature":  {params: paramSet("type positive_score_impact meta"), check: checkFloat(3.4028235677973366e38)},
	"rank_features": {params: paramSet("type positive_score_impact meta"), tree: true},
}

// rootParams may stand beside the properties at the top of a mapping.
var rootParams = paramSet("properties dynamic dynamic_templates date_detection numeric_detection dynamic_date_formats " +
	"_source _routing _meta _field_names _data_stream_timestamp _nested_path _id _index _ignored _doc_count composite derived enabled include_in_all type")

// metadataFields may not be fields of a document.
var metadataFields = paramSet("_id _index _source _routing _field_names _ignored _seq_no _version _nested_path _doc_count _data_stream_timestamp")

// builtinAnalyzers need no definition.
var builtinAnalyzers = paramSet("default standard simple stop whitespace keyword pattern fingerprint snowball " +
	"arabic armenian basque bengali brazilian bulgarian catalan chinese cjk czech danish dutch english estonian finnish french galician german greek " +
	"hindi hungarian indonesian irish italian latvian lithuanian norwegian persian portuguese romanian russian sorani spanish swedish turkish thai")

func paramSet(names string) map[string]bool {
	set := map[string]bool{}
	for name := range strings.FieldsSeq(names) {
		set[name] = true
	}
	return set
}
