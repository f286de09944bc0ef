package lz4

import (
	"encoding/binary"
	"errors"
	"unsafe"
)

// ErrCorrupt says that the input is not a block that makes as many bytes as were asked for.
var ErrCorrupt = errors.New("not an LZ4 block of that many bytes")

// A token holds two lengths; one of more goes on in the bytes that follow. A match is at least minMatch bytes.
const (
	more     = 15
	minMatch = 4
)

// What run may touch without asking again: it copies more bytes than a sequence has.
const (
	wide    = 16
	roomIn  = 1 + wide + 1      // token, literals; or token, 14 literals, offset and the first byte of a longer match
	roomOut = more - 1 + 2*wide // 14 literals and 32 bytes of a match
)

// Decode fills buf[at:end] with what src decompresses to, and returns how many bytes of src it took. Matches reach back to the begin
// of buf, so buf[:at] is the dictionary. Nothing outside of buf[at:end] is written. The error is ErrCorrupt.
func Decode(buf []byte, at, end int, src []byte) (int, error) {
	if at < 0 || at > end || end > len(buf) {
		return 0, ErrCorrupt
	}
	buf = buf[:end]
	for d, s := at, 0; ; {
		d, s = run(buf, d, src, s)
		if d == end {
			return s, nil
		}
		var ok bool
		if d, s, ok = sequence(buf, d, src, s); !ok {
			return 0, ErrCorrupt
		}
	}
}

// run decodes sequences from d and s on as long as they are far from both ends, and returns where it stopped: before a sequence that
// is not, or is wrong. What it wrote beyond is written again.
//
// Nearly all sequences are a dozen bytes, for which the branches here are always the same and the copies of a fixed width, whatever the
// length, and without bounds checks, which would cost half as much time again (measured). Before a pointer is used:
//
//	d + roomOut <= len(buf) and s + roomIn <= len(src)    for the token, the literals, the offset, and 32 bytes of the match
//	0 <= from < to, to + length + 2*wide <= len(buf)      for a match
//
// Where literals go on, both rooms are asked for anew behind them.
//
//nolint:gocognit,gosec // one loop, whose variables stay in registers; every use of unsafe is accounted for above
func run(buf []byte, d int, src []byte, s int) (int, int) {
	out, in := unsafe.Pointer(unsafe.SliceData(buf)), unsafe.Pointer(unsafe.SliceData(src))
	lastOut, lastIn := len(buf)-roomOut, len(src)-roomIn
	for d <= lastOut && s <= lastIn {
		token := int(*(*byte)(unsafe.Add(in, s)))
		literals, size := token>>4, token&more
		to, next := d+literals, s+literals+3
		if literals < more {
			copyWide(out, d, in, s+1)
		} else {
			add := int(*(*byte)(unsafe.Add(in, s+1)))
			literals += add
			to, next = d+literals, s+literals+4
			if add == 255 || to > lastOut || next > lastIn {
				break
			}
			for n := 0; n < literals; n += wide {
				copyWide(out, d+n, in, s+2+n)
			}
		}
		offset := int(binary.LittleEndian.Uint16((*[2]byte)(unsafe.Add(in, next-2))[:]))
		from := to - offset
		if from < 0 {
			break
		}
		if offset < wide {
			var ok bool
			if size, next, ok = length(src, next, size); !ok || offset == 0 || size+minMatch > len(buf)-to {
				break
			}
			match(buf[from:to+size+minMatch], offset)
			d, s = to+size+minMatch, next
			continue
		}
		copyWide(out, to, out, from)
		copyWide(out, to+wide, out, from+wide)
		if size == more {
			add := int(*(*byte)(unsafe.Add(in, next)))
			size, next = size+add, next+1
			if add == 255 || to+size > lastOut {
				break
			}
			for n := 2 * wide; n < size+minMatch; n += 2 * wide {
				copyWide(out, to+n, out, from+n)
				copyWide(out, to+n+wide, out, from+n+wide)
			}
		}
		d, s = to+size+minMatch, next
	}
	return d, s
}

func copyWide(to unsafe.Pointer, at int, from unsafe.Pointer, begin int) {
	*(*[wide]byte)(unsafe.Add(to, at)) = *(*[wide]byte)(unsafe.Add(from, begin))
}

// sequence decodes any sequence, with every check.
func sequence(buf []byte, d int, src []byte, s int) (int, int, bool) {
	if s >= len(src) {
		return d, s, false
	}
	token := int(src[s])
	literals, s, ok := length(src, s+1, token>>4)
	if !ok || literals > len(src)-s || literals > len(buf)-d {
		return d, s, false
	}
	copy(buf[d:], src[s:s+literals])
	d, s = d+literals, s+literals
	if d == len(buf) { // the last sequence has no match
		return d, s, true
	}
	if len(src)-s < 2 {
		return d, s, false
	}
	offset := int(binary.LittleEndian.Uint16(src[s:]))
	size, s, ok := length(src, s+2, token&more)
	size += minMatch
	if !ok || offset == 0 || offset > d || size > len(buf)-d {
		return d, s, false
	}
	match(buf[d-offset:d+size], offset)
	return d + size, s, true
}

// length reads what a length of more goes on with; it ends with a byte below 255.
func length(src []byte, s, n int) (int, int, bool) {
	if n < more {
		return n, s, true
	}
	for ; s < len(src); s++ {
		if n += int(src[s]); src[s] < 255 {
			return n, s + 1, true
		}
	}
	return n, s, false
}

// match fills buf from offset on with what begins offset before, again and again: the first bytes one by one, and then, as all
// before repeats itself, twice as many with every step.
func match(buf []byte, offset int) {
	done := offset
	for ; done < min(offset+wide, len(buf)); done++ {
		buf[done] = buf[done-offset]
	}
	for done < len(buf) {
		done += copy(buf[done:], buf[done%offset:done])
	}
}
