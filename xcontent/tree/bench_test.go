package tree_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"migassist/xcontent/tree"
)

// wideDocument is about 2 KB in 100 fields; nestedDocument as many bytes in objects, arrays and longer text, with escapes.
func wideDocument() []byte {
	var text strings.Builder
	for i := range 100 {
		fmt.Fprintf(&text, `,"field_%02d":"value %d"`, i, i*i)
	}
	return []byte("{" + text.String()[1:] + "}")
}

func nestedDocument() []byte {
	var text strings.Builder
	text.WriteString(`{"title":"` + strings.Repeat("words and more words ", 20) + `","user":{"id":9007199254740993,"name":"Zo\u00eb \"Z\"","tags":["a","b","c"]},"items":[`)
	for i := range 16 {
		fmt.Fprintf(&text, `%s{"sku":"A-%04d","price":%d.50,"quantity":%d,"in stock":true,"note":null,"size":{"w":%d,"h":7}}`, strings.Repeat(",", min(i, 1)), i, i*3, i, i)
	}
	return []byte(text.String() + `],"@timestamp":"2024-02-29T12:00:00.000Z"}`)
}

func benchmarkBoth(b *testing.B, run func(b *testing.B, text []byte)) {
	for name, text := range map[string][]byte{"wide": wideDocument(), "nested": nestedDocument()} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			run(b, text)
		})
	}
}

// BenchmarkCheck is what any use of a document costs at least.
func BenchmarkCheck(b *testing.B) {
	benchmarkBoth(b, func(b *testing.B, text []byte) {
		for b.Loop() {
			if _, err := tree.Parse(text); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkEdit changes one field and prints the document.
func BenchmarkEdit(b *testing.B) {
	benchmarkBoth(b, func(b *testing.B, text []byte) {
		out := make([]byte, 0, 2*len(text))
		seven := tree.NewNumber("7")
		for b.Loop() {
			v, err := tree.Parse(text)
			if err != nil {
				b.Fatal(err)
			}
			v.Set("field_50", seven)
			if out, err = v.AppendJSON(out[:0]); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkEqual compares a document with one that says the same in other bytes.
func BenchmarkEqual(b *testing.B) {
	benchmarkBoth(b, func(b *testing.B, text []byte) {
		var decoded any
		if err := json.Unmarshal(text, &decoded); err != nil {
			b.Fatal(err)
		}
		other, err := json.MarshalIndent(decoded, "", " ")
		if err != nil {
			b.Fatal(err)
		}
		other = []byte(strings.ReplaceAll(string(other), "9007199254740992", "9007199254740993"))
		for b.Loop() {
			v, _ := tree.Parse(text)
			w, _ := tree.Parse(other)
			if !tree.Equal(v, w) {
				b.Fatal(tree.Diff(v, w, 1)[0].Path)
			}
		}
	})
}

// BenchmarkAny gives all of a document to a program and takes it back.
func BenchmarkAny(b *testing.B) {
	benchmarkBoth(b, func(b *testing.B, text []byte) {
		for b.Loop() {
			v, _ := tree.Parse(text)
			if _, err := v.Adopt(v.Any()); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkWideObject fills and empties an object of 10,000 members.
func BenchmarkWideObject(b *testing.B) {
	names := make([]string, 10_000)
	for i := range names {
		names[i] = fmt.Sprint("name", i)
	}
	b.ReportAllocs()
	for b.Loop() {
		o, value := tree.NewObject(), tree.NewNull()
		for _, name := range names {
			o.Set(name, value)
		}
		for _, name := range names {
			o.Remove(name)
		}
		if o.Len() != 0 {
			b.Fatal(o.Len())
		}
	}
}
