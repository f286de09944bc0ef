package rebuild

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"migassist/lucene"
	"migassist/snapshot"
)

// Suffixes of stored fields beside a field. Sources: KeywordFieldMapper, IgnoreMalformedStoredValues, FieldArrayContext
// of Elasticsearch.
const (
	originalSuffix  = "._original"         // values longer than ignore_above
	malformedSuffix = "._ignore_malformed" // values that are not of the type
	offsetsSuffix   = ".offsets"           // column: the order of an array
)

// syntheticLayers are those that the server reads, in its order. A field without any is one whose values the
// server keeps as they were sent, in _ignored_source.
func (b *builder) syntheticLayers(f *field, d definition, row typeRow) []layer {
	if len(d.list("copy_to")) > 0 || d["script"] != nil {
		return nil
	}
	has := d.hasDocValues(b.plan.created)
	malformed := layer{name: f.path + malformedSuffix, stored: true, codec: codec{stored: storedValue}}
	switch f.kind {
	case "text", "annotated_text":
		return append([]layer{{name: f.path, stored: true, codec: f.codec}}, keywordLayers(f, d, b.plan.created)...)
	case "match_only_text":
		return append([]layer{{name: f.path + originalSuffix, stored: true, codec: f.codec}}, keywordLayers(f, d, b.plan.created)...)
	case "keyword", "counted_keyword":
		return keywordLayer(f.path, d, b.plan.created, f.codec, 0)
	case "wildcard":
		return []layer{{name: f.path, codec: f.codec}, {name: f.path + originalSuffix, stored: true, codec: f.codec}}
	case "dense_vector":
		if d.flag("index", b.plan.created.since(8, 11)) {
			b.plan.loseAll(f.path, "vectors lie in files that are not read")
		}
		return []layer{{name: f.path, codec: f.codec}}
	case "sparse_vector":
		if d.flag("store", false) {
			b.plan.loseAll(f.path, row.gone)
		}
		return nil
	case "binary":
		has = d.flag("doc_values", true)
	case "constant_keyword":
		if b.plan.created.since(8, 15) {
			return nil
		}
	}
	if row.fallback || !has {
		return nil
	}
	if f.kind == "date" || f.kind == "date_nanos" || f.kind == "date_range" {
		b.dateLosses(f, d)
	}
	if row.whole != nil {
		return b.wholeLayers(f, d, row)
	}
	return []layer{{name: f.path, codec: f.codec}, malformed}
}

// dateLosses says that a format is not known, where the server would print it.
func (b *builder) dateLosses(f *field, d definition) {
	if _, err := compileDate(dateFormatOf(d, b.plan.created), b.plan.created.joda()); err != nil {
		b.plan.lose(f.path, fmt.Sprintf("%v; dates are written as %s", err, isoDate))
	}
}

// keywordLayer is what a keyword has: stored values or a column, and those that were too long for either.
func keywordLayer(path string, d definition, r release, c codec, group int) []layer {
	var layers []layer
	switch {
	case d.text("normalizer") != "":
		return nil
	case d.flag("store", false):
		layers = []layer{{name: path, stored: true, group: group, codec: c}}
	case d.hasDocValues(r):
		layers = []layer{{name: path, group: group, codec: c}}
	default:
		return nil
	}
	return append(layers, layer{name: path + originalSuffix, stored: true, group: group, codec: c})
}

// keywordLayers are those of the first sub-field of a text that is a keyword, which stand in for the text.
func keywordLayers(f *field, d definition, r release) []layer {
	fields := d.children("fields")
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if sub := fields[name]; sub.kind() == "keyword" {
			if layers := keywordLayer(f.path+"."+name, sub, r, f.codec, 1); layers != nil {
				return layers
			}
		}
	}
	return nil
}

// derivedLayers: OpenSearch prefers columns, and stores all text. Source: DerivedFieldGenerator of OpenSearch.
func (b *builder) derivedLayers(f *field, d definition, row typeRow) []layer {
	switch {
	case row.gone != "":
		b.plan.loseAll(f.path, row.gone)
		return nil
	case row.whole != nil:
		return b.wholeLayers(f, d, row)
	}
	if f.kind == "date" || f.kind == "date_nanos" {
		b.dateLosses(f, d)
	}
	if f.kind == "date_nanos" && d.text("format") == "" && d.text("print_format") == "" {
		d = definition(maps.Clone(d))
		d["format"] = json.RawMessage(`"` + isoDate + `"`)
		f.codec = row.codec(d, b.plan.created)
		b.plan.lose(f.path, "written to the millisecond, as the server does; the index knows more")
	}
	if f.kind == "scaled_float" {
		factor := d.number("scaling_factor", 1)
		f.codec.number = func(dst []byte, n int64) []byte { return appendDouble(dst, float64(n)/factor) }
		f.codec.stored = storedNumber(f.codec.number)
	}
	if f.kind != "text" && f.kind != "match_only_text" && d.hasDocValues(b.plan.created) {
		return []layer{{name: f.path, codec: f.codec}}
	}
	return []layer{{name: f.path, stored: true, codec: f.codec}}
}

// foundLayers are all places where values of the field can be found, those that keep order and duplicates first.
func (b *builder) foundLayers(f *field, d definition, row typeRow) []layer {
	switch {
	case b.plan.mode == snapshot.SourceFiltered && b.plan.filter.keeps(f.path):
		return nil
	case row.gone != "":
		b.plan.loseAll(f.path, row.gone)
		return nil
	case b.copies[f.path]:
		b.plan.loseAll(f.path, "copy_to puts values of other fields here, which can't be told from its own")
		return nil
	case row.whole != nil:
		if row.coarse != "" {
			b.plan.lose(f.path, row.coarse)
		}
		return b.wholeLayers(f, d, row)
	}
	if b.plan.mode == snapshot.SourceFiltered && f.node.parent.path != "" {
		b.plan.lose(f.path, "does not come back where the stored _source has an array of the objects around it")
	}
	var layers []layer
	stored, column := d.flag("store", false), d.hasDocValues(b.plan.created)
	if column && strings.HasSuffix(f.kind, "_range") {
		stored = false // the text that is stored of ranges is less exact
	}
	if stored {
		layers = append(layers, layer{name: f.path, stored: true, codec: f.codec})
	}
	if column {
		layers = append(layers, layer{name: f.path, group: 1, codec: f.codec})
	}
	b.valueLosses(f, d, row)
	if len(layers) == 0 {
		return b.subLayers(f, d)
	}
	switch {
	case stored:
	case f.kind == "geo_point" && !b.plan.created.since(2, 2):
		b.plan.lose(f.path, "an array comes back in another order, each value once")
	default:
		b.orderLoss(f.path, row.merged)
	}
	return layers
}

// orderLoss says what columns do to arrays.
func (b *builder) orderLoss(path string, merged bool) {
	if merged {
		b.plan.lose(path, "an array comes back sorted, each value once")
		return
	}
	b.plan.lose(path, "an array comes back sorted")
}

// subLayers finds a field that is not kept itself in one of its sub-fields.
func (b *builder) subLayers(f *field, d definition) []layer {
	fields := d.children("fields")
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		sub, path := fields[name], f.path+"."+name
		kind := sub.kind()
		if kind != "keyword" && kind != "string" && kind != "text" && kind != "wildcard" {
			continue
		}
		c := types[kind].codec(sub, b.plan.created)
		switch stored := sub.flag("store", false); {
		case stored:
			return []layer{{name: path, stored: true, codec: c}}
		case sub.hasDocValues(b.plan.created):
			b.orderLoss(f.path, true)
			b.valueLosses(f, sub, types[kind])
			return []layer{{name: path, codec: c}}
		}
	}
	if f.kind == "text" || f.kind == "string" || f.kind == "match_only_text" {
		b.plan.loseAll(f.path, "text is not kept (store: false, and no sub-field of type keyword)")
	} else {
		b.plan.loseAll(f.path, "its values are neither stored nor in doc values")
	}
	return nil
}

// valueLosses names what is not the same in single values.
func (b *builder) valueLosses(f *field, d definition, row typeRow) {
	if row.coarse != "" {
		b.plan.lose(f.path, row.coarse)
	}
	if above := d.text("ignore_above"); above != "" {
		b.plan.lose(f.path, "values longer than "+above+" characters do not come back")
	}
	if normalizer := d.text("normalizer"); normalizer != "" {
		b.plan.lose(f.path, "values come back as the normalizer "+normalizer+" left them")
	}
	if d["null_value"] != nil {
		b.plan.lose(f.path, "null comes back as "+d.text("null_value"))
	}
	if d.flag("ignore_malformed", false) {
		b.plan.lose(f.path, "malformed values do not come back")
	}
	if f.kind == "date" || f.kind == "date_nanos" || f.kind == "date_range" {
		b.dateLosses(f, d)
		b.plan.lose(f.path, "dates are written in the first format of the mapping that tells them in full")
	}
}

// storedValue is one value of a field that was not of its type: a number or text as such, all else in the coding
// of _ignored_source.
func storedValue(dst []byte, v lucene.Value) ([]byte, error) {
	switch {
	case v.Kind != lucene.Bytes:
		return appendStored(dst, v)
	case isVoid(v.Bytes):
		return dst, fmt.Errorf("%w: no value where one of another type is kept", errCoding)
	}
	return appendEncoded(dst, v.Bytes)
}
