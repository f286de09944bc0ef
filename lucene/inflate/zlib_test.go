package inflate_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"os"
	"strconv"
	"strings"
	"testing"

	"migassist/lucene/inflate"
)

// stream is a line of testdata/zlib.txt.
type stream struct {
	name             string
	dictionary, want []byte
	packed           []byte
}

func zlibStreams(t testing.TB) []stream {
	t.Helper()
	data, err := os.ReadFile("testdata/zlib.txt")
	if err != nil {
		t.Fatal(err)
	}
	var text []byte
	var streams []stream
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		packed, err := hex.DecodeString(fields[len(fields)-1])
		if err != nil {
			t.Fatal(err)
		}
		if len(fields) == 2 {
			text = packed
			continue
		}
		cut, err := strconv.Atoi(fields[1])
		if err != nil {
			t.Fatal(err)
		}
		streams = append(streams, stream{name: fields[0], dictionary: text[:cut], want: text[cut:], packed: packed})
	}
	return streams
}

func TestReadsWhatZlibWrote(t *testing.T) {
	streams := zlibStreams(t)
	if len(streams) < 28 {
		t.Fatalf("%d streams", len(streams))
	}
	var d inflate.Decoder
	for _, s := range streams {
		got, n, err := decode(t, &d, s.dictionary, len(s.want), s.packed)
		if err != nil || !bytes.Equal(got, s.want) || n != len(s.packed) {
			t.Errorf("%s: %d of %d bytes, %v", s.name, n, len(s.packed), err)
		}
		for _, size := range []int{0, 1, len(s.want) - 1, len(s.want) + 1, 2 * len(s.want)} {
			if _, _, err := decode(t, &d, s.dictionary, size, s.packed); err == nil {
				t.Errorf("%s made %d bytes as well", s.name, size)
			}
		}
		for cut := 0; cut < len(s.packed); cut += 1 + cut/16 {
			if _, _, err := decode(t, &d, s.dictionary, len(s.want), s.packed[:cut]); err == nil {
				t.Errorf("%s, cut to %d bytes, was read", s.name, cut)
			}
		}
		if got, _, err := decode(t, &d, nil, len(s.want), s.packed); len(s.dictionary) > 0 && err == nil && bytes.Equal(got, s.want) && !strings.HasPrefix(s.name, "level-0") {
			t.Errorf("%s needs no dictionary", s.name)
		}
	}
}
