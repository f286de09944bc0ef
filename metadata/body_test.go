package metadata

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestABodyIsTheSameHoweverItIsWritten: numbers as they stand, text as it is, keys in order; what is no object is refused.
func TestABodyIsTheSameHoweverItIsWritten(t *testing.T) {
	var body Body
	if err := json.Unmarshal([]byte(`{ "z": 1.50, "a": {"<b>": 12345678901234567890, "none": null}, "list": [true] }`), &body); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`{"a":{"<b>":12345678901234567890,"none":null},"list":[true],"z":1.50}`, string(body)); diff != "" {
		t.Error(diff)
	}
	if again := NewBody(body.Object()); string(again) != string(body) {
		t.Errorf("%s", again)
	}
	if part := body.Part("a"); part["<b>"] != json.Number("12345678901234567890") || body.Part("z") != nil || body.Part("not there") != nil && len(body.Part("not there")) > 0 {
		t.Errorf("%v, %v", part, body.Part("not there"))
	}
	for text, want := range map[string]string{`null`: "null", `{}`: "null", `{"a":{}}`: `{"a":{}}`} {
		var b Body
		if err := json.Unmarshal([]byte(text), &b); err != nil {
			t.Fatal(err)
		}
		if got, err := json.Marshal(b); err != nil || string(got) != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for _, bad := range []string{`1`, `[]`, `"a"`, `{"a":`} {
		var b Body
		if err := json.Unmarshal([]byte(bad), &b); err == nil {
			t.Errorf("%s is taken: %s", bad, b)
		}
	}
	if none := Body(nil); none.Object() != nil || string(none.sent()) != "{}" {
		t.Errorf("%v %s", none.Object(), none.sent())
	}
}
