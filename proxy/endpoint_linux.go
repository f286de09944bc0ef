package proxy

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// endpoint is one side of a connection, watched by a loop. It is a [net.Conn] for one reader and one writer.
//
// Who reads from it is either the loop, by step, or a goroutine, which is woken where the loop can't go on without waiting.
type endpoint struct {
	fd            int
	loop          *loop
	local, remote net.Addr

	refs   atomic.Int32 // 1 while it is open, and 1 for each use of fd
	closed atomic.Bool

	reader    atomic.Int32
	step      func(ended bool) bool // reads; false is that a goroutine has to go on
	wake      chan struct{}         // for that goroutine
	ended     atomic.Bool           // the other side sends nothing more: one has to read to the end
	readUntil deadline

	space      chan struct{} // something can be written again
	writeUntil deadline
}

// Who reads from an endpoint.
const (
	goroutineReads int32 = iota
	goroutineHas         // reads, and there is something, or may be
	loopReads
)

// newEndpoint takes a connection over from Go's scheduler. Nobody may be reading from it or writing to it.
func newEndpoint(conn *net.TCPConn, l *loop) (*endpoint, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	e := &endpoint{loop: l, local: conn.LocalAddr(), remote: conn.RemoteAddr(), wake: make(chan struct{}, 1), space: make(chan struct{}, 1)}
	var errno syscall.Errno
	err = raw.Control(func(fd uintptr) {
		var own uintptr
		own, _, errno = syscall.RawSyscall(syscall.SYS_FCNTL, fd, syscall.F_DUPFD_CLOEXEC, 0)
		e.fd = int(own)
	})
	if err == nil && errno != 0 {
		err = os.NewSyscallError("fcntl", errno)
	}
	if err != nil {
		return nil, err
	}
	e.refs.Store(1)
	e.reader.Store(goroutineHas)
	if err := l.add(e); err != nil {
		_ = syscall.Close(e.fd)
		return nil, err
	}
	_ = conn.Close() // the descriptor of its own that the loop watches stays
	return e, nil
}

// use keeps the descriptor from being closed, and used by another connection, until done. It says false when it is closed.
func (e *endpoint) use() bool {
	for {
		refs := e.refs.Load()
		if refs == 0 || e.closed.Load() {
			return false
		}
		if e.refs.CompareAndSwap(refs, refs+1) {
			return true
		}
	}
}

func (e *endpoint) done() {
	if e.refs.Add(-1) == 0 {
		e.loop.remove(e)
		_ = syscall.Close(e.fd)
	}
}

// happened is called by the loop.
func (e *endpoint) happened(events uint32) {
	const failed = syscall.EPOLLERR | syscall.EPOLLHUP
	if events&(syscall.EPOLLOUT|failed) != 0 {
		ring(e.space)
	}
	if events&(syscall.EPOLLRDHUP|failed) != 0 {
		e.ended.Store(true)
	}
	if events&(syscall.EPOLLIN|syscall.EPOLLRDHUP|failed) == 0 {
		return
	}
	for {
		switch e.reader.Load() {
		case loopReads:
			if e.step != nil && !e.closed.Load() && !e.readUntil.late.Load() && e.step(e.ended.Load()) {
				return
			}
			e.reader.Store(goroutineHas)
			ring(e.wake)
			e.loop.woke = true
			return
		case goroutineHas:
			return
		default:
			if e.reader.CompareAndSwap(goroutineReads, goroutineHas) {
				return
			}
		}
	}
}

// ring wakes who waits for c.
func ring(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// receive reads what is there. Where nothing is, the error is [syscall.EAGAIN].
func (e *endpoint) receive(p []byte) (int, error) {
	if !e.use() {
		return 0, net.ErrClosed
	}
	defer e.done()
	for {
		n, _, errno := syscall.RawSyscall(syscall.SYS_READ, uintptr(e.fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p))) //nolint:gosec // the address of what the call is given
		switch {
		case errno == syscall.EINTR:
			continue
		case errno == syscall.EAGAIN:
			return 0, errno
		case errno != 0:
			return 0, os.NewSyscallError("read", errno)
		case n == 0 && len(p) > 0:
			return 0, io.EOF
		}
		return int(n), nil
	}
}

// await lets the loop read by step, until that can't go on; where step is nil, until there is something. An error says that nobody should
// read any more.
func (e *endpoint) await(step func(ended bool) bool) error {
	for {
		switch {
		case e.closed.Load():
			return net.ErrClosed
		case e.readUntil.late.Load():
			return os.ErrDeadlineExceeded
		case e.reader.Load() == goroutineHas:
			e.reader.Store(goroutineReads)
			return nil
		}
		e.step = step
		if !e.reader.CompareAndSwap(goroutineReads, loopReads) {
			continue
		}
		if e.closed.Load() || e.readUntil.late.Load() { // since it was asked above: the loop may have been told before it read
			e.loop.post(e)
		}
		<-e.wake
	}
}

// more says that there may be more to read than was.
func (e *endpoint) more() { e.reader.CompareAndSwap(goroutineReads, goroutineHas) }

// Read implements [net.Conn].
func (e *endpoint) Read(p []byte) (int, error) {
	for {
		if err := e.await(nil); err != nil {
			return 0, err
		}
		n, err := e.receive(p)
		if errors.Is(err, syscall.EAGAIN) {
			continue
		}
		e.more()
		return n, err
	}
}

// send writes what the system takes at once, and returns the rest.
func (e *endpoint) send(p []byte) ([]byte, error) {
	if !e.use() {
		return p, net.ErrClosed
	}
	defer e.done()
	for len(p) > 0 {
		n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(e.fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p))) //nolint:gosec // the address of what the call is given
		switch errno {
		case 0:
			p = p[n:]
		case syscall.EINTR:
		case syscall.EAGAIN:
			return p, nil
		default:
			return p, os.NewSyscallError("write", errno)
		}
	}
	return nil, nil
}

// Write implements [net.Conn].
func (e *endpoint) Write(p []byte) (int, error) {
	left := p
	for {
		var err error
		if left, err = e.send(left); err != nil || len(left) == 0 {
			return len(p) - len(left), err
		}
		if e.writeUntil.late.Load() {
			return len(p) - len(left), os.ErrDeadlineExceeded
		}
		<-e.space
	}
}

// Close implements [net.Conn].
func (e *endpoint) Close() error {
	if e.closed.Swap(true) {
		return net.ErrClosed
	}
	e.readUntil.set(time.Time{}, nil)
	e.writeUntil.set(time.Time{}, nil)
	ring(e.space)
	e.loop.post(e)
	e.done()
	return nil
}

// CloseWrite tells the other side that nothing more comes.
func (e *endpoint) CloseWrite() error {
	if !e.use() {
		return net.ErrClosed
	}
	defer e.done()
	return os.NewSyscallError("shutdown", syscall.Shutdown(e.fd, syscall.SHUT_WR))
}

// SetLinger says what Close does with what was not sent yet: with 0 it is thrown away, and the connection reset.
func (e *endpoint) SetLinger(seconds int) error {
	if !e.use() {
		return net.ErrClosed
	}
	defer e.done()
	l := syscall.Linger{Onoff: 1, Linger: int32(seconds)}
	return os.NewSyscallError("setsockopt", syscall.SetsockoptLinger(e.fd, syscall.SOL_SOCKET, syscall.SO_LINGER, &l))
}

// LocalAddr implements [net.Conn].
func (e *endpoint) LocalAddr() net.Addr { return e.local }

// RemoteAddr implements [net.Conn].
func (e *endpoint) RemoteAddr() net.Addr { return e.remote }

// SetDeadline implements [net.Conn].
func (e *endpoint) SetDeadline(t time.Time) error {
	_ = e.SetReadDeadline(t)
	return e.SetWriteDeadline(t)
}

// SetReadDeadline implements [net.Conn].
func (e *endpoint) SetReadDeadline(t time.Time) error {
	e.readUntil.set(t, func() { e.loop.post(e) })
	return nil
}

// SetWriteDeadline implements [net.Conn].
func (e *endpoint) SetWriteDeadline(t time.Time) error {
	e.writeUntil.set(t, func() { ring(e.space) })
	return nil
}

// deadline is a time after which nothing is waited for.
type deadline struct {
	late atomic.Bool

	mu    sync.Mutex
	timer *time.Timer
	count int // of the times that it was set
}

// set sets the time, or none, and calls passed when it has passed.
func (d *deadline) set(t time.Time, passed func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	d.count++
	d.late.Store(false)
	if t.IsZero() {
		return
	}
	left := time.Until(t)
	if left <= 0 {
		d.late.Store(true)
		passed()
		return
	}
	count := d.count
	d.timer = time.AfterFunc(left, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.count == count {
			d.late.Store(true)
			passed()
		}
	})
}
