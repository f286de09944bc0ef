package filelog

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"

	"migassist/capture"
)

const (
	magic        = "MIGCAP\x00\x01" // the last byte is the number of the format
	frameHead    = 8                // length and sum
	payloadHead  = 8 + 2            // time and the key's length
	maxPayload   = 64 << 20
	extension    = ".log"
	lockFile     = "lock"
	digits       = 20
	maxKeyLength = 1<<16 - 1
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendFrame adds a record to p.
func appendFrame(p []byte, now time.Time, r capture.Record) []byte {
	length := payloadHead + r.Size()
	at := len(p)
	p = binary.LittleEndian.AppendUint32(p, uint32(length))
	p = append(p, 0, 0, 0, 0)
	p = binary.LittleEndian.AppendUint64(p, uint64(now.UnixNano()))
	p = binary.LittleEndian.AppendUint16(p, uint16(len(r.Key)))
	p = append(append(p, r.Key...), r.Value...)
	binary.LittleEndian.PutUint32(p[at+4:], crc32.Checksum(p[at+frameHead:], castagnoli))
	return p
}

// tooLong says what is wrong with a record that has no place in a frame.
func tooLong(r capture.Record) error {
	if len(r.Key) > maxKeyLength || payloadHead+r.Size() > maxPayload {
		return fmt.Errorf("a record of %d bytes under a key of %d; at most %d and %d fit", len(r.Value), len(r.Key), maxPayload-payloadHead, maxKeyLength)
	}
	return nil
}

// frame reads the frame that p begins with: its record, and the bytes it takes, which are 0 while p ends within it. An error is damage.
func frame(p []byte) (r capture.Record, at time.Time, size int, err error) {
	if len(p) < frameHead {
		return r, at, 0, nil
	}
	length := int(binary.LittleEndian.Uint32(p))
	if length < payloadHead || length > maxPayload {
		return r, at, 0, fmt.Errorf("%w: a frame of %d bytes", capture.ErrDamaged, length)
	}
	if len(p) < frameHead+length {
		return r, at, 0, nil
	}
	size = frameHead + length
	payload := p[frameHead:size]
	if want, got := binary.LittleEndian.Uint32(p[4:]), crc32.Checksum(payload, castagnoli); want != got {
		return r, at, size, fmt.Errorf("%w: the sum is %08x, wanted %08x", capture.ErrDamaged, got, want)
	}
	keyLength := int(binary.LittleEndian.Uint16(payload[8:]))
	if payloadHead+keyLength > length {
		return r, at, size, fmt.Errorf("%w: a key of %d bytes in a frame of %d", capture.ErrDamaged, keyLength, length)
	}
	r.Key, r.Value = payload[payloadHead:payloadHead+keyLength], payload[payloadHead+keyLength:]
	return r, time.Unix(0, int64(binary.LittleEndian.Uint64(payload))).UTC(), size, nil
}

// torn tells whether what follows the last good frame of a segment is what a writer that died had not finished: a part of a frame, a frame
// whose bytes did not all reach the disk, or nothing but zeros.
func torn(rest []byte) bool {
	_, _, size, err := frame(rest)
	if err == nil {
		return size == 0
	}
	for _, b := range rest[size:] {
		if b != 0 {
			return false
		}
	}
	return true
}
