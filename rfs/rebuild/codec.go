package rebuild

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"unicode/utf8"

	"migassist/lucene"
	"migassist/xcontent/literal"
)

// codec turns what Lucene keeps of a field into JSON. A function that is nil means that values of the type are not
// kept in such a place.
type codec struct {
	number func(dst []byte, n int64) []byte                     // one number of a column
	term   func(dst, term []byte) ([]byte, error)               // one term of a column
	binary func(w *writer, value []byte) error                  // all values of a document in a binary column
	stored func(dst []byte, value lucene.Value) ([]byte, error) // one stored value
}

// errCoding says that bytes are not in the coding of their type.
var errCoding = errors.New("bytes that are not in the coding of the field's type")

// appendInteger is byte, short, integer, long.
func appendInteger(dst []byte, n int64) []byte { return strconv.AppendInt(dst, n, 10) }

// appendDouble appends a double as Jackson does.
func appendDouble(dst []byte, f float64) []byte { return literal.AppendFloat(dst, f, 64) }

func appendSingle(dst []byte, f float32) []byte { return literal.AppendFloat(dst, float64(f), 32) }

// Numbers in columns are integers that sort like them: the bits below the sign are turned around where it is set.
// Source: NumericUtils and HalfFloatPoint of Lucene.
func sortableDouble(n int64) float64 { return math.Float64frombits(uint64(n ^ (n>>63)&math.MaxInt64)) }

func sortableFloat(n int32) float32 { return math.Float32frombits(uint32(n ^ (n>>31)&math.MaxInt32)) }

func sortableHalf(n int16) float32 { return halfFloat(uint16(n ^ (n>>15)&math.MaxInt16)) }

// halfFloat widens 16 bits of IEEE 754.
func halfFloat(h uint16) float32 {
	sign, exponent, fraction := uint32(h>>15)<<31, uint32(h>>10&0x1f), uint32(h&0x3ff)
	switch exponent {
	case 0:
		return float32(math.Copysign(float64(fraction)/(1<<24), float64(1)-2*float64(sign>>31)))
	case 0x1f:
		return math.Float32frombits(sign | 0xff<<23 | fraction<<13)
	default:
		return math.Float32frombits(sign | (exponent+112)<<23 | fraction<<13)
	}
}

// scaled undoes the multiplication of scaled_float, so that multiplying again gives the same number. Source:
// ScaledFloatFieldMapper of Elasticsearch, method decodeForSyntheticSource.
func scaled(n int64, factor float64) float64 {
	v := float64(n) / factor
	if math.IsInf(v, 0) {
		return math.Copysign(math.MaxFloat64, v)
	}
	switch again := javaRound(v * factor); {
	case again > n:
		v -= ulp(v)
	case again < n:
		v += ulp(v)
	}
	return v
}

// javaRound is Math.round: half up, and no overflow.
func javaRound(f float64) int64 {
	f = math.Floor(f + 0.5)
	switch {
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	default:
		return int64(f)
	}
}

// ulp is the distance to the next larger magnitude.
func ulp(f float64) float64 {
	f = math.Abs(f)
	return math.Nextafter(f, math.Inf(1)) - f
}

// appendString appends s as a JSON string; bytes that are not UTF-8 become the replacement character.
func appendString(dst, s []byte) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); i++ {
		switch b := s[i]; {
		case b == '"' || b == '\\':
			dst = append(dst, '\\', b)
		case b < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[b>>4], hexDigits[b&0xF])
		case b < utf8.RuneSelf:
			dst = append(dst, b)
		default:
			r, n := utf8.DecodeRune(s[i:])
			dst = utf8.AppendRune(dst, r)
			i += n - 1
		}
	}
	return append(dst, '"')
}

const hexDigits = "0123456789abcdef"

func appendTerm(dst, term []byte) ([]byte, error) { return appendString(dst, term), nil }

// appendBoolean is T or F, as columns before Elasticsearch 5 and stored fields of all versions have it.
func appendBoolean(dst, value []byte) ([]byte, error) {
	switch string(value) {
	case "T", "true":
		return append(dst, "true"...), nil
	case "F", "false":
		return append(dst, "false"...), nil
	default:
		return dst, fmt.Errorf("%w: %q is no boolean", errCoding, value)
	}
}

// appendStored is any stored value as it is.
func appendStored(dst []byte, v lucene.Value) ([]byte, error) {
	switch v.Kind {
	case lucene.Int, lucene.Long:
		return appendInteger(dst, v.Int()), nil
	case lucene.Float:
		return appendSingle(dst, float32(v.Float())), nil
	case lucene.Double:
		return appendDouble(dst, v.Float()), nil
	default:
		return appendString(dst, v.Bytes), nil
	}
}

// storedNumber is for types that store an integer which stands for something else.
func storedNumber(number func([]byte, int64) []byte) func([]byte, lucene.Value) ([]byte, error) {
	return func(dst []byte, v lucene.Value) ([]byte, error) {
		if v.Kind == lucene.Int || v.Kind == lucene.Long {
			return number(dst, v.Int()), nil
		}
		return appendStored(dst, v)
	}
}

func storedBoolean(dst []byte, v lucene.Value) ([]byte, error) { return appendBoolean(dst, v.Bytes) }

// appendAddress is an ip of 16 bytes, an IPv4 one mapped into IPv6.
func appendAddress(dst, address []byte) ([]byte, error) {
	addr, ok := netip.AddrFromSlice(address)
	if !ok {
		return dst, fmt.Errorf("%w: an address of %d bytes", errCoding, len(address))
	}
	return appendAddr(dst, addr), nil
}

func appendAddr(dst []byte, addr netip.Addr) []byte {
	dst = append(dst, '"')
	dst = addr.Unmap().AppendTo(dst)
	return append(dst, '"')
}

// appendIPv4 is an address as a number, until Elasticsearch 2.
func appendIPv4(dst []byte, n int64) []byte {
	var four [4]byte
	binary.BigEndian.PutUint32(four[:], uint32(n))
	return appendAddr(dst, netip.AddrFrom4(four))
}

func storedAddress(dst []byte, v lucene.Value) ([]byte, error) {
	switch v.Kind {
	case lucene.Int, lucene.Long:
		return appendIPv4(dst, v.Int()), nil
	case lucene.Bytes:
		return appendAddress(dst, v.Bytes)
	default:
		return appendString(dst, v.Bytes), nil
	}
}

// appendPoint is a geo_point since Elasticsearch 5: 32 bits of latitude above 32 of longitude.
func appendPoint(dst []byte, n int64) []byte {
	const scale = 1 << 32
	return appendLatLon(dst, float64(int32(n>>32))*(180.0/scale), float64(int32(n))*(360.0/scale))
}

// appendMorton is a geo_point of Elasticsearch 2.2 to 4: 31 bits of each interleaved, longitude first. Source:
// GeoPointField and GeoEncodingUtils of Lucene 5 and 6.0.
func appendMorton(dst []byte, n int64) []byte {
	const scale = 1 << 31
	lat, lon := float64(everySecondBit(uint64(n)>>1))/scale*180-90, float64(everySecondBit(uint64(n)))/scale*360-180
	return appendLatLon(dst, roundTo(lat), roundTo(lon))
}

// roundTo leaves off digits below the precision of the coding.
func roundTo(f float64) float64 { return math.Round(f*1e7) / 1e7 }

func everySecondBit(n uint64) uint32 {
	var v uint32
	for i := range 32 {
		v |= uint32(n>>(2*i)&1) << i
	}
	return v
}

func appendLatLon(dst []byte, lat, lon float64) []byte {
	dst = append(dst, `{"lat":`...)
	dst = appendDouble(dst, lat)
	dst = append(dst, `,"lon":`...)
	dst = appendDouble(dst, lon)
	return append(dst, '}')
}

// writePoints is a geo_point until Elasticsearch 2.1: two doubles for each point.
func writePoints(w *writer, value []byte) error {
	if len(value)%16 != 0 {
		return fmt.Errorf("%w: %d bytes of points", errCoding, len(value))
	}
	for ; len(value) > 0; value = value[16:] {
		lat := math.Float64frombits(binary.LittleEndian.Uint64(value))
		lon := math.Float64frombits(binary.LittleEndian.Uint64(value[8:]))
		w.next()
		w.buf = appendLatLon(w.buf, lat, lon)
	}
	return nil
}

// storedPoint is "lat, lon", rendered as columns are.
func storedPoint(dst []byte, v lucene.Value) ([]byte, error) {
	for i, b := range v.Bytes {
		if b != ',' {
			continue
		}
		lat, errLat := strconv.ParseFloat(trimmed(v.Bytes[:i]), 64)
		lon, errLon := strconv.ParseFloat(trimmed(v.Bytes[i+1:]), 64)
		if errLat == nil && errLon == nil {
			return appendLatLon(dst, lat, lon), nil
		}
	}
	return appendStored(dst, v)
}

func trimmed(b []byte) string {
	for len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	for len(b) > 0 && b[len(b)-1] == ' ' {
		b = b[:len(b)-1]
	}
	return string(b)
}

// appendBase64 is the type binary.
func appendBase64(dst, value []byte) []byte {
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, value)
	return append(dst, '"')
}

func storedBase64(dst []byte, v lucene.Value) ([]byte, error) { return appendBase64(dst, v.Bytes), nil }

// writeList reads VInt n and n times VInt length and bytes.
func writeList(each func(dst, value []byte) []byte) func(w *writer, value []byte) error {
	return func(w *writer, value []byte) error {
		n, size := binary.Uvarint(value)
		if size <= 0 || n > uint64(len(value)) {
			return fmt.Errorf("%w: no number of values", errCoding)
		}
		value = value[size:]
		for range n {
			length, size := binary.Uvarint(value)
			if size <= 0 || length > uint64(len(value)-size) {
				return fmt.Errorf("%w: a value beyond the end", errCoding)
			}
			w.next()
			w.buf = each(w.buf, value[size:size+int(length)])
			value = value[size+int(length):]
		}
		return nil
	}
}

// writeVarints is a numeric column of Elasticsearch until 1.3: zigzag-coded VLongs, each the difference to
// the one before.
func writeVarints(number func([]byte, int64) []byte) func(w *writer, value []byte) error {
	return func(w *writer, value []byte) error {
		last, first := int64(0), true
		for len(value) > 0 {
			u, size := binary.Uvarint(value)
			if size <= 0 {
				return fmt.Errorf("%w: a number beyond the end", errCoding)
			}
			value = value[size:]
			if first {
				last, first = int64(u>>1)^-int64(u&1), false
			} else {
				last += int64(u)
			}
			w.next()
			w.buf = number(w.buf, last)
		}
		return nil
	}
}

// appendVersion drops the marks that make versions sort: 01 and a length before each number, 02 or 03 before what
// follows them. Source: VersionEncoder of Elasticsearch.
func appendVersion(dst, term []byte) ([]byte, error) {
	plain := make([]byte, 0, len(term))
	for i := 0; i < len(term); i++ {
		switch term[i] {
		case 1:
			i++
		case 2, 3:
		default:
			plain = append(plain, term[i])
		}
	}
	return appendString(dst, plain), nil
}

// writeVector is a dense_vector that is not indexed: floats, and the vector's length after them.
func writeVector(dims int, element string, order binary.ByteOrder) func(w *writer, value []byte) error {
	return func(w *writer, value []byte) error {
		size := 4
		switch element {
		case "byte":
			size = 1
		case "bit":
			size, dims = 1, dims/8
		}
		if len(value) < dims*size || dims <= 0 {
			return fmt.Errorf("%w: a vector of %d dimensions in %d bytes", errCoding, dims, len(value))
		}
		w.list = true
		for i := range dims {
			w.next()
			if size == 1 {
				w.buf = appendInteger(w.buf, int64(int8(value[i])))
				continue
			}
			w.buf = appendSingle(w.buf, math.Float32frombits(order.Uint32(value[4*i:])))
		}
		return nil
	}
}
