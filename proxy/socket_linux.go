package proxy

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"
)

// The connections' descriptors do not block. Go's own calls tell its scheduler all the same that they may, and on loopback, where the other
// side runs within the call to write, the scheduler believes it and sends another thread to go on. Here it is not told: that saves a third of
// the context switches.

// socket reads from a connection into a buffer that it has only while there is something to read: of thousands of connections, few hold one.
type socket struct {
	conn net.Conn
	raw  syscall.RawConn // nil where there are layers between, as TLS, and where a loop watches
	end  *endpoint       // nil where none watches
	in   *reading
	last int // bytes of the last read

	try func(fd uintptr) bool
	n   int
	err error

	// inline is called by the loop when bytes came; false is that what is left of them has to be done where one may wait.
	inline func(n int) bool
	step   func(ended bool) bool
	stuck  bool // the loop has left something
}

func newSocket(conn net.Conn, in *reading, inline func(n int) bool) *socket {
	s := &socket{conn: conn, in: in, inline: inline}
	if end, ok := conn.(*endpoint); ok {
		s.end, s.step = end, s.byLoop
		return s
	}
	s.raw = rawConn(conn)
	s.try = s.attempt
	return s
}

// rawConn is the connection's descriptor, or nil where there is none.
func rawConn(conn net.Conn) syscall.RawConn {
	plain, ok := conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := plain.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// read waits for bytes that nobody has looked at yet, and puts them behind those that the buffer has. Without bytes and without an error,
// the loop has left something.
func (s *socket) read() (int, error) {
	if s.end != nil {
		return s.watched()
	}
	if s.raw == nil {
		n, err := s.conn.Read(s.in.room(s.last))
		s.last = n
		s.in.w += n
		return n, err
	}
	s.n, s.err = 0, nil
	if err := s.raw.Read(s.try); err != nil {
		return 0, err
	}
	s.last = s.n
	s.in.w += s.n
	if s.n == 0 && s.err == nil {
		return 0, io.EOF
	}
	return s.n, s.err
}

// attempt reads what is there; false is that nothing is, and one has to wait.
func (s *socket) attempt(fd uintptr) bool {
	buf := s.in.room(s.last)
	for {
		n, _, errno := syscall.RawSyscall(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf))) //nolint:gosec // the address of what the call is given
		switch errno {
		case 0:
			s.n = int(n)
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
			s.in.rest()
			return false
		default:
			s.err = os.NewSyscallError("read", errno)
		}
		return true
	}
}

// watched reads where a loop watches, and lets it read meanwhile.
func (s *socket) watched() (int, error) {
	for {
		s.in.rest()
		s.err = nil
		err := s.end.await(s.step)
		switch {
		case s.stuck:
			s.stuck = false
			s.end.more()
			return 0, nil
		case s.err != nil:
			return 0, s.err
		case err != nil:
			return 0, err
		}
		buf := s.in.room(s.last)
		n, err := s.end.receive(buf)
		if errors.Is(err, syscall.EAGAIN) {
			continue
		}
		if n == len(buf) || s.end.ended.Load() {
			s.end.more()
		}
		s.last = n
		s.in.w += n
		return n, err
	}
}

// mostInline are the reads in a row that the loop does for one connection: a long body is better off with a goroutine of its own.
const mostInline = 4

// byLoop reads and takes what is there; false is that a goroutine has to go on.
func (s *socket) byLoop(ended bool) bool {
	for range mostInline {
		buf := s.in.room(s.last)
		n, err := s.end.receive(buf)
		switch {
		case errors.Is(err, syscall.EAGAIN):
			s.in.rest()
			return true
		case err != nil:
			s.err = err
			return false
		}
		s.last = n
		s.in.w += n
		if !s.inline(n) {
			s.stuck = true
			return false
		}
		if n < len(buf) && !ended { // whatever comes after it is another event
			s.in.rest()
			return true
		}
	}
	return false
}

// writer writes to a connection. One goroutine uses it at a time.
type writer struct {
	conn net.Conn
	raw  syscall.RawConn // nil where there are layers between, as TLS, and where a loop watches
	end  *endpoint       // nil where none watches

	try  func(fd uintptr) bool
	left []byte
	err  error
}

func newWriter(conn net.Conn) *writer {
	w := &writer{conn: conn}
	if end, ok := conn.(*endpoint); ok {
		w.end = end
		return w
	}
	w.raw = rawConn(conn)
	w.try = w.attempt
	return w
}

// begin writes what can be written without waiting; false is that flush has to write the rest.
func (w *writer) begin(p []byte) (bool, error) {
	if w.end == nil {
		w.left = p
		return false, nil
	}
	var err error
	w.left, err = w.end.send(p)
	return len(w.left) == 0, err
}

// flush writes what begin left.
func (w *writer) flush() error {
	left := w.left
	w.left = nil
	return w.write(left)
}

// write writes all of p, or fails.
func (w *writer) write(p []byte) error {
	if w.raw == nil {
		_, err := w.conn.Write(p)
		return err
	}
	w.left, w.err = p, nil
	err := w.raw.Write(w.try)
	w.left = nil
	if err != nil {
		return err
	}
	return w.err
}

// attempt writes what the system takes; false is that it takes no more for now.
func (w *writer) attempt(fd uintptr) bool {
	for len(w.left) > 0 {
		n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, fd, uintptr(unsafe.Pointer(unsafe.SliceData(w.left))), uintptr(len(w.left))) //nolint:gosec // the address of what the call is given
		switch errno {
		case 0:
			w.left = w.left[n:]
		case syscall.EINTR:
		case syscall.EAGAIN:
			return false
		default:
			w.err = os.NewSyscallError("write", errno)
			return true
		}
	}
	return true
}

// loops watch connections for a proxy.
type loops struct {
	all  []*loop
	next atomic.Uint32
	done sync.WaitGroup
}

// startLoops starts so many loops that half of what Go takes for processors is left to goroutines.
func startLoops() (*loops, error) {
	l := &loops{}
	for range max(1, runtime.GOMAXPROCS(0)/2) {
		one, err := newLoop()
		if err != nil {
			l.stop()
			return nil, fmt.Errorf("watch connections: %w", err)
		}
		l.all = append(l.all, one)
		l.done.Go(one.run)
	}
	return l, nil
}

func (l *loops) stop() {
	for _, one := range l.all {
		one.close()
	}
	l.done.Wait()
}

// watch lets a loop watch both sides of a connection. Where that is not possible they stay as they are.
func (l *loops) watch(client, upstream net.Conn) (_, _ net.Conn) {
	plain, ok := client.(*net.TCPConn)
	other, too := upstream.(*net.TCPConn)
	if l == nil || !ok || !too {
		return client, upstream
	}
	one := l.all[int(l.next.Add(1))%len(l.all)]
	in, err := newEndpoint(plain, one)
	if err != nil {
		return client, upstream
	}
	out, err := newEndpoint(other, one)
	if err != nil {
		return in, upstream
	}
	return in, out
}
