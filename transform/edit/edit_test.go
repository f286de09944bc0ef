package edit_test

import (
	"strings"
	"testing"

	"migassist/transform"
	"migassist/transform/edit"
	"migassist/xcontent/tree"
)

func program(t testing.TB, config string) *edit.Program {
	t.Helper()
	p, err := edit.Parse([]byte(config))
	if err != nil {
		t.Fatalf("%s: %v", config, err)
	}
	return p
}

// run gives one document to a program; the result is the document after it, or "!" and the error.
func run(t testing.TB, p *edit.Program, document string) string {
	t.Helper()
	m := transform.NewDocument(transform.Write{Action: "index", Index: "logs-1", Type: "event", Source: []byte(document)})
	out, err := p.New().Transform(t.Context(), nil, m)
	if err != nil {
		if len(out) > 0 {
			t.Errorf("%d messages with the error %v", len(out), err)
		}
		return "!" + err.Error()
	}
	if len(out) != 1 {
		t.Fatalf("%d messages", len(out))
	}
	if err := out[0].Encode(); err != nil {
		return "!" + err.Error()
	}
	return string(out[0].Write.Source)
}

const (
	there    = `there is a field of that name already; "ifExists": "replace" lets the new one take its place, "keep" leaves both as they are`
	noObject = `in this document, where an object is wanted`
)

func TestEdits(t *testing.T) {
	for _, c := range []struct{ config, document, want string }{
		// rename
		{`{"rename":{"a":"z"}}`, `{ "x" : 1.0, "a" :  [ 1e2 ], "y":"\u0041" }`, `{ "x" : 1.0, "z" :  [ 1e2 ], "y":"\u0041" }`},
		{`{"rename":{"a":"z"}}`, `{"x":{"a":1}}`, `{"x":{"a":1}}`},
		{`{"rename":{"old.name":"new.name"}}`, `{"old":{"name":1.0,"x":2},"b":3}`, `{"old":{"x":2},"b":3,"new":{"name":1.0}}`},
		{`{"rename":{"old.name":"new.name"}}`, `{"new":{"x":0},"old":{"name":9007199254740993}}`, `{"new":{"x":0,"name":9007199254740993},"old":{}}`},
		{`{"rename":{"user.a":"user.b"}}`, `{"user":{"a":1}}`, `{"user":{"b":1}}`},
		{`{"rename":{"items.a":"items.b"}}`, `{"items":[{"a":1},{"x":0},null,{"a":2}]}`, `{"items":[{"b":1},{"x":0},null,{"b":2}]}`},
		{`{"rename":{"items.a":"items.b.c"}}`, `{"items":[[{"a":1}],{"a":2}]}`, `{"items":[[{"b":{"c":1}}],{"b":{"c":2}}]}`},
		{`{"rename":{"a":"a.b"}}`, `{"a":1,"c":2}`, `{"a":{"b":1},"c":2}`},
		{`{"rename":{"a.b":"a"}}`, `{"a":{"b":{ "x":1 }},"c":2}`, `{"a":{ "x":1 },"c":2}`},
		{`{"rename":{"a.b":"a"}}`, `{"a":{"b":1,"c":2}}`, `!rename a.b to a: a: ` + there},
		{`{"rename":{"a":"b"}}`, `{"a":1,"b":null}`, `!rename a to b: b: ` + there},
		{`{"rename":{"a":"b"},"ifExists":"replace"}`, `{"a":1,"b":2}`, `{"b":1}`},
		{`{"rename":{"a":"b"},"ifExists":"keep"}`, `{"a":1,"b":2}`, `{"a":1,"b":2}`},
		{`{"rename":{"a":"b","b":"c"}}`, `{"a":1}`, `{"c":1}`},
		{`{"rename":{"a\\.b":"a.b"}}`, `{"a.b":1,"a":{"c":2}}`, `{"a":{"c":2,"b":1}}`},
		{`{"rename":{"a":"b\\\\c"}}`, `{"a":1}`, `{"b\\c":1}`},
		{`{"rename":{"items.a":"first"}}`, `{"items":[{"a":1}]}`, `!rename items.a to first: items: it is a list in this document, and which of its elements is meant is not known: in JavaScript or jq it can be said`},
		{`{"rename":{"items.a":"first"}}`, `{"items":[]}`, `{"items":[]}`},
		{`{"rename":{"a.b":"c"}}`, `{"a":"text"}`, `!rename a.b to c: a: it is a string ` + noObject},
		{`{"rename":{"a":"b.c"}}`, `{"a":1,"b":2}`, `!rename a to b.c: b: it is a number ` + noObject},
		{`{"rename":{"a":"b.c"}}`, `{"b":2}`, `{"b":2}`},
		{`{"rename":{"a":"b.c"}}`, `{"a":1,"b":null}`, `{"b":{"c":1}}`},
		{`{"rename":{"a":"b"}}`, `{"a":1,"a":2}`, `{"b":2}`},
		// remove
		{`{"remove":["x","y.z"]}`, `{ "x":1 , "y" : {"z":1,"w" : 2} }`, `{  "y" : {"w" : 2} }`},
		{`{"remove":"y.z"}`, `{"y":[{"z":1},{"z":2,"w":3}]}`, `{"y":[{},{"w":3}]}`},
		{`{"remove":"y.z"}`, `{"y":null}`, `{"y":null}`},
		{`{"remove":"y.z"}`, `{"y":[{"z":1},true]}`, `!remove y.z: y.1: it is a boolean ` + noObject},
		{`{"remove":"a\\.b"}`, `{"a.b":1,"a":{"b":2}}`, `{"a":{"b":2}}`},
		{`{"remove":"a"}`, `{"\u0061":1,"a":2,"b":3}`, `{"b":3}`},
		// set
		{`{"set":{"a.b":1.50}}`, `{"x":0}`, `{"x":0,"a":{"b":1.50}}`},
		{`{"set":{"a.b":1}}`, `{"a":{"b":[2],"c":3}}`, `{"a":{"b":1,"c":3}}`},
		{`{"set":{"a.b":1}}`, `{"a":null}`, `{"a":{"b":1}}`},
		{`{"set":{"a.b":{ "c" : [] }}}`, `{"a":[{},{"b":0},null]}`, `{"a":[{"b":{ "c" : [] }},{"b":{ "c" : [] }},null]}`},
		{`{"set":{"a.b":1}}`, `{"a":"text"}`, `!set a.b: a: it is a string ` + noObject},
		{`{"set":{"a":1,"b":2},"ifExists":"keep"}`, `{"b":null}`, `{"b":null,"a":1}`},
		{`{"set":{"a.b":1},"ifExists":"fail"}`, `{"a":[{},{"b":0}]}`, `!set a.b: a.1.b: ` + there},
		// copy
		{`{"copy":{"a":"b"}}`, `{"a":{"x":1.0}}`, `{"a":{"x":1.0},"b":{"x":1.0}}`},
		{`{"copy":{"a":"b.c"}}`, `{"a":12345678901234567890123}`, `{"a":12345678901234567890123,"b":{"c":12345678901234567890123}}`},
		{`{"copy":{"a":"a.b"}}`, `{"a":{"c":1}}`, `{"a":{"c":1,"b":{"c":1}}}`},
		{`{"copy":{"a":"b"}}`, `{"c":1}`, `{"c":1}`},
		{`{"copy":{"items.a":"items.b"},"ifExists":"keep"}`, `{"items":[{"a":1},{"a":2,"b":3}]}`, `{"items":[{"a":1,"b":1},{"a":2,"b":3}]}`},
		{`[{"copy":{"a":"b"}},{"set":{"b.x":2}},{"remove":"a.y"}]`, `{"a":{"x":1,"y":1}}`, `{"a":{"x":1},"b":{"x":2,"y":1}}`},
		// several, filters
		{`{"set":{"v":1},"copy":{"v":"w"},"remove":"v"}`, `{}`, `{"w":1}`},
		{`[{"set":{"a":1},"index":"logs-*"},{"set":{"b":1},"index":["x","logs-"]},{"set":{"c":1},"types":"event"},{"set":{"d":1},"index":"logs-1","types":"other"}]`, `{}`, `{"a":1,"c":1}`},
		{`[{"remove":"a"},{"rename":{"b":"c"}}]`, `{"b":1,"c":2}`, `!edit 2: rename b to c: c: ` + there},
	} {
		if got := run(t, program(t, c.config), c.document); got != c.want {
			t.Errorf("%s\nof   %s\ngot  %s\nwant %s", c.config, c.document, got, c.want)
		}
	}
}

func TestConfigurationIsRefusedByName(t *testing.T) {
	for config, want := range map[string][]string{
		``:           {"it does nothing: edits are"},
		`[]`:         {"it does nothing"},
		`{}`:         {"it does nothing"},
		`7`:          {"it is 7: edits are"},
		`["remove"]`: {`edit 1: it is "remove"`},
		`[{"renam":{"a":"b"}},{"x":1},{"remove":[]}]`:     {`edit 1: key "renam" is not known; did you mean rename?`, `edit 2: key "x" is not known; there are rename, remove, set, copy, ifExists, index, types`, "edit 3: remove wants a path, or a list"},
		`{"rename":["a","b"]}`:                            {`rename wants an object like {"old.name": "new.name"}, and is ["a","b"]`},
		`{"rename":{"a":"a","b":1,"c..d":"x"}}`:           {`"a" comes to where it is`, `"b" is to come to 1`, `the path "c..d" has a name that is empty`},
		`{"set":{}}`:                                      {"set wants an object like"},
		`{"remove":["a\\b","c\\"]}`:                       {`the path "a\\b" has a backslash`, `the path "c\\" has a backslash`},
		`{"remove":["x",7]}`:                              {"7 is no string"},
		`{"remove":"` + strings.Repeat("a.", 100) + `a"}`: {"has 101 names, and may have 100"},
		`{"remove":"a","ifExists":"overwrite"}`:           {`ifExists is "overwrite", and can be`},
		`{"remove":"a","index":7}`:                        {"index wants a name"},
		`{"remove":"a","types":[""]}`:                     {"types has a name that is empty"},
		`{"index":"a"}`:                                   {"it does nothing"},
	} {
		_, err := edit.Parse([]byte(config))
		if err == nil {
			t.Errorf("%s: no error", config)
			continue
		}
		for _, part := range want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: no %q in %v", config, part, err)
			}
		}
	}
}

func TestOtherMessages(t *testing.T) {
	p := program(t, `[{"rename":{"body.settings.a":"body.settings.b"},"index":"logs*"},{"set":{"x":1}}]`)
	for _, c := range []struct{ message, want string }{
		{`{"type":"index","name":"logs-1","body":{"settings":{"a":1}}}`, `{"type":"index","name":"logs-1","body":{"settings":{"b":1}},"x":1}`},
		{`{"type":"index","name":"other","body":{"settings":{"a":1}}}`, `{"type":"index","name":"other","body":{"settings":{"a":1}},"x":1}`},
	} {
		v, err := tree.Parse([]byte(c.message))
		if err != nil {
			t.Fatal(err)
		}
		out, err := p.New().Transform(t.Context(), nil, transform.NewValue(transform.Metadata, v))
		if err != nil || len(out) != 1 {
			t.Fatalf("%v, %v", out, err)
		}
		if got, err := out[0].Value(); err != nil || got.String() != c.want {
			t.Errorf("%v, %v", got, err)
		}
	}
	remove := transform.NewDocument(transform.Write{Action: "delete", Index: "logs-1", ID: []byte("1")})
	if out, err := p.New().Transform(t.Context(), nil, remove); err != nil || len(out) != 1 || out[0].Write.Source != nil {
		t.Errorf("a delete: %v, %v", out, err)
	}
}

// What is set and copied belongs to its document, whatever is done to it there, by others too.
func TestValuesAreNotShared(t *testing.T) {
	x := program(t, `[{"set":{"a":{"n":[1]}}},{"copy":{"a":"b"}}]`).New()
	for range 2 {
		m := transform.NewDocument(transform.Write{Action: "index", Index: "i", Source: []byte(`{}`)})
		if _, err := x.Transform(t.Context(), nil, m); err != nil {
			t.Fatal(err)
		}
		root, err := m.Document()
		if err != nil {
			t.Fatal(err)
		}
		if got := root.String(); got != `{"a":{"n":[1]},"b":{"n":[1]}}` {
			t.Fatal(got)
		}
		root.Path("a", "n").Append(tree.NewNumber("2"))
		if got := root.String(); got != `{"a":{"n":[1,2]},"b":{"n":[1]}}` {
			t.Fatal(got)
		}
	}
}
