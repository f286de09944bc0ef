package inflate

import (
	"encoding/binary"
	"errors"
)

// ErrCorrupt says that the input is not a stream that makes as many bytes as were asked for.
var ErrCorrupt = errors.New("not a DEFLATE stream of that many bytes")

// Decoder holds the tables of a block. It belongs to one goroutine. The zero value is ready.
type Decoder struct {
	literals  [literalEntries]uint32
	distances [distanceEntries]uint32
	codes     [codeEntries]uint32

	lengths [maxSymbols]uint8 // of the codes of a block
	sorted  [maxSymbols]uint16
	fixed   bool // the tables are those of fixed blocks

	buf  []byte // up to the end of the output
	at   int
	src  []byte
	next int    // in src
	bits uint64 // read and not used, the first one lowest; those above count are of no meaning
	have uint   // how many they are
}

// Decode fills buf[at:end] with what the stream in src decompresses to, and returns how many bytes of src it took. Matches reach back
// to the begin of buf, so buf[:at] is the dictionary. Nothing outside of buf[at:end] is written. The error is ErrCorrupt.
func (d *Decoder) Decode(buf []byte, at, end int, src []byte) (int, error) {
	if at < 0 || at > end || end > len(buf) {
		return 0, ErrCorrupt
	}
	d.buf, d.at, d.src, d.next, d.bits, d.have = buf[:end], at, src, 0, 0, 0
	defer func() { d.buf, d.src = nil, nil }()
	for {
		last, ok := d.block()
		if !ok {
			return 0, ErrCorrupt
		}
		if last {
			break
		}
	}
	if d.at != end {
		return 0, ErrCorrupt
	}
	return d.next - int(d.have>>3), nil
}

// block decodes one block and tells whether it was the last.
func (d *Decoder) block() (last, ok bool) {
	head, ok := d.take(3)
	if !ok {
		return false, false
	}
	last = head&1 != 0
	switch head >> 1 {
	case 0:
		return last, d.stored()
	case 1:
		d.useFixed()
	case 2:
		if !d.readCodes() {
			return false, false
		}
	default:
		return false, false
	}
	return last, d.compressed()
}

// stored copies a block that is not compressed: from the next whole byte on, a length and its complement, and the bytes.
func (d *Decoder) stored() bool {
	d.next -= int(d.have >> 3)
	d.bits, d.have = 0, 0
	rest := d.src[d.next:]
	if len(rest) < 4 {
		return false
	}
	size, complement := binary.LittleEndian.Uint16(rest), binary.LittleEndian.Uint16(rest[2:])
	if size != ^complement || int(size) > len(rest)-4 || int(size) > len(d.buf)-d.at {
		return false
	}
	d.at += copy(d.buf[d.at:], rest[4:4+int(size)])
	d.next += 4 + int(size)
	return true
}

// compressed decodes the symbols of a block.
func (d *Decoder) compressed() bool {
	for {
		if ended, ok := d.run(); ended || !ok {
			return ok
		}
		// Near an end: one symbol with every check.
		if done, ok := d.symbol(); done || !ok {
			return ok
		}
	}
}

// refill makes have at least 56, or all there is.
func (d *Decoder) refill() {
	if len(d.src)-d.next >= 8 {
		d.bits |= binary.LittleEndian.Uint64(d.src[d.next:]) << d.have
		d.next += int((63 - d.have) >> 3)
		d.have |= 56
		return
	}
	for d.have < 56 && d.next < len(d.src) {
		d.bits |= uint64(d.src[d.next]) << d.have
		d.next++
		d.have += 8
	}
}

// take returns the next n bits, of which there may be too few.
func (d *Decoder) take(n uint) (bits uint64, ok bool) {
	if d.have < n {
		d.refill()
		if d.have < n {
			return 0, false
		}
	}
	bits = d.bits & (1<<n - 1)
	d.bits >>= n
	d.have -= n
	return bits, true
}

// symbol decodes a literal, a match or the end of the block, with every check.
func (d *Decoder) symbol() (done, ok bool) {
	d.refill()
	entry := d.lookup(d.literals[:], literalBits)
	extra, ok := d.take(uint(entry & entryBits))
	switch {
	case !ok || entry&flagInvalid != 0:
		return false, false
	case entry&flagEnd != 0:
		return true, true
	case entry&flagLiteral != 0:
		if d.at == len(d.buf) {
			return false, false
		}
		d.buf[d.at] = byte(entry >> entryBase)
		d.at++
		return false, true
	}
	length := int(entry>>entryBase) + int(extra>>(entry>>entryCode&entryCodeMask))
	d.refill()
	entry = d.lookup(d.distances[:], distanceBits)
	extra, ok = d.take(uint(entry & entryBits))
	distance := int(entry>>entryBase) + int(extra>>(entry>>entryCode&entryCodeMask))
	if !ok || entry&flagInvalid != 0 || distance > d.at || length > len(d.buf)-d.at {
		return false, false
	}
	match(d.buf[d.at-distance:d.at+length], distance)
	d.at += length
	return false, true
}

// lookup finds the entry of the next code. Behind a pointer it takes the bits that led there.
func (d *Decoder) lookup(table []uint32, bits uint) uint32 {
	entry := table[d.bits&(1<<bits-1)]
	if entry&flagPointer == 0 {
		return entry
	}
	if _, ok := d.take(bits); !ok {
		return flagSpecial | flagInvalid
	}
	return table[uint64(entry>>entryBase)+d.bits&(1<<(entry>>entryCode&entryCodeMask)-1)]
}

// match fills buf from distance on with what begins distance before, again and again: the first bytes one by one, and then, as all
// before repeats itself, twice as many with every step.
func match(buf []byte, distance int) {
	done := distance
	for ; done < min(distance+wide, len(buf)); done++ {
		buf[done] = buf[done-distance]
	}
	for done < len(buf) {
		done += copy(buf[done:], buf[done%distance:done])
	}
}
