package lucene

import (
	"encoding/binary"
	"math"
)

// numberCoding is how stored numbers are written.
type numberCoding byte

const (
	bigNumbers    numberCoding = iota // Lucene 5 to 8: short where they can be, big-endian
	littleNumbers                     // Lucene 9 and later: the same, little-endian
	fixedNumbers                      // Lucene 4: four or eight bytes, big-endian
)

// Units in which a long may be written, by the upper two bits of its first byte: dates are often whole days.
var longUnits = [...]int64{1, 1000, 3_600_000, 86_400_000}

// readNumber returns the number of a type at a position, and the position after it, or -1. Source: methods readZFloat,
// readZDouble and readTLong of CompressingStoredFieldsReader.
//
//	int      zigzag VInt
//	float    ff, four bytes | 80..fe: -1 to 125 | 00..7f and three bytes more: positive
//	double   ff, eight bytes | fe, a float's four | 80..fd: -1 to 124 | 00..7f and seven bytes more: positive
//	long     unit:2 more:1 low:5, VLong of the rest, zigzag
func readNumber(doc []byte, at int, kind uint64, coding numberCoding) (v Value, next int) {
	if next = skipNumber(doc, at, kind, coding); next < 0 {
		return v, next
	}
	b := doc[at:next]
	if coding == fixedNumbers {
		return fixedNumber(b, kind), next
	}
	order := byteOrder(binary.BigEndian)
	if coding == littleNumbers {
		order = binary.LittleEndian
	}
	switch kind {
	case typeInt:
		u, _ := binary.Uvarint(b)
		return Value{Kind: Int, bits: uint64(int64(int32(uint32(u)>>1) ^ -int32(u&1)))}, next
	case typeLong:
		return Value{Kind: Long, bits: uint64(shortLong(b))}, next
	case typeFloat:
		return Value{Kind: Float, bits: math.Float64bits(float64(shortFloat(b, order)))}, next
	default:
		return Value{Kind: Double, bits: math.Float64bits(shortDouble(b, order))}, next
	}
}

// byteOrder is one of the two of encoding/binary.
type byteOrder = binary.ByteOrder

func fixedNumber(b []byte, kind uint64) Value {
	switch kind {
	case typeInt:
		return Value{Kind: Int, bits: uint64(int64(int32(binary.BigEndian.Uint32(b))))}
	case typeLong:
		return Value{Kind: Long, bits: binary.BigEndian.Uint64(b)}
	case typeFloat:
		return Value{Kind: Float, bits: math.Float64bits(float64(math.Float32frombits(binary.BigEndian.Uint32(b))))}
	default:
		return Value{Kind: Double, bits: binary.BigEndian.Uint64(b)}
	}
}

func shortLong(b []byte) int64 {
	u := uint64(b[0] & 0x1F)
	if b[0]&0x20 != 0 {
		more, _ := binary.Uvarint(b[1:])
		u |= more << 5
	}
	return (int64(u>>1) ^ -int64(u&1)) * longUnits[b[0]>>6]
}

func shortFloat(b []byte, order byteOrder) float32 {
	switch {
	case b[0] == 0xFF:
		return math.Float32frombits(order.Uint32(b[1:]))
	case b[0]&0x80 != 0:
		return float32(int(b[0]&0x7F) - 1)
	default:
		return math.Float32frombits(uint32(b[0])<<24 | uint32(order.Uint16(b[1:]))<<8 | uint32(b[3]))
	}
}

func shortDouble(b []byte, order byteOrder) float64 {
	switch {
	case b[0] == 0xFF:
		return math.Float64frombits(order.Uint64(b[1:]))
	case b[0] == 0xFE:
		return float64(math.Float32frombits(order.Uint32(b[1:])))
	case b[0]&0x80 != 0:
		return float64(int(b[0]&0x7F) - 1)
	default:
		return math.Float64frombits(uint64(b[0])<<56 | uint64(order.Uint32(b[1:]))<<24 | uint64(order.Uint16(b[5:]))<<8 | uint64(b[7]))
	}
}

// skipNumber returns the position after a number, or -1.
func skipNumber(doc []byte, at int, kind uint64, coding numberCoding) int {
	if at >= len(doc) || kind > typeDouble {
		return -1
	}
	size := 0
	switch first := doc[at]; {
	case coding == fixedNumbers:
		size = 4
		if kind == typeLong || kind == typeDouble {
			size = 8
		}
	case kind == typeInt:
		_, size = binary.Uvarint(doc[at:])
	case kind == typeFloat:
		size = shortOr(first, 4, 5)
	case kind == typeDouble:
		if size = shortOr(first, 8, 9); first == 0xFE {
			size = 5
		}
	default:
		size = 1
		if first&0x20 != 0 {
			_, more := binary.Uvarint(doc[at+1:])
			if more <= 0 {
				return -1
			}
			size += more
		}
	}
	if size <= 0 || size > len(doc)-at {
		return -1
	}
	return at + size
}

// shortOr is the size of a float by its first byte: a small whole number in one byte, a positive one in
// short, any in long.
func shortOr(first byte, short, long int) int {
	switch {
	case first == 0xFF:
		return long
	case first&0x80 != 0:
		return 1
	default:
		return short
	}
}
