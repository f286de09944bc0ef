package proxy

import (
	"sync"
	"time"
)

// exchange is a request whose answer has not come yet.
type exchange struct {
	method   []byte // only what framing needs: HEAD, CONNECT or nothing
	captured bool
	changes  bool
	began    time.Time     // when its head was whole
	added    time.Duration // that the proxy held it back
}

// pending are the requests of a connection that wait for their answers, in their order. One direction adds, the other takes.
type pending struct {
	mu    sync.Mutex
	queue []exchange
	first int
}

func (p *pending) add(e exchange) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.first == len(p.queue) || p.first >= 64 {
		p.queue, p.first = append(p.queue[:0], p.queue[p.first:]...), 0
	}
	p.queue = append(p.queue, e)
}

// hold adds to the time that the last request was held back.
func (p *pending) hold(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.first < len(p.queue) {
		p.queue[len(p.queue)-1].added += d
	}
}

// at is the request that is answered after n others; ok says that there is one.
func (p *pending) at(n int) (e exchange, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.first+n >= len(p.queue) {
		return e, false
	}
	return p.queue[p.first+n], true
}

// done takes the first request off.
func (p *pending) done() (e exchange) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.first < len(p.queue) {
		e = p.queue[p.first]
		p.first++
	}
	return e
}

func (p *pending) len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.queue) - p.first
}
