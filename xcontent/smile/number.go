package smile

import (
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"strconv"

	"migassist/xcontent/literal"
)

// maxNumber bounds a big number in bytes; turning binary into decimal digits takes more than linear time.
const maxNumber = 1 << 14

// vint reads groups of seven bits, highest first; the last has its high bit set and carries six.
func (d *decoder) vint(width int) uint64 {
	start := d.pos
	var v uint64
	for d.err == nil {
		b := d.u8()
		if b&0x80 != 0 {
			last := v<<6 | uint64(b&0x3F)
			if bits.Len64(v)+6 <= 64 && bits.Len64(last) <= width {
				return last
			}
			break
		}
		if bits.Len64(v)+7 > 64 {
			break
		}
		v = v<<7 | uint64(b)
	}
	d.failAt(start, fmt.Sprintf("an integer of %d bits", width), "a longer one")
	return 0
}

func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

// length reads the number of bytes that follow, which is bounded by those there are.
func (d *decoder) length() int {
	start := d.pos
	n := d.vint(31)
	if n > uint64(len(d.src)-d.pos) {
		d.failAt(start, fmt.Sprintf("a length within the %d bytes left", len(d.src)-d.pos), strconv.FormatUint(n, 10))
		return 0
	}
	return int(n)
}

// bytes7 reads n bytes that are spread over groups of seven bits: eight bytes for seven, and a last
// group of k bytes over k+1, whose last byte holds k bits, right-aligned.
func (d *decoder) bytes7(n int) []byte {
	tail := 0
	if n%7 > 0 {
		tail = n%7 + 1
	}
	packed := d.take(n/7*8 + tail)
	if d.err != nil {
		return nil
	}
	raw := make([]byte, 0, n)
	for len(packed) > 0 {
		group := packed[:min(8, len(packed))]
		packed = packed[len(group):]
		raw = appendGroup(raw, group)
	}
	return raw
}

// appendGroup appends the len(group)-1 bytes that group holds.
func appendGroup(raw, group []byte) []byte {
	k := len(group) - 1
	var v uint64
	for _, b := range group[:k] {
		v = v<<7 | uint64(b&0x7F)
	}
	v = v<<k | uint64(group[k])&(1<<k-1)
	for i := k - 1; i >= 0; i-- {
		raw = append(raw, byte(v>>(8*i)))
	}
	return raw
}

func (d *decoder) integer(v int64) {
	d.out = strconv.AppendInt(d.out, v, 10)
}

// fixed7 reads n bytes of seven bits each, highest first.
func (d *decoder) fixed7(n int) (v uint64) {
	for _, b := range d.take(n) {
		v = v<<7 | uint64(b&0x7F)
	}
	return v
}

func (d *decoder) float32() {
	d.float(float64(math.Float32frombits(uint32(d.fixed7(5)))), 32)
}

func (d *decoder) float64() {
	d.float(math.Float64frombits(d.fixed7(10)), 64)
}

func (d *decoder) float(v float64, width int) {
	d.out = literal.AppendFloat(d.out, v, width)
}

// bigDigits reads a two's complement integer of any size.
func (d *decoder) bigDigits() *big.Int {
	start := d.pos
	n := d.length()
	if n == 0 || n > maxNumber {
		d.failAt(start, fmt.Sprintf("a number of 1 to %d bytes", maxNumber), strconv.Itoa(n))
	}
	raw := d.bytes7(n)
	if d.err != nil {
		return new(big.Int)
	}
	v := new(big.Int).SetBytes(raw)
	if raw[0]&0x80 != 0 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*n)))
	}
	return v
}

func (d *decoder) bigInteger() {
	d.out = d.bigDigits().Append(d.out, 10)
}

func (d *decoder) bigDecimal() {
	scale := unzigzag(d.vint(32))
	v := d.bigDigits()
	if d.err == nil {
		d.out = literal.AppendDecimal(d.out, v, scale)
	}
}
