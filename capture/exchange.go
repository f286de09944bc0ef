package capture

import (
	"time"

	"migassist/capture/httpwire"
)

// Exchange is a request and what was answered to it.
type Exchange struct {
	Connection, Node string
	Index            int // of the request within its connection, from 0; requests left out on purpose count
	Request          Message
	Response         *Message // nil where none was captured
	// FirstRecord and LastRecord are the numbers of the streams between which the exchange lies.
	FirstRecord, LastRecord int
}

// Message is a request or an answer as it passed.
type Message struct {
	Head        httpwire.Head // of Raw
	Raw         []byte
	Body        []byte // without the borders of chunks; a part of Raw where there are none
	First, Last time.Time
	Whole       bool // its end was seen
}

// Fault is traffic that an [Assembler] could make nothing of.
type Fault struct {
	Kind             FaultKind
	Connection, Node string
	Number           int // of the stream
	What             string
	Gap              *Gap // of GapMarked
}

// FaultKind says what is wrong.
type FaultKind string

// The faults there are.
const (
	GapMarked    FaultKind = "gap"       // the proxy itself says that it lost traffic
	Missing      FaultKind = "missing"   // numbers of streams are left out
	Repeated     FaultKind = "repeated"  // a stream came twice, and counts once
	Unreadable   FaultKind = "not_http"  // the bytes are no HTTP/1
	CutOff       FaultKind = "cut_off"   // a request or an answer without its end
	Unanswered   FaultKind = "no_answer" // a whole request without an answer
	Stray        FaultKind = "stray"     // bytes that belong to no exchange
	Switched     FaultKind = "switched"  // the connection went over to another protocol; what follows is not in the capture
	DroppedByUse FaultKind = "dropped"   // the request was left out on purpose
)
