package capture

import "time"

// Kind says what an observation is of. Its number is that of the field in the protobuf form.
type Kind uint8

// The observations there are.
const (
	Bind                Kind = 2
	Connect             Kind = 3
	Read                Kind = 4 // bytes came from the client
	ReadSegment         Kind = 5 // a part of such bytes, of which more is to come: SegmentEnd ends them
	ReleasedDownstream  Kind = 6
	Write               Kind = 8 // bytes went to the client
	WriteSegment        Kind = 9
	Disconnect          Kind = 10
	Close               Kind = 11
	ConnectionException Kind = 12
	SegmentEnd          Kind = 14
	EndOfMessage        Kind = 15 // the request is whole
	RequestDropped      Kind = 16 // the request was left out on purpose
)

// String names the kind as the protobuf form does.
func (k Kind) String() string {
	if name := kindNames[k]; name != "" {
		return name
	}
	return "unknown"
}

var kindNames = map[Kind]string{
	Bind: "bind", Connect: "connect", Read: "read", ReadSegment: "readSegment", ReleasedDownstream: "requestReleasedDownstream",
	Write: "write", WriteSegment: "writeSegment", Disconnect: "disconnect", Close: "close", ConnectionException: "connectionException",
	SegmentEnd: "segmentEnd", EndOfMessage: "endOfMessageIndicator", RequestDropped: "requestDropped",
}

// Observation is one thing that was seen on a connection.
type Observation struct {
	Kind        Kind
	Time        time.Time
	Data        []byte // of Read, Write and their segments; the message of a ConnectionException
	FirstLine   int    // of EndOfMessage: bytes of the request line, without its end
	HeaderBytes int    // of EndOfMessage: bytes of all header lines, without their ends
	TimedOut    bool   // of ReleasedDownstream
}

// Stream is a TrafficStream: what was seen on one connection for a while.
type Stream struct {
	Connection       string
	Node             string
	Number           int  // of the stream within its connection, from 1
	Last             bool // nothing follows of this connection
	PriorRequests    int  // whole requests before this stream
	UnterminatedRead bool // the last observation before this stream was of a request that goes on
	Observations     []Observation
	Gap              *Gap // traffic that was not captured; such a stream has nothing else
	Unknown          int  // fields that are not known here, and were skipped
}

// Gap is traffic that passed and is not in the log, since the log took nothing at that time.
type Gap struct {
	Node     string
	From, To time.Time // of what was lost
	Records  int64     // that were lost
	Requests int64     // requests that change something, of which a part or all was lost
	Bytes    int64     // of the records
	Reason   string    // the first fault
}
