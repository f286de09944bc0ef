package rebuild

import (
	"errors"
	"testing"
)

func TestStoredSourceWinsOverRebuilt(t *testing.T) {
	for _, c := range []struct{ stored, rebuilt, want string }{
		{`{}`, `{"a":1}`, `{"a":1}`},
		{`{"a":1}`, `{}`, `{"a":1}`},
		{` { "a" : [1, 2] , "b" : "x,}" }`, `{"a":3,"c":true}`, `{"a":[1, 2],"b":"x,}","c":true}`},
		{`{"o":{"a":1}}`, `{"o":{"a":2,"b":{"c":3}}}`, `{"o":{"a":1,"b":{"c":3}}}`},
		{`{"o.a":1,"x":{"y.z":2}}`, `{"o":{"a":2,"b":3},"x":{"y":{"z":5,"w":6}}}`, `{"o.a":1,"x":{"y.z":2,"y":{"w":6}},"o":{"b":3}}`},
		{`{"n":[{"a":1},{}]}`, `{"n":[{"b":1},{"b":2}]}`, `{"n":[{"a":1,"b":1},{"b":2}]}`},
		{`{"n":[{"a":1},{}]}`, `{"n":{"b":[1,2]}}`, `{"n":[{"a":1},{}]}`},
		{`{"n":[{"a":1}]}`, `{"n":{"b":[1,2]}}`, `{"n":[{"a":1,"b":[1,2]}]}`},
		{`{"a\u0062":1}`, `{"ab":2}`, `{"a\u0062":1}`},
		{`{"o.a":1}`, `{"o":{"a":2}}`, `{"o.a":1}`},
	} {
		got, err := mergeInto([]byte("before"+c.stored), len("before"), []byte(c.rebuilt))
		if err != nil || string(got) != "before"+c.want {
			t.Errorf("%s and %s: %s, %v, want %s", c.stored, c.rebuilt, got, err, c.want)
		}
	}
	for _, broken := range []string{`[1]`, `{"a"`, `{"a":`, `{"a" 1}`, `"x`} {
		if got, err := merge(nil, []byte(broken), []byte(`{"b":1}`)); !errors.Is(err, errJSON) {
			t.Errorf("%s: %s, %v, want an error", broken, got, err)
		}
	}
}

func TestFilters(t *testing.T) {
	for _, c := range []struct {
		includes, excludes []string
		path               string
		keeps              bool
	}{
		{nil, nil, "a", true},
		{nil, []string{"a"}, "a.b", false},
		{nil, []string{"a.*"}, "a", true},
		{nil, []string{"*.b"}, "a.b", false},
		{[]string{"a"}, nil, "a.b", true},
		{[]string{"a.b"}, nil, "a", false},
		{[]string{"o.*.x"}, nil, "o.p.x", true},
		{[]string{"o*"}, []string{"o.d"}, "o.d.e", false},
		{[]string{"b"}, nil, "a", false},
	} {
		if f := newFilter(c.includes, c.excludes); f.keeps(c.path) != c.keeps {
			t.Errorf("%v of %s: keeps %v, want %v", f, c.path, f.keeps(c.path), c.keeps)
		}
	}
}
