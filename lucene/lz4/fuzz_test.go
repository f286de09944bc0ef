package lz4_test

import "testing"

// FuzzDecode compares with a decoder that does one byte after the other: the same bytes, the same end, the same refusals.
func FuzzDecode(f *testing.F) {
	_, packed := packedWords(f)
	f.Add([]byte("hello world"), packed[:200], uint16(300))
	f.Add([]byte(nil), packed[:1000], uint16(1500))
	f.Add([]byte("ab"), []byte("\x1f\x61\x01\x00\xff\x00\x10\x62"), uint16(276))
	f.Add([]byte(nil), []byte("\x13\x61\x01\x00\x10\x62"), uint16(9))
	f.Fuzz(func(t *testing.T, dictionary, src []byte, size uint16) {
		got, n, err := decode(t, string(dictionary), int(size), src)
		want, used, ok := slowly(append([]byte(nil), dictionary...), int(size), src)
		if (err == nil) != ok {
			t.Fatalf("%v, the other one says %v", err, ok)
		}
		if ok && (got != want || n != used) {
			t.Fatalf("got %d bytes from %d, want %d from %d", len(got), n, len(want), used)
		}
	})
}

// slowly is the format, straight from its description.
func slowly(out []byte, size int, src []byte) (text string, used int, ok bool) {
	begin, end := len(out), len(out)+size
	at := 0
	next := func() (b int, ok bool) {
		if at == len(src) {
			return 0, false
		}
		at++
		return int(src[at-1]), true
	}
	length := func(n int) (int, bool) {
		if n < 15 {
			return n, true
		}
		for {
			b, ok := next()
			if n += b; !ok || b < 255 {
				return n, ok
			}
		}
	}
	for len(out) < end {
		token, ok := next()
		if !ok {
			return "", 0, false
		}
		literals, ok := length(token >> 4)
		if !ok || literals > end-len(out) {
			return "", 0, false
		}
		for range literals {
			b, ok := next()
			if !ok {
				return "", 0, false
			}
			out = append(out, byte(b))
		}
		if len(out) == end {
			break
		}
		low, _ := next()
		high, ok := next()
		offset := high<<8 | low
		if !ok || offset == 0 || offset > len(out) {
			return "", 0, false
		}
		match, ok := length(token & 15)
		if !ok || match+4 > end-len(out) {
			return "", 0, false
		}
		for range match + 4 {
			out = append(out, out[len(out)-offset])
		}
	}
	return string(out[begin:]), at, true
}
