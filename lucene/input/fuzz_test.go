package input

import (
	"bytes"
	"errors"
	"runtime"
	"testing"
)

// operations are all that reads; a fuzz input's bytes choose among them.
var operations = []func(c *Cursor, n int) int{
	func(c *Cursor, _ int) int { return int(c.U8()) },
	func(c *Cursor, _ int) int { return int(c.U16()) },
	func(c *Cursor, _ int) int { return int(c.I32()) },
	func(c *Cursor, _ int) int { return int(c.I64()) },
	func(c *Cursor, _ int) int { return int(c.BE32()) },
	func(c *Cursor, _ int) int { return int(c.BE64()) },
	func(c *Cursor, _ int) int { return c.VInt() },
	func(c *Cursor, _ int) int { return int(c.VLong()) },
	func(c *Cursor, _ int) int { return int(c.ZInt()) },
	func(c *Cursor, _ int) int { return int(c.ZLong()) },
	func(c *Cursor, n int) int { return len(c.Bytes(n)) },
	func(c *Cursor, n int) int { return c.Count(n) },
	func(c *Cursor, _ int) int { return len(c.Str()) },
	func(c *Cursor, _ int) int { return len(c.Set()) },
	func(c *Cursor, _ int) int {
		n := 0
		for range c.Pairs("%d pairs") {
			n++
		}
		return n
	},
	func(c *Cursor, _ int) int { return len(c.Header().Codec) },
	func(c *Cursor, _ int) int { return len(c.IndexHeader().Suffix) },
	func(c *Cursor, _ int) int { c.Footer(); return 0 },
	func(c *Cursor, n int) int { c.Skip(n); return 0 },
	func(c *Cursor, n int) int { c.Seek(n); return 0 },
	func(c *Cursor, n int) int { c.SetLittleEndian(n&1 == 1); return 0 },
	func(c *Cursor, n int) int { c.Note("operation %d", n); return 0 },
}

// FuzzCursor lets any operations in any order read any bytes: the position stays within the input, the first error
// stays and names a place, nothing is read after it, and memory stays in proportion.
func FuzzCursor(f *testing.F) {
	f.Add([]byte{6, 14, 13, 15}, []byte{200, 1, 2, 1, 'a', 1, 'b', 3, 'x', 'y', 'z', 1, 1, 'k', 1, 'v'})
	f.Add([]byte{17, 10, 18}, sealed(headed("Codec", 1, testID, "s")))
	f.Add([]byte{21, 2, 3, 22, 20, 11, 12}, bytes.Repeat([]byte{0xFF}, 40))
	f.Fuzz(func(t *testing.T, program, data []byte) {
		program = program[:min(len(program), 200)]
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		c := NewCursor("f", data, 7)
		NewTrace(c)
		for _, op := range program {
			step(t, c, data, op)
		}
		runtime.ReadMemStats(&after)
		if got, limit := after.TotalAlloc-before.TotalAlloc, uint64(len(program)*(len(data)*40+8<<10)); got > limit+1<<20 {
			t.Fatalf("%d operations on %d bytes allocated %d", len(program), len(data), got)
		}
	})
}

func step(t *testing.T, c *Cursor, data []byte, op byte) {
	t.Helper()
	failed := c.Err()
	got := operations[int(op)%len(operations)](c, int(op)/len(operations))
	if c.Pos() < 0 || c.Pos() > len(data) {
		t.Fatalf("operation %d went to %d of %d", op, c.Pos(), len(data))
	}
	if failed != nil && (got != 0 || c.Err() != failed) { //nolint:errorlint // the very same
		t.Fatalf("operation %d gave %d after %v, and the error is %v", op, got, failed, c.Err())
	}
	var corrupt *CorruptError
	if err := c.Err(); err != nil && (!errors.As(err, &corrupt) || corrupt.File != "f" || corrupt.Offset < 7 || corrupt.Offset > int64(len(data))+7) {
		t.Fatalf("operation %d: %v", op, err)
	}
}

// FuzzEnvelope checks that header and footer agree with what they were made of, whole and in pieces, and that
// whatever else the bytes are, both ways of checking the CRC say the same.
func FuzzEnvelope(f *testing.F) {
	f.Add(sealed(append(headed("Codec", 1, testID, "suffix"), 1, 2, 3)), "Codec", "1", 3)
	f.Add([]byte{}, "", "", 1)
	f.Fuzz(func(t *testing.T, data []byte, codec, suffix string, size int) {
		whole := CheckCRC("f", data)
		streamed := new(Checksum).Finish(NewBytes("f", data), make([]byte, max(1, min(size, 1<<16))))
		if (whole == nil) != (streamed == nil) {
			t.Fatalf("whole: %v, streamed: %v", whole, streamed)
		}
		for _, err := range []error{whole, streamed} {
			var corrupt *CorruptError
			if err != nil && (!errors.As(err, &corrupt) || corrupt.Offset < 0 || corrupt.Offset > int64(len(data))) {
				t.Fatal(err)
			}
		}
		codec, suffix = codec[:min(len(codec), maxCodec)], suffix[:min(len(suffix), 255)]
		made := sealed(append(headed(codec, 5, testID, suffix), data...))
		c := NewCursor("f", made, 0)
		h := c.IndexHeader()
		c.Skip(len(data))
		c.Footer()
		if want := (Header{Codec: codec, Version: 5, ID: testID, Suffix: suffix}); h != want || c.Err() != nil || CheckCRC("f", made) != nil {
			t.Fatalf("%+v, %v, %v", h, c.Err(), CheckCRC("f", made))
		}
	})
}
