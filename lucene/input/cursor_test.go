package input

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// vint appends v as Lucene writes it.
func vint(b []byte, v uint64) []byte { return binary.AppendUvarint(b, v) }

func TestFixedWidthInBothOrders(t *testing.T) {
	data := []byte{0x01, 0xF2, 0x83, 0x04, 0x85, 0x06, 0x07, 0xF8}
	for _, test := range []struct {
		little bool
		u16    uint16
		i32    int32
		i64    int64
	}{
		{false, 0x01F2, 0x01F28304, 0x01F28304850607F8},
		{true, 0xF201, 0x0483F201, -0x07F8F97AFB7C0DFF},
	} {
		read := func() *Cursor {
			c := NewCursor("f", data, 0)
			c.SetLittleEndian(test.little)
			return c
		}
		if got := read().U16(); got != test.u16 {
			t.Errorf("little %v: U16 %#x, want %#x", test.little, got, test.u16)
		}
		if got := read().I32(); got != test.i32 {
			t.Errorf("little %v: I32 %#x, want %#x", test.little, got, test.i32)
		}
		if got := read().I64(); got != test.i64 {
			t.Errorf("little %v: I64 %#x, want %#x", test.little, got, test.i64)
		}
		if got := read().BE32(); got != 0x01F28304 {
			t.Errorf("little %v: BE32 %#x", test.little, got)
		}
		if got := read().BE64(); got != 0x01F28304850607F8 {
			t.Errorf("little %v: BE64 %#x", test.little, got)
		}
		if read().LittleEndian() != test.little {
			t.Error("the order was forgotten")
		}
	}
}

func TestVariableLengthNumbers(t *testing.T) {
	const maxZ = math.MaxUint64
	for _, v := range []uint64{0, 1, 127, 128, 16383, 16384, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32, 1<<63 - 1, 1 << 63, maxZ} {
		data := vint(nil, v)
		checkNumber(t, "VInt", data, v < 1<<31, int64(v), func(c *Cursor) int64 { return int64(c.VInt()) })
		checkNumber(t, "VLong", data, v < 1<<63, int64(v), (*Cursor).VLong)
		zigzag := int64(v>>1) ^ -int64(v&1)
		checkNumber(t, "ZInt", data, v < 1<<32, zigzag, func(c *Cursor) int64 { return int64(c.ZInt()) })
		checkNumber(t, "ZLong", data, true, zigzag, (*Cursor).ZLong)
	}
}

// checkNumber reads data whole, which is right or too long for the kind of number, and every part of it, which is too
// short.
func checkNumber(t *testing.T, kind string, data []byte, fits bool, want int64, read func(*Cursor) int64) {
	t.Helper()
	c := NewCursor("f", data, 100)
	got := read(c)
	switch {
	case fits && (got != want || c.Err() != nil || c.Remaining() != 0):
		t.Errorf("%s of % x is %d (%v), want %d", kind, data, got, c.Err(), want)
	case !fits && (got != 0 || c.Err() == nil):
		t.Errorf("%s of % x is %d, without an error", kind, data, got)
	case !fits:
		checkPlace(t, c.Err(), 100)
	}
	for cut := range data {
		c := NewCursor("f", data[:cut], 100)
		if got := read(c); got != 0 || c.Err() == nil {
			t.Errorf("%s of % x, cut, is %d", kind, data[:cut], got)
		}
	}
}

// checkPlace checks that err is a *CorruptError of file f at an offset.
func checkPlace(t *testing.T, err error, offset int64) {
	t.Helper()
	var corrupt *CorruptError
	if !errors.As(err, &corrupt) || corrupt.File != "f" || corrupt.Offset != offset {
		t.Errorf("got %v, want a corruption of f at %d", err, offset)
	}
}

func TestNumbersThatNeverEnd(t *testing.T) {
	c := NewCursor("f", bytes.Repeat([]byte{0x80}, 100), 0)
	if c.VLong(); c.Err() == nil {
		t.Error("a number of a hundred groups was read")
	}
}

func TestStringsAndSets(t *testing.T) {
	data := []byte{2, 'a', 'b', 2, 1, 'x', 0, 2, 1, 'k', 1, 'v', 0, 0}
	c := NewCursor("f", data, 0)
	if s := c.Str(); s != "ab" {
		t.Errorf("Str %q", s)
	}
	if set := c.Set(); !slices.Equal(set, []string{"x", ""}) {
		t.Errorf("Set %q", set)
	}
	got := maps.Collect(c.Pairs("%d pairs"))
	if len(got) != 2 || got["k"] != "v" || c.Err() != nil || c.Remaining() != 0 {
		t.Errorf("Pairs %q, %v, %d bytes left", got, c.Err(), c.Remaining())
	}
}

func TestCountsFitTheInput(t *testing.T) {
	for _, test := range []struct {
		name string
		read func(*Cursor) int
		data []byte
		want int // -1: an error
	}{
		{"just fits", func(c *Cursor) int { return c.Count(2) }, []byte{2, 0, 0, 0, 0}, 2},
		{"one too many", func(c *Cursor) int { return c.Count(2) }, []byte{3, 0, 0, 0, 0, 0}, -1},
		{"of size 0", func(c *Cursor) int { return c.Count(0) }, []byte{3, 0, 0, 0}, 3},
		{"huge", func(c *Cursor) int { return c.Count(1) }, []byte{0xFF, 0xFF, 0xFF, 0xFF, 0x07, 1, 2}, -1},
	} {
		c := NewCursor("f", test.data, 50)
		if got := test.read(c); got != max(test.want, 0) || (c.Err() != nil) != (test.want < 0) {
			t.Errorf("%s: %d, %v", test.name, got, c.Err())
		}
		if c.Err() != nil {
			checkPlace(t, c.Err(), 50)
		}
	}
}

// TestHugeCountsAllocateLittle: a count that fits is still not believed before its strings are there.
func TestHugeCountsAllocateLittle(t *testing.T) {
	const n = 20 << 20
	data := append(vint(nil, n), 0xFF, 0xFF, 0xFF, 0xFF, 0x07) // the first string is longer than the input
	data = append(data, make([]byte, n)...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	c := NewCursor("f", data, 0)
	if c.Set(); c.Err() == nil {
		t.Error("the set was read")
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 1<<20 {
		t.Errorf("%d bytes were allocated", got)
	}
}

func TestTheFirstErrorStays(t *testing.T) {
	c := NewCursor("f", []byte{1, 2, 3}, 10)
	c.U8()
	if c.I64(); c.Err() == nil {
		t.Fatal("eight of two bytes were read")
	}
	first := c.Err()
	checkPlace(t, first, 11)
	if c.U8() != 0 || c.U16() != 0 || c.I32() != 0 || c.I64() != 0 || c.VInt() != 0 || c.VLong() != 0 || c.ZInt() != 0 || c.ZLong() != 0 ||
		c.Str() != "" || c.Bytes(1) != nil || len(c.Set()) != 0 || c.Count(1) != 0 || c.BE32() != 0 || c.BE64() != 0 || c.Remaining() != 0 {
		t.Error("something was read after the error")
	}
	for range c.Pairs("%d") {
		t.Error("a pair was read after the error")
	}
	c.Fail("this", "that")
	c.Seek(99)
	c.Footer()
	c.IndexHeader()
	if c.Err() != first { //nolint:errorlint // the very same
		t.Errorf("the error became %v", c.Err())
	}
}

func TestExpectNamesWhereTheLastReadBegan(t *testing.T) {
	data := []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	for name, read := range map[string]func(*Cursor){
		"U8":    func(c *Cursor) { c.U8() },
		"U16":   func(c *Cursor) { c.U16() },
		"I32":   func(c *Cursor) { c.I32() },
		"I64":   func(c *Cursor) { c.I64() },
		"VInt":  func(c *Cursor) { c.VInt() },
		"Bytes": func(c *Cursor) { c.Bytes(5) },
	} {
		c := NewCursor("f", data, 1000)
		c.Skip(3)
		read(c)
		c.Expect(true, "nothing", 0)
		if c.Err() != nil {
			t.Fatal(c.Err())
		}
		c.Expect(false, "a better one", 3)
		t.Run(name, func(t *testing.T) { checkPlace(t, c.Err(), 1003) })
	}
}

func TestPositions(t *testing.T) {
	c := NewCursor("f", make([]byte, 10), 100)
	c.Skip(4)
	if c.Pos() != 4 || c.Offset() != 104 || c.Remaining() != 6 {
		t.Errorf("at %d, %d, %d left", c.Pos(), c.Offset(), c.Remaining())
	}
	c.Seek(10)
	c.Seek(0)
	if c.Pos() != 0 || c.Err() != nil {
		t.Errorf("at %d, %v", c.Pos(), c.Err())
	}
	for _, to := range []int{-1, 11} {
		c := NewCursor("f", make([]byte, 10), 100)
		if c.Seek(to); c.Err() == nil || c.Pos() != 0 {
			t.Errorf("sought to %d", to)
		}
	}
	if c.Bytes(-1) != nil || c.Err() == nil {
		t.Error("-1 bytes were read")
	}
}

func TestBytesCannotGrowIntoWhatFollows(t *testing.T) {
	data := []byte{1, 2, 3, 4}
	c := NewCursor("f", data, 0)
	_ = append(c.Bytes(2), 99)
	if data[2] != 3 {
		t.Error("appending to what was read wrote into the input")
	}
}

func TestTheZeroCursorIsEmpty(t *testing.T) {
	var c Cursor
	if c.Remaining() != 0 || c.U8() != 0 || c.Err() == nil {
		t.Error("the zero cursor has bytes")
	}
}

func TestErrorsReadWell(t *testing.T) {
	c := NewCursor("_0.fdt", []byte{1}, 122)
	c.U8()
	c.I32()
	if got, want := c.Err().Error(), "corrupt _0.fdt at offset 123: want 4 more bytes, got 0 until the end"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestTrace(t *testing.T) {
	data := append([]byte{0, 0, 0, 7, 3, 'a', 'b', 'c'}, bytes.Repeat([]byte{0xEE}, 60)...)
	c := NewCursor("f", data, 0x100)
	trace := NewTrace(c)
	c.Note("%d", c.I32())
	c.Note("name %s", c.Str())
	c.Note("nothing")
	c.Skip(20)
	c.Note("twenty")
	c.Skip(40)
	c.Note("forty")
	c.Skip(1)
	c.Note("after the error")
	trace.Remark("a remark")
	trace.Lines = append(trace.Lines, Line{Offset: 0x900, More: 77, Meaning: "not held"}, Line{Offset: 0xA00, Bytes: []byte{1}, More: 7, Meaning: "held in part"})
	var out strings.Builder
	n, err := trace.WriteTo(&out)
	if err != nil || n != int64(out.Len()) {
		t.Errorf("%d of %d bytes, %v", n, out.Len(), err)
	}
	want := `
00000100  00 00 00 07              | 7
00000104  03 61 62 63              | name abc
                                   | nothing
00000108  ee ee ee ee ee ee ee ee  | twenty
00000110  ee ee ee ee ee ee ee ee  |
00000118  ee ee ee ee              |
0000011c  ee ee ee ee ee ee ee ee  | forty
00000124  ee ee ee ee ee ee ee ee  |
0000012c  ee ee ee ee ee ee ee ee  |
00000134  …                        | … 16 more bytes
                                   | a remark
00000900  …                        | not held (77 bytes)
00000a00  01                       | held in part
00000a01  …                        | … 7 more bytes
`
	if got := "\n" + out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestNotesWithoutATraceCostNothing(t *testing.T) {
	c := NewCursor("f", make([]byte, 10), 0)
	if c.Note("%d", c.U8()); c.Traced() {
		t.Error("traced without a trace")
	}
}
