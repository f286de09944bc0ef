package proxy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"migassist/capture/httpwire"
)

// conn is a client's connection, and the one to the upstream that belongs to it.
type conn struct {
	proxy    *Proxy
	id       string
	client   net.Conn
	upstream net.Conn  // once the first request is there
	out      *writer   // to the upstream
	back     *writer   // to the client
	rec      *recorder // nil captures nothing
	stream   bool      // it is a stream of HTTP/2: it has one request, and the upstream's connection is given back

	in      reading
	request asking
	left    leftover
	pending pending

	sides sync.Mutex // held while client is exchanged, and by those who end it from outside

	toClient sync.Mutex    // held while an answer is written
	last     atomic.Int64  // when bytes came last, in nanoseconds
	busy     atomic.Bool   // a request is being read
	asked    atomic.Bool   // there was a request
	switched atomic.Bool   // to another protocol: bytes are passed on and not looked at
	clean    atomic.Bool   // the last answer ended, and the upstream keeps its connection
	answered chan struct{} // closed when no more answers come; nil before there is an upstream
}

// asking is the request that is being read.
type asking struct {
	inside      bool // its head was forwarded, its body goes on
	body        httpwire.Body
	changes     bool
	captured    bool
	lost        bool // a piece of it is in no log, which was counted
	firstLine   int
	headerBytes int
	recorded    []byte // the head as it is captured, where that is not as it came
	forwarded   []byte // the head as it is forwarded, where that is not as it came
	mask        *masker
}

// leftover is what the loop began and could not end without waiting.
type leftover struct {
	inLoop  bool // the loop is working: nothing may wait
	head    int  // bytes of a head that was parsed, of a request that has to wait
	refusal *refusing
	writing bool  // c.out has something to flush
	failed  error // of a write to the upstream
	done    bool  // the request ends with what is being written
}

// refusing is what to answer in place of the upstream.
type refusing struct {
	status, own int
	reason      string
}

// How the reading of requests ends, beside errors of connections.
var (
	errRefused = errors.New("the request was refused")
	errPreface = errors.New("the client speaks HTTP/2")
	errLater   = errors.New("this has to wait, and the loop may not")
)

// preface begins a connection of HTTP/2 (RFC 9113, section 3.4).
var preface = []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")

// serve works until both directions have ended. It gives errPreface where nothing was done since the client speaks HTTP/2: what was
// read of it is in c.in.
func (c *conn) serve(ctx context.Context) error {
	err := c.requests(ctx)
	if errors.Is(err, errPreface) {
		return err
	}
	if c.answered != nil {
		c.afterRequests(err)
		<-c.answered
	}
	c.close()
	return nil
}

// afterRequests lets the answers that are on their way come, unless the connection failed.
func (c *conn) afterRequests(err error) {
	switch {
	case c.stream:
		_ = c.upstream.SetReadDeadline(time.Unix(1, 0)) // ends the reading of answers; there is nothing on its way
	case errors.Is(err, io.EOF):
		closeWrite(c.upstream)
		if c.pending.len() == 0 { // nothing is to come: the upstream will close too
			_ = c.upstream.SetReadDeadline(time.Now().Add(lingering))
		}
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, net.ErrClosed): // nothing is on its way any more, or too long
		_ = c.upstream.Close()
	default:
		abort(c.upstream)
	}
}

// close gives up what is left of the connection.
func (c *conn) close() {
	now := c.proxy.now()
	if c.rec != nil {
		c.rec.close(now)
	}
	if c.upstream != nil {
		if c.stream && c.clean.Load() && c.pending.len() == 0 && !c.busy.Load() && c.upstream.SetReadDeadline(time.Time{}) == nil {
			c.proxy.upstreams.giveBack(c.upstream)
		} else {
			_ = c.upstream.Close()
		}
	}
	_ = c.client.Close()
	c.in.free()
}

// requests reads until the client ends, or is refused.
func (c *conn) requests(ctx context.Context) error {
	inline := func(n int) bool {
		now := c.read(n)
		c.left.inLoop = true
		err := c.take(ctx, now)
		c.left.inLoop = false
		return err == nil
	}
	socket := newSocket(c.client, &c.in, inline)
	for {
		n, err := socket.read()
		if takeErr := c.take(ctx, c.read(n)); takeErr != nil {
			return takeErr
		}
		if err != nil {
			return err
		}
		if socket.conn != c.client { // a loop watches it now
			socket = newSocket(c.client, &c.in, inline)
		}
	}
}

// read notes that bytes came, and when.
func (c *conn) read(n int) time.Time {
	now := c.proxy.now()
	if n > 0 {
		c.last.Store(now.UnixNano())
		c.proxy.stats.BytesRead.Add(int64(n))
	}
	return now
}

// take forwards what was read, as far as it can be.
func (c *conn) take(ctx context.Context, now time.Time) error {
	if !c.left.inLoop {
		if err := c.takeLeft(); err != nil {
			return err
		}
	}
	for c.in.r < c.in.w {
		if c.switched.Load() {
			return c.passOn()
		}
		head, err := c.nextHead(now)
		if err != nil || head == 0 && !c.request.inside {
			return err
		}
		rest := c.in.unused()
		n, err := c.request.body.Skip(rest[head:])
		if err != nil {
			return c.refuse(http.StatusBadRequest, 1, "the request can't be forwarded: "+err.Error())
		}
		piece := rest[:head+n]
		c.in.r += len(piece)
		done := c.request.body.Done()
		c.request.inside = !done
		c.left.done = done
		if err := c.forward(ctx, now, piece, head, done); err != nil {
			return err
		}
		if done {
			c.busy.Store(false)
		}
	}
	return nil
}

// passOn forwards what is not looked at any more.
func (c *conn) passOn() error {
	if c.left.inLoop {
		return errLater
	}
	err := c.out.write(c.in.unused())
	c.in.r = c.in.w
	return err
}

// nextHead begins a request where none is being read, and tells how long its head is; 0 is that more has to come.
func (c *conn) nextHead(now time.Time) (head int, err error) {
	head, c.left.head = c.left.head, 0
	if head == 0 && !c.request.inside {
		if head, err = c.head(now); err != nil || head == 0 {
			return 0, err
		}
	}
	if c.left.inLoop && c.waits() {
		c.left.head = head
		return 0, errLater
	}
	return head, nil
}

// waits tells whether the request may have to wait: for the log, or for an upstream.
func (c *conn) waits() bool {
	r, o := &c.request, &c.proxy.options
	if c.upstream == nil || r.forwarded != nil {
		return true
	}
	return c.rec != nil && r.captured && r.changes && (!o.Async || !o.Spool.Roomy())
}

// takeLeft ends what the loop began.
func (c *conn) takeLeft() error {
	l := c.left
	c.left = leftover{head: l.head}
	switch {
	case l.refusal != nil:
		return c.refuse(l.refusal.status, l.refusal.own, l.refusal.reason)
	case l.failed != nil:
		return c.discard(l.failed)
	case l.writing:
		if err := c.out.flush(); err != nil {
			return c.discard(err)
		}
		if l.done {
			c.busy.Store(false)
		}
	}
	return nil
}

// head begins a request where all of its head is there, and tells how long that is; 0 is that more has to come.
func (c *conn) head(now time.Time) (int, error) {
	rest := c.in.unused()
	if c.answered == nil && bytes.HasPrefix(preface, rest[:min(len(rest), len(preface))]) && !c.stream {
		if len(rest) < len(preface) {
			return 0, nil
		}
		return 0, errPreface
	}
	c.busy.Store(true)
	c.asked.Store(true)
	n := httpwire.FindHead(rest)
	if most := c.proxy.options.Limits.HeadBytes; n > most || n == 0 && len(rest) > most {
		return 0, c.refuse(http.StatusRequestHeaderFieldsTooLarge, 0, "the head of the request has too many bytes")
	}
	if n == 0 {
		return 0, nil
	}
	h, err := httpwire.ParseRequest(rest[:n])
	if err != nil {
		return 0, c.refuse(http.StatusBadRequest, 0, "the request can't be forwarded: "+err.Error())
	}
	c.begin(now, &h)
	return n, nil
}

// begin decides what becomes of a request.
func (c *conn) begin(now time.Time, h *httpwire.Head) {
	o := &c.proxy.options
	changes := o.Changes(string(h.Method), string(h.Target))
	r := asking{body: h.Body(), changes: changes, captured: c.rec != nil, firstLine: h.FirstLine, headerBytes: h.HeaderBytes}
	if r.captured && o.Privacy.suppressed(h, changes) {
		r.captured = false
		c.proxy.stats.Suppressed.Add(1)
	}
	if r.captured {
		var raw []byte
		if raw, r.headerBytes = o.Privacy.head(h); len(raw) != len(h.Raw) || &raw[0] != &h.Raw[0] {
			r.recorded = raw
		}
		if r.mask = c.proxy.masker(h); r.mask == nil && c.proxy.unreadable(h) {
			r.captured = false
			c.proxy.stats.Unredactable.Add(1)
		}
	}
	r.forwarded = c.proxy.rewritten(h)
	c.request = r
	var method []byte
	if m := string(h.Method); m == "HEAD" || m == "CONNECT" {
		method = []byte(m)
	}
	c.proxy.stats.request(changes)
	c.pending.add(exchange{method: method, captured: r.captured, changes: changes, began: now})
}

// forward records a piece of the request, and lets it pass when it may.
func (c *conn) forward(ctx context.Context, now time.Time, piece []byte, head int, done bool) error {
	if c.rec != nil {
		if err := c.record(now, piece, head, done); err != nil && c.proxy.options.Reject {
			c.proxy.stats.Rejected.Add(1)
			return c.refuse(http.StatusServiceUnavailable, 1, "the capture of traffic takes nothing at present, and requests that change something are not let through without it")
		}
	}
	if c.upstream == nil {
		upstream, err := c.proxy.upstreams.connect(ctx)
		if err != nil {
			c.proxy.stats.Unreachable.Add(1)
			return c.refuse(http.StatusBadGateway, 1, "no upstream can be reached: "+err.Error())
		}
		c.connected(upstream)
	}
	c.pending.hold(c.proxy.now().Sub(now))
	if head > 0 && c.request.forwarded != nil {
		if err := c.out.write(c.request.forwarded); err != nil {
			return c.discard(err)
		}
		piece = piece[head:]
	}
	if len(piece) == 0 {
		return nil
	}
	if c.left.inLoop {
		return c.writeInLoop(piece)
	}
	if err := c.out.write(piece); err != nil {
		return c.discard(err)
	}
	return nil
}

// writeInLoop writes what can be written at once.
func (c *conn) writeInLoop(piece []byte) error {
	all, err := c.out.begin(piece)
	if all {
		return nil
	}
	c.left.failed, c.left.writing = err, err == nil
	return errLater
}

// connected begins to use a connection to an upstream.
func (c *conn) connected(upstream net.Conn) {
	if !c.stream {
		watcher := c.proxy.watcher()
		c.sides.Lock()
		c.client, upstream = watcher.watch(c.client, upstream)
		c.back = newWriter(c.client)
		c.sides.Unlock()
	}
	c.upstream, c.out, c.answered = upstream, newWriter(upstream), make(chan struct{})
	go c.answers()
}

// record records a piece of the request, and waits until it is durable where that is wanted. An error says that it is lost.
func (c *conn) record(now time.Time, piece []byte, head int, done bool) error {
	r, o := &c.request, &c.proxy.options
	if !r.captured {
		if done {
			c.rec.read(now, asked{dropped: true})
		}
		return nil
	}
	a := asked{data: piece, end: done, firstLine: r.firstLine, headerBytes: r.headerBytes}
	if head > 0 && r.recorded != nil {
		a.data = append(r.recorded, piece[head:]...)
		head = len(r.recorded)
	}
	if r.mask != nil {
		a.data = append([]byte(nil), a.data...)
		r.mask.mask(a.data[head:])
	}
	if r.changes {
		a.need.Wait, a.need.Hold = !o.Async, o.Async
		if !r.lost {
			a.need.Requests = 1
		}
		if o.Async && o.Reject && o.Spool.Failing() {
			return errRefused
		}
	}
	err := c.rec.read(now, a).wait()
	r.lost = r.lost || err != nil
	return err
}

// discard takes what the client still sends to an upstream that takes nothing more, until its answer, if it sent one, is through.
func (c *conn) discard(err error) error {
	_ = c.client.SetReadDeadline(time.Now().Add(lingering))
	_, _ = io.Copy(io.Discard, c.client) // to its end, or the deadline
	return err
}

// lingering is how long a client may go on sending what nobody takes, before its connection is cut. Cut at once, it would not see the answer.
const lingering = 2 * time.Second
