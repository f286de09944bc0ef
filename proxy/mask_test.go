package proxy

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestFieldsAreOverwrittenInPlace(t *testing.T) {
	for _, c := range []struct{ path, in, want string }{
		{"user.email", `{"user":{"email":"a@b","n":1},"email":"x"}`, `{"user":{"email":"xxx","n":1},"email":"x"}`},
		{"$.user", `{"user":{"a":-12.5e3,"b":[true,false,null,"q\"\u00e9"]},"c":1}`, `{"user":{"a":-11.1e1,"b":[null,null ,null,"xxxxxxxxx"]},"c":1}`},
		{"$..password", `{"a":[{"password":"1"},{"b":{"password":2}}],"password":"p"}`, `{"a":[{"password":"x"},{"b":{"password":1}}],"password":"x"}`},
		{"items[*].price", `{"items":[{"price":10},{"price":20,"n":5}]}`, `{"items":[{"price":11},{"price":11,"n":5}]}`},
		{"a.*", `{"a":{"x":"1","y":"2"},"b":"3"}`, `{"a":{"x":"x","y":"x"},"b":"3"}`},
		{"user.email", "{\"index\":{}}\n{\"user.email\":\"abc\"}\n", "{\"index\":{}}\n{\"user.email\":\"xxx\"}\n"},
		{"e", `{"\u0065":"abc"}`, `{"\u0065":"xxx"}`},
		{"a", `{"a":"1" oops "secret"`, `{"a":"x" xxxx xxxxxxxx`},
		{"a", `not json`, `nxx xxxx`},
	} {
		path, err := ParsePath(c.path)
		if err != nil {
			t.Fatal(err)
		}
		for split := range len(c.in) + 1 {
			p := []byte(c.in)
			m := newMasker([]Path{path})
			m.mask(p[:split])
			m.mask(p[split:])
			if string(p) != c.want {
				t.Fatalf("%s of %s, split at %d: %s, want %s", c.path, c.in, split, p, c.want)
			}
		}
	}
	for _, bad := range []string{"", "$", "a..", "a b", strings.Repeat("a.", 40) + "a"} {
		if _, err := ParsePath(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// FuzzMask: JSON stays JSON of the same length, and no masked text survives.
func FuzzMask(f *testing.F) {
	f.Add(`{"a":{"b":"secret","c":[1,{"b":true}]}}`)
	path, err := ParsePath("$..b")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p := []byte(text)
		newMasker([]Path{path}).mask(p)
		if len(p) != len(text) {
			t.Fatal("the length changed")
		}
		if json.Valid([]byte(text)) && !json.Valid(p) {
			t.Fatalf("%q became %q", text, p)
		}
		var v any
		if json.Unmarshal(p, &v) == nil {
			checkMasked(t, v)
		}
	})
}

func checkMasked(t *testing.T, v any) {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			if text, ok := value.(string); ok && name == "b" && strings.Trim(text, "x") != "" {
				t.Fatalf("%q is left", text)
			}
			checkMasked(t, value)
		}
	case []any:
		for _, one := range v {
			checkMasked(t, one)
		}
	}
}
