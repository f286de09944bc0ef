package jmespath_test

import (
	"strings"
	"testing"

	"migassist/transform"
	"migassist/transform/jmespath"
	"migassist/xcontent/tree"
)

func write() *transform.Message {
	return transform.NewDocument(transform.Write{Action: "index", Index: "i", ID: []byte("1"), Source: []byte(`{ "z" : 1.0, "big":9007199254740993, "in":{ "b":2.50, "a":1 }, "n":3 }`)})
}

func program(t *testing.T, config string) *jmespath.Program {
	t.Helper()
	p, err := jmespath.Parse([]byte(config))
	if err != nil {
		t.Fatalf("%s: %v", config, err)
	}
	return p
}

func TestExpressions(t *testing.T) {
	for _, test := range []struct{ name, script, want string }{
		{"as it is", `@`, `i/1 { "z" : 1.0, "big":9007199254740993, "in":{ "b":2.50, "a":1 }, "n":3 }`},
		{"a part of it, in its order", `[0].{operation: operation, document: document.in}`, `i/1 { "b":2.50, "a":1 }`},
		{"picked", `[*].{operation: operation, document: {id: document.big, z: document.z}}`, `i/1 { "z" : 1.0,"id":9007199254740993 }`},
		{"filtered away", "[?document.n > `5`]", ``},
		{"null", "[?document.n > `5`] | [0]", ``},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, err := program(t, `{"script":`+tree.NewString(test.script).String()+`}`).New().Transform(t.Context(), nil, write())
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, m := range out {
				if err := m.Encode(); err != nil {
					t.Fatal(err)
				}
				got += m.Write.Index + "/" + string(m.Write.ID) + " " + string(m.Write.Source)
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestFailuresAreNamed(t *testing.T) {
	for script, want := range map[string]string{
		`abs('x')`:              "invalid type for: x",
		`[0].document.big`:      "of kind number",
		`abs([0].document.big)`: "invalid type for: 9007199254740993",
		`[0].document`:          "operation",
		`[0].operation._index`:  "of kind string",
	} {
		out, err := program(t, tree.NewString(script).String()).New().Transform(t.Context(), nil, write())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v; want %q", script, out, err, want)
		}
	}
	for _, config := range []string{``, `{}`, `{"skript":"@"}`, `""`, `"a["`, `{"script":"@","x":"y"}`} {
		if _, err := jmespath.Parse([]byte(config)); err == nil {
			t.Errorf("%q: no error", config)
		}
	}
}

func TestConditions(t *testing.T) {
	for script, want := range map[string]bool{
		"[0].document.n == `3`": true, "[0].document.n == `4`": false, `[0].document.nothing`: false, `[0].document.in`: true, `[?document.z]`: true, "`0`": true, "''": false,
	} {
		if got, err := program(t, tree.NewString(script).String()).Holds(write()); err != nil || got != want {
			t.Errorf("%s: %v, %v", script, got, err)
		}
	}
}
