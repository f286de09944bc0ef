package config

import (
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestStructuresAreJSONInTheirOrder(t *testing.T) {
	for yaml, want := range map[string]string{
		"NoopTransformerProvider":             "NoopTransformerProvider",
		`'[{"noop": null}]'`:                  `[{"noop": null}]`,
		"[{z: 1.50, a: [true, null, \"7\"]}]": `[{"z":1.50,"a":[true,null,"7"]}]`,
		"- jq: |\n    .a\n    | .b <&>\n":     `[{"jq":".a\n| .b <&>\n"}]`,
		"{big: 9007199254740993}":             `{"big":9007199254740993}`,
		"[&a {x: 1}, *a]":                     `[{"x":1},{"x":1}]`,
	} {
		got, err := structureFromYAML([]byte(yaml))
		if err != nil || string(got) != want {
			t.Errorf("%s: %s, %v; want %s", yaml, got, err, want)
		}
	}
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for i := 'b'; i < 'k'; i++ {
		before := string(i - 1)
		bomb += string(i) + ": &" + string(i) + " [" + strings.Repeat("*"+before+",", 9) + "*" + before + "]\n"
	}
	for yaml, want := range map[string]string{
		"{a: 1, a: 2}":        `"a" twice`,
		"{a: 0x1F}":           "no number in JSON",
		"{a: .inf}":           "no number in JSON",
		"a: [":                "is not YAML",
		"":                    "is empty",
		"- a\n---\n- b\n":     "second YAML document in line 2",
		"- a\n---\n[":         "is not YAML",
		"{[a]: 1}":            "want a string",
		bomb:                  "too much",
		"&a [*a]":             "too deep",
		"[" + "[[[[" + "]]]]": "is not YAML",
	} {
		if got, err := structureFromYAML([]byte(yaml)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: %.40s, %v; want %q", yaml, got, err, want)
		}
	}
}

func TestTransformsStandInOnePlace(t *testing.T) {
	folder := t.TempDir()
	for name, content := range map[string]string{"t.json": `["noop"]`, "t.yaml": "- noop\n- jq: .\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		from         Transforms
		want, folder string
	}{
		{Transforms{Inline: "noop"}, "noop", ""},
		{Transforms{Base64: base64.StdEncoding.EncodeToString([]byte(`["noop"]`)) + "\n"}, `["noop"]`, ""},
		{Transforms{File: filepath.Join(folder, "t.json")}, `["noop"]`, folder},
		{Transforms{File: filepath.Join(folder, "t.yaml")}, `["noop",{"jq":"."}]`, folder},
		{Transforms{}, "", ""},
	} {
		got, in, err := test.from.Read()
		if err != nil || string(got) != test.want || in != test.folder {
			t.Errorf("%+v: %s in %s, %v", test.from, got, in, err)
		}
	}
	for _, bad := range []Transforms{{Base64: "%"}, {File: filepath.Join(folder, "none")}, {File: folder}} {
		if _, _, err := bad.Read(); err == nil {
			t.Errorf("%+v: no error", bad)
		}
	}
	c := Default()
	c.Transforms = Transforms{Inline: "noop", File: "x"}
	if problems := c.checkTransforms(); len(problems) != 1 || problems[0].Key != "transform.doc_transformer_config_file" || !strings.Contains(problems[0].What, "doc_transformer_config is given too") {
		t.Errorf("%v", problems)
	}
}

func TestProblemsOfTransformsHaveTheirPlace(t *testing.T) {
	c := Default()
	if problems := readFile(c, "m.yaml", []byte("transform:\n  doc_transformer_config:\n  - nop\n")); problems != nil {
		t.Fatal(problems)
	}
	err := c.DocumentTransforms(func(config []byte, _ string) error {
		if string(config) != `["nop"]` {
			t.Errorf("got %s", config)
		}
		return errors.Join(errors.New("one"), errors.New("two"))
	})
	if want := "configuration: 2 problems\n  m.yaml:3: transform.doc_transformer_config: one\n  m.yaml:3: transform.doc_transformer_config: two"; err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
	if err := Default().DocumentTransforms(func([]byte, string) error { return errors.New("called") }); err != nil {
		t.Error(err)
	}
}
