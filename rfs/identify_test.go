package rfs

import (
	"strings"
	"testing"

	"migassist/lucene"
	"migassist/xcontent"
)

func text(s string) lucene.Value    { return lucene.Value{Kind: lucene.String, Bytes: []byte(s)} }
func encoded(s string) lucene.Value { return lucene.Value{Kind: lucene.Bytes, Bytes: []byte(s)} }

func stored(fields map[int]lucene.Value) *lucene.Doc {
	doc := &lucene.Doc{Values: make([]lucene.Value, len(storedFields))}
	for field, value := range fields {
		doc.Values[field] = value
	}
	return doc
}

func TestDocumentsAreIdentifiedInEveryVersionsWay(t *testing.T) {
	for _, c := range []struct {
		name                    string
		fields                  map[int]lucene.Value
		mappingType, id, routed string
	}{
		{"1 to 5", map[int]lucene.Value{fieldUID: text("user#7")}, "user", "7", ""},
		{"a stored _id beside it", map[int]lucene.Value{fieldUID: text("user#7"), fieldID: text("7")}, "user", "7", ""},
		{"ids may have the separator", map[int]lucene.Value{fieldUID: text("user#a#b#")}, "user", "a#b#", ""},
		{"an empty id", map[int]lucene.Value{fieldUID: text("user#")}, "user", "", ""},
		{"5.6 with one type", map[int]lucene.Value{fieldID: text("user#7")}, "", "user#7", ""},
		{"6 and later", map[int]lucene.Value{fieldID: encoded("\xfe\x7f")}, "", "7", ""},
		{"routed", map[int]lucene.Value{fieldUID: text("user#7"), fieldRouting: text("r")}, "user", "7", "r"},
		{"a child", map[int]lucene.Value{fieldUID: text("kid#7"), fieldParent: text("par#p#1")}, "kid", "7", "p#1"},
		{"a child that is routed", map[int]lucene.Value{fieldUID: text("kid#7"), fieldParent: text("par#p1"), fieldRouting: text("r")}, "kid", "7", "r"},
	} {
		d, ok, err := identify(stored(c.fields), nil)
		if err != nil || !ok || string(d.Type) != c.mappingType || string(d.ID) != c.id || string(d.Routing) != c.routed {
			t.Errorf("%s: %q %q %q, %v, %v", c.name, d.Type, d.ID, d.Routing, ok, err)
		}
	}
	if _, ok, err := identify(stored(map[int]lucene.Value{fieldSource: encoded("{}")}), nil); ok || err != nil {
		t.Errorf("a nested child: %v, %v", ok, err)
	}
	for _, fields := range []map[int]lucene.Value{
		{fieldUID: text("no separator")}, {fieldUID: encoded("user#7")}, {fieldID: {Kind: lucene.Long}}, {fieldID: encoded("")},
	} {
		if d, ok, err := identify(stored(fields), nil); !ok || err == nil {
			t.Errorf("%v: %q, %v, want an error", fields, d.ID, ok)
		}
	}
}

func TestSourcesBecomeJSONObjectsOrSayWhyNot(t *testing.T) {
	for source, want := range map[string]string{
		`{"a":1}`:                      `{"a":1}`,
		"\n\t{\"a\":1}":                "\n\t{\"a\":1}",
		"/* c */{}":                    "/* c */{}",
		"":                             "",
		":)\n\x05\xfa\x80a\xc2\xfb":    `{"a":1} converted`,
		"---\na: [on, 0x1F]\n":         `{"a":[true,31]} converted`,
		"\xbf\x61a\xff":                "not_convertible: _source can't be converted to JSON: invalid CBOR at offset 3",
		"ZV\x00\x00\x07{\"a\":1}":      `{"a":1} converted`,
		"ZV\x00\x00\x03[1]":            "not_convertible: _source is LZF, but no object",
		"[1]":                          "not_convertible: _source is JSON, but no object",
		"plain text":                   "not_convertible: _source is YAML, but no object",
		"\x00\x01\x02\x03":             "not_convertible: _source can't be converted to JSON: it is neither",
		"ZV\x01\x00\x03\x00\x09\x00ab": "not_convertible: _source can't be converted to JSON: decompress LZF",
	} {
		a := &assembler{reading: &reading{convert: xcontent.Latest}}
		d, ok, err := a.document(stored(map[int]lucene.Value{fieldID: encoded("\xfe\x1f"), fieldSource: encoded(source)}))
		got := string(d.Source)
		if err != nil {
			got = err.Error()
		} else if a.converted {
			got += " converted"
		}
		if !ok || err == nil && got != want || !strings.HasPrefix(got, want) {
			t.Errorf("%q: got %q, want %q", source, got, want)
		}
		if string(a.stored) != source {
			t.Errorf("%q lies there as %q", source, a.stored)
		}
	}
	a := &assembler{reading: &reading{convert: xcontent.Latest}}
	if _, ok, err := a.document(stored(map[int]lucene.Value{fieldID: encoded("\xfe\x1f")})); !ok || err == nil || !strings.HasPrefix(err.Error(), "no_source") {
		t.Errorf("without source: %v, %v", ok, err)
	}
}

func TestIndicesWithSeveralTypesAreSplitOnlyWhereNothingCollides(t *testing.T) {
	for _, c := range []struct {
		types   []string
		choice  MultiType
		targets string
		refusal string
	}{
		{nil, "", "i", ""},
		{[]string{"_doc"}, MultiTypeSplit, "i", ""},
		{[]string{"user", "order"}, "", "", "it has the types user, order"},
		{[]string{"user", "order"}, MultiTypeNone, "", "--multi-type-resolution split"},
		{[]string{"Order", "userProfile"}, MultiTypeSplit, "i_order i_userprofile", ""},
		{[]string{"order", "Order"}, MultiTypeSplit, "", "its types order and Order would both go to index i_order"},
		{[]string{"a", "b c"}, MultiTypeSplit, "", "its type b c makes no name of an index"},
		{[]string{"a", strings.Repeat("x", 255)}, MultiTypeSplit, "", "makes no name of an index"},
	} {
		r := &reading{index: "i", types: c.types}
		refusal := r.chooseTargets(Choices{MultiType: c.choice}, "")
		if c.refusal != "" {
			if !strings.Contains(refusal, c.refusal) {
				t.Errorf("%v, %q: got refusal %q, want %q", c.types, c.choice, refusal, c.refusal)
			}
			continue
		}
		if got := strings.Join(r.targetNames(), " "); refusal != "" || got != c.targets {
			t.Errorf("%v, %q: got targets %q and refusal %q, want %q", c.types, c.choice, got, refusal, c.targets)
		}
	}
}

func TestADocumentOfAnUnknownTypeIsNotMixedIn(t *testing.T) {
	for _, c := range []struct {
		types       []string
		mappingType string
		want        string
	}{
		{nil, "", `"i"`},
		{[]string{"user"}, "", `"i"`},
		{[]string{"user"}, "user", `"i"`},
		{[]string{"user"}, "order", "other_type"},
		{nil, "order", "other_type"},
		{[]string{"order", "user"}, "order", `"i_order"`},
		{[]string{"order", "user"}, "another", "other_type"},
		{[]string{"order", "user"}, "", "other_type"},
	} {
		r := &reading{index: "i", types: c.types}
		if refusal := r.chooseTargets(Choices{MultiType: MultiTypeSplit}, ""); refusal != "" {
			t.Fatal(refusal)
		}
		d := Document{ID: []byte("1")}
		if c.mappingType != "" {
			d.Type = []byte(c.mappingType)
		}
		to, err := r.route(d)
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = quote(to.target)
		}
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("type %q of %v: got %s, want %s", c.mappingType, c.types, got, c.want)
		}
	}
}

func TestASplitIndexDoesNotGoWhereAnotherGoes(t *testing.T) {
	plan := &Plan{readings: map[string]*reading{}}
	for name, types := range map[string][]string{"a": {"user", "order"}, "a_user": {"doc"}, "b": {"x", "y"}, "b_x": nil} {
		r := &reading{index: name, types: types}
		if refusal := r.chooseTargets(Choices{MultiType: MultiTypeSplit}, ""); refusal != "" {
			t.Fatal(refusal)
		}
		plan.readings[name] = r
	}
	for _, name := range []string{"a", "a_user", "b"} { // b_x is not part of the run
		plan.Items = append(plan.Items, Work{Index: name}, Work{Index: name, Shard: 1})
	}
	plan.separate()
	if got := strings.Join(plan.Targets(), " "); got != "a_user b_x b_y" {
		t.Errorf("targets %s", got)
	}
	if len(plan.Findings) != 1 || plan.Findings[0].Index != "a" || plan.Findings[0].Failed || !strings.Contains(plan.Findings[0].Reason, "index a_user") {
		t.Errorf("findings %v", plan.Findings)
	}
	if plan.Split("b_x") != "b" || plan.Split("a_user") != "" {
		t.Errorf("b_x is filled by %q, a_user by %q", plan.Split("b_x"), plan.Split("a_user"))
	}
}
