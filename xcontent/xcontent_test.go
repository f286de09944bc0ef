package xcontent_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/flate"

	"migassist/cluster/version"
	"migassist/xcontent"
	"migassist/xcontent/yaml"
)

func TestFormatsAreToldByTheirFirstBytes(t *testing.T) {
	for in, want := range map[string]xcontent.Format{
		"":                            xcontent.JSON,
		" \n":                         xcontent.JSON,
		"{":                           xcontent.JSON,
		"\r\n\t {\"a\":1}":            xcontent.JSON,
		"\ufeff{}":                    xcontent.JSON,
		"/* a */{}":                   xcontent.JSON,
		":)\n\x05\xfa\xfb":            xcontent.SMILE,
		"\xbf\xff":                    xcontent.CBOR,
		"\xa0":                        xcontent.CBOR,
		"\xd9\xd9\xf7\xa0":            xcontent.CBOR,
		"---\na: 1":                   xcontent.YAML,
		"a: 1\nb: é\n":                xcontent.YAML,
		"ZV\x00\x00\x02{}":            xcontent.LZF,
		"DFL\x00\x03\x00":             xcontent.DEFLATE,
		"\x00\x01":                    xcontent.Unknown,
		"a\x01: b":                    xcontent.Unknown,
		"\xff\xfe{\x00}\x00":          xcontent.Unknown,
		"ZV\x02\x00\x00":              xcontent.Unknown,
		"\x28\xb5\x2f\xfd and so on ": xcontent.Unknown,
	} {
		if got := xcontent.Sniff([]byte(in)); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}

func TestEveryFormatBecomesJSON(t *testing.T) {
	for in, want := range map[string]string{
		"\n{\"a\": 1}\n":                     "\n{\"a\": 1}\n",
		":)\n\x05\xfa\x80a\xc2\xfb":          `{"a":1}`,
		"\xbf\x61a\x01\xff":                  `{"a":1}`,
		"---\na: 1\nb: [x, on]\n":            `{"a":1,"b":["x",true]}`,
		"a: 0x1F\n":                          `{"a":31}`,
		"ZV\x00\x00\x07{\"a\":1}":            `{"a":1}`,
		"ZV\x00\x00\x07:)\n\x05\xfa\xfb\xff": `{}`,
		deflate("{\"a\":1}"):                 `{"a":1}`,
		deflate("\xbf\x61a\x01\xff"):         `{"a":1}`,
	} {
		got, err := xcontent.AppendJSON([]byte("x="), []byte(in))
		if err != nil || string(got) != "x="+want {
			t.Errorf("%q: got %s, error %v, want %s", in, got, err, want)
		}
	}
}

func TestWhatIsNoValueIsNamed(t *testing.T) {
	for in, want := range map[string]string{
		"\x00\x01":                            "neither JSON, SMILE, CBOR nor YAML: it begins with 00 01",
		":)\n\x05\xfa":                        "SMILE at offset 5",
		"\xbf\x61":                            "CBOR at offset 2",
		"---\n[":                              "invalid YAML",
		"ZV\x00\x00\x09{}":                    "decompress LZF",
		"DFL\x00\xff":                         "decompress DEFLATE",
		deflate("ZV\x00\x00\x02{}"):           "LZF in DEFLATE",
		deflate(strings.Repeat(" ", 257<<20)): "decompress DEFLATE: more than 268435456 bytes",
	} {
		got, err := xcontent.AppendJSON([]byte("x="), []byte(in))
		if err == nil || !strings.Contains(err.Error(), want) || string(got) != "x=" {
			t.Errorf("%.30q: got %.30q, error %v, want %q", in, got, err, want)
		}
	}
}

func TestReleasesReadYAMLTheirWay(t *testing.T) {
	for text, want := range map[string]yaml.Dialect{
		"ES 1.7.6": yaml.Jackson25, "ES 2.4.6": yaml.Jackson28, "ES 6.8.23": yaml.Jackson28, "ES 7.10.2": yaml.Jackson210,
		"ES 7.17.28": yaml.Jackson212, "ES 8.1.0": yaml.Jackson210, "ES 8.19.0": yaml.Jackson212, "ES 9.1.0": yaml.Jackson212, "OS 1.3.20": yaml.Jackson212,
	} {
		release, err := version.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := xcontent.For(release).YAML; got != want {
			t.Errorf("%s: got dialect %d, want %d", text, got, want)
		}
	}
}

// deflate compresses as Elasticsearch 2 does.
func deflate(text string) string {
	var out bytes.Buffer
	out.WriteString("DFL\x00")
	w, _ := flate.NewWriter(&out, 3)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return out.String()
}

// FuzzAppendJSON gives foreign bytes to every decoder: what they make is JSON, and in proportion to the input.
func FuzzAppendJSON(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(seed, 3)
	}
	f.Fuzz(func(t *testing.T, raw []byte, dialect int) {
		converter := xcontent.Converter{YAML: yaml.Dialect(dialect & 3), Limit: 1 << 20}
		got, err := converter.AppendJSON([]byte("x"), raw)
		if err != nil {
			if string(got) != "x" {
				t.Errorf("an error, and %d bytes", len(got))
			}
			return
		}
		switch format := xcontent.Sniff(raw); format {
		case xcontent.JSON, xcontent.LZF, xcontent.DEFLATE: // may hold JSON, which nobody reads
		default:
			if !json.Valid(got[1:]) {
				t.Errorf("%s is not JSON: %.200q", format, got)
			}
			if len(got) > 1<<20+73*len(raw) {
				t.Errorf("%d bytes of JSON from %d of %s", len(got), len(raw), format)
			}
		}
	})
}

func seeds(t testing.TB) [][]byte {
	var all [][]byte
	for _, pattern := range []string{"smile/testdata/*.smile", "lzf/testdata/*.lzf"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("no %s, error %v", pattern, err)
		}
		for _, name := range names {
			if data := read(t, name); len(data) < 4000 {
				all = append(all, data)
			}
		}
	}
	for line := range bytes.Lines(read(t, "cbor/testdata/jackson-2.17.2.txt")) {
		text, _, _ := bytes.Cut(line, []byte("\t"))
		raw, err := hex.DecodeString(string(text))
		if err != nil {
			t.Fatal(err)
		}
		if len(raw) > 4 {
			all = append(all, raw)
		}
	}
	for line := range strings.Lines(string(read(t, "yaml/testdata/cases.txt"))) {
		all = append(all, []byte(strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\t`, "\t").Replace(strings.TrimSpace(line))))
	}
	return append(all, []byte(deflate("{}")), []byte(deflate(":)\n\x05\xfa\x80a\xc2\xfb")))
}

func read(t testing.TB, name string) []byte {
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
