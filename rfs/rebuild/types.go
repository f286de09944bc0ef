package rebuild

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"

	"migassist/lucene"
)

// typeRow says how a mapping type is kept and what its values are as JSON.
type typeRow struct {
	codec func(d definition, r release) codec
	// whole writes the field in one, where it is not a list of values; layers are then more than one, by suffix.
	whole  func(w *writer, f *field) error
	layers []string // suffixes of further columns that whole reads
	// merged says that a column keeps each value once.
	merged bool
	// coarse is what differs in values that come back, gone why none does.
	coarse, gone string
	// fallback says that synthetic source keeps values of the type as they were sent, whatever the parameters.
	fallback bool
}

// types is the table of mapping types. Sources: the field mappers of Elasticsearch and OpenSearch; what was compared with
// real servers is listed in rebuild_e2e_test.go, the types of plugins that no obtainable server has are unproven.
var types = map[string]typeRow{
	"byte": integers, "short": integers, "integer": integers, "long": integers,
	"float":           {codec: floats(func(dst []byte, n int64) []byte { return appendSingle(dst, sortableFloat(int32(n))) })},
	"half_float":      {codec: floats(func(dst []byte, n int64) []byte { return appendSingle(dst, sortableHalf(int16(n))) }), coarse: "rounded to half precision"},
	"double":          {codec: floats(func(dst []byte, n int64) []byte { return appendDouble(dst, sortableDouble(n)) })},
	"scaled_float":    {codec: scaledFloats, coarse: "rounded to the scaling factor"},
	"unsigned_long":   {codec: unsignedLongs},
	"boolean":         {codec: booleans},
	"date":            {codec: dates(1000)},
	"date_nanos":      {codec: dates(1e9)},
	"keyword":         {codec: terms, merged: true},
	"string":          {codec: terms, merged: true},
	"text":            {codec: terms, merged: true},
	"match_only_text": {codec: terms, merged: true}, "annotated_text": {codec: terms, merged: true},
	"search_as_you_type": {codec: terms, merged: true},
	"version":            {codec: versions, merged: true},
	"ip":                 {codec: addresses, merged: true},
	"geo_point":          {codec: points, coarse: "rounded to about a centimeter, and written as an object"},
	"binary":             {codec: binaries, merged: true},
	"integer_range":      ranges(func(definition) rangeCodec { return integerRange(math.MinInt32, math.MaxInt32, appendInteger) }),
	"long_range":         ranges(func(definition) rangeCodec { return integerRange(math.MinInt64, math.MaxInt64, appendInteger) }),
	"float_range":        ranges(func(definition) rangeCodec { return floatRange() }),
	"double_range":       ranges(func(definition) rangeCodec { return doubleRange() }),
	"date_range":         {codec: dateRanges, merged: true, coarse: excluded},
	"ip_range":           ranges(func(definition) rangeCodec { return addressRange() }),
	"wildcard":           {codec: wildcards, merged: true},
	"counted_keyword":    {codec: terms, merged: true},

	"flattened":               {codec: none, whole: writeFlattened, layers: []string{"._keyed"}, coarse: "all values are strings"},
	"flat_object":             {codec: none, whole: writeFlatObject, layers: []string{"._valueAndPath"}, coarse: "all values are strings"},
	"constant_keyword":        {codec: none, whole: writeConstant, coarse: "every document has the value, those too that were sent without it"},
	"join":                    {codec: none, whole: writeJoin, layers: []string{""}},
	"aggregate_metric_double": {codec: none, whole: writeMetrics, layers: metrics},
	"histogram":               {codec: histograms},
	"dense_vector":            {codec: vectors},

	"alias":                 {codec: none},
	"completion":            {codec: none, gone: "suggestions are only in the index of terms", fallback: true},
	"percolator":            {codec: none, gone: "queries are kept in a form of their own", fallback: true},
	"geo_shape":             {codec: none, gone: "shapes are kept as triangles", fallback: true},
	"shape":                 {codec: none, gone: "shapes are kept as triangles", fallback: true},
	"xy_shape":              {codec: none, gone: "shapes are kept as triangles"},
	"xy_point":              {codec: none, gone: "points are rounded in a coding that is not read"},
	"point":                 {codec: none, gone: "points are in a coding that is not read", fallback: true},
	"token_count":           {codec: none, gone: "only the number of tokens is kept", fallback: true},
	"murmur3":               {codec: none, gone: "only a hash is kept", fallback: true},
	"rank_feature":          {codec: none, gone: "features are only in the index of terms", fallback: true},
	"rank_features":         {codec: none, gone: "features are only in the index of terms", fallback: true},
	"sparse_vector":         {codec: none, gone: "vectors lie in files that are not read", fallback: true},
	"semantic_text":         {codec: none, gone: "its text is not kept apart from _source", fallback: true},
	"knn_vector":            {codec: none, gone: "vectors lie in files that are not read"},
	"attachment":            {codec: none, gone: "only what was extracted is kept"},
	"icu_collation_keyword": {codec: none, gone: "only the collation key is kept", fallback: true},
	"_ignored":              {codec: none},
}

const excluded = "an excluded bound becomes the next included one"

var integers = typeRow{codec: floats(appendInteger)}

func none(definition, release) codec { return codec{} }

// floats are numbers in columns; stored ones are as they are.
func floats(number func([]byte, int64) []byte) func(definition, release) codec {
	return func(definition, release) codec {
		return codec{number: number, binary: writeVarints(number), stored: appendStored}
	}
}

func scaledFloats(d definition, _ release) codec {
	factor := d.number("scaling_factor", 1)
	number := func(dst []byte, n int64) []byte { return appendDouble(dst, scaled(n, factor)) }
	return codec{number: number, stored: storedNumber(number)}
}

// unsignedLongs: Elasticsearch turns the sign bit around, so that they sort; OpenSearch does not.
func unsignedLongs(_ definition, r release) codec {
	flip := uint64(1) << 63
	if r.openSearch {
		flip = 0
	}
	number := func(dst []byte, n int64) []byte { return strconv.AppendUint(dst, uint64(n)^flip, 10) }
	plain := func(dst []byte, n int64) []byte { return strconv.AppendUint(dst, uint64(n), 10) }
	stored := func(dst []byte, v lucene.Value) ([]byte, error) {
		if _, err := strconv.ParseUint(string(v.Bytes), 10, 64); err == nil {
			return append(dst, v.Bytes...), nil // OpenSearch stores the digits
		}
		return storedNumber(plain)(dst, v)
	}
	return codec{number: number, stored: stored}
}

func booleans(definition, release) codec {
	return codec{
		number: func(dst []byte, n int64) []byte { return strconv.AppendBool(dst, n != 0) },
		term:   appendBoolean, stored: storedBoolean,
	}
}

// dates are counted in perSecond: milliseconds or nanoseconds.
func dates(perSecond int64) func(definition, release) codec {
	return func(d definition, r release) codec {
		number := datePrinter(d, r, perSecond)
		return codec{number: number, binary: writeVarints(number), stored: storedNumber(number)}
	}
}

func terms(definition, release) codec { return codec{term: appendTerm, stored: appendStored} }

func versions(definition, release) codec { return codec{term: appendVersion, stored: appendStored} }

func addresses(definition, release) codec {
	return codec{number: appendIPv4, term: appendAddress, stored: storedAddress}
}

func points(_ definition, r release) codec {
	number := appendPoint
	if !r.since(5, 0) {
		number = appendMorton
	}
	stored := func(dst []byte, v lucene.Value) ([]byte, error) {
		if v.Kind == lucene.Long { // Elasticsearch 2.2 to 4
			return number(dst, v.Int()), nil
		}
		return storedPoint(dst, v)
	}
	return codec{number: number, binary: writePoints, stored: stored}
}

func binaries(definition, release) codec {
	return codec{binary: writeList(appendBase64), stored: storedBase64}
}

func ranges(of func(definition) rangeCodec) typeRow {
	return typeRow{merged: true, coarse: excluded, codec: func(d definition, _ release) codec {
		return codec{binary: of(d).write, stored: storedRange(nil)}
	}}
}

func dateRanges(d definition, r release) codec {
	number := datePrinter(d, r, 1000)
	return codec{binary: integerRange(math.MinInt64, math.MaxInt64, number).write, stored: storedRange(number)}
}

func wildcards(definition, release) codec {
	return codec{binary: writeList(appendString), term: appendTerm, stored: appendStored}
}

// vectors that are not indexed. From 8.9 on (index version 8090099) they are little-endian.
func vectors(d definition, r release) codec {
	order := binary.ByteOrder(binary.BigEndian)
	if r.since(8, 9) {
		order = binary.LittleEndian
	}
	return codec{binary: writeVector(int(d.number("dims", 0)), d.text("element_type"), order)}
}

// datePrinter renders numbers by the first format of the mapping. Where the server need not be imitated, another one takes
// its place for instants that the first can't tell in full.
func datePrinter(d definition, r release, perSecond int64) func([]byte, int64) []byte {
	formats := []dateFormat{}
	for name := range strings.SplitSeq(dateFormatOf(d, r), "||") {
		if !r.exact && strings.HasSuffix(name, "date_optional_time") {
			name += "_nanos" // which the other reads as well
		}
		format, err := compileDate(name, r.joda())
		if err == nil {
			formats = append(formats, format)
		} else if len(formats) == 0 {
			break
		}
	}
	if len(formats) == 0 {
		format, _ := compileDate(isoDate, false)
		formats = append(formats, format)
	}
	if r.exact {
		formats = formats[:1]
	}
	return func(dst []byte, n int64) []byte {
		seconds, nanos := floorDiv(n, perSecond), floorMod(n, perSecond)*(1e9/perSecond)
		use := formats[0]
		for _, format := range formats {
			if format.tells(seconds, nanos) {
				use = format
				break
			}
		}
		dst = append(dst, '"')
		dst = use.append(dst, seconds, nanos)
		return append(dst, '"')
	}
}

// dateFormatOf is the format of the mapping, or the default of its version.
func dateFormatOf(d definition, r release) string {
	if format := d.text("print_format"); format != "" && r.openSearch {
		return format
	}
	if format := d.text("format"); format != "" {
		return format
	}
	if d.kind() == "date_nanos" {
		return "strict_date_optional_time_nanos"
	}
	return isoDate
}
