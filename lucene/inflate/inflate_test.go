package inflate_test

import (
	"bytes"
	stdlib "compress/flate"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	klauspost "github.com/klauspost/compress/flate"

	"migassist/internal/testcluster/corpus"
	"migassist/lucene/inflate"
)

// guard is what lies behind the output, which must stay.
var guard = bytes.Repeat([]byte{0xA5}, 64)

// decode decodes into the middle of a larger buffer and checks that nothing around it was touched.
func decode(t testing.TB, d *inflate.Decoder, dictionary []byte, size int, src []byte) ([]byte, int, error) {
	t.Helper()
	at := len(dictionary)
	buf := append(append([]byte(nil), dictionary...), make([]byte, size)...)
	buf = append(buf, guard...)
	n, err := d.Decode(buf, at, at+size, src)
	if !bytes.Equal(buf[:at], dictionary) || !bytes.Equal(buf[at+size:], guard) {
		t.Fatal("wrote outside")
	}
	return buf[at : at+size], n, err
}

func deflate(t testing.TB, level int, dictionary, data []byte) []byte {
	t.Helper()
	var packed bytes.Buffer
	w, err := stdlib.NewWriterDict(&packed, level, dictionary)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

// TestReadsWhatAnotherWrote decompresses what the standard library made, at every level, with and without a dictionary.
func TestReadsWhatAnotherWrote(t *testing.T) {
	var d inflate.Decoder
	for seed := range uint64(41) {
		data := words(seed, int(seed*seed*seed)%70000)
		dictionary := data[:len(data)/5]
		if seed%2 == 0 {
			dictionary = nil
		}
		for _, level := range []int{stdlib.HuffmanOnly, 0, 1, 2, 5, 6, 9} {
			packed := deflate(t, level, dictionary, data)
			got, n, err := decode(t, &d, dictionary, len(data), append(slices.Clip(packed), 1, 2, 3))
			if err != nil || !bytes.Equal(got, data) || n != len(packed) {
				t.Fatalf("seed %d, level %d: %d of %d bytes, %v", seed, level, n, len(packed), err)
			}
		}
	}
}

func words(seed uint64, size int) []byte {
	random := rand.New(rand.NewPCG(seed, 1))
	var text []byte
	for len(text) < size {
		switch random.IntN(5) {
		case 0:
			text = append(text, byte(random.IntN(256)))
		case 1:
			text = append(text, bytes.Repeat([]byte{byte(random.IntN(4))}, random.IntN(400))...)
		case 2:
			text = fmt.Append(text, random.IntN(100000))
		default:
			from := random.IntN(len(text) + 1)
			text = append(text, text[from:min(len(text), from+random.IntN(40))]...)
		}
	}
	return text[:size]
}

// TestRefusals: what is wrong at some bit is refused.
func TestRefusals(t *testing.T) {
	for _, test := range []struct{ name, bits string }{
		{"a kind of block that there is none of", "1 11"},
		{"no input", ""},
		{"a distance before the begin", "1 10 0000001 00000 0000000"},
		{"a stored block whose length is not its complement", "1 00 00000" + "10000000 00000000 11111111 11111111" + "00000000"},
		{"codes for 288 literals", "1 01 11111 00000 0000 000 000 000 000"},
		{"codes for 31 distances", "1 01 00000 01111 0000 000 000 000 000"},
		{"a repetition of no length", "1 01 00000 00000 0000 100 000 000 100 0 00"},
		{"a literal that stands for nothing", "1 10 11000110"},
		{"a distance that stands for nothing", "1 10 00110000 0000001 11110 0000000"},
	} {
		src := pack(test.bits)
		var d inflate.Decoder
		for _, size := range []int{0, 1, 4, 1000} {
			if got, _, err := decode(t, &d, nil, size, src); err == nil {
				t.Errorf("%s: % x", test.name, got)
			}
			if got, _, err := decode(t, &d, nil, size, append(src, make([]byte, 2000)...)); err == nil {
				t.Errorf("%s, with more behind it: % x", test.name, got)
			}
		}
	}
	var d inflate.Decoder
	for _, bounds := range [][2]int{{-1, 3}, {3, 2}, {0, 11}} {
		if _, err := d.Decode(make([]byte, 10), bounds[0], bounds[1], []byte{3, 0}); err == nil {
			t.Error("decoded into", bounds)
		}
	}
	if n, err := d.Decode(nil, 0, 0, []byte{3, 0}); err != nil || n != 2 {
		t.Error("an empty block", n, err)
	}
}

// pack makes bytes of bits, the first the lowest.
func pack(bits string) []byte {
	var out []byte
	for i, bit := range strings.ReplaceAll(bits, " ", "") {
		if i%8 == 0 {
			out = append(out, 0)
		}
		out[i/8] |= byte(bit-'0') << (i % 8)
	}
	return out
}

func TestNothingIsAllocated(t *testing.T) {
	data := words(7, 100<<10)
	packed := deflate(t, 6, nil, data)
	buf := make([]byte, len(data))
	var d inflate.Decoder
	if n := testing.AllocsPerRun(10, func() {
		if _, err := d.Decode(buf, 0, len(buf), packed); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%.1f allocations", n)
	}
}

// BenchmarkDecode inflates blocks of 48 KiB of documents after a dictionary of 8 KiB, as Lucene 9 cuts them.
func BenchmarkDecode(b *testing.B) {
	const blocks, size = 40, 48 << 10
	var dictionary, data []byte
	writer := corpus.NewWriter()
	for n := 0; len(data) < blocks*size; n++ {
		if len(dictionary) < 8<<10 {
			dictionary = writer.Append(dictionary, n, 1024)
		}
		data = append(writer.Append(data, 100+n, 1024), '\n')
	}
	var packed [][]byte
	for i := range blocks {
		packed = append(packed, deflate(b, 6, dictionary, data[i*size:(i+1)*size]))
	}
	buf := append(append([]byte(nil), dictionary...), make([]byte, size)...)
	out := buf[len(dictionary):]
	read := func(r io.Reader) func([]byte) error {
		return func(src []byte) error {
			if err := r.(stdlib.Resetter).Reset(bytes.NewReader(src), dictionary); err != nil {
				return err
			}
			_, err := io.ReadFull(r, out)
			return err
		}
	}
	var d inflate.Decoder
	for _, by := range []struct {
		name   string
		decode func(src []byte) error
	}{
		{"ours", func(src []byte) error {
			_, err := d.Decode(buf, len(dictionary), len(buf), src)
			return err
		}},
		{"klauspost", read(klauspost.NewReader(nil))},
		{"stdlib", read(stdlib.NewReader(nil))},
	} {
		b.Run(by.name, func(b *testing.B) {
			b.SetBytes(blocks * size)
			b.ReportAllocs()
			for b.Loop() {
				for i, src := range packed {
					if err := by.decode(src); err != nil || !bytes.Equal(out[:100], data[i*size:][:100]) {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
