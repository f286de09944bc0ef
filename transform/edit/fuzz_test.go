package edit_test

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"migassist/transform"
)

// source makes choices out of bytes; after the last all are 0, so that everything comes to an end.
type source struct{ bytes []byte }

func (s *source) pick(n int) int {
	if len(s.bytes) == 0 {
		return 0
	}
	b := s.bytes[0]
	s.bytes = s.bytes[1:]
	return int(b) % n
}

func one[T any](s *source, all []T) T { return all[s.pick(len(all))] }

// names are those of members, each in the ways in which it can be written. The first is of no path; it can't be.
var names = [][]string{
	{`""`},
	{`"a"`, `"\u0061"`},
	{`"b"`},
	{`"c"`, `"\u0063"`},
	{`"a.b"`, `"a\u002eb"`},
	{`"é"`, `"\u00e9"`, `"\u00E9"`},
	{`"q\""`, `"\u0071\u0022"`},
	{`"x\\y"`},
	{`"\/"`, `"/"`},
	{`"\ud83d\ude00"`, `"😀"`},
	{`"\ud800"`, `"\ufffd"`},
	{`"n\n"`, `"n\u000a"`},
}

func (s *source) space() string { return one(s, []string{"", "", "", " ", "\n\t", "  \r\n"}) }

func (s *source) value(depth int) string {
	scalars := []string{
		`null`, `1`, `1.0`, `-0`, `1e2`, `9007199254740993`, `12345678901234567890.12345678901234567890`, `1E-999999999`, strings.Repeat("9", 400), `true`, `false`,
		`""`, `"text"`, `"\u0041\/\b"`, `"é 😀 \ud83d\ude00"`, `"\ud800 half"`, `"\"\\{}[],:"`, `[]`, `{}`, `[ ]`, `{ }`,
	}
	kind := s.pick(8)
	if depth > 5 || kind < 2 {
		return one(s, scalars)
	}
	switch kind {
	case 2:
		return s.array(depth)
	case 3:
		n := []int{3, 30, 300}[s.pick(3)]
		open, end := `[`, `]`
		if s.pick(2) == 0 {
			open, end = `{"a":`, `}`
		}
		return strings.Repeat(open, n) + s.value(6) + strings.Repeat(end, n)
	}
	return s.object(depth)
}

func (s *source) array(depth int) string {
	var elements []string
	for range s.pick(4) {
		elements = append(elements, s.space()+s.value(depth+1)+s.space())
	}
	return "[" + strings.Join(elements, ",") + "]"
}

func (s *source) object(depth int) string {
	var members []string
	n := s.pick(6)
	if depth == 0 && s.pick(4) == 1 {
		n = 40 // so many that names are hashed
	}
	for range n {
		members = append(members, s.space()+s.name(0)+s.space()+":"+s.space()+s.value(depth+1)+s.space())
	}
	return "{" + strings.Join(members, ",") + "}"
}

// name is one as it is written, half the time of the same three, so that paths meet members.
func (s *source) name(from int) string {
	if s.pick(2) == 0 {
		return one(s, names[1+s.pick(3)])
	}
	return one(s, names[from+s.pick(len(names)-from)])
}

func (s *source) path() (path []string) {
	for range 1 + s.pick(3) {
		var name string
		if json.Unmarshal([]byte(s.name(1)), &name) == nil {
			path = append(path, name)
		}
	}
	return path
}

// written is a path as a configuration has it.
func written(path []string) string {
	escaped := make([]string, len(path))
	for i, name := range path {
		escaped[i] = strings.ReplaceAll(strings.ReplaceAll(name, `\`, `\\`), `.`, `\.`)
	}
	return strings.Join(escaped, ".")
}

// operations are some, for the model and as a configuration.
func (s *source) operations() (all []operation, config []byte) {
	var list []map[string]any
	n := 1 + s.pick(4)
	if s.pick(8) == 1 {
		n = 30
	}
	for range n {
		o := operation{kind: one(s, []string{"rename", "remove", "set", "copy"}), from: s.path(), to: s.path(), exists: one(s, []string{"", "", "fail", "replace", "keep"})}
		object := map[string]any{}
		switch o.kind {
		case "remove":
			object[o.kind] = []string{written(o.from)}
		case "set":
			o.value = s.value(3)
			object[o.kind] = map[string]any{written(o.from): json.RawMessage(o.value)}
		default:
			if reflect.DeepEqual(o.from, o.to) {
				continue
			}
			object[o.kind] = map[string]string{written(o.from): written(o.to)}
		}
		if o.exists != "" {
			object["ifExists"] = o.exists
		}
		all, list = append(all, o), append(list, object)
	}
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(list); err != nil {
		panic(err) // of what was made here
	}
	return all, []byte(text.String())
}

// against edits a generated document as bytes, and in the model, and reports whether that changed it.
func against(t *testing.T, choices []byte) bool {
	t.Helper()
	s := &source{choices}
	operations, config := s.operations()
	document := s.object(0)
	if len(operations) == 0 {
		return false
	}
	model, err := decode(document)
	if err != nil {
		t.Fatalf("the model does not read %s: %v", document, err)
	}
	for i := 0; i < len(operations) && err == nil; i++ {
		// encoding/json writes values of a configuration without white space.
		if operations[i].kind == "set" {
			operations[i].value = compacted(t, operations[i].value)
		}
		err = operations[i].apply(model)
	}
	m := transform.NewDocument(transform.Write{Action: "index", Index: "i", Source: []byte(document)})
	out, failed := program(t, string(config)).New().Transform(t.Context(), nil, m)
	if (failed != nil) != (err != nil) {
		t.Fatalf("%s\nof %s\ncame to %v, and the model to %v", config, document, failed, err)
	}
	if failed != nil {
		return false
	}
	if err := out[0].Encode(); err != nil {
		t.Fatal(err)
	}
	compareWithModel(t, model, string(out[0].Write.Source), document, string(config))
	return model.touched()
}

func compareWithModel(t *testing.T, model *node, got, document, config string) {
	t.Helper()
	result, err := decode(got)
	if err == nil {
		err = held(model, result, "")
	}
	if err != nil {
		t.Fatalf("%s\nof %s\ngave %s\nwant %s\n%v", config, document, got, model.encode(), err)
	}
	is, wrong := values(got)
	want, err := values(model.encode())
	if wrong != nil || err != nil || !reflect.DeepEqual(is, want) {
		t.Fatalf("%s\nof %s\ngave %s\nwant %s\n%v, %v", config, document, got, model.encode(), wrong, err)
	}
}

func compacted(t *testing.T, text string) string {
	t.Helper()
	out, err := json.Marshal(json.RawMessage(text))
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// FuzzAgainstModel edits generated documents, as bytes and by a model that decodes, edits and encodes: the values are the same, and what was not
// touched is the same to the byte.
func FuzzAgainstModel(f *testing.F) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 32 {
		choices := make([]byte, 20+10*n)
		for i := range choices {
			choices[i] = byte(random.Uint32())
		}
		f.Add(choices)
	}
	f.Fuzz(func(t *testing.T, choices []byte) { against(t, choices) })
}

// TestAgainstModel is the same with as many documents as a second holds, and sees that many were changed.
func TestAgainstModel(t *testing.T) {
	const documents = 2_000
	random := rand.New(rand.NewPCG(3, 4))
	edited := 0
	for range documents {
		choices := make([]byte, random.IntN(900))
		for i := range choices {
			choices[i] = byte(random.Uint32())
		}
		if against(t, choices) {
			edited++
		}
	}
	if edited < documents/3 {
		t.Errorf("%d of %d documents were changed, the others refused, or without the fields", edited, documents)
	}
}
