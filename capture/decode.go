package capture

import (
	"math"
	"time"
)

// Decode reads a TrafficStream into s, whose observations alias value. What s held before is overwritten. Fields that are not known are
// skipped and counted. An error wraps [ErrDamaged].
func Decode(value []byte, s *Stream) error {
	*s = Stream{Observations: s.Observations[:0]}
	c := &cursor{p: value}
	for {
		f, ok := c.next()
		if !ok {
			return c.err
		}
		switch {
		case f.number == fieldConnection && f.wire == wireBytes:
			s.Connection = string(f.bytes)
		case f.number == fieldNode && f.wire == wireBytes:
			s.Node = string(f.bytes)
		case f.number == fieldNumber && f.wire == wireVarint:
			s.Number, s.Last = c.int32(f.value), false
		case f.number == fieldLastNumber && f.wire == wireVarint:
			s.Number, s.Last = c.int32(f.value), true
		case f.number == fieldPrior && f.wire == wireVarint:
			s.PriorRequests = c.int32(f.value)
		case f.number == fieldUnterminated && f.wire == wireVarint:
			s.UnterminatedRead = f.value != 0
		case f.number == fieldObservation && f.wire == wireBytes:
			s.observation(c, f.bytes)
		case f.number == fieldGap && f.wire == wireBytes:
			s.Gap = decodeGap(c, f.bytes)
		default:
			s.Unknown++
		}
	}
}

// int32 is a number that counts something: not negative.
func (c *cursor) int32(v uint64) int {
	if v > math.MaxInt32 {
		c.fail("a count of %d", v)
		return 0
	}
	return int(v)
}

func (s *Stream) observation(outer *cursor, p []byte) {
	var o Observation
	c := &cursor{p: p}
	for f, ok := c.next(); ok; f, ok = c.next() {
		kind := Kind(min(f.number, math.MaxUint8))
		switch {
		case f.number == fieldTime && f.wire == wireBytes:
			o.Time = c.time(f.bytes)
		case f.wire == wireBytes && kindNames[kind] != "":
			o.Kind = kind
			o.leaf(c, f.bytes)
		default:
			s.Unknown++
		}
	}
	if c.err != nil {
		outer.fail("observation %d: %s", len(s.Observations)+1, c.err)
		return
	}
	if o.Kind == 0 {
		s.Unknown++ // an observation of a kind to come
		return
	}
	s.Observations = append(s.Observations, o)
}

// leaf reads what an observation says beside its kind.
func (o *Observation) leaf(outer *cursor, p []byte) {
	dataField := 1
	if o.Kind == ReadSegment || o.Kind == WriteSegment {
		dataField = 2
	}
	c := &cursor{p: p}
	for f, ok := c.next(); ok; f, ok = c.next() {
		switch {
		case f.wire == wireBytes && f.number == dataField:
			o.Data = f.bytes
		case f.wire == wireVarint && o.Kind == EndOfMessage && f.number == 1:
			o.FirstLine = c.int32(f.value)
		case f.wire == wireVarint && o.Kind == EndOfMessage && f.number == 2:
			o.HeaderBytes = c.int32(f.value)
		case f.wire == wireVarint && o.Kind == ReleasedDownstream && f.number == 1:
			o.TimedOut = f.value != 0
		}
	}
	if c.err != nil {
		outer.fail("%s: %s", o.Kind, c.err)
	}
}

// time reads a google.protobuf.Timestamp.
func (c *cursor) time(p []byte) time.Time {
	var seconds, nanos int64
	inner := &cursor{p: p}
	for f, ok := inner.next(); ok; f, ok = inner.next() {
		switch {
		case f.wire == wireVarint && f.number == 1:
			seconds = int64(f.value)
		case f.wire == wireVarint && f.number == 2:
			nanos = int64(int32(f.value))
		}
	}
	if inner.err != nil {
		c.fail("time: %s", inner.err)
	}
	return time.Unix(seconds, nanos).UTC()
}

// The fields of a gap, which are ours.
const (
	gapNode = iota + 1
	gapFrom
	gapTo
	gapRecords
	gapRequests
	gapBytes
	gapReason
)

func decodeGap(outer *cursor, p []byte) *Gap {
	g := &Gap{}
	c := &cursor{p: p}
	for f, ok := c.next(); ok; f, ok = c.next() {
		number := int64(f.value)
		switch {
		case f.number == gapNode && f.wire == wireBytes:
			g.Node = string(f.bytes)
		case f.number == gapFrom && f.wire == wireBytes:
			g.From = c.time(f.bytes)
		case f.number == gapTo && f.wire == wireBytes:
			g.To = c.time(f.bytes)
		case f.number == gapRecords && f.wire == wireVarint:
			g.Records = number
		case f.number == gapRequests && f.wire == wireVarint:
			g.Requests = number
		case f.number == gapBytes && f.wire == wireVarint:
			g.Bytes = number
		case f.number == gapReason && f.wire == wireBytes:
			g.Reason = string(f.bytes)
		}
	}
	if c.err != nil {
		outer.fail("gap: %s", c.err)
	}
	return g
}

// EncodeGap makes the record of a gap: a connection of its own with nothing in it, so that readers who do not know gaps pass over it.
func EncodeGap(connection string, g Gap) Record {
	var inner []byte
	inner = appendText(inner, gapNode, g.Node)
	inner = appendTime(inner, gapFrom, g.From)
	inner = appendTime(inner, gapTo, g.To)
	inner = appendInt(inner, gapRecords, g.Records)
	inner = appendInt(inner, gapRequests, g.Requests)
	inner = appendInt(inner, gapBytes, g.Bytes)
	inner = appendText(inner, gapReason, g.Reason)
	value := appendText(nil, fieldConnection, connection)
	value = appendText(value, fieldNode, g.Node)
	value = appendInt(value, fieldLastNumber, 1)
	return Record{Key: []byte(connection), Value: appendText(value, fieldGap, inner)}
}
