package cluster

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// TestGiantBodiesAreCompressedInPlace: a body that does not compress takes its size once more, not three times, and nothing is
// kept of it.
func TestGiantBodiesAreCompressedInPlace(t *testing.T) {
	body := make([]byte, giant+giant/2)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(body) // never fails
	var c compressor
	for _, kind := range [][]byte{body, bytes.Repeat([]byte("a"), len(body))} {
		room := c.buffer(len(kind)).Cap()
		buffer, err := c.compress(kind)
		if err != nil {
			t.Fatal(err)
		}
		if buffer.Cap() != room || room > len(body)+len(body)/100 {
			t.Errorf("a body of %d bytes took %d, with room for %d", len(body), buffer.Cap(), room)
		}
		c.recycle(buffer)
	}
	if kept := c.buffer(10); kept.Cap() > giant {
		t.Errorf("%d bytes were kept", kept.Cap())
	}
}
