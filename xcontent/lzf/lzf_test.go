package lzf_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"migassist/xcontent/lzf"
)

// TestVectorsDecodeToWhatWasEncoded: testdata was written by the library that Elasticsearch 1.x carries (Write.java).
func TestVectorsDecodeToWhatWasEncoded(t *testing.T) {
	for _, name := range vectors(t) {
		want, err := os.ReadFile(strings.TrimSuffix(name, "lzf") + "sha256")
		if err != nil {
			t.Fatal(err)
		}
		got, err := lzf.Decode([]byte("before"), read(t, name), 1<<20)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		plain := bytes.TrimPrefix(got, []byte("before"))
		sum := sha256.Sum256(plain)
		if text := fmt.Sprintf("%d %s\n", len(plain), hex.EncodeToString(sum[:])); text != string(want) {
			t.Errorf("%s: got %s, want %s", name, text, want)
		}
	}
}

func TestCutStreamsAreErrorsOrEndAtAChunk(t *testing.T) {
	for _, name := range vectors(t) {
		src := read(t, name)
		whole, err := lzf.Decode(nil, src, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for n := 0; n < len(src); n += 1 + len(src)/500 {
			got, err := lzf.Decode(nil, src[:n], 1<<20)
			if err == nil && (!bytes.HasPrefix(whole, got) || !lzf.Is(src[n:])) {
				t.Errorf("%s cut at %d decodes, though no chunk ends there", name, n)
			}
		}
	}
}

func TestTheLimitHolds(t *testing.T) {
	src := read(t, "testdata/run.lzf")
	if _, err := lzf.Decode(nil, src, 100_000); err != nil {
		t.Errorf("exactly the limit: %v", err)
	}
	got, err := lzf.Decode([]byte("kept"), src, 99_999)
	if _, ok := errors.AsType[*lzf.CorruptError](err); !ok || string(got) != "kept" {
		t.Errorf("one byte too many: got %.20q, error %v", got, err)
	}
}

func TestDamageIsNamedWithItsPlace(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"", "offset 0: want a chunk, got the end"},
		{"ZV\x02\x00\x00", "offset 0: want a chunk (5a 56 00"},
		{"ZV\x00\x00\x01aZV", "offset 6: want a chunk (5a 56 00"},
		{"ZV\x00\x00\x02a", "offset 5: want 2 bytes of a chunk, got 1"},
		{"ZV\x01\x00\x02", "want the head of a compressed chunk"},
		{"ZV\x01\x00\x02\x00\x02\x01a", "offset 7: want 3 bytes, got 2"},
		{"ZV\x01\x00\x03\x00\x02\x01ab!", "offset 10: want a chunk"},
		{"ZV\x01\x00\x04\x00\x04\x00a\x20\x01", "offset 9: want a copy from at most 1 bytes back, got 2"},
		{"ZV\x01\x00\x04\x00\x03\x00a\x20\x00", "offset 9"},
		{"ZV\x01\x00\x02\x00\x03\x00a", "offset 9: want 3 bytes of a chunk, got 1"},
		{"ZV\x01\x00\x04\x00\x03\x00a\x40\x00", "offset 9: want at most 2 more bytes, got 4"},
		{"ZV\x01\x00\x04\x00\xff\x00a\xe0\x00", "offset 9: want 3 bytes, got 2"},
	} {
		if _, err := lzf.Decode(nil, []byte(c.src), 1<<20); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %q", c.src, err, c.want)
		}
	}
}

func vectors(t testing.TB) []string {
	names, err := filepath.Glob("testdata/*.lzf")
	if err != nil || len(names) < 5 {
		t.Fatalf("%d vectors, error %v", len(names), err)
	}
	return names
}

func read(t testing.TB, name string) []byte {
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
