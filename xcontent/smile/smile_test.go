package smile_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"migassist/xcontent/smile"
)

// TestJacksonVectorsDecodeAsJacksonDoes: testdata holds pairs that jackson-dataformat-smile 2.10.4 (the
// one in Elasticsearch 7.10.2) wrote: the SMILE, and Jackson's own JSON of it.
func TestJacksonVectorsDecodeAsJacksonDoes(t *testing.T) {
	for name, want := range vectors(t) {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".smile"), func(t *testing.T) {
			got, err := smile.ToJSON(read(t, name))
			if err != nil {
				t.Fatal(err)
			}
			if !json.Valid(got) {
				t.Fatalf("not JSON: %.200s", got)
			}
			sameTokens(t, want, got)
		})
	}
}

func vectors(t testing.TB) map[string][]byte {
	names, err := filepath.Glob("testdata/*.smile")
	if err != nil || len(names) < 8 {
		t.Fatalf("%d vectors, error %v", len(names), err)
	}
	pairs := map[string][]byte{}
	for _, name := range names {
		pairs[name] = read(t, strings.TrimSuffix(name, "smile")+"json")
	}
	return pairs
}

func read(t testing.TB, name string) []byte {
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// sameTokens compares token by token; floats by value, for Java writes 1.0E10 where we write
// 10000000000.0, and all else by text.
func sameTokens(t *testing.T, want, got []byte) {
	t.Helper()
	w, g := json.NewDecoder(bytes.NewReader(want)), json.NewDecoder(bytes.NewReader(got))
	w.UseNumber()
	g.UseNumber()
	for {
		a, errA := w.Token()
		b, errB := g.Token()
		if errors.Is(errA, io.EOF) && errors.Is(errB, io.EOF) {
			return
		}
		if errA != nil || errB != nil {
			t.Fatalf("ends: %v, %v", errA, errB)
		}
		if a != b && !sameFloat(a, b) {
			t.Fatalf("near %d: want %v, got %v", g.InputOffset(), a, b)
		}
	}
}

func sameFloat(a, b json.Token) bool {
	x, okX := a.(json.Number)
	y, okY := b.(json.Number)
	if !okX || !okY || !strings.ContainsAny(string(x), ".E") || !strings.ContainsAny(string(y), ".e") {
		return false
	}
	for _, width := range []int{64, 32} { // a float32 has more digits in Java 17 than it needs
		u, _ := strconv.ParseFloat(string(x), width)
		v, _ := strconv.ParseFloat(string(y), width)
		if u == v {
			return true
		}
	}
	return false
}

func TestValuesInAllTheirForms(t *testing.T) {
	for in, want := range map[string]string{
		"\x20":                     `""`,
		"\x21":                     `null`,
		"\xc0":                     `0`,
		"\xdf":                     `-16`,
		"\xde":                     `15`,
		"\x24\x80":                 `0`,
		"\x24\x01\x80":             `32`,
		"\x24\x1f\x7f\x7f\x7f\xbf": `-2147483648`,
		"\x25\x03\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\xbf": `-9223372036854775808`,
		"\x26\x81\x7f\x01": `-1`,
		"\x29\x00\x3f\x78\x00\x00\x00\x00\x00\x00\x00": `1.0`,
		"\x2a\x84\x82\x00\x1b\x02":                     `1.10`,
		"\xe0a\xfc\xff":                                `"a"`,
		"\xe4\xc3\xa9\xfc":                             `"é"`,
		"\xe8\x80":                                     `""`,
		"\xe8\x83\x30\x58\x4c\x03":                     `"YWJj"`,
		"\xfd\x83abc":                                  `"YWJj"`,
		"\x41\"\\":                                     `"\"\\"`,
		"\x44\x00\x1f\n\r\t":                           `"\u0000\u001f\n\r\t"`,
		"\xf8\xf9":                                     `[]`,
		"\xfa\xfb":                                     `{}`,
		"\xfa\x80a\xc2\x40\xfa\x40\x21\xfb\xfb":        `{"a":1,"a":{"a":null}}`,
		"\xfa\x34a\xfc\x20\x20\x23\xfb":                `{"a":"","":true}`,
		"\xf8\x40a\x40b\x02\x01\xec\x01\xf9":           `["a","b","b","a","b"]`,
	} {
		got, err := smile.ToJSON([]byte(":)\n\x07" + in))
		if err != nil || string(got) != want {
			t.Errorf("% x: got %s, error %v, want %s", in, got, err, want)
		}
	}
}

func TestBrokenInputIsNamedWithItsOffset(t *testing.T) {
	for in, want := range map[string]string{
		"":                                     "offset 0: want 4 more bytes",
		"{\"a\":1}":                            "offset 0: want the header 3a 29 0a",
		":)\n\x15\x21":                         "offset 3: want format version 0, got 1",
		":)\n\x05":                             "offset 4: want a value, got the end",
		":)\n\x05\x00":                         "offset 4: want a value, got token 00",
		":)\n\x05\xf9":                         "want a value, got token f9",
		":)\n\x05\x21\x21":                     "offset 5: want the end of the input",
		":)\n\x05\x21\xff\x21":                 "offset 6: want the end of the input",
		":)\n\x05\x44a":                        "offset 5: want 5 more bytes, got 1",
		":)\n\x05\xf8\x21":                     "offset 6: want a value or the end of an array",
		":)\n\x05\xfa\x80a":                    "offset 7: want a value, got the end",
		":)\n\x05\xfa\x21":                     "offset 5: want a key, got token 21",
		":)\n\x05\xfa\x40\x21\xfb":             "offset 5: want a reference to one of 0 shared names, got 0",
		":)\n\x05\xf8\x40a\x01\xf9":            "offset 7: want a reference to one of 0 shared strings",
		":)\n\x07\xec\x05":                     "want a reference to one of 0 shared strings, got 5",
		":)\n\x05\xe0abc":                      "offset 4: want a string that ends with fc",
		":)\n\x05\x41\xff\xfe":                 "offset 4: want text in UTF-8, got ff fe",
		":)\n\x05\x24\x7f\x7f\x7f\x7f\x7f\xbf": "offset 5: want an integer of 32 bits",
		":)\n\x05\xfd\x7f\x7f\xbf":             "offset 5: want a length within the 0 bytes left",
		":)\n\x05\x26\x80":                     "want a number of 1 to 16384 bytes, got 0",
	} {
		_, err := smile.ToJSON([]byte(in))
		var syntax *smile.SyntaxError
		if !errors.As(err, &syntax) || !strings.Contains(err.Error(), want) {
			t.Errorf("% x: got error %v, want %q", in, err, want)
		}
	}
}

func TestNestingIsBounded(t *testing.T) {
	if _, err := smile.ToJSON([]byte(":)\n\x05" + strings.Repeat("\xf8", 100000))); err == nil || !strings.Contains(err.Error(), "1000 levels") {
		t.Errorf("got error %v", err)
	}
}

// TestReferencesCannotMakeHugeOutput: 200 KB of references to a string of 64 escaped bytes would be 77 MB.
func TestReferencesCannotMakeHugeOutput(t *testing.T) {
	in := ":)\n\x07\xf8\x7f" + strings.Repeat("\x01", 64) + strings.Repeat("\x01", 200_000) + "\xf9"
	out, err := smile.ToJSON([]byte(in))
	if err == nil || !strings.Contains(err.Error(), "bytes of JSON") {
		t.Errorf("got %d bytes and error %v", len(out), err)
	}
}

func TestEveryTruncationFails(t *testing.T) {
	for name := range vectors(t) {
		data := read(t, name)
		data = bytes.TrimSuffix(data, []byte{0xff}) // the optional end marker
		for n := 0; n < len(data); n += 1 + len(data)/3000 {
			if _, err := smile.ToJSON(data[:n]); err == nil {
				t.Errorf("%s cut to %d of %d bytes: no error", name, n, len(data))
			}
		}
	}
}

func TestAppendKeepsWhatWasThere(t *testing.T) {
	got, err := smile.AppendJSON([]byte("x="), []byte(":)\n\x05\xc2"), 10)
	if err != nil || string(got) != "x=1" {
		t.Errorf("got %s, %v", got, err)
	}
}

func BenchmarkToJSON(b *testing.B) {
	data := read(b, "testdata/shared.smile")
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := smile.ToJSON(data); err != nil {
			b.Fatal(err)
		}
	}
}
