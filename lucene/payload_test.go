package lucene

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"migassist/lucene/input"
)

// TestBlocksCopyFromTheirDictionary: each block finds the dictionary before it, whatever their sizes, and no block another.
func TestBlocksCopyFromTheirDictionary(t *testing.T) {
	for _, size := range []struct{ dictionary, block, blocks, last int }{
		{10, 12, 10, 12}, {10, 12, 10, 5}, {10, 10, 3, 10}, {300, 20, 40, 7}, {10, 4, 1, 4}, {11, 4, 2, 4}, {11, 4, 3, 4}, {9, 8, 30, 4}, {12, 12, 0, 0},
	} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			var dictionary, payload, sizes, want []byte
			for i := range size.dictionary {
				dictionary = append(dictionary, byte('a'+i%26))
			}
			sizes = binary.AppendUvarint(binary.AppendUvarint(nil, uint64(size.dictionary)), uint64(size.block))
			add := func(packed []byte) {
				sizes, payload = binary.AppendUvarint(sizes, uint64(len(packed))), append(payload, packed...)
			}
			add(lz4Literals(dictionary))
			want = append(want, dictionary...)
			for i := range size.blocks {
				n := size.block
				if i == size.blocks-1 {
					n = size.last
				}
				// Four bytes of the dictionary, from another place in each block, and a number.
				from := i % (size.dictionary - 3)
				add(append([]byte{0, byte(size.dictionary - from), byte((size.dictionary - from) >> 8)}, lz4Literals(bytes.Repeat([]byte{byte('0' + i%10)}, n-4))...))
				want = append(append(want, dictionary[from:from+4]...), bytes.Repeat([]byte{byte('0' + i%10)}, n-4)...)
			}
			c := input.NewCursor("_0.fdt", append(sizes, payload...), 0)
			got := make([]byte, len(want))
			newLZ4().decode(c, got)
			if c.Err() != nil || !bytes.Equal(got, want) || c.Remaining() != 0 {
				t.Errorf("%v, %d bytes left\ngot  %s\nwant %s", c.Err(), c.Remaining(), got, want)
			}
		})
	}
}

// lz4Literals is a last sequence of LZ4, of literals alone; of none, nothing, since a match may end a block as well.
func lz4Literals(data []byte) []byte {
	n := len(data)
	if n == 0 {
		return nil
	}
	if n < 15 {
		return append([]byte{byte(n << 4)}, data...)
	}
	out := []byte{15 << 4}
	for n -= 15; n >= 255; n -= 255 {
		out = append(out, 255)
	}
	return append(append(out, byte(n)), data...)
}

// TestTooManyBlocks: a head that claims more blocks than any writer makes is refused, however large the documents.
func TestTooManyBlocks(t *testing.T) {
	for _, payload := range []payload{newLZ4(), newDeflate(), newZstdPreset()} {
		c := input.NewCursor("_0.fdt", append([]byte{0, 1}, make([]byte, 5000)...), 0)
		payload.decode(c, make([]byte, 4000))
		if c.Err() == nil {
			t.Errorf("%T took 4000 blocks", payload)
		}
	}
}
