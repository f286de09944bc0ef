package tree_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"migassist/xcontent/tree"
)

func TestUntouchedBytesStay(t *testing.T) {
	for _, text := range []string{
		`{ "a" : 1.0 , "b":[ 1,2 , {"c" : 9007199254740993}] ,"\u0061":null }`, `[]`, `{ }`, `"x"`, `-0.0e+10`, `[ [ ] , { "" : "" } ]`,
	} {
		v, err := tree.Parse([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		v.Any() // parses all of it
		if got := v.String(); got != text {
			t.Errorf("%s became %s", text, got)
		}
	}
}

func TestEdits(t *testing.T) {
	for _, test := range []struct {
		name, text, want string
		edit             func(v *tree.Value)
	}{
		{"set in place", `{ "a" : 1 , "b" : 2 }`, `{ "a" : 7 , "b" : 2 }`, func(v *tree.Value) { v.Set("a", tree.NewNumber("7")) }},
		{"set at the end", `{"a":1}`, `{"a":1,"b":"x\"\n"}`, func(v *tree.Value) { v.Set("b", tree.NewString("x\"\n")) }},
		{"remove the first", `{ "a":1, "b":2, "c":3 }`, `{ "b":2, "c":3 }`, func(v *tree.Value) { v.Remove("a") }},
		{"remove all", `{"a":1,"a":2}`, `{}`, func(v *tree.Value) { v.Remove("a") }},
		{"rename", `{"a":1, "b" :2}`, `{"a":1, "c" :2}`, func(v *tree.Value) { v.Rename("b", "c") }},
		{"rename onto another", `{"a":1,"b":2,"c":3}`, `{"a":1,"c":2}`, func(v *tree.Value) { v.Rename("b", "c") }},
		{"the last of a name counts", `{"a":1,"b":2,"a":3}`, `{"b":2,"a":4}`, func(v *tree.Value) {
			if v.Get("a").Literal() == "3" {
				v.Set("a", tree.NewNumber("4"))
			}
		}},
		{"into an empty one", `{"a":{}}`, `{"a":{"b":[1,null]}}`, func(v *tree.Value) {
			v.Get("a").Set("b", tree.NewArray(tree.NewNumber("1"), tree.NewNull()))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			v, err := tree.Parse([]byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			test.edit(v)
			if got := v.String(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestWideObjects does what a narrow one is known to do to one whose names are indexed.
func TestWideObjects(t *testing.T) {
	var text strings.Builder
	text.WriteString(`{"dup":0`)
	for i := range 40 {
		fmt.Fprintf(&text, `,"f%d":%d`, i, i)
	}
	text.WriteString(`,"dup":1}`)
	v := parse(t, text.String())
	if v.Len() != 41 || v.Get("dup").Literal() != "1" || v.Get("f39").Literal() != "39" || v.Get("f40") != nil {
		t.Fatalf("%d members, %v", v.Len(), v)
	}
	v.Set("new", tree.NewBool(true))
	v.Remove("f3")
	v.Rename("f4", "g4")
	v.Set("dup", tree.NewNumber("2"))
	if v.Get("f3") != nil || v.Get("f4") != nil || v.Get("g4").Literal() != "4" || !v.Get("new").Bool() || v.Get("f39").Literal() != "39" || v.Len() != 41 || strings.Count(v.String(), `"dup"`) != 1 {
		t.Errorf("got %v", v)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{"a":[1,"\ud83d\ude00",{"b":null}]}`, `[1e5,-0.1]`, `{"a":1,"a":2}`, `"\ud800"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := tree.Parse(text)
		if valid := json.Valid(text); valid != (err == nil) && len(text) < tree.MaxDepth {
			t.Fatalf("%q: valid %v, error %v", text, valid, err)
		}
		if err != nil {
			return
		}
		v.Any()
		if got := v.String(); got != string(trim(text)) {
			t.Fatalf("%q became %q", text, got)
		}
	})
}

func trim(text []byte) []byte {
	var raw json.RawMessage
	_ = json.Unmarshal(text, &raw)
	return raw
}
