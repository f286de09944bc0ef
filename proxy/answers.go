package proxy

import (
	"errors"
	"io"
	"net"
	"os"
	"time"

	"migassist/capture/httpwire"
)

// answering is the answer that is being read.
type answering struct {
	head     []byte // what came of it, while it is not whole
	inside   bool   // the body goes on
	body     httpwire.Body
	captured bool
	keeps    bool // the upstream keeps the connection
	mask     *masker
	opaque   bool // it is no HTTP/1, or another protocol: bytes are passed on and not looked at

	recording bool // the recorder is locked for what is being looked at
	left      through
}

// answers forwards from the upstream to the client until one of them ends.
func (c *conn) answers() {
	defer close(c.answered)
	var in reading
	defer in.free()
	a := answering{}
	socket := newSocket(c.upstream, &in, func(int) bool { return c.answerInLoop(&a, &in) })
	for {
		_, err := socket.read()
		if writeErr := c.answer(&a, &in); writeErr != nil {
			c.endClient(writeErr)
			return
		}
		if err != nil {
			c.endAnswers(&a, err)
			return
		}
	}
}

// through is what came from the upstream and is on its way to the client.
type through struct {
	began    bool // c.back has it, and may have something to flush
	finished int  // answers that end in it
	held     time.Duration
	err      error
}

// answer passes on what was read, and what the loop left of it.
func (c *conn) answer(a *answering, in *reading) error {
	t := a.left
	a.left = through{}
	if in.r == in.w {
		return nil
	}
	if t.began {
		if t.err == nil {
			t.err = c.back.flush()
		}
	} else {
		t = c.look(a, in)
		c.toClient.Lock()
		t.err = c.back.write(in.unused())
	}
	c.toClient.Unlock()
	c.passed(a, in, t)
	return t.err
}

// answerInLoop passes on what was read, and says false where that has to wait.
func (c *conn) answerInLoop(a *answering, in *reading) bool {
	if c.rec != nil {
		if !c.rec.mu.TryLock() { // a request of this connection that is being recorded may wait for the log
			return false
		}
		a.recording = true
	}
	locked := c.toClient.TryLock()
	if !locked {
		c.endRecording(a)
		return false
	}
	t := c.look(a, in)
	c.endRecording(a)
	all, err := c.back.begin(in.unused())
	if !all {
		t.began, t.err = true, err
		a.left = t
		return false
	}
	c.toClient.Unlock()
	c.passed(a, in, t)
	return true
}

func (c *conn) endRecording(a *answering) {
	if a.recording {
		a.recording = false
		c.rec.mu.Unlock()
	}
}

// look records what came.
func (c *conn) look(a *answering, in *reading) (t through) {
	now := c.proxy.now()
	c.last.Store(now.UnixNano())
	t.finished = c.takeAnswers(now, a, in.unused())
	t.held = c.proxy.now().Sub(now)
	return t
}

// passed counts what went to the client.
func (c *conn) passed(a *answering, in *reading, t through) {
	c.proxy.stats.BytesWritten.Add(int64(in.w - in.r))
	in.r = in.w
	c.finish(t.finished, t.held, a.keeps)
}

// record records a part of an answer.
func (c *conn) recordAnswer(now time.Time, a *answering, data []byte) {
	if a.recording {
		c.rec.writeLocked(now, data)
	} else {
		c.rec.write(now, data)
	}
}

// finish counts exchanges whose answers went to the client.
func (c *conn) finish(n int, held time.Duration, keeps bool) {
	for range n {
		e := c.pending.done()
		c.proxy.stats.Added.Observe(e.added + held)
		c.clean.Store(keeps)
	}
	if n > 0 && c.proxy.draining.Load() && c.pending.len() == 0 && !c.busy.Load() {
		closeWrite(c.client)
		_ = c.client.SetReadDeadline(time.Now().Add(lingering))
	}
}

// endAnswers ends the connection as the upstream ended it.
func (c *conn) endAnswers(a *answering, err error) {
	if e, ok := c.pending.at(0); c.rec != nil && ok && e.captured {
		c.rec.write(c.proxy.now(), a.head) // it never became whole
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded) && c.stream:
		return // there is nothing on its way
	case errors.Is(err, io.EOF):
		if a.inside && a.body.Framing() == httpwire.UntilClose {
			c.finish(1, 0, false)
		}
		c.clean.Store(false)
		closeWrite(c.client)
		_ = c.client.SetReadDeadline(time.Now().Add(lingering))
	case errors.Is(err, net.ErrClosed), errors.Is(err, os.ErrDeadlineExceeded): // by the other direction
		c.clean.Store(false)
	default:
		c.clean.Store(false)
		if c.rec != nil {
			c.rec.exception(c.proxy.now(), err)
		}
		c.proxy.stats.Broken.Add(1)
		abort(c.client)
	}
}

// endClient ends the connection to the upstream when the client has gone.
func (c *conn) endClient(err error) {
	c.clean.Store(false)
	if c.rec != nil {
		c.rec.exception(c.proxy.now(), err)
	}
	abort(c.upstream)
	_ = c.client.Close()
}

// takeAnswers records what came from the upstream, and tells how many answers end in it.
func (c *conn) takeAnswers(now time.Time, a *answering, p []byte) (finished int) {
	from := 0 // of what is to be recorded as it is
	record := func(to, next int) {
		if c.rec != nil && to > from {
			c.recordAnswer(now, a, p[from:to])
		}
		from = next
	}
	at := 0
	for at < len(p) && !a.opaque {
		if !a.inside {
			n := c.answerHead(now, a, p, at, finished, record)
			at += n
			if !a.inside { // it is not whole, or announces another one
				continue
			}
		}
		n, err := a.body.Skip(p[at:])
		a.opaque = err != nil
		switch {
		case a.opaque:
		case !a.captured:
			record(at, at+n)
		case a.mask != nil:
			record(at, at+n)
			masked := append([]byte(nil), p[at:at+n]...)
			a.mask.mask(masked)
			c.recordAnswer(now, a, masked)
		}
		if at += n; a.body.Done() {
			a.inside = false
			finished++
		}
	}
	switch {
	case !a.opaque:
		record(at, at)
	case c.switched.Load():
		record(at, len(p))
	default:
		record(len(p), len(p))
	}
	return finished
}

// mostHead is more than any server answers with.
const mostHead = 1 << 20

// answerHead takes the head of an answer, or a part of it, and returns how many bytes that are.
func (c *conn) answerHead(now time.Time, a *answering, p []byte, at, finished int, record func(to, next int)) int {
	e, ok := c.pending.at(finished)
	if !ok { // nobody asked
		a.opaque = true
		return 0
	}
	raw, n := p[at:], httpwire.FindHead(p[at:])
	whole := len(a.head) == 0 && n > 0
	if !whole {
		before := len(a.head)
		a.head = append(a.head, p[at:]...)
		n = httpwire.FindHead(a.head)
		if n == 0 {
			record(at, len(p)) // when it is whole
			a.opaque = len(a.head) > mostHead
			return len(p) - at
		}
		raw, n = a.head[:n], n-before
		a.head = nil
	} else {
		raw = raw[:n]
	}
	h, err := httpwire.ParseResponse(raw, e.method)
	if err != nil {
		a.opaque = true
		if !whole && c.rec != nil {
			record(at, at+n)
			c.recordAnswer(now, a, raw)
			return n
		}
		return 0
	}
	c.recordHead(now, a, &h, e, at, n, whole, record)
	c.enter(a, &h, e)
	return n
}

// recordHead records the head of an answer, as it came where it may.
func (c *conn) recordHead(now time.Time, a *answering, h *httpwire.Head, e exchange, at, n int, whole bool, record func(to, next int)) {
	if c.rec == nil {
		return
	}
	if !e.captured {
		record(at, at+n)
		return
	}
	kept, _ := c.proxy.options.Privacy.head(h)
	if whole && len(kept) == len(h.Raw) && &kept[0] == &h.Raw[0] {
		return // with what follows
	}
	record(at, at+n)
	c.recordAnswer(now, a, kept)
}

// enter goes on with the body of the answer, unless another answer follows.
func (c *conn) enter(a *answering, h *httpwire.Head, e exchange) {
	if h.Status == 101 {
		c.switched.Store(true)
		c.proxy.stats.Switched.Add(1)
		a.opaque = true
		return
	}
	if h.Status < 200 {
		return
	}
	a.inside, a.body, a.captured = true, h.Body(), e.captured
	a.keeps = h.Minor > 0 && h.Framing != httpwire.UntilClose && !hasToken(h.Get("Connection"), "close")
	a.mask = nil
	if a.captured {
		if a.mask = c.proxy.masker(h); a.mask == nil && c.proxy.unreadable(h) {
			a.captured = false
			c.proxy.stats.Unredactable.Add(1)
		}
	}
}
