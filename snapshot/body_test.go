package snapshot

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
)

// TestDeflatedMetadataIsThatOfTheServer: testdata/deflate holds blobs that Elasticsearch 7.10.2 wrote into
// a repository with compress: true, and, where a sibling is "plain", the same metadata without.
func TestDeflatedMetadataIsThatOfTheServer(t *testing.T) {
	for file, codec := range map[string]string{"index-metadata": codecIndex, "metadata": codecGlobal, "snapshot": codecSnapshot} {
		deflated := decodeFile(t, file+".dat", codec, kindDEFLATE)
		if file == "snapshot" { // each snapshot is another
			if !strings.Contains(string(deflated), `"indices":["books","nosrc"]`) {
				t.Errorf("got %s", deflated)
			}
			continue
		}
		plain := decodeFile(t, file+"-plain.dat", codec, kindSMILE)
		// version and timing counters went on between the two.
		drop := func(text []byte) any {
			var v map[string]map[string]any
			if err := json.Unmarshal(text, &v); err != nil {
				t.Fatal(err)
			}
			for _, inner := range v {
				delete(inner, "version")
			}
			return v
		}
		if diff := cmp.Diff(drop(plain), drop(deflated)); diff != "" {
			t.Errorf("%s: %s", file, diff)
		}
	}
}

func decodeFile(t *testing.T, file, codec string, want kind) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata/deflate", file))
	if err != nil {
		t.Fatal(err)
	}
	if k := kindOf(data[9+len(codec):]); k != want {
		t.Errorf("%s is %s, want %s", file, k, want)
	}
	text, err := decodeEnvelope(file, data, codec)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// smileText is {"a":…} with n characters, in SMILE.
func smileText(n int) []byte {
	return []byte(":)\n\x05\xfa\x80a\xe0" + strings.Repeat("x", n) + "\xfc\xfb")
}

func deflated(b []byte) []byte {
	var out bytes.Buffer
	out.WriteString("DFL\x00")
	w, _ := flate.NewWriter(&out, 9)
	_, _ = w.Write(b)
	_ = w.Close()
	return out.Bytes()
}

func zstdCompressed(b []byte) []byte {
	w, _ := zstd.NewWriter(nil)
	return w.EncodeAll(b, []byte("ZSTD\x00"))
}

func TestBodiesAreToldByTheirFirstBytes(t *testing.T) {
	want := `{"a":"xxx"}`
	for name, body := range map[string][]byte{
		"SMILE":           smileText(3),
		"DEFLATE":         deflated(smileText(3)),
		"zstd":            zstdCompressed(smileText(3)),
		"JSON":            []byte(want),
		"JSON in DEFLATE": deflated([]byte(want)),
		"JSON in LZF":     append([]byte{'Z', 'V', 0, 0, byte(len(want))}, want...),
	} {
		got, err := decodeBody("b.dat", 17, body)
		if err != nil || string(got) != want {
			t.Errorf("%s: got %s, error %v", name, got, err)
		}
	}
}

func TestBrokenBodiesAreNamedWithTheirOffset(t *testing.T) {
	for want, body := range map[string][]byte{
		"corrupt b.dat at offset 17: want a body of SMILE, DEFLATE, zstd, LZF or JSON, got 01 02 03 (unknown)": {1, 2, 3},
		"got  (unknown)": {},
		"want a body of JSON in LZF, got invalid LZF at offset 7": []byte("ZV\x01\x00\x05\x00\x09abc"),
		"corrupt b.dat at offset 21":                              []byte(":)\n\x05\x00"),
		"want a body of SMILE in DEFLATE, got":                    []byte("DFL\x00\xff\xff"),
		"want a body of SMILE in zstd, got":                       []byte("ZSTD\x00abcdefgh"),
		"b.dat (decompressed) at offset 4: want a":                deflated([]byte(":)\n\x05")),
		"unexpected EOF":                                          deflated(smileText(3))[:8],
	} {
		_, err := decodeBody("b.dat", 17, body)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want %q", err, want)
		}
	}
}

func TestBombsAreRefused(t *testing.T) {
	for name, pack := range map[string]func([]byte) []byte{"DEFLATE": deflated, "zstd": zstdCompressed} {
		body := pack(smileText(64 << 20))
		if _, err := decodeBody("b.dat", 0, body); err == nil || !strings.Contains(err.Error(), errBomb.Error()) {
			t.Errorf("%s: %d bytes that hold 64 MiB: got error %v", name, len(body), err)
		}
		if _, err := decodeBody("b.dat", 0, pack(smileText(4<<20-100))); err != nil {
			t.Errorf("%s: 4 MiB are no bomb: %v", name, err)
		}
	}
}
