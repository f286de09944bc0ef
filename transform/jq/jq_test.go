package jq_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"migassist/transform"
	"migassist/transform/jq"
	"migassist/xcontent/tree"
)

const source = `{ "z" : 1.0, "big":9007199254740993, "list":[ {"a":1},2 ], "price":"7" }`

func run(t *testing.T, script, source string) ([]string, error) {
	t.Helper()
	config, err := json.Marshal(script)
	if err != nil {
		t.Fatal(err)
	}
	p, err := jq.Parse(config, "", transform.Limits{Time: 500 * time.Millisecond, Memory: 16 << 20})
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.New().Transform(t.Context(), nil, transform.NewDocument(transform.Write{Action: "index", Index: "i", ID: []byte("1"), Source: []byte(source)}))
	var got []string
	for _, m := range out {
		if err := m.Encode(); err != nil {
			t.Fatal(err)
		}
		got = append(got, m.Write.Action+" "+m.Write.Index+"/"+string(m.Write.ID)+" "+string(m.Write.Source))
	}
	return got, err
}

func TestFilters(t *testing.T) {
	for _, test := range []struct{ name, script, want string }{
		{"as it is", `.`, `index i/1 ` + source},
		{"a field", `.document.price |= tonumber`, `index i/1 { "z" : 1.0, "big":9007199254740993, "list":[ {"a":1},2 ], "price":7 }`},
		{"a number that doubles do not have", `.document.copy = .document.big | del(.document.z, .document.list, .document.price)`, `index i/1 { "big":9007199254740993,"copy":9007199254740993 }`},
		{"address", `.operation._index = "j" | .operation.routing = "r"`, `index j/1 ` + source},
		{"dropped", `select(.document.z > 2)`, ``},
		{"several", `(., (.operation._id = "2")) | .document |= {z}`, `index i/1 { "z" : 1.0 };index i/2 { "z" : 1.0 }`},
		{"a list of them", `[.]`, `index i/1 ` + source},
		{"delete", `del(.document) | .operation.op_type = "delete"`, `delete i/1 `},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := run(t, test.script, source)
			if err != nil || strings.Join(got, ";") != test.want {
				t.Errorf("got %q, %v\nwant %q", got, err, test.want)
			}
		})
	}
}

func TestFailuresAreNamedAndBounded(t *testing.T) {
	for script, want := range map[string]string{
		`.document.price + 1`: "cannot add",
		`error("no price")`:   "no price",
		`7`:                   "of kind number",
		`def f: f; f`:         "500ms",
		`[range(1e12)]`:       "MiB",
		`reduce range(1e9) as $i (""; . + "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")`: "",
		`repeat("x")`:                   "of kind string",
		`halt`:                          "halted",
		`.document = infinite`:          "+Inf",
		`{operation:{_index:env.HOME}}`: "_index",
	} {
		started := time.Now()
		got, err := run(t, script, source)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q, %v; want %q", script, got, err, want)
		}
		if took := time.Since(started); took > 10*time.Second {
			t.Errorf("%s took %s", script, took)
		}
	}
}

func TestConfiguration(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "f.jq"), []byte("."), 0o600); err != nil {
		t.Fatal(err)
	}
	for config, want := range map[string]string{
		`"."`: "", `{"script":"."}`: "", `{"scriptFile":"f.jq"}`: "",
		`{"scriptFile":"g.jq"}`: "g.jq", `{"skript":"."}`: "skript", `{}`: "as a string", ``: "as a string", `""`: "empty", `".["`: "filter", `"nofunction"`: "nofunction", `".document |= input"`: "not allowed", `"import \"a\" as a; ."`: "module",
	} {
		_, err := jq.Parse([]byte(config), folder, transform.Limits{})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", config, err, want)
		}
	}
}

func TestMetadataItemsAreOne(t *testing.T) {
	p, err := jq.Parse([]byte(`"if .name == \"gone\" then empty else .body.settings.x = 1 end"`), "", transform.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"kept": `{"type":"index","name":"kept","body":{"settings":{"x":1}}}`, "gone": ""} {
		item, err := tree.Parse([]byte(`{"type":"index","name":"` + name + `","body":{}}`))
		if err != nil {
			t.Fatal(err)
		}
		out, err := p.New().Transform(t.Context(), nil, transform.NewValue(transform.Metadata, item))
		if want == "" {
			if err == nil || !strings.Contains(err.Error(), "0 results") {
				t.Errorf("%v, %v", out, err)
			}
			continue
		}
		if err != nil || len(out) != 1 {
			t.Fatal(out, err)
		}
		v, err := out[0].Value()
		if err != nil || v.String() != want {
			t.Errorf("%s, %v", v, err)
		}
	}
}
