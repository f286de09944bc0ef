package lucene

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"migassist/lucene/input"
)

// pack writes values highest bits first, as PackedInts does.
func pack(values []int32, width int) []byte {
	out := make([]byte, (len(values)*width+7)/8)
	for i, v := range values {
		for b := range width {
			if v>>(width-1-b)&1 == 1 {
				at := i*width + b
				out[at/8] |= 0x80 >> (at % 8)
			}
		}
	}
	return append([]byte{byte(width)}, out...)
}

// group writes values as StoredFieldsInts of Lucene 9 does.
func group(values []int32, width int) []byte {
	out := []byte{byte(width)}
	for len(values) >= intGroup {
		lanes := 64 / width
		words := intGroup / lanes
		for i := range words {
			var word uint64
			for lane := range lanes {
				word |= uint64(values[lane*words+i]) << (64 - (lane+1)*width)
			}
			out = binary.LittleEndian.AppendUint64(out, word)
		}
		values = values[intGroup:]
	}
	for _, v := range values {
		plain := binary.LittleEndian.AppendUint32(nil, uint32(v))
		out = append(out, plain[:width/8]...)
	}
	return out
}

func randomInts(n, width int) []int32 {
	r := rand.New(rand.NewPCG(uint64(n), uint64(width)))
	values := make([]int32, n)
	for i := range values {
		values[i] = int32(r.Uint32() & (1<<width - 1) & 0x7FFFFFFF)
	}
	return values
}

func TestPackedIntsOfEveryWidth(t *testing.T) {
	for width := 1; width <= 31; width++ {
		want := randomInts(77, width)
		got := make([]int32, len(want))
		c := input.NewCursor("test", pack(want, width), 0)
		packedInts(c, got)
		if c.Err() != nil || c.Remaining() != 0 || !slices.Equal(got, want) {
			t.Fatalf("width %d: %v, %d bytes left, %v instead of %v", width, c.Err(), c.Remaining(), got, want)
		}
	}
}

func TestGroupedIntsOfEveryWidth(t *testing.T) {
	for _, width := range []int{8, 16, 32} {
		for _, n := range []int{1, 127, 128, 129, 300, 512} {
			want := randomInts(n, width)
			got := make([]int32, n)
			c := input.NewCursor("test", group(want, width), 0)
			c.SetLittleEndian(true)
			groupedInts(c, got)
			if c.Err() != nil || c.Remaining() != 0 || !slices.Equal(got, want) {
				t.Fatalf("width %d, %d values: %v, %d bytes left", width, n, c.Err(), c.Remaining())
			}
		}
	}
}

func TestIntsAllAlike(t *testing.T) {
	for name, read := range map[string]func(*input.Cursor, []int32){"packed": packedInts, "grouped": groupedInts} {
		got := make([]int32, 3)
		c := input.NewCursor("test", []byte{0, 0x85, 0x01}, 0)
		read(c, got)
		if c.Err() != nil || !slices.Equal(got, []int32{133, 133, 133}) {
			t.Errorf("%s: %v, %v", name, got, c.Err())
		}
	}
}

func TestIntsTooShort(t *testing.T) {
	for name, read := range map[string]func(*input.Cursor, []int32){"packed": packedInts, "grouped": groupedInts} {
		for _, data := range [][]byte{{}, {8}, {8, 1, 2}, {33, 0, 0, 0, 0, 0}, {0}} {
			c := input.NewCursor("test", data, 0)
			read(c, make([]int32, 20))
			if c.Err() == nil {
				t.Errorf("%s: % x gave 20 values", name, data)
			}
		}
	}
}

func TestUnpackBothOrders(t *testing.T) {
	for _, width := range packedWidths[1:] {
		values := randomInts(40, min(width, 31))
		high, low := make([]byte, 40*8+16), make([]byte, 40*8+16)
		for i, v := range values {
			for b := range min(width, 31) {
				if v>>b&1 == 0 {
					continue
				}
				at := i*width + b
				low[at/8] |= 1 << (at % 8)
				at = i*width + width - 1 - b
				high[at/8] |= 0x80 >> (at % 8)
			}
		}
		for i, v := range values {
			if got := unpack(low, i, width, true); got != int64(v) {
				t.Fatalf("width %d, lowest first: value %d is %d, want %d", width, i, got, v)
			}
			if got := unpack(high, i, width, false); got != int64(v) {
				t.Fatalf("width %d, highest first: value %d is %d, want %d", width, i, got, v)
			}
		}
	}
}

func TestBitsetRanges(t *testing.T) {
	b := newBitset(300)
	for _, i := range []int{0, 63, 64, 130, 299} {
		b[i>>6] |= 1 << (i & 63)
	}
	for from := range 300 {
		for to := from; to <= 300; to++ {
			want := false
			for i := from; i < to; i++ {
				want = want || b.has(i)
			}
			if got := b.any(from, to); got != want {
				t.Fatalf("any(%d, %d) is %v", from, to, got)
			}
		}
	}
	if b.count() != 5 {
		t.Errorf("count %d", b.count())
	}
	b.fill(300)
	if b.count() != 300 {
		t.Errorf("filled: %d", b.count())
	}
}

func TestReadValuesPassesOverNumbers(t *testing.T) {
	numbers := map[string][]byte{
		"int":            {typeInt, 0x80, 0x80, 0x01},
		"small float":    {typeFloat, 0x81},
		"positive float": {typeFloat, 0x40, 0, 0, 0},
		"float":          {typeFloat, 0xFF, 1, 2, 3, 4},
		"short long":     {typeLong, 0x1F},
		"long":           {typeLong, 0x3F, 0x80, 0x01},
		"float double":   {typeDouble, 0xFE, 1, 2, 3, 4},
		"small double":   {typeDouble, 0x90},
		"double":         {typeDouble, 0xFF, 1, 2, 3, 4, 5, 6, 7, 8},
		"positive":       {typeDouble, 0x40, 1, 2, 3, 4, 5, 6, 7},
	}
	for name, number := range numbers {
		doc := append(append([]byte{}, number...), 1<<typeBits|typeBytes, 2, 'o', 'k')
		d := &Doc{Values: make([]Value, 1), raw: doc, count: 2}
		if !readValues(d, []int16{-1, 0}, bigNumbers) || string(d.Values[0].Bytes) != "ok" || d.Values[0].Kind != Bytes {
			t.Errorf("%s: %v", name, d.Values)
		}
		for cut := range doc {
			if d.raw = doc[:cut]; readValues(d, []int16{-1, 0}, bigNumbers) {
				t.Errorf("%s: %d of %d bytes were taken for two fields", name, cut, len(doc))
			}
		}
	}
}
