package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

// upstreams are the servers behind the proxy: who is well, and connections that are open in advance.
type upstreams struct {
	all    []*upstream
	next   atomic.Uint32
	dial   time.Duration
	logger zerolog.Logger

	mu   sync.Mutex
	warm []warm // oldest first
	size int
	age  time.Duration
	low  chan struct{} // connections were taken
}

type upstream struct {
	address string
	tls     *tls.Config // nil is plain
	down    atomic.Bool // the last attempt failed
}

// warm is a connection that nobody uses.
type warm struct {
	conn  net.Conn
	since time.Time
}

func newUpstreams(o Options) (*upstreams, error) {
	u := &upstreams{dial: o.Limits.Dial, logger: o.Logger, size: o.PoolSize, age: o.PoolAge, low: make(chan struct{}, 1)}
	if len(o.Upstreams) == 0 {
		return nil, errors.New("there is no upstream")
	}
	for _, at := range o.Upstreams {
		one := &upstream{address: hostPort(at)}
		if at.Scheme == "https" {
			one.tls = &tls.Config{MinVersion: tls.VersionTLS12}
			if o.TLS != nil {
				one.tls = o.TLS.Clone()
			}
			one.tls.NextProtos = []string{"http/1.1"}
			if one.tls.ServerName == "" {
				one.tls.ServerName = at.Hostname()
			}
		}
		u.all = append(u.all, one)
	}
	return u, nil
}

func hostPort(at *url.URL) string {
	port := at.Port()
	switch {
	case port != "":
	case at.Scheme == "https":
		port = "443"
	default:
		port = "80"
	}
	return net.JoinHostPort(at.Hostname(), port)
}

// connect gives a connection: one that is open already, or a new one to the next upstream that can be reached, those that are well first.
func (u *upstreams) connect(ctx context.Context) (net.Conn, error) {
	if c := u.takeWarm(); c != nil {
		return c, nil
	}
	first := int(u.next.Add(1))
	var all error
	for _, down := range []bool{false, true} {
		for i := range u.all {
			one := u.all[(first+i)%len(u.all)]
			if one.down.Load() != down {
				continue
			}
			c, err := u.open(ctx, one)
			if err == nil {
				return c, nil
			}
			all = errors.Join(all, err)
		}
	}
	return nil, all
}

// open connects to one upstream, and notes whether it could be.
func (u *upstreams) open(ctx context.Context, one *upstream) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, u.dial)
	defer cancel()
	c, err := (&net.Dialer{KeepAlive: 30 * time.Second}).DialContext(ctx, "tcp", one.address)
	if err == nil && one.tls != nil {
		secured := tls.Client(c, one.tls)
		if err = secured.HandshakeContext(ctx); err != nil {
			err = errors.Join(fmt.Errorf("TLS with %s: %w", one.address, err), c.Close())
		}
		c = secured
	}
	if one.down.Swap(err != nil) != (err != nil) {
		if err != nil {
			u.logger.Warn().Err(err).Str("upstream", one.address).Msg("the upstream can't be reached")
		} else {
			u.logger.Info().Str("upstream", one.address).Msg("the upstream is back")
		}
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// check connects to each upstream, and fails where none can be reached.
func (u *upstreams) check(ctx context.Context) error {
	var all error
	well := 0
	for _, one := range u.all {
		c, err := u.open(ctx, one)
		if err != nil {
			all = errors.Join(all, err)
			continue
		}
		well++
		_ = c.Close()
	}
	if well == 0 {
		return all
	}
	return nil
}

// well is how many upstreams could be reached at the last attempt.
func (u *upstreams) well() (n int) {
	for _, one := range u.all {
		if !one.down.Load() {
			n++
		}
	}
	return n
}

// takeWarm takes the youngest connection of the pool that is still open.
func (u *upstreams) takeWarm() net.Conn {
	u.mu.Lock()
	defer u.mu.Unlock()
	defer u.want()
	for len(u.warm) > 0 {
		last := u.warm[len(u.warm)-1]
		u.warm = u.warm[:len(u.warm)-1]
		if time.Since(last.since) < u.age && alive(last.conn) {
			return last.conn
		}
		_ = last.conn.Close()
	}
	return nil
}

// want asks the keeper for connections. mu is held.
func (u *upstreams) want() {
	if len(u.warm) < u.size {
		select {
		case u.low <- struct{}{}:
		default:
		}
	}
}

// mostWarm are the connections that are kept of those which were in use.
const mostWarm = 64

// giveBack keeps a connection on which nothing is on its way.
func (u *upstreams) giveBack(c net.Conn) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.warm) >= max(u.size, mostWarm) {
		_ = c.Close()
		return
	}
	u.warm = append(u.warm, warm{c, time.Now()})
}

// keep looks after the pool and the health of the upstreams until ctx ends.
func (u *upstreams) keep(ctx context.Context) {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		u.fill(ctx)
		select {
		case <-ctx.Done():
			u.drop(time.Now().Add(u.age))
			return
		case <-u.low:
		case <-tick.C:
			u.drop(time.Now())
			for _, one := range u.all {
				if one.down.Load() || len(u.all) > 1 {
					if c, err := u.open(ctx, one); err == nil {
						_ = c.Close()
					}
				}
			}
		}
	}
}

// fill opens what the pool lacks. Where it can't, the next tick tries again.
func (u *upstreams) fill(ctx context.Context) {
	for {
		u.mu.Lock()
		missing := u.size - len(u.warm)
		u.mu.Unlock()
		if missing <= 0 || ctx.Err() != nil {
			return
		}
		c, err := u.open(ctx, u.all[int(u.next.Add(1))%len(u.all)])
		if err != nil {
			return
		}
		u.giveBack(c)
	}
}

// drop closes what is too old at that time.
func (u *upstreams) drop(now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	kept := u.warm[:0]
	for _, w := range u.warm {
		if now.Sub(w.since) < u.age {
			kept = append(kept, w)
		} else {
			_ = w.conn.Close()
		}
	}
	u.warm = kept
}

// alive tells whether an idle connection was not closed by the other side.
func alive(c net.Conn) bool {
	if secured, ok := c.(*tls.Conn); ok {
		c = secured.NetConn()
	}
	plain, ok := c.(*net.TCPConn)
	if !ok {
		return true
	}
	return peek(plain)
}
