package inflate

// order is that in which the lengths of the codes of code lengths come.
var order = [codeSymbols]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// readCodes reads the head of a dynamic block, the lengths of the codes of its symbols, and builds their tables.
//
//	literals-257 u5 | distances-1 u5 | codes-4 u4 | lengths of codes u3… | of literals and distances, coded with these
func (d *Decoder) readCodes() bool {
	d.fixed = false
	head, ok := d.take(14)
	literals, distances, codes := int(head&31)+257, int(head>>5&31)+1, int(head>>10)+4
	if !ok || literals > literalSymbols || distances > distanceSymbols {
		return false
	}
	var lengths [codeSymbols]uint8
	for _, symbol := range order[:codes] {
		bits, ok := d.take(3)
		if !ok {
			return false
		}
		lengths[symbol] = uint8(bits)
	}
	return build(d.codes[:], lengths[:], d.sorted[:], codeResults[:], codeBits) &&
		d.readLengths(d.lengths[:literals+distances]) &&
		build(d.literals[:], d.lengths[:literals], d.sorted[:], literalResults[:], literalBits) &&
		build(d.distances[:], d.lengths[literals:literals+distances], d.sorted[:], distanceResults[:], distanceBits)
}

// Codes of code lengths above the lengths themselves: what is repeated, how often at least, and bits that say how much more often.
const (
	repeatLast = 16 // 3 to 6 times, 2 bits
	fewZeros   = 17 // 3 to 10, 3 bits
	manyZeros  = 18 // 11 to 138, 7 bits
)

// readLengths fills lengths.
func (d *Decoder) readLengths(lengths []uint8) bool {
	for at := 0; at < len(lengths); {
		d.refill()
		entry := d.codes[d.bits&(1<<codeBits-1)]
		if _, ok := d.take(uint(entry & entryBits)); !ok || entry&flagInvalid != 0 {
			return false
		}
		symbol := entry >> entryBase
		if symbol < repeatLast {
			lengths[at] = uint8(symbol)
			at++
			continue
		}
		again, length := uint64(0), uint8(0)
		ok := true
		switch symbol {
		case repeatLast:
			if at == 0 {
				return false
			}
			length = lengths[at-1]
			again, ok = d.take(2)
			again += 3
		case fewZeros:
			again, ok = d.take(3)
			again += 3
		case manyZeros:
			again, ok = d.take(7)
			again += 11
		}
		if !ok || int(again) > len(lengths)-at {
			return false
		}
		for range again {
			lengths[at] = length
			at++
		}
	}
	return true
}

// useFixed builds the tables of fixed blocks.
func (d *Decoder) useFixed() {
	if d.fixed {
		return
	}
	lengths := d.lengths[:fixedLiterals+fixedDistances]
	for i := range lengths {
		switch {
		case i < 144:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		case i < 280:
			lengths[i] = 7
		case i < fixedLiterals:
			lengths[i] = 8
		default:
			lengths[i] = 5
		}
	}
	build(d.literals[:], lengths[:fixedLiterals], d.sorted[:], literalResults[:], literalBits)
	build(d.distances[:], lengths[fixedLiterals:], d.sorted[:], distanceResults[:], distanceBits)
	d.fixed = true
}

func makeLiteralResults() (results [fixedLiterals]uint32) {
	for symbol := range uint32(endOfBlock) {
		results[symbol] = flagLiteral | symbol<<entryBase
	}
	results[endOfBlock] = flagSpecial | flagEnd
	base, extra := uint32(3), uint32(0)
	for symbol := endOfBlock + 1; symbol < literalSymbols-1; symbol++ {
		if group := symbol - endOfBlock - 1; group >= 8 {
			extra = uint32(group)/4 - 1
		}
		results[symbol] = base<<entryBase | extra
		base += 1 << extra
	}
	results[literalSymbols-1] = 258 << entryBase
	for symbol := literalSymbols; symbol < fixedLiterals; symbol++ {
		results[symbol] = flagSpecial | flagInvalid
	}
	return results
}

func makeDistanceResults() (results [fixedDistances]uint32) {
	base, extra := uint32(1), uint32(0)
	for symbol := range distanceSymbols {
		if symbol >= 4 {
			extra = uint32(symbol)/2 - 1
		}
		results[symbol] = base<<entryBase | extra
		base += 1 << extra
	}
	for symbol := distanceSymbols; symbol < fixedDistances; symbol++ {
		results[symbol] = flagSpecial | flagInvalid
	}
	return results
}

func makeCodeResults() (results [codeSymbols]uint32) {
	for symbol := range results {
		results[symbol] = uint32(symbol) << entryBase
	}
	return results
}
