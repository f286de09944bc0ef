package effect

import (
	"fmt"

	"migassist/cluster/route"
)

// Effect is what an exchange did on the source.
type Effect struct {
	Route route.Route
	Reads bool // nothing is different afterwards; the fields below but for Status are empty then

	Body       []byte // of the request: unpacked, and JSON where it was SMILE or CBOR; the captured bytes where it was neither
	Operations []Operation
	Scope      Scope
	Applied    Applied // of the request: Yes says nothing of the items of a bulk, No is true of all of them
	Status     int     // that the source answered; 0 without answer
	ErrorType  string  // of the answer, where all of it was refused
	Idempotent bool    // sending it twice, one right after the other, leaves what sending it once does
	Wrong      *Error  // what could not be understood; nil where all was
}

// Operation is a write of one document. Its strings are its own: they do not refer to the body.
type Operation struct {
	Action  Action
	Index   string // as the request names it: maybe an alias, or a name with a date in it
	Written string // the index of the answer, where it says one
	Type    string
	ID      string // empty where it is not known
	Routing string
	Item    int   // of the bulk, from 0; -1 outside
	Line    Range // the action line in the body, without its end; empty outside of a bulk
	Source  Range // the source line, or the whole body; empty for deletes

	AutoID      bool // the source made the id
	Scripted    bool
	Upsert      bool // an update that makes the document where there is none
	Overlays    bool // an update that says another document for that case: the second time it does something else than the first
	Conditional bool // refused where the document is not as the request expects: if_seq_no, a version, create

	Applied      Applied
	Result       Result
	Status       int
	ErrorType    string
	SeqNo        int64
	PrimaryTerm  int64
	Version      int64
	HasSeqNo     bool // the answer has one, and it is that of a write
	HasTerm      bool
	HasVersion   bool
	ExternalKind string // the version_type of the request, where it has one
}

// Idempotent says that sending the operation twice, one right after the other, leaves what sending it once does.
func (o *Operation) Idempotent() bool {
	switch o.Action {
	case Index:
		return o.ID != ""
	case Update:
		return !o.Scripted && !o.Overlays
	case Delete:
		return true
	default:
		return false
	}
}

// Document is where the operation wrote: the index of the answer, or else that of the request.
func (o *Operation) Document() (index, id string) {
	if o.Written != "" {
		return o.Written, o.ID
	}
	return o.Index, o.ID
}

// Range is a part of a body.
type Range struct{ From, To int }

// Of returns the part.
func (r Range) Of(body []byte) []byte {
	if r.From < 0 || r.To > len(body) || r.From > r.To {
		return nil
	}
	return body[r.From:r.To]
}

// Empty says that the part has no bytes.
func (r Range) Empty() bool { return r.To <= r.From }

// Action is what is done with a document.
type Action uint8

// The actions there are.
const (
	Index Action = iota
	Create
	Update
	Delete
)

var actions = [...]string{Index: "index", Create: "create", Update: "update", Delete: "delete"}

func (a Action) String() string {
	if int(a) < len(actions) {
		return actions[a]
	}
	return fmt.Sprintf("action %d", uint8(a))
}

// Applied says whether the source carried something out.
type Applied uint8

// Whether it did. Without answer, or with one that a gateway gave, it is unknown.
const (
	Unknown Applied = iota
	Yes
	No
)

var applieds = [...]string{Unknown: "unknown", Yes: "yes", No: "no"}

func (a Applied) String() string {
	if int(a) < len(applieds) {
		return applieds[a]
	}
	return fmt.Sprintf("applied %d", uint8(a))
}

// Result is what an answer says of a document.
type Result uint8

// The results there are.
const (
	NoResult Result = iota
	Created
	Updated
	Deleted
	NotFound // a delete that found nothing; it was carried out, and has a sequence number
	Noop     // an update that changed nothing; the sequence number would be that of an earlier write
)

var results = map[string]Result{"created": Created, "updated": Updated, "deleted": Deleted, "not_found": NotFound, "noop": Noop}

// Scope are the indices for which a request without documents of its own is a barrier: what came before goes before it, what came
// after waits for it.
type Scope struct {
	All     bool
	Indices string // an expression, as in a path
}

// Barrier says that there are such indices.
func (s Scope) Barrier() bool { return s.All || s.Indices != "" }

// ErrorKind says what could not be understood.
type ErrorKind string

// The kinds of errors.
const (
	CutOff   ErrorKind = "cut_off"  // the request has no end
	Encoding ErrorKind = "encoding" // of the body of the request: not known, or not right
	BadLine  ErrorKind = "line"     // of a bulk
	BadBody  ErrorKind = "body"     // of an update
	Answer   ErrorKind = "answer"   // it is not what such a request is answered with
	Items    ErrorKind = "items"    // the answer has others than the bulk
)

// Error is what could not be understood of an exchange. The effect that comes with it is true as far as it goes.
type Error struct {
	Kind   ErrorKind
	Offset int // in the body of the request, or of the answer, unpacked
	What   string
}

func (e *Error) Error() string {
	return fmt.Sprintf("effect of a request: %s at byte %d: %s", e.Kind, e.Offset, e.What)
}
