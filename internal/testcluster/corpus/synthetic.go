package corpus

import (
	"fmt"
	"slices"
	"strings"
)

// synthetic are indices whose source the server itself makes again: synthetic _source of
// Elasticsearch, derived source of OpenSearch. Not logsdb and time series, which the product refuses.
func synthetic() []index {
	es := elasticsearch(8, 100)
	return []index{
		{name: "synthetic", in: es, sent: true, body: settings(1, synthetically, `"mappings":{"properties":`+syntheticFields+`}`), load: loadSynthetic},
		{
			name: "synthetic-unmapped", in: es, sent: true,
			body: settings(1, synthetically, `"mappings":{"dynamic":false,"properties":{"a":{"type":"keyword"},"o":{"properties":{"n":{"type":"long"}}}}}`),
			load: numbered(
				`{"a":"x","b":[1,{"c":2}],"o":{"n":[2,1],"m":"unmapped","p":[1,2]},"z":{"y":{"x":1.50}}}`,
				`{"z":1,"a":["b","a"],"o":[{"n":1},{"n":2,"q":true},{"q":[false]}]}`, `{}`),
		},
		{
			name: "synthetic-kept", in: es, sent: true,
			body: settings(1, synthetically+`,"index.mapping.synthetic_source_keep":"arrays"`,
				`"mappings":{"properties":{"k":{"type":"keyword"},"n":{"type":"long"},"t":{"type":"text"},"o":{"properties":{"n":{"type":"long"}}},"d":{"type":"date"},"i":{"type":"ip"}}}`),
			load: numbered(
				`{"k":["b","a","b"],"n":[3,1,1],"t":["x","y"],"o":[{"n":1},{"n":0}],"d":["2020-01-02","2020-01-01"],"i":["::1","10.0.0.1"]}`,
				`{"k":"a","n":1}`, `{"k":[],"n":[null,1],"o":{}}`, `{"k":[null],"n":["1",1]}`),
		},
		{
			name: "synthetic-many", in: es, sent: true,
			body: settings(1, synthetically, `"mappings":{"properties":`+manyFields+`}`), load: loadMany,
			change: func(l *loader) {
				l.put("3", "", `{"long":8,"word":["later","and","again"]}`)
				l.delete("4", "")
			},
		},
		{
			name: "derived", in: isVersion("3.3.0"), sent: true,
			body: settings(1, `"index.derived_source.enabled":true`, `"mappings":{"dynamic":false,"properties":`+derivedFields+`}`), load: loadDerived,
		},
	}
}

const synthetically = `"index.mapping.source.mode":"synthetic"`

const commonFields = `"long":{"type":"long","index":false},"integer":{"type":"integer","index":false},"short":{"type":"short","index":false},"byte":{"type":"byte","index":false},"double":{"type":"double","index":false},"float":{"type":"float","index":false},"half":{"type":"half_float","index":false},
	"boolean":{"type":"boolean","index":false},"date":{"type":"date","index":false},"day":{"type":"date","index":false,"format":"strict_date"},"nanos":{"type":"date_nanos","index":false},"ip":{"type":"ip","index":false},"point":{"type":"geo_point"},"word":{"type":"keyword","index":false},
	"object":{"properties":{"a":{"type":"keyword","index":false},"deep":{"properties":{"n":{"type":"long","index":false}}}}}`

const syntheticFields = `{` + commonFields + `,"short-word":{"type":"keyword","index":false,"ignore_above":10},"text":{"type":"text"},"stored-text":{"type":"text","store":true},
	"both":{"type":"text","fields":{"raw":{"type":"keyword","index":false}}},"both-short":{"type":"text","fields":{"raw":{"type":"keyword","index":false,"ignore_above":5}}},"blob":{"type":"binary","doc_values":true},
	"malformed":{"type":"long","index":false,"ignore_malformed":true},"malformed-ip":{"type":"ip","index":false,"ignore_malformed":true},"malformed-date":{"type":"date","index":false,"ignore_malformed":true},"malformed-point":{"type":"geo_point","ignore_malformed":true},
	"off":{"type":"object","enabled":false},"quiet":{"type":"object","dynamic":false,"properties":{"a":{"type":"keyword","index":false}}},"runtime":{"type":"object","dynamic":"runtime"},"flat-object":{"subobjects":false,"properties":{"a.b":{"type":"keyword","index":false}}},
	"nested":{"type":"nested","properties":{"k":{"type":"keyword","index":false},"n":{"type":"long","index":false},"inner":{"type":"nested","properties":{"x":{"type":"keyword","index":false}}}}},
	"keep-arrays":{"type":"keyword","index":false,"synthetic_source_keep":"arrays"},"keep-all":{"type":"long","index":false,"synthetic_source_keep":"all"},
	"keep-object":{"synthetic_source_keep":"all","properties":{"n":{"type":"long","index":false}}},"keep-object-arrays":{"synthetic_source_keep":"arrays","properties":{"n":{"type":"long","index":false}}},
	"stored-word":{"type":"keyword","index":false,"store":true,"doc_values":false},"bare":{"type":"keyword","index":false,"doc_values":false},"hidden":{"type":"long","index":false,"doc_values":false},"null-word":{"type":"keyword","index":false,"null_value":"NULL"},"folded":{"type":"keyword","index":false,"normalizer":"lowercase"},
	"copy":{"type":"keyword","index":false,"copy_to":"copied"},"copied":{"type":"keyword","index":false},"flattened":{"type":"flattened"},"vector":{"type":"dense_vector","dims":3,"index":false},"range":{"type":"integer_range"},"dates":{"type":"date_range"},"network":{"type":"ip_range"},"longs":{"type":"long_range"},"floats":{"type":"float_range"},
	"suggest":{"type":"completion"},"alias":{"type":"alias","path":"long"}}`

// syntheticValues are values that are hard to make again.
var syntheticValues = []string{
	`"stored-text":["stored text","again"]`, `"both":["z","a","z"]`, `"both-short":["longer than five","abc"]`, `"malformed":["x",3,null,2,"y",true]`, `"malformed-ip":["nope","10.0.0.1"]`, `"malformed-date":["never","2020-01-01"]`,
	`"malformed-point":["bad",[1,2]]`, `"off":{"b":[1,{"c":null}],"a":"z"}`, `"quiet":{"a":"k","zz":{"q":[1]},"b":2}`, `"runtime":{"r":["b","a"],"n":{"m":1}}`, `"flat-object":{"a.b":"dotted","a.c":1}`,
	`"nested":[{"k":["b","a"],"n":2,"inner":[{"x":"1"},{"x":"2"}]},{"n":1},{}]`, `"keep-arrays":["z","a","z"]`, `"keep-all":[3,1,1]`, `"keep-object":[{"n":[2,1]},{"n":5}]`,
	`"keep-object-arrays":[{"n":2},{"n":1}]`, `"stored-word":["q","p","q"]`, `"bare":["n2","n1"]`, `"hidden":[5,4]`, `"null-word":[null,"a"]`, `"folded":["B","a"]`, `"copy":["c2","c1"]`, `"flattened":{"b":"1","a":["3","2"],"c":{"d":"x","e":5}}`,
	`"vector":[0.25,0.5,1]`, `"range":{"gte":1,"lt":5}`, `"dates":{"gte":"2020-01-01","lte":"2021-01-01"}`, `"network":"10.0.0.0/8"`, `"longs":[{"gt":1,"lte":9},{"gte":3}]`, `"floats":{"gte":1.5,"lt":2.5}`, `"suggest":"abc"`,
	`"object":{"a":"x"},"object.deep.n":[9,8]`,
	`"new-text":"dynamic text","new-long":[3,1],"new-object":{"b":1,"a":[true,false]},"new-float":1.5,"new-date":"2020-01-01","a.b.c":[{"d":1}],"new-list":[{"x":1},{"x":2,"y":"z"}],"empty":{},"empty-list":[],"null":null,"null-list":[null,null],"mixed":[[1,[2]],3]`,
}

// loadSynthetic loads each of the values alone, all together, and documents with every kind of field.
func loadSynthetic(l *loader) {
	for i, value := range syntheticValues {
		l.put(fmt.Sprint("alone-", i), "", "{"+value+"}")
	}
	all := slices.DeleteFunc(slices.Clone(syntheticValues), func(value string) bool { return strings.HasPrefix(value, `"object"`) })
	l.put("all", "somewhere", "{"+strings.Join(all, ",")+"}")
	everyKindOf(l, syntheticFields)
}

// everyKindOf loads the kinds with only those members that are among the fields.
func everyKindOf(l *loader, fields string) {
	for i, document := range kinds {
		l.put(fmt.Sprint("kind-", i), "", l.only(document, func(name string) bool { return strings.Contains(fields, `"`+name+`":`) }))
	}
	l.flush()
}

const manyFields = `{"long":{"type":"long","index":false},"double":{"type":"double","index":false},"float":{"type":"float","index":false},"boolean":{"type":"boolean","index":false},"date":{"type":"date","index":false},"ip":{"type":"ip","index":false},"word":{"type":"keyword","index":false},
	"short-word":{"type":"keyword","index":false,"ignore_above":10},"both":{"type":"text","fields":{"raw":{"type":"keyword","index":false}}},"nested":{"type":"nested","properties":{"k":{"type":"keyword","index":false},"n":{"type":"long","index":false}}},
	"malformed":{"type":"long","index":false,"ignore_malformed":true},"object":{"properties":{"a":{"type":"keyword","index":false},"deep":{"properties":{"n":{"type":"long","index":false}}}}}}`

func loadMany(l *loader) {
	for i := range 32 {
		malformed := fmt.Sprint(i)
		if i%5 == 0 {
			malformed = fmt.Sprintf(`[%d,"bad%d"]`, i, i)
		}
		var words, nested []string
		for j := range i % 4 {
			words = append(words, fmt.Sprintf("%q", sentence(l.random, 1)))
			nested = append(nested, fmt.Sprintf(`{"k":%q,"n":%d}`, sentence(l.random, 1), j))
		}
		l.put(fmt.Sprint(i), "", fmt.Sprintf(`{"long":%d,"double":%v,"float":%v,"boolean":%t,"date":%d,"ip":"10.1.0.%d","word":[%s],"short-word":%q,"both":%q,"nested":[%s],"malformed":%s,"object":{"a":"o","deep":{"n":[%d,%d]}}}`,
			i*1000, float64(i)/7, float64(i)/2, i%3 == 0, 1_600_000_000_000+int64(i), i, strings.Join(words, ","), sentence(l.random, 1+i%3), sentence(l.random, 2), strings.Join(nested, ","), malformed, i, i-1))
		if i%16 == 15 {
			l.flush()
		}
	}
}

// numbered loads documents with their number as id.
func numbered(documents ...string) func(*loader) {
	return func(l *loader) {
		for i, document := range documents {
			l.put(fmt.Sprint(i), "", document)
		}
	}
}

const derivedFields = `{` + commonFields + `,"scaled":{"type":"scaled_float","index":false,"scaling_factor":100},"text":{"type":"text"},"stored-text":{"type":"text","store":true},"stored-word":{"type":"keyword","index":false,"store":true,"doc_values":false},
	"stored-long":{"type":"long","index":false,"store":true,"doc_values":false},"unsigned":{"type":"unsigned_long","index":false},"constant":{"type":"constant_keyword","value":"c"}}`

func loadDerived(l *loader) {
	everyKindOf(l, derivedFields)
	l.put("more", "", `{"stored-text":["stored text","again"],"stored-word":["b","a","b"],"stored-long":[2,1],"unsigned":18446744073709551615,"text":"plain","word":"x"}`)
	for i := range 24 {
		l.put(fmt.Sprint("m", i), "", fmt.Sprintf(`{"long":%d,"word":"k%d","date":%d,"double":%v,"integer":[%d,5]}`, i, i%7, 1_500_000_000_000+int64(i)*1000, float64(i)/3, i))
	}
	l.flush()
	l.delete("m5", "")
}
