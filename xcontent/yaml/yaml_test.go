package yaml_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"migassist/xcontent/yaml"
)

var dialects = map[string]yaml.Dialect{
	"jackson-2.5.3.txt": yaml.Jackson25, "jackson-2.8.11.txt": yaml.Jackson28,
	"jackson-2.10.4.txt": yaml.Jackson210, "jackson-2.17.2.txt": yaml.Jackson212,
}

// beyond are cases that the parser below does not take, or takes otherwise; a document with one is refused, never changed.
var beyond = map[string]bool{
	`---\nv: *a\n`:            true, // an alias without anchor
	`%YAML 1.2\n---\na: on\n`: true, // the servers do not take what begins so
	`---\nv: ! 5\n`:           true, // the tag that means none: Jackson 2.5 has it mean text,
	`---\nv: ! '5'\n`:         true, // and later ones have it undo quotes
}

// TestScalarsAreWhatJacksonMakesOfThem compares with what each Jackson made of the cases (testdata/Write.java). What it
// refused, no server could have taken.
func TestScalarsAreWhatJacksonMakesOfThem(t *testing.T) {
	for name, dialect := range dialects {
		t.Run(name, func(t *testing.T) {
			compared := 0
			for text, want := range cases(t, name) {
				if want == "ERROR" || beyond[text] {
					continue
				}
				compared++
				got, err := yaml.AppendJSON(nil, unescape(text), dialect)
				if err != nil {
					t.Errorf("%s: %v, want %s", text, err, want)
				} else if !equal(t, got, []byte(want)) {
					t.Errorf("%s: got %s, want %s", text, got, want)
				}
			}
			if compared < 200 {
				t.Errorf("only %d cases", compared)
			}
		})
	}
}

func cases(t testing.TB, name string) map[string]string {
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for line := range strings.Lines(string(data)) {
		text, want, found := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !found {
			t.Fatalf("%s: line %q", name, line)
		}
		all[text] = want
	}
	return all
}

func unescape(text string) []byte {
	return []byte(strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\t`, "\t").Replace(text))
}

// equal compares token by token, so that 1 and 1.0 are two things and the order of keys counts.
func equal(t testing.TB, a, b []byte) bool {
	return reflect.DeepEqual(tokens(t, a), tokens(t, b))
}

func tokens(t testing.TB, text []byte) []any {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var all []any
	for decoder.More() || len(all) == 0 || decoder.InputOffset() < int64(len(text)) {
		token, err := decoder.Token()
		if err != nil {
			t.Errorf("%s: %v", text, err)
			return nil
		}
		if number, ok := token.(json.Number); ok && strings.ContainsAny(number.String(), ".eE") {
			token, _ = number.Float64()
		}
		all = append(all, token)
	}
	return all
}

func TestWhatCannotBeJSONIsNamedWithItsLine(t *testing.T) {
	for text, want := range map[string]string{
		"---\n? [a]\n: b\n":                        "line 2: a key that is no text",
		"---\na: !!float x\n":                      "line 2: !!float",
		"---\na: !!binary '*'\n":                   "line 2: !!binary",
		"---\na: [\n":                              "line 2: did not find",
		strings.Repeat("[", 1001) + "x":            "invalid YAML",
		strings.Repeat("- ", 1001) + "x":           "more than 1000 levels",
		"---\n" + strings.Repeat(" ", 8<<20) + "x": "more than the 8388608",
	} {
		got, err := yaml.AppendJSON([]byte("kept"), []byte(text), yaml.Jackson212)
		if _, ok := errors.AsType[*yaml.SyntaxError](err); !ok || !strings.Contains(err.Error(), want) || string(got) != "kept" {
			t.Errorf("%.30q: got %.30q, error %v, want %q", text, got, err, want)
		}
	}
}

// TestAliasesDoNotMultiply: a few lines of aliases of aliases stand for billions of values in other parsers.
func TestAliasesDoNotMultiply(t *testing.T) {
	got, err := yaml.AppendJSON(nil, []byte("---\na: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"), yaml.Jackson212)
	if want := `{"a":["x","x"],"b":["a","a"],"c":["b","b"]}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

func TestAnEmptyTextIsNull(t *testing.T) {
	for _, text := range []string{"", "---", "# nothing\n"} {
		if got, err := yaml.AppendJSON([]byte("x="), []byte(text), yaml.Jackson212); err != nil || string(got) != "x=null" {
			t.Errorf("%q: got %s, %v", text, got, err)
		}
	}
}
