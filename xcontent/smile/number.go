package smile

import (
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"strconv"
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

// float writes the shortest form that reads back as the same number and as a fraction, not an integer.
func (d *decoder) float(v float64, width int) {
	switch {
	case math.IsNaN(v):
		d.out = append(d.out, `"NaN"`...)
		return
	case math.IsInf(v, 1):
		d.out = append(d.out, `"Infinity"`...)
		return
	case math.IsInf(v, -1):
		d.out = append(d.out, `"-Infinity"`...)
		return
	}
	if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		d.out = strconv.AppendFloat(d.out, v, 'e', -1, width)
		return
	}
	d.out = strconv.AppendFloat(d.out, v, 'f', -1, width)
	if v == math.Trunc(v) {
		d.out = append(d.out, ".0"...)
	}
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

// bigDecimal writes all digits with their scale, plain or with an exponent by the rule of Java's
// BigDecimal.toString: an exponent when the scale is negative or the number below 0.000001.
func (d *decoder) bigDecimal() {
	scale := unzigzag(d.vint(32))
	v := d.bigDigits()
	if d.err != nil {
		return
	}
	if v.Sign() < 0 {
		d.out = append(d.out, '-')
	}
	digits := v.Abs(v).Append(nil, 10)
	point := int64(len(digits)) - scale // digits before the decimal point
	switch exponent := point - 1; {
	case scale == 0:
		d.out = append(d.out, digits...)
	case scale < 0 || exponent < -6:
		d.scientific(digits, exponent)
	case point > 0:
		d.out = append(append(append(d.out, digits[:point]...), '.'), digits[point:]...)
	default:
		d.out = append(d.out, "0."...)
		for range -point {
			d.out = append(d.out, '0')
		}
		d.out = append(d.out, digits...)
	}
}

func (d *decoder) scientific(digits []byte, exponent int64) {
	d.out = append(d.out, digits[0])
	if len(digits) > 1 {
		d.out = append(append(d.out, '.'), digits[1:]...)
	}
	if exponent != 0 {
		d.out = append(d.out, 'E')
		if exponent > 0 {
			d.out = append(d.out, '+')
		}
		d.out = strconv.AppendInt(d.out, exponent, 10)
	}
}
