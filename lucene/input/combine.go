package input

// crcPolynomial is that of CRC-32 (IEEE 802.3), reflected: bit 31 is the term x^0.
const crcPolynomial = 0xEDB88320

// crcOrder is the order of x modulo the polynomial, which is primitive.
const crcOrder = 1<<32 - 1

// Combine returns the CRC32 of a's bytes followed by the n bytes that b is of. As CRC-32 begins and ends by inverting, which
// cancels out, that is a·x^8n + b modulo the polynomial. Source: Mark Adler, crc32_combine of zlib.
func Combine(a, b uint32, n int64) uint32 { return times(a, powerOf(bitsOf(n))) ^ b }

// Before returns the CRC32 of what lies before the last n bytes, whose CRC is b, in bytes whose CRC is all: it undoes
// [Combine], for the inverse of x is a power of it, too.
func Before(all, b uint32, n int64) uint32 {
	return times(all^b, powerOf(crcOrder-bitsOf(n)))
}

// After returns the CRC32 of the last n bytes of bytes whose CRC is all, where a is the CRC of those before: it undoes [Combine].
func After(all, a uint32, n int64) uint32 { return Combine(a, all, n) }

// bitsOf is 8n modulo the order of x; n is not negative.
func bitsOf(n int64) uint64 {
	return uint64(n) % crcOrder * 8 % crcOrder
}

// powerOf returns x to this power.
func powerOf(exponent uint64) uint32 {
	result, square := uint32(1)<<31, uint32(1)<<30 // x^0, x^1
	for ; exponent > 0; exponent >>= 1 {
		if exponent&1 != 0 {
			result = times(result, square)
		}
		square = times(square, square)
	}
	return result
}

// times multiplies two polynomials modulo that of the CRC.
func times(a, b uint32) uint32 {
	product := uint32(0)
	for term := uint32(1) << 31; term != 0; term >>= 1 {
		if a&term != 0 {
			product ^= b
		}
		b = b>>1 ^ crcPolynomial&-(b&1)
	}
	return product
}
