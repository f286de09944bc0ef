package rebuild

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"strconv"

	"migassist/xcontent"
)

// Values that Elasticsearch keeps as they were sent begin with a byte for their type:
//
//	S text                 i BigInteger, two's complement     t true    c CBOR    of an object or array
//	I int32 LE             d int32 LE scale, BigInteger       f false   j JSON
//	L int64 LE             b bytes                            n null    y YAML
//	D double LE            v nothing: the field is            s SMILE
//	F float LE               left out
//
// Source: XContentDataHelper of Elasticsearch.
const (
	tagText    = 'S'
	tagInt     = 'I'
	tagLong    = 'L'
	tagDouble  = 'D'
	tagFloat   = 'F'
	tagBig     = 'i'
	tagDecimal = 'd'
	tagBytes   = 'b'
	tagTrue    = 't'
	tagFalse   = 'f'
	tagNull    = 'n'
	tagVoid    = 'v'
	tagCBOR    = 'c'
	tagJSON    = 'j'
	tagYAML    = 'y'
	tagSMILE   = 's'
)

// encodedSizes are the sizes of what follows the tag, where that is fixed.
var encodedSizes = map[byte]int{tagInt: 4, tagLong: 8, tagDouble: 8, tagFloat: 4, tagTrue: 0, tagFalse: 0, tagNull: 0, tagVoid: 0}

// isStructure tells whether an encoded value is an object or array.
func isStructure(value []byte) bool {
	if len(value) == 0 {
		return false
	}
	switch value[0] {
	case tagCBOR, tagJSON, tagYAML, tagSMILE:
		return true
	}
	return false
}

// isVoid tells whether there is nothing to write.
func isVoid(value []byte) bool { return len(value) > 0 && value[0] == tagVoid }

// appendEncoded appends an encoded value as JSON; nothing of a void one.
func appendEncoded(dst, value []byte) ([]byte, error) {
	if len(value) == 0 {
		return dst, fmt.Errorf("%w: an empty value", errCoding)
	}
	tag, value := value[0], value[1:]
	if size, fixed := encodedSizes[tag]; fixed && len(value) != size {
		return dst, fmt.Errorf("%w: a value %q of %d bytes", errCoding, tag, len(value))
	}
	switch tag {
	case tagText:
		return appendString(dst, value), nil
	case tagBytes:
		return appendBase64(dst, value), nil
	case tagTrue:
		return append(dst, "true"...), nil
	case tagFalse:
		return append(dst, "false"...), nil
	case tagNull:
		return append(dst, "null"...), nil
	case tagVoid:
		return dst, nil
	case tagJSON:
		return append(dst, value...), nil
	case tagCBOR, tagYAML, tagSMILE:
		return xcontent.AppendJSON(dst, value)
	}
	return appendEncodedNumber(dst, tag, value)
}

func appendEncodedNumber(dst []byte, tag byte, value []byte) ([]byte, error) {
	switch tag {
	case tagInt:
		return appendInteger(dst, int64(int32(binary.LittleEndian.Uint32(value)))), nil
	case tagLong:
		return appendInteger(dst, int64(binary.LittleEndian.Uint64(value))), nil
	case tagDouble:
		return appendDouble(dst, math.Float64frombits(binary.LittleEndian.Uint64(value))), nil
	case tagFloat:
		return appendSingle(dst, math.Float32frombits(binary.LittleEndian.Uint32(value))), nil
	case tagBig:
		return twosComplement(value).Append(dst, 10), nil
	case tagDecimal:
		if len(value) < 5 {
			return dst, fmt.Errorf("%w: a decimal of %d bytes", errCoding, len(value))
		}
		return appendDecimal(dst, twosComplement(value[4:]), int(int32(binary.LittleEndian.Uint32(value)))), nil
	default:
		return dst, fmt.Errorf("%w: a value that begins with %q", errCoding, tag)
	}
}

func twosComplement(b []byte) *big.Int {
	n := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(len(b))*8))
	}
	return n
}

// appendDecimal appends digits times ten to the power of -scale.
func appendDecimal(dst []byte, digits *big.Int, scale int) []byte {
	begin := len(dst)
	dst = digits.Append(dst, 10)
	first := begin
	if digits.Sign() < 0 {
		first++
	}
	point := len(dst) - scale
	switch {
	case scale == 0:
		return dst
	case scale > 0 && point > first:
		dst = append(dst, 0)
		copy(dst[point+1:], dst[point:])
		dst[point] = '.'
		return dst
	default:
		return strconv.AppendInt(append(dst, 'e'), -int64(scale), 10)
	}
}
