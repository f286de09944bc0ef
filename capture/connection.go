package capture

import (
	"fmt"
	"time"

	"migassist/capture/httpwire"
)

// connection is what was seen of one connection and is no exchange yet.
type connection struct {
	id     Identity
	to     *Assembler
	number int // of the last stream
	index  int // of the next request
	last   time.Time

	waiting []*Exchange // requests whose heads were seen, in their order, until their answers are whole
	reading *half       // the request that is being read; it is the last of waiting
	writing *half       // the answer that is being written, to the first of waiting
	segment []byte      // of a read or write that lies in several segments
	current Kind        // of these segments

	synced    bool // what is read next begins a request, or goes on with reading
	awaitRead bool // answers are to requests that were not seen, until the next request
	switched  bool
}

// maxHead is longer than any server takes.
const maxHead = 1 << 20

// half is a message that is being put together.
type half struct {
	message *Message
	body    httpwire.Body
	head    bool // the head is whole
	content []byte
	chunked bool
}

func (c *connection) fault(kind FaultKind, number int, what string) {
	c.to.Fault(Fault{Kind: kind, Connection: c.id.Connection, Node: c.id.Node, Number: number, What: what})
}

func (c *connection) add(s *Stream) {
	c.number = s.Number
	for i := range s.Observations {
		o := &s.Observations[i]
		c.last = o.Time
		c.observe(o)
	}
}

func (c *connection) observe(o *Observation) {
	switch o.Kind {
	case Read:
		c.read(o.Time, o.Data)
	case Write:
		c.write(o.Time, o.Data)
	case ReadSegment, WriteSegment:
		c.current, c.segment = o.Kind, append(c.segment, o.Data...)
	case SegmentEnd:
		data := c.segment
		c.segment = nil
		if c.current == ReadSegment {
			c.read(o.Time, data)
		} else {
			c.write(o.Time, data)
		}
	case EndOfMessage:
		c.synced = c.synced || c.reading == nil
	case RequestDropped:
		c.drop()
	case ConnectionException:
		c.fault(Stray, c.number, "the connection failed: "+string(o.Data))
	default: // Close and Disconnect end with the stream; the others say nothing of exchanges
	}
}

// drop forgets the request that is being read: it was left out on purpose.
func (c *connection) drop() {
	if c.reading != nil {
		c.reading = nil
		c.waiting = c.waiting[:max(0, len(c.waiting)-1)]
	} else {
		c.index++
	}
	c.fault(DroppedByUse, c.number, "")
}

// read takes bytes from the client.
func (c *connection) read(t time.Time, data []byte) {
	if c.switched {
		return
	}
	for len(data) > 0 {
		if c.reading == nil {
			if !c.synced {
				return // the middle of a request that was not seen from its begin
			}
			c.reading = &half{message: &Message{First: t}}
			c.waiting = append(c.waiting, &Exchange{Connection: c.id.Connection, Node: c.id.Node, Index: c.index, FirstRecord: c.number})
			c.index++
			c.awaitRead = false
		}
		rest, err := c.reading.take(t, data, httpwire.ParseRequest)
		if err != nil {
			c.unreadable("request", err)
			return
		}
		data = rest
		if c.reading.whole() {
			c.waiting[len(c.waiting)-1].Request = *c.reading.finish(true)
			c.reading = nil
			c.answered()
		}
	}
}

// unreadable gives up the connection: without borders, nothing after this can be told apart.
func (c *connection) unreadable(what string, err error) {
	c.fault(Unreadable, c.number, what+": "+err.Error())
	c.settle(c.number)
	c.switched = true
}

// write takes bytes that went to the client.
func (c *connection) write(t time.Time, data []byte) {
	if c.switched {
		return
	}
	for len(data) > 0 {
		if len(c.waiting) == 0 {
			if !c.awaitRead {
				c.fault(Stray, c.number, fmt.Sprintf("%d bytes of an answer without a request", len(data)))
			}
			return
		}
		if c.writing == nil {
			c.writing = &half{message: &Message{First: t}}
		}
		first := c.waiting[0]
		rest, err := c.writing.take(t, data, func(head []byte) (httpwire.Head, error) {
			return httpwire.ParseResponse(head, c.methodOf(first))
		})
		if err != nil {
			c.unreadable("answer", err)
			return
		}
		data = rest
		if c.writing.whole() && !c.interim() {
			first.Response = c.writing.finish(true)
			c.writing = nil
			c.answered()
		}
	}
}

// methodOf is the method of a request, whose body may still be on its way.
func (c *connection) methodOf(e *Exchange) []byte {
	if c.reading != nil && c.waiting[len(c.waiting)-1] == e {
		return c.reading.message.Head.Method
	}
	return e.Request.Head.Method
}

// interim passes over an answer that only announces another one, and notes when the connection becomes something else.
func (c *connection) interim() bool {
	status := c.writing.message.Head.Status
	if status >= 200 || status < 100 {
		return false
	}
	if status == 101 {
		c.switched = true
		c.fault(Switched, c.number, "")
		return false
	}
	c.writing = nil
	return true
}

// answered hands on the first exchanges, as far as they are whole.
func (c *connection) answered() {
	for len(c.waiting) > 0 {
		first := c.waiting[0]
		if first.Response == nil || !first.Request.Whole {
			return
		}
		c.emit(first)
	}
}

func (c *connection) emit(first *Exchange) {
	first.LastRecord = c.number
	c.waiting = c.waiting[1:]
	c.to.Exchange(first)
}

// settle hands on all that is there: the connection ended, or what follows can't be joined to it.
func (c *connection) settle(number int) {
	if c.reading != nil {
		c.fault(CutOff, number, "a request")
		last := c.waiting[len(c.waiting)-1]
		last.Request = *c.reading.finish(false)
		c.reading = nil
	}
	if c.writing != nil && len(c.waiting) > 0 {
		message := c.writing.finish(c.writing.body.Framing() == httpwire.UntilClose && c.writing.head)
		c.waiting[0].Response = message
		if !message.Whole {
			c.fault(CutOff, number, "an answer")
		}
	}
	c.writing = nil
	for len(c.waiting) > 0 {
		if first := c.waiting[0]; first.Response == nil && first.Request.Whole {
			c.fault(Unanswered, number, "")
		}
		c.emit(c.waiting[0])
	}
	c.segment = nil
}

// lose goes on after a hole: what came before is settled, and the next request that begins is the next that is known.
func (c *connection) lose(s *Stream) {
	c.settle(s.Number)
	c.synced, c.awaitRead = !s.UnterminatedRead, true
	c.index = max(c.index, s.PriorRequests)
}

// take adds bytes to the message, and returns those that are of the next one.
func (h *half) take(t time.Time, data []byte, parse func([]byte) (httpwire.Head, error)) (rest []byte, err error) {
	m := h.message
	m.Last = t
	if !h.head {
		before := len(m.Raw)
		m.Raw = append(m.Raw, data...)
		n := httpwire.FindHead(m.Raw)
		if n == 0 && len(m.Raw) > maxHead {
			return nil, fmt.Errorf("%w: the head has more than %d bytes", httpwire.ErrMalformed, maxHead)
		}
		if n == 0 {
			return nil, nil
		}
		data = data[n-before:]
		m.Raw = m.Raw[:n:n]
		if m.Head, err = parse(m.Raw); err != nil {
			return nil, err
		}
		h.head, h.body, h.chunked = true, m.Head.Body(), m.Head.Framing == httpwire.Chunked
	}
	for len(data) > 0 && !h.body.Done() {
		n, content, err := h.body.Next(data)
		if err != nil {
			return nil, err
		}
		m.Raw = append(m.Raw, data[:n]...)
		if content && h.chunked {
			h.content = append(h.content, data[:n]...)
		}
		data = data[n:]
	}
	return data, nil
}

func (h *half) whole() bool { return h.head && h.body.Done() }

// finish makes the message out of what was seen of it.
func (h *half) finish(whole bool) *Message {
	m := h.message
	m.Whole = whole
	if h.head {
		// The bytes of the head may lie elsewhere by now; its slices alias the old ones, which are the same bytes.
		m.Body = m.Raw[len(m.Head.Raw):]
	}
	if h.chunked {
		m.Body = h.content
	}
	return m
}
