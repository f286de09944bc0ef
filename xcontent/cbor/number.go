package cbor

import (
	"fmt"
	"math"
	"math/big"
	"strconv"

	"migassist/xcontent/literal"
)

// Tags that change what an item means. Source: RFC 8949, section 3.4; the last two of the registry "CBOR Tags".
const (
	tagNone       = math.MaxUint64
	tagPositive   = 2 // the bytes are a number
	tagNegative   = 3 // they are minus the number: -1 minus it by the RFC, but not to Jackson, writing or reading
	tagDecimal    = 4 // [exponent of ten, digits]
	tagReference  = 25
	tagReferences = 256
)

// tags passes the tags before an item and returns the last of them that changes it, and the item's head.
func (d *decoder) tags(h head) (uint64, head) {
	tag := uint64(tagNone)
	for h.major == majorTag && d.err == nil {
		switch {
		case h.indefinite():
			d.unexpected("a tag", h)
		case h.argument == tagReference || h.argument == tagReferences:
			d.failAt(h.at, "no references to strings", fmt.Sprintf("tag %d", h.argument))
		case h.argument >= tagPositive && h.argument <= tagDecimal:
			tag = h.argument
		}
		h = d.head()
	}
	return tag, h
}

// tagged writes the item where its tag gives it another meaning, and tells whether it did.
func (d *decoder) tagged(tag uint64, h head) bool {
	switch {
	case h.major == majorBytes && (tag == tagPositive || tag == tagNegative):
		d.out = d.bignum(tag, h).Append(d.out, 10)
		return true
	case h.major == majorArray && tag == tagDecimal:
		d.decimal(h)
		return true
	}
	return false
}

// maxNumber bounds a big number in bytes; turning binary into decimal digits takes more than linear time.
const maxNumber = 1 << 14

func (d *decoder) bignum(tag uint64, h head) *big.Int {
	raw := d.joined(h)
	if len(raw) > maxNumber {
		d.failAt(h.at, fmt.Sprintf("a number of at most %d bytes", maxNumber), strconv.Itoa(len(raw)))
		return new(big.Int)
	}
	v := new(big.Int).SetBytes(raw)
	if tag == tagNegative {
		v.Neg(v)
	}
	return v
}

// decimal writes [exponent, digits] as one number.
func (d *decoder) decimal(h head) {
	if h.indefinite() || h.argument != 2 {
		d.failAt(h.at, "a decimal of exponent and digits", "an array of another length")
	}
	at := d.pos
	exponent := d.number()
	digits := d.number()
	if d.err != nil {
		return
	}
	if !exponent.IsInt64() || exponent.Int64() < math.MinInt32 || exponent.Int64() > math.MaxInt32 {
		d.failAt(at, "an exponent of 32 bits", exponent.String())
		return
	}
	d.out = literal.AppendDecimal(d.out, digits, -exponent.Int64())
}

// number reads an integer of any size.
func (d *decoder) number() *big.Int {
	h := d.head()
	tag := uint64(tagNone)
	if h.major == majorTag {
		tag, h = d.tags(h)
	}
	switch {
	case d.err != nil:
	case h.major == majorBytes && (tag == tagPositive || tag == tagNegative):
		return d.bignum(tag, h)
	case h.major == majorUnsigned && !h.indefinite():
		return new(big.Int).SetUint64(h.argument)
	case h.major == majorNegative && !h.indefinite():
		v := new(big.Int).SetUint64(h.argument)
		return v.Not(v)
	default:
		d.unexpected("an integer", h)
	}
	return new(big.Int)
}

func (d *decoder) integer(h head) {
	switch {
	case h.indefinite():
		d.unexpected("an integer", h)
	case h.major == majorUnsigned:
		d.out = strconv.AppendUint(d.out, h.argument, 10)
	case h.argument <= math.MaxInt64:
		d.out = strconv.AppendInt(d.out, -1-int64(h.argument), 10)
	default:
		v := new(big.Int).SetUint64(h.argument)
		d.out = v.Not(v).Append(d.out, 10)
	}
}

func (d *decoder) float(h head) {
	if h.short == otherFloat32 {
		d.out = literal.AppendFloat(d.out, float64(math.Float32frombits(uint32(h.argument))), 32)
		return
	}
	d.out = literal.AppendFloat(d.out, math.Float64frombits(h.argument), 64)
}

// half is the value of a float of 16 bits: sign, five bits of exponent, ten of fraction.
func half(bits uint16) float64 {
	sign := 1.0
	if bits>>15 != 0 {
		sign = -1
	}
	exponent, fraction := int(bits>>10&0x1F), float64(bits&0x3FF)
	switch exponent {
	case 0:
		return sign * math.Ldexp(fraction, -24)
	case 31:
		if fraction != 0 {
			return math.NaN()
		}
		return math.Inf(int(sign))
	}
	return sign * math.Ldexp(fraction+1024, exponent-25)
}
