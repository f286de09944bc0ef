package capture

import (
	"encoding/binary"
	"time"
)

// Encoder turns what is seen on one connection into TrafficStreams. Not safe for use by several goroutines at once.
//
// Observations gather until [Encoder.Flush], or until the next one would make the stream longer than asked for; one that is longer by
// itself is cut into segments. Each stream is handed to emit, which must not keep it.
type Encoder struct {
	id    Identity
	key   []byte // the connection's id
	limit int
	emit  func(Record)

	buf          []byte
	open         bool // the stream has observations
	number       int  // of streams emitted
	requests     int
	unterminated bool // the last observation was a read without an end of its message
}

// Identity says of which connection, and of which process, a stream is.
type Identity struct {
	Connection string
	Node       string
}

// MinLimit is the shortest stream that an encoder can be held to, in bytes.
const MinLimit = 1 << 10

// NewEncoder makes streams of at most limit bytes, which is at least [MinLimit].
func NewEncoder(id Identity, limit int, emit func(Record)) *Encoder {
	return &Encoder{id: id, key: []byte(id.Connection), limit: max(limit, MinLimit), emit: emit}
}

// Use gives the encoder memory for its next stream, while it has none.
func (e *Encoder) Use(buf []byte) { e.buf = buf[:0] }

// Free takes the memory back, while nothing is gathered. Without Use, the encoder allocates.
func (e *Encoder) Free() []byte {
	buf := e.buf
	e.buf = nil
	return buf
}

// Held is whether the encoder has memory.
func (e *Encoder) Held() bool { return e.buf != nil }

// Pending are the bytes that are gathered.
func (e *Encoder) Pending() int {
	if !e.open {
		return 0
	}
	return len(e.buf)
}

// Requests are the whole requests so far.
func (e *Encoder) Requests() int { return e.requests }

// Read takes bytes that came from the client.
func (e *Encoder) Read(t time.Time, data []byte) {
	e.data(Read, ReadSegment, t, data)
	e.unterminated = true
}

// Write takes bytes that went to the client.
func (e *Encoder) Write(t time.Time, data []byte) {
	e.data(Write, WriteSegment, t, data)
	e.unterminated = false
}

// EndOfMessage says that the request which was read is whole.
func (e *Encoder) EndOfMessage(t time.Time, firstLine, headerBytes int) {
	var room [12]byte
	e.leaf(EndOfMessage, t, appendInt(appendInt(room[:0], 1, int64(firstLine)), 2, int64(headerBytes)))
	e.requests++
	e.unterminated = false
}

// Dropped says that the request is left out on purpose, with what was read of it.
func (e *Encoder) Dropped(t time.Time) {
	e.leaf(RequestDropped, t, nil)
	e.unterminated = false
}

// Exception says that the connection failed.
func (e *Encoder) Exception(t time.Time, message string) {
	message = message[:min(len(message), MinLimit/4)]
	e.leaf(ConnectionException, t, appendText(nil, 1, message))
	e.unterminated = false
}

// Close says that the connection ended, and emits its last stream.
func (e *Encoder) Close(t time.Time) {
	e.leaf(Close, t, nil)
	e.finish(fieldLastNumber)
}

// Flush emits what is gathered.
func (e *Encoder) Flush() {
	if e.open {
		e.finish(fieldNumber)
	}
}

// Sizes of the parts of a stream. Those of an observation: its tag and length, a time (tag, length, seconds, nanoseconds), the kind's tag and length.
const (
	sizeIndex    = 1 + 5
	sizeTime     = 2 + 6 + 6
	sizeOverhead = 1 + 5 + sizeTime + 1 + 5 + 1 + 5 // of an observation with data, at most
)

func (e *Encoder) begin() {
	if e.open {
		return
	}
	e.buf = appendText(e.buf[:0], fieldConnection, e.id.Connection)
	e.buf = appendText(e.buf, fieldNode, e.id.Node)
	if e.requests > 0 {
		e.buf = appendInt(e.buf, fieldPrior, int64(e.requests))
	}
	if e.unterminated {
		e.buf = appendInt(e.buf, fieldUnterminated, 1)
	}
	e.open = true
}

func (e *Encoder) finish(field int) {
	e.number++
	e.buf = appendInt(e.buf, field, int64(e.number))
	e.open = false
	e.emit(Record{Key: e.key, Value: e.buf})
	e.buf = e.buf[:0]
}

// room flushes unless an observation of so many bytes fits.
func (e *Encoder) room(size int) {
	if e.open && len(e.buf)+size+sizeIndex > e.limit {
		e.finish(fieldNumber)
	}
	e.begin()
}

func (e *Encoder) data(whole, segment Kind, t time.Time, data []byte) {
	e.room(len(data) + sizeOverhead)
	if len(e.buf)+len(data)+sizeOverhead+sizeIndex <= e.limit {
		e.bytes(whole, 1, t, data)
		return
	}
	for len(data) > 0 {
		e.room(sizeOverhead + 1)
		n := max(1, min(len(data), e.limit-len(e.buf)-sizeOverhead-sizeIndex))
		e.bytes(segment, 2, t, data[:n])
		e.unterminated = whole == Read
		data = data[n:]
	}
	e.leaf(SegmentEnd, t, nil)
}

// bytes writes an observation that has data in the field of that number.
func (e *Encoder) bytes(kind Kind, field int, t time.Time, data []byte) {
	var head [2 * sizeOverhead]byte
	inner := appendTime(head[:0], fieldTime, t)
	inner = appendTag(inner, int(kind), wireBytes)
	inner = binary.AppendUvarint(inner, uint64(1+sizeVarint(uint64(len(data)))+len(data)))
	inner = appendTag(inner, field, wireBytes)
	inner = binary.AppendUvarint(inner, uint64(len(data)))
	e.buf = appendTag(e.buf, fieldObservation, wireBytes)
	e.buf = binary.AppendUvarint(e.buf, uint64(len(inner)+len(data)))
	e.buf = append(append(e.buf, inner...), data...)
}

// leaf writes an observation that has so many bytes in it.
func (e *Encoder) leaf(kind Kind, t time.Time, inner []byte) {
	e.room(sizeOverhead + len(inner))
	var head [sizeOverhead]byte
	p := appendTime(head[:0], fieldTime, t)
	p = appendTag(p, int(kind), wireBytes)
	p = binary.AppendUvarint(p, uint64(len(inner)))
	e.buf = appendTag(e.buf, fieldObservation, wireBytes)
	e.buf = binary.AppendUvarint(e.buf, uint64(len(p)+len(inner)))
	e.buf = append(append(e.buf, p...), inner...)
}
