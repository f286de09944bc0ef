package lz4_test

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"

	pierrec "github.com/pierrec/lz4/v4"

	"migassist/internal/testcluster/corpus"
	"migassist/lucene/lz4"
)

func TestBlocksByHand(t *testing.T) {
	for _, test := range []struct{ name, dictionary, hex, want string }{
		{"literals", "", "30 616263", "abc"},
		{"literals of a length that goes on", "", "f0 01 " + strings.Repeat("78", 16), strings.Repeat("x", 16)},
		{"a match", "", "40 61626364 0400 10 65", "abcdabcde"},
		{"a match that reaches into itself", "", "13 61 0100 10 62", "aaaaaaaab"},
		{"a match of a length that goes on", "", "2f 6162 0200 01 10 63", "ab" + strings.Repeat("ab", 10) + "c"},
		{"a match with a length of 255 and more", "", "1f 61 0100 ff 00 10 62", "a" + strings.Repeat("a", 274) + "b"},
		{"a match that ends the block", "", "40 61626364 0400", "abcdabcd"},
		{"a match in the dictionary", "hello world", "00 0b00 10 21", "hell!"},
		{"a match from the dictionary into the block", "dict", "28 6162 0600 10 2e", "ab" + "dictabdictab" + "."},
		{"nothing", "", "", ""},
		{"nothing, with its token", "", "", ""},
	} {
		src, err := hex.DecodeString(strings.ReplaceAll(test.hex, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		got, n, err := decode(t, test.dictionary, len(test.want), src)
		if err != nil || got != test.want || n != len(src) {
			t.Errorf("%s: %q, %d of %d bytes, %v; want %q", test.name, got, n, len(src), err, test.want)
		}
		for cut := range src {
			if got, _, err := decode(t, test.dictionary, len(test.want), src[:cut]); err == nil {
				t.Errorf("%s, cut to %d bytes, is %q", test.name, cut, got)
			}
		}
	}
}

func TestWhatIsNotABlock(t *testing.T) {
	long := strings.Repeat("ff", 200)
	for _, test := range []struct {
		name, hex string
		size      int
	}{
		{"no input", "", 1},
		{"offset 0", "40 61626364 0000 10 65", 9},
		{"a match from before the begin", "40 61626364 0500 10 65", 9},
		{"more literals than asked for", "40 61626364", 3},
		{"a longer match than asked for", "40 61626364 0400", 7},
		{"a length without end", "f0" + long, 100},
		{"a length of a match without end", "1f 61 0100" + long, 100},
		{"fewer bytes than asked for", "40 61626364", 5},
	} {
		src, err := hex.DecodeString(strings.ReplaceAll(test.hex, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if got, _, err := decode(t, "", test.size, src); err == nil {
			t.Errorf("%s: %q", test.name, got)
		}
	}
	for _, bounds := range [][2]int{{-1, 3}, {3, 2}, {0, 11}} {
		if _, err := lz4.Decode(make([]byte, 10), bounds[0], bounds[1], []byte{0x30, 1, 2, 3}); err == nil {
			t.Error("decoded into", bounds)
		}
	}
}

// guard is what lies around the output, which must stay.
var guard = bytes.Repeat([]byte{0xA5}, 64)

// decode decodes into the middle of a larger buffer and checks that nothing around it was touched.
func decode(t testing.TB, dictionary string, size int, src []byte) (string, int, error) {
	t.Helper()
	at := len(dictionary)
	buf := append([]byte(dictionary), make([]byte, size)...)
	buf = append(buf, guard...)
	n, err := lz4.Decode(buf, at, at+size, src)
	if string(buf[:at]) != dictionary || !bytes.Equal(buf[at+size:], guard) {
		t.Fatalf("wrote outside: % x", buf)
	}
	return string(buf[at : at+size]), n, err
}

// TestReadsWhatAnotherWrote decompresses what an independent compressor made, of every size and with and without a dictionary.
func TestReadsWhatAnotherWrote(t *testing.T) {
	for seed := range uint64(400) {
		text := words(seed, 1+int(seed*seed)%9000)
		cut := int(seed*31) % (len(text) + 1)
		if seed%3 == 0 {
			cut = 0
		}
		// The compressor knows no dictionary: it makes one block of both, and the first part is decoded before the other is looked at.
		packed := make([]byte, pierrec.CompressBlockBound(len(text)))
		var compressor pierrec.Compressor
		n, err := compressor.CompressBlock([]byte(text), packed)
		if err != nil || n == 0 {
			continue // as it cannot be made smaller
		}
		got, used, err := decode(t, "", len(text), packed[:n])
		if err != nil || got != text || used != n {
			t.Fatalf("seed %d: %d of %d bytes, %v", seed, used, n, err)
		}
		if got, _, err := decode(t, "", cut, packed[:n]); err == nil && got != text[:cut] {
			t.Fatalf("seed %d, the first %d bytes: %q", seed, cut, got)
		}
	}
}

// words makes text like that of documents: phrases that come again, and some noise.
func words(seed uint64, size int) string {
	random := rand.New(rand.NewPCG(seed, 1))
	var text []byte
	for len(text) < size {
		switch random.IntN(4) {
		case 0:
			text = append(text, byte(random.IntN(256)))
		case 1:
			text = append(text, bytes.Repeat([]byte{byte(random.IntN(4))}, random.IntN(300))...)
		default:
			from := random.IntN(len(text) + 1)
			text = append(text, text[from:min(len(text), from+random.IntN(40))]...)
		}
	}
	return string(text[:size])
}

func TestNothingIsAllocated(t *testing.T) {
	text, packed := packedWords(t)
	buf := make([]byte, len(text))
	if n := testing.AllocsPerRun(10, func() {
		if _, err := lz4.Decode(buf, 0, len(buf), packed); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%.1f allocations", n)
	}
}

func packedWords(t testing.TB) (text string, packed []byte) {
	t.Helper()
	text = words(7, 80<<10)
	return text, pack(t, []byte(text))
}

func pack(t testing.TB, data []byte) []byte {
	t.Helper()
	packed := make([]byte, pierrec.CompressBlockBound(len(data)))
	var compressor pierrec.Compressor
	n, err := compressor.CompressBlock(data, packed)
	if err != nil {
		t.Fatal(err)
	}
	return packed[:n]
}

// BenchmarkDecode decompresses blocks of 80 KiB of documents, so many that no processor learns their branches by heart.
func BenchmarkDecode(b *testing.B) {
	const blocks, size = 64, 80 << 10
	var data []byte
	writer := corpus.NewWriter()
	for n := 0; len(data) < blocks*size; n++ {
		data = append(writer.Append(data, n, 1024), '\n')
	}
	var packed [][]byte
	for i := range blocks {
		packed = append(packed, pack(b, data[i*size:(i+1)*size]))
	}
	buf := make([]byte, size)
	for _, by := range []struct {
		name   string
		decode func(src []byte) (int, error)
	}{
		{"ours", func(src []byte) (int, error) { return lz4.Decode(buf, 0, size, src) }},
		{"pierrec", func(src []byte) (int, error) { return pierrec.UncompressBlock(src, buf) }},
	} {
		b.Run(by.name, func(b *testing.B) {
			b.SetBytes(blocks * size)
			b.ReportAllocs()
			for b.Loop() {
				for i, src := range packed {
					if _, err := by.decode(src); err != nil || !bytes.Equal(buf[:100], data[i*size:][:100]) {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
