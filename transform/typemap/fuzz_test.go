package typemap_test

import (
	"testing"

	"migassist/transform"
	"migassist/transform/typemap"
	"migassist/xcontent/tree"
)

// FuzzRequest gives requests of any shape to the rules: they never panic, and what comes out is a request.
func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		`{"method":"POST","URI":"/shop/user/_bulk","payload":{"inlinedJsonSequenceBodies":[{"index":{}},{}]}}`,
		`{"method":"PUT","URI":"/both","payload":{"inlinedJsonBody":{"mappings":{"a":{"properties":{"x":{"type":"long"}}},"b":{"properties":{"x":7}}}}}}`,
		`{"method":"GET","URI":"/shop/_mget","payload":{"inlinedJsonBody":{"docs":[7,{"_index":[]}]}}}`,
		`{"method":"GET","URI":"/_msearch","payload":{"inlinedJsonSequenceBodies":[7,"x",{"index":[1],"type":{}}]}}`,
		`{"method":"PUT","URI":"/shop/_mapping/user","payload":7}`, `{"URI":7}`, `7`, `{"method":null,"URI":"//?&="}`,
	} {
		f.Add(seed)
	}
	program, err := typemap.Parse([]byte(rules))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, message string) {
		value, err := tree.Parse([]byte(message))
		if err != nil {
			return
		}
		had := value.Get("URI").Kind() == tree.String
		out, err := program.New().Transform(t.Context(), nil, transform.NewValue(transform.Request, value))
		if err != nil && len(out) > 0 {
			t.Errorf("%d requests with the error %v", len(out), err)
		}
		for _, m := range out {
			v, err := m.Value()
			if err != nil {
				t.Fatal(err)
			}
			text, err := v.AppendJSON(nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tree.Parse(text); err != nil || (v.Get("URI").Kind() == tree.String) != had {
				t.Errorf("%s became %s: %v", message, text, err)
			}
		}
	})
}
