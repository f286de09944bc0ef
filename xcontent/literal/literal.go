package literal

import (
	"bytes"
	"encoding/base64"
	"math"
	"math/big"
	"strconv"
)

// AppendText appends s, which must be UTF-8, as a JSON string.
func AppendText[T ~string | ~[]byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	written := 0
	for i := range len(s) {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[written:i]...)
		dst = appendEscaped(dst, c)
		written = i + 1
	}
	dst = append(dst, s[written:]...)
	return append(dst, '"')
}

const hexDigits = "0123456789abcdef"

func appendEscaped(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xF])
}

// AppendBytes appends b as a base64 string.
func AppendBytes(dst, b []byte) []byte {
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, b)
	return append(dst, '"')
}

// AppendFloat appends v, which is a float of width 32 or 64 bits.
func AppendFloat(dst []byte, v float64, width int) []byte {
	switch {
	case math.IsNaN(v):
		return append(dst, `"NaN"`...)
	case math.IsInf(v, 1):
		return append(dst, `"Infinity"`...)
	case math.IsInf(v, -1):
		return append(dst, `"-Infinity"`...)
	}
	if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		return appendExponent(dst, v, width)
	}
	dst = strconv.AppendFloat(dst, v, 'f', -1, width)
	if v == math.Trunc(v) {
		dst = append(dst, ".0"...)
	}
	return dst
}

// appendExponent writes at least two digits, the two that are nearest, as Java does: of the smallest floats, which have not
// even two to themselves, others would be another number to who reads them as doubles.
func appendExponent(dst []byte, v float64, width int) []byte {
	begin := len(dst)
	dst = strconv.AppendFloat(dst, v, 'e', -1, width)
	if bytes.IndexByte(dst[begin:], '.') < 0 {
		dst = strconv.AppendFloat(dst[:begin], v, 'e', 1, width)
	}
	return dst
}

// AppendDecimal appends unscaled / 10^scale with all its digits, plain or with an exponent by the rule of Java's
// BigDecimal.toString: an exponent when the scale is negative or the number below 0.000001.
func AppendDecimal(dst []byte, unscaled *big.Int, scale int64) []byte {
	if unscaled.Sign() < 0 {
		dst = append(dst, '-')
	}
	digits := new(big.Int).Abs(unscaled).Append(nil, 10)
	point := int64(len(digits)) - scale // digits before the decimal point
	switch exponent := point - 1; {
	case scale == 0:
		return append(dst, digits...)
	case scale < 0 || exponent < -6:
		return appendScientific(dst, digits, exponent)
	case point > 0:
		return append(append(append(dst, digits[:point]...), '.'), digits[point:]...)
	default:
		dst = append(dst, "0."...)
		for range -point {
			dst = append(dst, '0')
		}
		return append(dst, digits...)
	}
}

func appendScientific(dst, digits []byte, exponent int64) []byte {
	dst = append(dst, digits[0])
	if len(digits) > 1 {
		dst = append(append(dst, '.'), digits[1:]...)
	}
	if exponent == 0 {
		return dst
	}
	dst = append(dst, 'E')
	if exponent > 0 {
		dst = append(dst, '+')
	}
	return strconv.AppendInt(dst, exponent, 10)
}
