package pipeline_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"migassist/transform"
	"migassist/transform/pipeline"
)

func program(t testing.TB, config string) *pipeline.Program {
	t.Helper()
	p, err := pipeline.Parse([]byte(config), pipeline.Options{})
	if err != nil {
		t.Fatalf("%s: %v", config, err)
	}
	return p
}

func TestForms(t *testing.T) {
	for config, want := range map[string]string{
		`NoopTransformerProvider`:      "1 (NoopTransformerProvider)",
		`"noop"`:                       "1 (noop)",
		`{"noop":null}`:                "1 (noop)",
		`[{"typeMappings":{}},"noop"]`: "1 (typeMappings), 2 (noop)",
		"\ufeff[\r\n\"noop\"]\r\n":     "1 (noop)",
		` [ "TypeMappingSanitizationTransformerProvider" ] `:     "1 (TypeMappingSanitizationTransformerProvider)",
		`[{"JsonTransformerForDocumentTypeRemovalProvider":""}]`: "1 (JsonTransformerForDocumentTypeRemovalProvider)",
	} {
		if got := strings.Join(program(t, config).Names(), ", "); got != want {
			t.Errorf("%s: %s", config, got)
		}
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	_, err := pipeline.Parse([]byte(`["nop",{"noop":1},{"a":1,"b":2},7,{"JsonPythonTransformerProvider":{}},{"typeMappings":{"x":1}}]`), pipeline.Options{})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		`1 (nop): there is no provider "nop"; did you mean noop?`, "2 (noop): it takes no configuration, and has 1", "3 (?): it has 2 names", "4 (?): it is 7",
		"5 (JsonPythonTransformerProvider): Python is not to be had here", "6 (typeMappings): json: unknown field",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in\n%v", want, err)
		}
	}
	for _, config := range []string{`[{"jq":".","jq":"empty"}]`, `[{"javascript":{"initializationScript":"main=()=>o=>o","bindingsObject":[{"a":1,"b":2,"a":3}],"x":null}}]`} {
		if _, err := pipeline.Parse([]byte(config), pipeline.Options{}); err == nil || !strings.Contains(err.Error(), "stands twice") {
			t.Errorf("%s: %v", config, err)
		}
	}
	for _, config := range []string{``, `[]`, `{"a":`, `17`, `{}`} {
		if _, err := pipeline.Parse([]byte(config), pipeline.Options{}); err == nil {
			t.Errorf("%q: no error", config)
		}
	}
}

func TestWhatIsKnownBefore(t *testing.T) {
	p := program(t, `["noop",{"typeMappings":{"staticMappings":{"a":{"x":"ax"}}}},{"typeMappings":{"staticMappings":{"ax":{"_doc":"last"}}}}]`)
	got, known := p.Targets("a", []string{"x", "y"})
	if !known || !maps.Equal(got, map[string]string{"x": "last"}) || !p.Addresses() || p.Edits() {
		t.Errorf("%v, %v, %v, %v", got, known, p.Addresses(), p.Edits())
	}
}

func TestTypeMappingsAreKnownWhateverElseThereIs(t *testing.T) {
	p := program(t, `[{"jq":"."},{"typeMappings":{"staticMappings":{"a":{"x":"ax"}}}}]`)
	if _, known := p.Targets("a", []string{"x", "y"}); known {
		t.Error("a filter may send documents anywhere")
	}
	if got, mapped := p.TypeTargets("a", []string{"x", "y"}); !mapped || !maps.Equal(got, map[string]string{"x": "ax"}) {
		t.Errorf("%v, %v", got, mapped)
	}
	for _, config := range []string{`[{"jq":"."}]`, `["removeType"]`} {
		if got, mapped := program(t, config).TypeTargets("a", []string{"x"}); mapped || got != nil {
			t.Errorf("%s: %v", config, got)
		}
	}
	if got, _ := program(t, `["removeType",{"typeMappings":{"staticMappings":{"a":{"_doc":"all"}}}}]`).TypeTargets("a", []string{"x"}); got["x"] != "all" {
		t.Errorf("without types: %v", got)
	}
}

func TestFingerprintIsOfTheConfiguration(t *testing.T) {
	a, same, b := program(t, `[{"typeMappings":{"staticMappings":{}}}]`), program(t, `[ { "typeMappings": {"staticMappings": {} } } ]`), program(t, `[{"typeMappings":{}}]`)
	if a.Fingerprint() != same.Fingerprint() || a.Fingerprint() == b.Fingerprint() || a.Fingerprint() == "" {
		t.Errorf("%s, %s, %s", a.Fingerprint(), same.Fingerprint(), b.Fingerprint())
	}
}

func TestChainDrops(t *testing.T) {
	chain := program(t, `["noop",{"typeMappings":{"staticMappings":{"a":{"x":"ax"}}}},"noop"]`).New()
	for typ, want := range map[string]int{"x": 1, "y": 0} {
		for range 2 {
			out, err := chain.Transform(t.Context(), nil, transform.NewDocument(transform.Write{Action: "index", Index: "a", Type: typ, Source: []byte(`{}`)}))
			if err != nil || len(out) != want {
				t.Errorf("type %s: %d messages, %v", typ, len(out), err)
			}
		}
	}
}

func TestFieldEdits(t *testing.T) {
	p := program(t, `[{"EditTransformerProvider":[{"rename":{"old.name":"new.name"}},{"remove":["x"]}]},{"edit":{"set":{"n":1}}}]`)
	out, err := p.New().Transform(t.Context(), nil, transform.NewDocument(transform.Write{Action: "index", Index: "a", Source: []byte(`{"x":1,"old":{"name":1.0}}`)}))
	if err != nil || len(out) != 1 || out[0].Encode() != nil || string(out[0].Write.Source) != `{"old":{},"new":{"name":1.0},"n":1}` || p.Addresses() || !p.Edits() {
		t.Errorf("%v, %v, %v, %v", out, err, p.Addresses(), p.Edits())
	}
	_, err = p.New().Transform(t.Context(), nil, transform.NewDocument(transform.Write{Action: "index", Index: "a", Source: []byte(`{"old":7}`)}))
	if err == nil || err.Error() != "transform 1 (EditTransformerProvider): edit 1: rename old.name to new.name: old: it is a number in this document, where an object is wanted" {
		t.Error(err)
	}
	_, err = pipeline.Parse([]byte(`[{"edit":[{"renam":{}},{"remove":["a..b"]}]}]`), pipeline.Options{})
	if err == nil || strings.Count(err.Error(), "transform 1 (edit): edit ") != 2 {
		t.Error(err)
	}
}

func TestConditions(t *testing.T) {
	chain := program(t, `{"JsonConditionalTransformerProvider":[{"JsonJMESPathPredicateProvider":{"script":"[?operation._index == 'a']"}},[{"jq":".document.x = 1"},{"jq":".document.y = .document.x"}]]}`).New()
	for index, want := range map[string]string{"a": `{"x":1,"y":1}`, "b": `{}`} {
		out, err := chain.Transform(t.Context(), nil, transform.NewDocument(transform.Write{Action: "index", Index: index, Source: []byte(`{}`)}))
		if err != nil || len(out) != 1 || out[0].Encode() != nil || string(out[0].Write.Source) != want {
			t.Errorf("%s: %v, %v", index, out, err)
		}
	}
	_, err := program(t, `["noop",{"conditional":[{"predicate":"@"},["noop",{"jq":"error(\"x\")"}]]}]`).New().Transform(t.Context(), nil,
		transform.NewDocument(transform.Write{Action: "index", Index: "a", Source: []byte(`{}`)}))
	if err == nil || !strings.HasPrefix(err.Error(), "transform 2 (conditional) > 2 (jq): error: x") {
		t.Errorf("%v", err)
	}
	for _, bad := range []string{`{"conditional":[]}`, `{"conditional":[{"x":"@"},"noop"]}`, `{"conditional":[{"predicate":"@["},"noop"]}`, `{"conditional":[{"predicate":"@"},"nop"]}`, `"predicate"`} {
		if _, err := pipeline.Parse([]byte(bad), pipeline.Options{}); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}

func TestScriptsAreRelativeToTheFolder(t *testing.T) {
	folder := t.TempDir()
	script := filepath.Join(folder, "s.js")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`function main(context) { return ops => { for (const op of ops) { console.log(op.operation._id); op.document.by = context.name } return ops } }; (() => main)()`)
	const config = `[{"javascript":{"initializationScriptFile":"s.js","bindingsObject":"{\"name\":\"us\"}"}},{"jq":".document.id = .operation._id"}]`
	var said []string
	o := pipeline.Options{Folder: folder, Log: func(line string) { said = append(said, line) }}
	p, err := pipeline.Parse([]byte(config), o)
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.New().Transform(t.Context(), nil, transform.NewDocument(transform.Write{Action: "index", Index: "a", ID: []byte("7"), Source: []byte(`{ "x":1.0 }`)}))
	if err != nil || len(out) != 1 || out[0].Encode() != nil || string(out[0].Write.Source) != `{ "x":1.0,"by":"us","id":"7" }` || len(said) != 1 {
		t.Errorf("%v, %v, said %q", out, err, said)
	}
	write(`function main(context) { return ops => ops }; (() => main)()`)
	again, err := pipeline.Parse([]byte(config), o)
	if err != nil || again.Fingerprint() == p.Fingerprint() {
		t.Errorf("%v: the script changed, and the fingerprint did not", err)
	}
}
