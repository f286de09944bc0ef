package inflate_test

import (
	"bytes"
	stdlib "compress/flate"
	"io"
	"testing"

	"migassist/lucene/inflate"
)

// FuzzDecode compares with the standard library: the same bytes, the same end, the same refusals. What the library writes is read.
func FuzzDecode(f *testing.F) {
	for _, s := range zlibStreams(f) {
		f.Add(s.dictionary, s.packed, uint16(len(s.want)), uint8(3))
	}
	f.Add([]byte(nil), []byte("\x05\xe0\x81\x08\x00\x00\x00\x00\x20\x7f\xeb\x0b\x00\x00"), uint16(1), uint8(0)) // a code of one bit, and no distances
	var writers []*stdlib.Writer
	for _, level := range []int{stdlib.HuffmanOnly, 0, 1, 5, 9} {
		w, err := stdlib.NewWriter(nil, level)
		if err != nil {
			f.Fatal(err)
		}
		writers = append(writers, w)
	}
	f.Fuzz(func(t *testing.T, dictionary, src []byte, size uint16, level uint8) {
		var d inflate.Decoder
		got, n, err := decode(t, &d, dictionary, int(size), src)
		source := bytes.NewReader(src)
		want, failed := io.ReadAll(io.LimitReader(stdlib.NewReaderDict(source, dictionary), int64(size)+1))
		if ok := failed == nil && len(want) == int(size); ok != (err == nil) {
			t.Fatalf("%v; the library reads %d of %d bytes, %v", err, len(want), size, failed)
		}
		if err == nil && (!bytes.Equal(got, want) || n != len(src)-source.Len()) {
			t.Fatalf("got other bytes, from %d; the library took %d", n, len(src)-source.Len())
		}
		var packed bytes.Buffer
		w := writers[int(level)%len(writers)]
		w.Reset(&packed)
		if _, err := w.Write(src); err != nil || w.Close() != nil {
			t.Fatal(err)
		}
		if got, n, err := decode(t, &d, nil, len(src), packed.Bytes()); err != nil || n != packed.Len() || !bytes.Equal(got, src) {
			t.Fatalf("what the library wrote: %d of %d bytes, %v", n, packed.Len(), err)
		}
	})
}
