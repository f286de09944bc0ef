package proxy

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"migassist/capture"
)

// Proxy forwards between clients and upstreams.
type Proxy struct {
	options   Options
	upstreams *upstreams
	stats     Stats
	http2     *http2
	run       string // begins the ids of connections, and is different in each process
	number    atomic.Uint64
	draining  atomic.Bool
	grumbled  atomic.Int64 // when a failed handshake was logged last

	mu      sync.Mutex
	conns   map[*conn]struct{}
	loops   *loops // nil while nothing runs
	running int    // calls of Run
	all     sync.WaitGroup
}

// New makes a proxy. It connects to nothing yet.
func New(o Options) (*Proxy, error) {
	o = o.withDefaults()
	var random [5]byte
	if _, err := rand.Read(random[:]); err != nil {
		return nil, err
	}
	u, err := newUpstreams(o)
	if err != nil {
		return nil, err
	}
	p := &Proxy{options: o, upstreams: u, run: hex.EncodeToString(random[:]), conns: map[*conn]struct{}{}}
	p.http2 = newHTTP2(p)
	return p, nil
}

// Check connects to the upstreams, and fails where none can be reached.
func (p *Proxy) Check(ctx context.Context) error {
	if err := p.upstreams.check(ctx); err != nil {
		return fmt.Errorf("reach the upstream: %w", err)
	}
	return nil
}

// Ready says what keeps the proxy from doing its work, or nil.
func (p *Proxy) Ready() error {
	switch {
	case p.draining.Load():
		return errors.New("the proxy is ending")
	case p.upstreams.well() == 0:
		return errors.New("no upstream can be reached")
	case p.options.Spool != nil && p.options.Spool.Failing():
		return errors.New("the capture takes nothing: traffic is not captured, or is rejected")
	}
	return nil
}

func (p *Proxy) now() time.Time { return p.options.Now() }

// How often connections are looked at, and how long observations gather before they are handed on.
const (
	sweep  = 100 * time.Millisecond
	gather = 200 * time.Millisecond
)

// Run accepts connections until ctx ends, then lets the requests that are on their way end, and closes the listener. secure is nil where
// clients speak plain HTTP.
func (p *Proxy) Run(ctx context.Context, listener net.Listener, secure *tls.Config) error {
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	err := p.watch()
	if err != nil {
		return err
	}
	defer p.unwatch()
	var helpers sync.WaitGroup
	helpers.Go(func() { p.upstreams.keep(working) })
	helpers.Go(func() { p.sweep(working) })
	accepting := make(chan error, 1)
	go func() { accepting <- p.accept(working, listener, secure) }()
	select {
	case <-ctx.Done():
		p.draining.Store(true)
		_ = listener.Close()
		err = <-accepting
	case err = <-accepting:
		p.draining.Store(true)
	}
	p.drain(working)
	stop()
	helpers.Wait()
	return err
}

// watch starts the loops for the first who runs.
func (p *Proxy) watch() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running == 0 {
		l, err := startLoops()
		if err != nil {
			return err
		}
		p.loops = l
	}
	p.running++
	return nil
}

// unwatch ends them with the last one.
func (p *Proxy) unwatch() {
	p.mu.Lock()
	p.running--
	l := p.loops
	if p.running > 0 {
		l = nil
	} else {
		p.loops = nil
	}
	p.mu.Unlock()
	if l != nil {
		l.stop()
	}
}

// watcher are the loops, or nil.
func (p *Proxy) watcher() *loops {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.loops
}

func (p *Proxy) accept(ctx context.Context, listener net.Listener, secure *tls.Config) error {
	wait := time.Millisecond
	for {
		c, err := listener.Accept()
		if err == nil {
			wait = time.Millisecond
			p.all.Go(func() { p.handle(ctx, c, secure) })
			continue
		}
		if p.draining.Load() || errors.Is(err, net.ErrClosed) {
			return nil
		}
		p.options.Logger.Error().Err(err).Msg("a connection could not be accepted") // too many files are open, say
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			return nil
		}
		wait = min(2*wait, time.Second)
	}
}

// handle serves a client's connection.
func (p *Proxy) handle(ctx context.Context, client net.Conn, secure *tls.Config) {
	p.stats.Connections.Add(1)
	open := p.stats.Open.Add(1)
	defer p.stats.Open.Add(-1)
	if most := p.options.Limits.Connections; most > 0 && open > int64(most) {
		p.stats.TooMany.Add(1)
		_, _ = client.Write(refusal(503, "the proxy has as many connections as it may have"))
		_ = client.Close()
		return
	}
	if secure != nil {
		secured := tls.Server(client, secure)
		if err := handshake(ctx, secured); err != nil {
			p.grumble(client, err)
			_ = client.Close()
			return
		}
		client = secured
		if secured.ConnectionState().NegotiatedProtocol == "h2" {
			p.http2.serve(client)
			return
		}
	}
	c := p.conn(p.run+"-"+strconv.FormatUint(p.number.Add(1), 36), client)
	err := c.serve(ctx)
	p.forget(c)
	if errors.Is(err, errPreface) {
		p.http2.serve(&prefixed{Conn: client, prefix: append([]byte(nil), c.in.unused()...)})
		c.in.free()
	}
}

const handshakeTime = 10 * time.Second

func handshake(ctx context.Context, c *tls.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	return c.HandshakeContext(ctx)
}

// grumble logs a failed handshake, once in a minute: clients without a certificate may come in droves.
func (p *Proxy) grumble(client net.Conn, err error) {
	n := p.stats.Handshakes.Add(1)
	now := p.now().UnixNano()
	if last := p.grumbled.Load(); now-last > int64(time.Minute) && p.grumbled.CompareAndSwap(last, now) {
		p.options.Logger.Warn().Err(err).Str("client", client.RemoteAddr().String()).Int64("failed", n).Msg("TLS handshakes of clients fail")
	}
}

// conn makes a connection and keeps it in mind.
func (p *Proxy) conn(id string, client net.Conn) *conn {
	c := &conn{proxy: p, id: id, client: client, back: newWriter(client)}
	c.last.Store(p.now().UnixNano())
	if p.options.Spool != nil && p.options.Privacy.sampled(id) {
		c.rec = newRecorder(p.options.Spool, capture.Identity{Connection: id, Node: p.options.Node}, p.options.RecordBytes)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns[c] = struct{}{}
	return c
}

func (p *Proxy) forget(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
}

// open lists the connections.
func (p *Proxy) open(list []*conn) []*conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	list = list[:0]
	for c := range p.conns {
		list = append(list, c)
	}
	return list
}

// sweep hands on what was gathered, and closes connections on which nothing happens.
func (p *Proxy) sweep(ctx context.Context) {
	tick := time.NewTicker(sweep)
	defer tick.Stop()
	var list []*conn
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := p.now()
		list = p.open(list)
		for _, c := range list {
			if c.rec != nil {
				c.rec.flushOlder(now.Add(-gather))
			}
			if idle := p.options.Limits.Idle; idle > 0 && now.UnixNano()-c.last.Load() > int64(idle) {
				c.end()
			}
		}
		clear(list)
	}
}

// end closes a connection from outside.
func (c *conn) end() {
	c.sides.Lock()
	defer c.sides.Unlock()
	_ = c.client.SetDeadline(time.Unix(1, 0))
}

// endWrite tells the client from outside that nothing more comes.
func (c *conn) endWrite() {
	c.sides.Lock()
	defer c.sides.Unlock()
	closeWrite(c.client)
}

// drain ends all connections: those on which nothing is on its way at once, others after their answers, and all in the end.
func (p *Proxy) drain(ctx context.Context) {
	http2Ended := make(chan struct{})
	go func() {
		defer close(http2Ended)
		p.http2.drain(ctx, p.options.Limits.Drain)
	}()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.all.Wait()
		<-http2Ended
	}()
	deadline := time.After(p.options.Limits.Drain)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		p.endIdle()
		select {
		case <-ended:
			return
		case <-tick.C:
			continue
		case <-deadline:
		}
		for _, c := range p.open(nil) {
			c.end()
		}
		select {
		case <-ended:
		case <-time.After(5 * time.Second): // whoever hangs now is left behind
		}
		return
	}
}

// How long a connection is quiet before it counts as idle: one that was just accepted will have a request soon.
const (
	quiet      = 250 * time.Millisecond
	quietFresh = 3 * time.Second
)

// endIdle ends the connections on which nothing is on its way.
func (p *Proxy) endIdle() {
	now := p.now().UnixNano()
	for _, c := range p.open(nil) {
		patience := quiet
		if !c.asked.Load() {
			patience = quietFresh
		}
		if c.pending.len() == 0 && !c.busy.Load() && !c.stream && now-c.last.Load() > int64(patience) {
			c.endWrite()
			c.end()
		}
	}
}

// prefixed is a connection of which the first bytes were read already.
type prefixed struct {
	net.Conn
	prefix []byte
}

// Read gives the prefix first.
func (p *prefixed) Read(b []byte) (int, error) {
	if len(p.prefix) > 0 {
		n := copy(b, p.prefix)
		p.prefix = p.prefix[n:]
		return n, nil
	}
	return p.Conn.Read(b)
}
