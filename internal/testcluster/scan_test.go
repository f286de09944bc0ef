package testcluster

import (
	"encoding/json"
	"testing"
)

func TestHitKeepsEveryByteOfTheSource(t *testing.T) {
	for _, source := range []string{`{}`, " {  \"a\" : 1 }\n", `{"_source":{"a":"\"_source\":"}}`, "\r\n{\"a\":1.0}\t "} {
		answer := `{"_index":"i","_id":"x\"_source","_score":null,"_routing":"r","_source":` + source + `,"sort":[0]}`
		var hit Hit
		if err := json.Unmarshal([]byte(answer), &hit); err != nil {
			t.Fatal(err)
		}
		if string(hit.Source) != source || hit.ID != `x"_source` || hit.Routing != "r" {
			t.Errorf("got %q, want the source %q", hit, source)
		}
	}
}

func TestHitWithoutSource(t *testing.T) {
	var hit Hit
	if err := json.Unmarshal([]byte(`{"_index":"i","_id":"1","_score":1.0}`), &hit); err != nil || hit.Source != nil {
		t.Errorf("got %+v, %v", hit, err)
	}
}
