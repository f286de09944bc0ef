package inflate

import (
	"encoding/binary"
	"unsafe"
)

// What one round of run may touch: eight bytes of input each of the two times that it takes some up, three literals, and a match whose
// copies end on a multiple of their width.
const (
	wide         = 16
	roomIn       = 7 + 8
	roomOut      = 3 + longestMatch + 2*wide
	longestMatch = 258
)

// run decodes symbols as long as both ends are far. It tells whether the block has ended, and whether all was right.
//
// Pointers spare what bounds checks cost in the innermost loop. At the begin of each round
//
//	at + roomOut <= len(buf)     room for two literals and a match of 258 bytes, whose last copies go 31 bytes too far
//	next + roomIn <= len(src)    and a round takes up input twice: at most 7 bytes, and then 8 are looked at
//
// and before a match is copied, 0 <= from < at. A round starts with at least 56 bits and uses at most 22 for two literals and 20 for a
// length; then it refills and uses at most 28 for a distance, and looks up the next code with 11 of what is left.
//
//nolint:funlen,gocognit,gosec // one loop, whose variables stay in registers; every use of unsafe is accounted for above
func (d *Decoder) run() (ended, ok bool) {
	at, next, have, bits := d.at, d.next, d.have, d.bits
	lastOut, lastIn := len(d.buf)-roomOut, len(d.src)-roomIn
	if at > lastOut || next > lastIn {
		return false, true
	}
	out, in := unsafe.Pointer(unsafe.SliceData(d.buf)), unsafe.Pointer(unsafe.SliceData(d.src))
	literals, distances := &d.literals, &d.distances

	bits |= word(in, next) << (have & 63)
	next += int(^have & 63 >> 3)
	have |= 56
	entry := literals[bits&(1<<literalBits-1)]
	for at <= lastOut && next <= lastIn {
		bits |= word(in, next) << (have & 63)
		next += int(^have & 63 >> 3)
		have |= 56

		saved := bits
		bits >>= entry & 63
		have -= uint(entry)
		if int32(entry) < 0 {
			*(*byte)(unsafe.Add(out, at)) = byte(entry >> entryBase)
			at++
			entry = literals[bits&(1<<literalBits-1)]
			saved = bits
			bits >>= entry & 63
			have -= uint(entry)
			if int32(entry) < 0 {
				*(*byte)(unsafe.Add(out, at)) = byte(entry >> entryBase)
				at++
				entry = literals[bits&(1<<literalBits-1)]
				saved = bits
				bits >>= entry & 63
				have -= uint(entry)
				if int32(entry) < 0 {
					*(*byte)(unsafe.Add(out, at)) = byte(entry >> entryBase)
					at++
					entry = literals[bits&(1<<literalBits-1)]
					continue
				}
			}
		}
		if entry&flagSpecial != 0 {
			if entry&flagPointer != 0 {
				entry = literals[uint64(entry>>entryBase)+bits&(1<<(entry>>entryCode&entryCodeMask)-1)]
				saved = bits
				bits >>= entry & 63
				have -= uint(entry)
				if int32(entry) < 0 {
					*(*byte)(unsafe.Add(out, at)) = byte(entry >> entryBase)
					at++
					entry = literals[bits&(1<<literalBits-1)]
					continue
				}
			}
			if entry&flagSpecial != 0 {
				d.at, d.next, d.have, d.bits = at, next, have&63, bits
				return true, entry&flagEnd != 0
			}
		}
		length := int(entry>>entryBase) + int(saved&(1<<(entry&63)-1)>>(entry>>entryCode&entryCodeMask))

		bits |= word(in, next) << (have & 63)
		next += int(^have & 63 >> 3)
		have |= 56
		entry = distances[bits&(1<<distanceBits-1)]
		if entry&flagPointer != 0 {
			bits >>= distanceBits
			have -= distanceBits
			entry = distances[uint64(entry>>entryBase)+bits&(1<<(entry>>entryCode&entryCodeMask)-1)]
		}
		saved = bits
		bits >>= entry & 63
		have -= uint(entry)
		distance := int(entry>>entryBase) + int(saved&(1<<(entry&63)-1)>>(entry>>entryCode&entryCodeMask))
		from := at - distance
		if from < 0 || entry&flagSpecial != 0 {
			return false, false
		}
		entry = literals[bits&(1<<literalBits-1)]
		if distance < wide {
			match(d.buf[from:at+length], distance)
			at += length
			continue
		}
		copyWide(out, at, from)
		copyWide(out, at+wide, from+wide)
		for n := 2 * wide; n < length; n += 2 * wide {
			copyWide(out, at+n, from+n)
			copyWide(out, at+n+wide, from+n+wide)
		}
		at += length
	}
	d.at, d.next, d.have, d.bits = at, next, have&63, bits
	return false, true
}

// word is the eight bytes at an offset, the first one lowest.
func word(in unsafe.Pointer, at int) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(in, at))[:])
}

func copyWide(out unsafe.Pointer, to, from int) {
	*(*[wide]byte)(unsafe.Add(out, to)) = *(*[wide]byte)(unsafe.Add(out, from))
}
