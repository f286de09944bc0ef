package effect

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
)

// said is what an answer says of one write.
type said struct {
	index, id      []byte
	result         Result
	status         int
	errorType      []byte
	failed         bool // there is an error, whatever its type
	found, created []byte

	seqNo, term, version          int64
	hasSeqNo, hasTerm, hasVersion bool
}

// read reads the object that comes next.
func (s *said) read(c *cursor) {
	c.want('{')
	for first := true; c.more(&first, '}'); {
		s.member(c)
	}
}

func (s *said) member(c *cursor) {
	switch name := c.name(); string(name) {
	case "_index":
		s.index = c.scalar()
	case "_id":
		s.id = c.scalar()
	case "_version":
		s.version, s.hasVersion = c.number()
	case "_seq_no":
		s.seqNo, s.hasSeqNo = c.number()
	case "_primary_term":
		s.term, s.hasTerm = c.number()
	case "result":
		s.result = results[string(c.scalar())]
	case "status":
		n, _ := c.number()
		s.status = int(n)
	case "found":
		s.found = c.scalar()
	case "created":
		s.created = c.scalar()
	case "error":
		s.readError(c)
	default:
		c.skip()
	}
}

// readError reads an error: an object with a type, or the plain text of 1.x, which begins with one.
func (s *said) readError(c *cursor) {
	if c.peek() != '{' {
		text := c.scalar()
		s.failed = text != nil
		kind, _, _ := bytes.Cut(text, []byte("["))
		s.errorType = kind[:min(len(kind), 100)]
		return
	}
	s.failed = true
	c.want('{')
	for first := true; c.more(&first, '}'); {
		if string(c.name()) == "type" {
			s.errorType = c.scalar()
		} else {
			c.skip()
		}
	}
}

// tell puts into an operation what was said of it.
func (s *said) tell(o *Operation) {
	o.Status, o.Result = s.status, s.result
	set(&o.ErrorType, s.errorType)
	o.Applied = judge(s.status, o.ErrorType, s.failed)
	if o.Result == NoResult {
		o.Result = s.oldResult(o)
	}
	if o.Action == Delete && o.Result == NotFound && !s.failed {
		o.Applied = Yes // carried out, though its status is 404
	}
	if o.Applied == No {
		return
	}
	set(&o.Written, s.index)
	if o.AutoID {
		set(&o.ID, s.id)
	}
	o.SeqNo, o.HasSeqNo = s.seqNo, s.hasSeqNo && s.seqNo >= 0 && o.Result != Noop
	o.PrimaryTerm, o.HasTerm = s.term, s.hasTerm && s.term > 0 && o.Result != Noop
	o.Version, o.HasVersion = s.version, s.hasVersion && s.version >= 0
}

// oldResult is what servers before 5.0 say otherwise.
func (s *said) oldResult(o *Operation) Result {
	switch {
	case o.Action == Delete && string(s.found) == "true":
		return Deleted
	case o.Action == Delete && string(s.found) == "false":
		return NotFound
	case string(s.created) == "true":
		return Created
	case string(s.created) == "false" && o.Action != Delete:
		return Updated
	}
	return NoResult
}

// judge says whether something was carried out, by the status that it was answered with.
func judge(status int, errorType string, failed bool) Applied {
	switch {
	case status >= 200 && status < 300:
		return Yes
	case status < 200:
		return Unknown
	case strings.HasSuffix(errorType, "timeout_exception"), errorType == "receive_timeout_transport_exception", errorType == "node_disconnected_exception":
		return Unknown // the server itself does not know
	case status == http.StatusRequestTimeout && !failed, status >= 500 && !failed:
		return Unknown // not what the server answers: something stands between
	}
	return No
}

// readDocument reads the answer to a write of one document.
func (e *Effect) readDocument(answer []byte, whole bool) error {
	o := &e.Operations[0]
	s := said{status: e.Status}
	c := cursor{text: answer}
	s.read(&c)
	s.status = e.Status
	s.tell(o)
	e.Applied, e.ErrorType = o.Applied, o.ErrorType
	if (c.broken || c.peek() != 0) && whole && len(answer) > 0 && o.Applied == Yes && o.Action != Delete {
		return &Error{Kind: Answer, Offset: c.at, What: "it is no JSON object"}
	}
	return nil
}

// readBulk reads the answer to a bulk; its items are in the order of the operations. filtered says that the client asked for parts of it.
func (e *Effect) readBulk(answer []byte, whole, filtered bool) error {
	c := cursor{text: answer}
	items, told, mixed, clean := 0, false, false, false
	c.want('{')
	for first := true; c.more(&first, '}'); {
		switch string(c.name()) {
		case "errors":
			clean = string(c.scalar()) == "false"
		case "items":
			told = true
			items, mixed = e.readItems(&c)
		default:
			c.skip()
		}
	}
	if c.broken || c.peek() != 0 {
		if mixed {
			e.forget(Unknown)
		}
		if whole {
			return &Error{Kind: Answer, Offset: c.at, What: "it is no answer to a bulk"}
		}
		return nil
	}
	if items == len(e.Operations) && !mixed {
		return nil
	}
	if filtered && clean {
		e.forget(Yes)
		return nil
	}
	e.forget(Unknown)
	switch {
	case filtered:
		return nil
	case !told:
		return &Error{Kind: Answer, What: "it has no items"}
	}
	return &Error{Kind: Items, What: fmt.Sprintf("%d operations, %d items", len(e.Operations), items)}
}

// forget takes back what was said of operations: which item is whose is not known.
func (e *Effect) forget(applied Applied) {
	for i := range e.Operations {
		o := &e.Operations[i]
		if o.AutoID {
			o.ID = ""
		}
		o.Written, o.ErrorType, o.Applied, o.Result, o.Status = "", "", applied, NoResult, 0
		o.HasSeqNo, o.HasTerm, o.HasVersion, o.SeqNo, o.PrimaryTerm, o.Version = false, false, false, 0, 0, 0
	}
}

// readItems reads the items of an answer. mixed says that some are not about the operation at their place.
func (e *Effect) readItems(c *cursor) (n int, mixed bool) {
	c.want('[')
	for first := true; c.more(&first, ']'); n++ {
		c.want('{')
		action := c.name()
		var s said
		s.read(c)
		c.want('}')
		if c.broken {
			return n, mixed
		}
		if n >= len(e.Operations) {
			continue
		}
		o := &e.Operations[n]
		mixed = mixed || !o.answeredBy(action, s.id)
		if n > 0 { // most are in one index: its name is kept once
			o.Written, o.ErrorType = e.Operations[n-1].Written, e.Operations[n-1].ErrorType
		}
		if s.index == nil || s.failed {
			o.Written = ""
		}
		if s.errorType == nil {
			o.ErrorType = ""
		}
		s.tell(o)
		if o.Applied == No {
			o.Written = ""
		}
	}
	return n, mixed
}

// answeredBy tells whether an item can be the answer to the operation. An index may be answered as a create and the other way round.
func (o *Operation) answeredBy(action, id []byte) bool {
	name := string(action)
	if o.ID != "" && id != nil && string(id) != o.ID {
		return false
	}
	if o.Action == Index || o.Action == Create {
		return name == "index" || name == "create"
	}
	return name == o.Action.String()
}
