package transform_test

import (
	"strings"
	"testing"

	"migassist/transform"
	"migassist/xcontent/tree"
)

func TestWriteThereAndBack(t *testing.T) {
	m := transform.NewDocument(transform.Write{Action: "create", Index: "i", Type: "t", ID: []byte("1"), Routing: []byte("r"), Version: 7, VersionType: "external_gte", Source: []byte(`{"a" : 1.0}`)})
	v, err := m.Value()
	if err != nil {
		t.Fatal(err)
	}
	const want = `[{"schema":"rfs-opensearch-bulk-v1","operation":{"op_type":"create","_index":"i","_type":"t","_id":"1","routing":"r","version":7,"version_type":"external_gte"},"document":{"a" : 1.0}}]`
	if got := v.String(); got != want {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
	back, err := m.Replace(nil, v)
	if err != nil || len(back) != 1 || back[0].Encode() != nil {
		t.Fatalf("%v, %v", back, err)
	}
	if w := back[0].Write; w.Action != "create" || w.Index != "i" || w.Type != "t" || string(w.ID) != "1" || string(w.Routing) != "r" || w.Version != 7 || string(w.Source) != `{"a" : 1.0}` {
		t.Errorf("came back as %+v", w)
	}
}

func TestNonsenseIsNamed(t *testing.T) {
	m := transform.NewDocument(transform.Write{Action: "index", Index: "i", Source: []byte(`{}`)})
	for text, want := range map[string]string{
		`7`:                              "of kind number",
		`[{"operation":{"_index":"i"}}]`: "element 0",
		`{"document":{}}`:                `no object "operation"`,
		`{"operation":{},"document":{}}`: `no "_index"`,
		`{"operation":{"_index":"i","op_type":"drop"},"document":{}}`:        "index, create, update or delete",
		`{"operation":{"_index":"i","_id":"a\ud800"},"document":{}}`:         "half of a surrogate pair",
		`{"operation":{"_index":[]},"document":{}}`:                          "kind array",
		`{"operation":{"_index":"i","x":1},"document":{}}`:                   `"x", which is not known`,
		`{"operation":{"_index":"i","op_type":"delete"},"document":{}}`:      "action is delete",
		`{"operation":{"_index":"i","op_type":"delete"},"document":{"a":1}}`: "delete takes no document",
		`{"operation":{"_index":"i"},"document":null}`:                       "it has no document",
		`{"operation":{"_index":"i","version":"5abc"},"document":{}}`:        `version is "5abc"`,
		`{"operation":{"_index":"i","version":1.5},"document":{}}`:           `version is "1.5"`,
		`{"operation":{"_index":"i","version":-1},"document":{}}`:            `version is "-1"`,
		`{"schema":"v9","operation":{"_index":"i"},"document":{}}`:           "v9",
	} {
		v, err := tree.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := m.Replace(nil, v); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v, want an error with %q", text, got, err, want)
		}
	}
	if none, err := m.Replace(nil, tree.NewNull()); err != nil || len(none) != 0 {
		t.Errorf("null: %v, %v", none, err)
	}
}
