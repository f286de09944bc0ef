package snapshot

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/lucene/input"
)

// What a cluster keeps, written from the public reference of its metadata, comes out as its REST API takes it.
func TestWhatAClusterKeepsIsReadAsItsAPITakesIt(t *testing.T) {
	g := &Global{
		Sections: map[string]json.RawMessage{
			"ingest":          json.RawMessage(`{"pipeline":[{"id":"a","config":{"processors":[]}},{"id":"b","config":{"description":"<b>"}}]}`),
			"search_pipeline": json.RawMessage(`{"pipeline":[]}`),
		},
		StoredScripts: map[string]json.RawMessage{"s": json.RawMessage(`{"lang":"painless","source":"1 < 2"}`)},
		Policies:      map[string]json.RawMessage{"p": json.RawMessage(`{"policy":{"phases":{}},"headers":{"secret":"x"},"version":3}`)},
	}
	if err := g.readByID("meta.dat"); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for kind, named := range map[string]map[string]json.RawMessage{"ingest": g.IngestPipelines, "search": g.SearchPipelines, "script": g.StoredScripts, "policy": g.Policies} {
		for name, raw := range named {
			got[kind+" "+name] = string(raw)
		}
	}
	want := map[string]string{
		"ingest a": `{"processors":[]}`, "ingest b": `{"description":"<b>"}`,
		"script s": `{"script":{"lang":"painless","source":"1 < 2"}}`, "policy p": `{"policy":{"phases":{}}}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsNotAsAClusterKeepsItIsNamed(t *testing.T) {
	for _, g := range []*Global{
		{Sections: map[string]json.RawMessage{"ingest": json.RawMessage(`{"pipeline":[{"config":{}}]}`)}},
		{Sections: map[string]json.RawMessage{"search_pipeline": json.RawMessage(`{"pipeline":{}}`)}},
		{Policies: map[string]json.RawMessage{"p": json.RawMessage(`{"phases":{}}`)}},
		{Policies: map[string]json.RawMessage{"p": json.RawMessage(`[]`)}},
	} {
		err := g.readByID("meta.dat")
		if _, corrupt := errors.AsType[*input.CorruptError](err); !corrupt {
			t.Errorf("got %v", err)
		}
	}
}
