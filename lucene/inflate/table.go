package inflate

import "math/bits"

// An entry of a table says what the bits that lead to it mean.
//
//	31                 16 15      14       13    12        11   8 7 6 5  4          0
//	+--------------------+-------+--------+-----+---------+------+-----+------------+
//	| base               |special| pointer| end | invalid | code | …   | bits       |
//	+--------------------+-------+--------+-----+---------+------+-----+------------+
//	literal   bit 31 is set, bits 16 to 23 are the byte; bits: of the code
//	length    base of a length of 3 to 258; code: bits of the code; bits: of code and extra bits together
//	distance  base of a distance of 1 to 32768; as before
//	special   one of pointer (base: begin of a table for the bits that follow, code: how many those are; bits: of the main
//	          table), end of the block, and a code that stands for nothing
//
// An entry's lowest six bits shift the input, and it may be subtracted from the number of bits, of which only the lowest six matter.
const (
	entryBits     = 31
	entryCode     = 8
	entryCodeMask = 15
	entryBase     = 16
	flagInvalid   = 1 << 12
	flagEnd       = 1 << 13
	flagPointer   = 1 << 14
	flagSpecial   = 1 << 15
	flagLiteral   = 1 << 31
)

// Sizes of tables: bits that are looked up at once, and how many entries there are at most with the tables behind pointers, as computed
// by zlib's examples/enough for codes of 15 (codes of lengths: 7) bits.
const (
	literalBits     = 11
	literalEntries  = 2342 // 288 symbols
	distanceBits    = 8
	distanceEntries = 402 // 32 symbols
	codeBits        = 7
	codeEntries     = 128 // 19 symbols
	longestCode     = 15
	maxSymbols      = 288 + 32
)

// Symbols of a block, from RFC 1951.
const (
	endOfBlock      = 256
	literalSymbols  = 286 // of which may be used
	distanceSymbols = 30
	fixedLiterals   = 288 // which have codes in fixed blocks
	fixedDistances  = 32
	codeSymbols     = 19
)

// What a symbol's entry holds but for the length of its code. The two unused symbols of each kind, which fixed blocks have
// codes for, are invalid.
var (
	literalResults  = makeLiteralResults()
	distanceResults = makeDistanceResults()
	codeResults     = makeCodeResults()
)

// build fills a table for the codes of the symbols, of the given lengths, 0 to 15. It tells whether they are codes: neither too many nor too few
// for the lengths, but for one alone of one bit, or none at all.
func build(table []uint32, lengths []uint8, sorted []uint16, results []uint32, tableBits int) bool {
	var counts, offsets [longestCode + 2]int
	for _, length := range lengths {
		counts[length]++
	}
	longest := longestCode
	for longest > 1 && counts[longest] == 0 {
		longest--
	}
	used := 0
	for length := 1; length <= longest; length++ {
		offsets[length+1] = offsets[length] + counts[length]
		used = used<<1 + counts[length]
	}
	if used > 1<<longest {
		return false
	}
	for symbol, length := range lengths {
		if length > 0 {
			sorted[offsets[length]] = uint16(symbol)
			offsets[length]++
		}
	}
	if used < 1<<longest {
		return buildPartial(table[:1<<tableBits], sorted, results, used, longest)
	}
	buildFull(table, sorted, results, &counts, longest, tableBits)
	return true
}

// buildPartial fills the table for no code, or for the code 0 of one bit.
func buildPartial(table []uint32, sorted []uint16, results []uint32, used, longest int) bool {
	const invalid = flagSpecial | flagInvalid | 1<<entryCode | 1
	if used > 1 || longest > 1 {
		return false
	}
	entry := uint32(invalid)
	if used == 1 {
		entry = results[sorted[0]] + 1<<entryCode + 1
	}
	for i := 0; i < len(table); i += 2 {
		table[i], table[i+1] = entry, invalid
	}
	return true
}

// buildFull fills the table for a complete code. Codes come in the order of their lengths, and lead with their first bit as the lowest: the
// table for one bit more is twice the table for one less, with the new codes in it.
func buildFull(table []uint32, sorted []uint16, results []uint32, counts *[longestCode + 2]int, longest, tableBits int) {
	code, at, filled := 0, 0, 1
	for length := 1; length <= min(longest, tableBits); length++ {
		copy(table[filled:2*filled], table[:filled])
		filled *= 2
		more := uint32(length<<entryCode + length)
		for range counts[length] {
			table[code] = results[sorted[at]] + more
			code = increment(code, filled)
			at++
		}
	}
	if longest <= tableBits {
		for ; filled < 1<<tableBits; filled *= 2 {
			copy(table[filled:2*filled], table[:filled])
		}
		return
	}
	buildBehind(table, sorted[at:], results, counts, code, longest, tableBits)
}

// buildBehind fills the tables behind pointers, for the codes of more than tableBits, of which code is the first.
func buildBehind(table []uint32, sorted []uint16, results []uint32, counts *[longestCode + 2]int, code, longest, tableBits int) {
	mask := 1<<tableBits - 1
	prefix, begin, end := -1, 0, 1<<tableBits
	at := 0
	for length := tableBits + 1; length <= longest; length++ {
		own := length - tableBits
		more := uint32(own<<entryCode + own)
		for left := counts[length]; left > 0; left-- {
			if code&mask != prefix {
				prefix, begin = code&mask, end
				size := own
				for used := left; used < 1<<size; {
					size++
					used = used<<1 + counts[tableBits+size]
				}
				end = begin + 1<<size
				table[prefix] = uint32(begin)<<entryBase | flagSpecial | flagPointer | uint32(size<<entryCode|tableBits)
			}
			entry := results[sorted[at]] + more
			for i := begin + code>>tableBits; i < end; i += 1 << own {
				table[i] = entry
			}
			code = increment(code, 1<<length)
			at++
		}
	}
}

// increment adds one to a code of as many bits as size-1 has, whose first bit is the lowest. The code of ones only stays.
func increment(code, size int) int {
	zeros := code ^ (size - 1)
	if zeros == 0 {
		return code
	}
	bit := 1 << (bits.Len(uint(zeros)) - 1)
	return code&(bit-1) | bit
}
