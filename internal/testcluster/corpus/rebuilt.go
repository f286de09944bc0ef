package corpus

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"migassist/internal/testcluster"
)

// rebuilt are indices that keep no source, or a part of it: what was in the documents can
// only be had from doc values and stored fields.
func rebuilt() []index {
	row := func(name, source string, stored bool, in func(testcluster.Spec) bool) index {
		return index{
			name: name, in: in, sent: true,
			load: func(l *loader) {
				l.do("PUT", "/"+name, l.dialect.body(settings(1, "", `"mappings":{"dynamic":false,"_source":`+source+`,"properties":`+l.encode(fieldsOf(l.dialect, stored))+`}`), false))
				everyKind(l)
			},
		}
	}
	return []index{
		row("no-source", `{"enabled":false}`, false, nil),
		row("no-source-stored", `{"enabled":false}`, true, nil),
		row("filtered-source", `{"includes":["word","object.*","text"],"excludes":["object.deep"]}`, false, nil),
		row("excluded-source", `{"excludes":["long","word","text"]}`, true, nil),
	}
}

// field is the definition of a field; a value may be another one's fields.
type field = map[string]any

// fieldsOf are fields of every kind that the server has and a source can be made again from, or not:
// "bare" and "hidden" have no doc values.
func fieldsOf(d dialect, stored bool) field {
	fields := field{
		"text": field{"type": "text"}, "both": field{"type": "text", "fields": field{"raw": field{"type": "keyword"}}},
		"object": field{"properties": field{"a": field{"type": "keyword"}, "deep": field{"properties": field{"n": field{"type": "long"}}}}},
		"word":   field{"type": "keyword"}, "short-word": field{"type": "keyword", "ignore_above": 10}, "bare": field{"type": "keyword", "doc_values": false},
		"hidden": field{"type": "long", "doc_values": false}, "point": field{"type": "geo_point"}, "blob": field{"type": "binary"},
		"day": field{"type": "date", "format": "yyyy-MM-dd"},
	}
	for _, kind := range []string{"long", "integer", "short", "byte", "double", "float", "boolean", "date", "ip"} {
		fields[kind] = field{"type": kind}
	}
	if d.before(2) {
		delete(fields["bare"].(field), "doc_values")
	} else {
		fields["blob"].(field)["doc_values"] = true
	}
	if !d.before(5) {
		fields["half"] = field{"type": "half_float"}
	}
	if !d.before(7) {
		fields["nanos"] = field{"type": "date_nanos"}
	}
	if d.scales() {
		fields["scaled"] = field{"type": "scaled_float", "scaling_factor": 100}
	}
	if stored {
		each(fields, func(f field) { f["store"] = f["type"] != "geo_point" }) // older servers do not store points
	}
	if !d.before(5) { // an index would only make the fixture larger
		each(fields, func(f field) {
			if indexed, _ := f["type"].(string); !slices.Contains([]string{"text", "binary", "geo_point"}, indexed) {
				f["index"] = false
			}
		})
	}
	return fields
}

// scales tells whether there are scaled floats: Elasticsearch 6 and from 8 on only in modules that cannot be had.
func (d dialect) scales() bool {
	return !d.before(5) && (d.before(6) || !d.before(7)) && !d.spec.AtLeast(testcluster.Elasticsearch, 8)
}

// each calls do for every definition, those within objects too.
func each(fields field, do func(field)) {
	for _, definition := range fields {
		f, ok := definition.(field)
		if !ok {
			continue
		}
		if inner, ok := f["properties"].(field); ok {
			each(inner, do)
		} else {
			do(f)
		}
	}
}

// kinds are documents with values of every kind of field: none, one, several out of order, the borders, and odd forms.
var kinds = []string{
	`{}`,
	`{"long":1,"integer":2,"short":3,"byte":4,"double":1.5,"float":2.5,"half":0.5,"scaled":12.34,"boolean":true,"date":"2020-01-02T03:04:05.678Z","day":"2020-02-03",
	  "ip":"10.0.0.1","point":{"lat":48.5,"lon":11.25},"word":"word","short-word":"short","text":"some text","both":"in both","blob":"AAECAwQ=",
	  "object":{"a":"x","deep":{"n":7}},"bare":"n","hidden":5,"nanos":"2020-01-02T03:04:05.123456789Z"}`,
	`{"long":[3,1,2,2],"integer":[2,1],"double":[1e300,-0.0,0.1],"float":[3.4e38,1.25],"boolean":[true,false,true],"date":["2021-01-01","1969-12-31T23:59:59.999Z"],
	  "ip":["10.0.0.2","10.0.0.1"],"point":[[10,20],[30,40]],"word":["b","a","b",""],"short-word":["a very long keyword","s"],"text":["one","two"],"both":["z","y"],
	  "object":[{"a":"1"},{"a":"2","deep":{"n":[1,2]}}],"bare":["y","x"],"hidden":[2,1]}`,
	`{"long":-9223372036854775808,"integer":-2147483648,"short":-32768,"byte":-128,"double":4.9e-324,"float":1e-45,"boolean":false,"date":0,"ip":"255.255.255.255",
	  "word":"ünï 日本 😀","text":"ünï","point":"48.1,11.6","unmapped":"gone","object":{"other":1}}`,
	`{"long":9223372036854775807,"word":null,"text":"","both":"","object":{},"boolean":"true","integer":"17","float":"1.75"}`,
}

// everyKind loads the kinds, in one of the indices as a segment of their own, and some more documents beside a deleted one.
func everyKind(l *loader) {
	for i, document := range kinds {
		l.put(fmt.Sprint(i), map[bool]string{true: "somewhere"}[i == 2], l.only(document, l.dialect.maps))
	}
	if l.index == "no-source" {
		l.flush()
	}
	for i := range 12 {
		integers := fmt.Sprint("[", i, ",", i+1, "]")
		if i%3 == 0 {
			integers = "5"
		}
		l.put(fmt.Sprint("m", i), "", fmt.Sprintf(`{"long":%d,"word":"k%d","date":%d,"double":%v,"ip":"10.0.0.%d","text":"t%d","integer":%s,"boolean":%t}`,
			i, i%7, 1_500_000_000_000+int64(i)*1000, float64(i)/3, i, i, integers, i%2 == 0))
	}
	l.flush()
	l.delete("m5", "")
	l.flush()
}

// only is the document of the table with those members whose name is wanted.
func (l *loader) only(document string, wanted func(string) bool) string {
	var values map[string]json.RawMessage
	if err := json.Unmarshal([]byte(document), &values); err != nil {
		panic(fmt.Sprintf("the table has %s: %v", document, err)) // a row of ours
	}
	maps.DeleteFunc(values, func(name string, _ json.RawMessage) bool { return !wanted(name) })
	return l.encode(values)
}

// maps tells whether a field of the kinds is one that the server has.
func (d dialect) maps(name string) bool {
	_, ok := fieldsOf(d, false)[name]
	return ok || name == "unmapped"
}
