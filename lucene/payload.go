package lucene

import (
	"fmt"

	"migassist/lucene/input"
)

// payload decompresses one slice of a chunk from the cursor; out is exactly its uncompressed size.
// A payload belongs to one goroutine.
type payload interface {
	decode(c *input.Cursor, out []byte)
}

// presetHead reads the sizes of the dictionary and of the blocks after it.
func presetHead(c *input.Cursor, out []byte) (dictionary, block int) {
	dictionary, block = c.VInt(), c.VInt()
	if dictionary > len(out) || (len(out)-dictionary)/maxBlocks > block || block == 0 && dictionary < len(out) {
		c.Expect(false, fmt.Sprintf("a dictionary and at most %d blocks that make %d bytes", maxBlocks, len(out)), fmt.Sprintf("%d and %d", dictionary, block))
	}
	return min(dictionary, len(out)), block
}

// maxBlocks is many times the ten that every writer makes.
const maxBlocks = 1024

// One compressed byte makes 255 bytes in LZ4, where a length goes on, 1032 in DEFLATE, where two bits are a copy
// of 258 bytes, and in Zstandard, where four bytes repeat one, 32768.
const (
	ratioLZ4     = 256
	ratioDeflate = 1040
	ratioZstd    = 1 << 15
)
