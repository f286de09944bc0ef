package proxy

import (
	"io"
	"net"
	"os"
	"syscall"
	"unsafe"
)

// The connections' descriptors do not block. Go's own calls tell its scheduler all the same that they may, and on loopback, where the other
// side runs within the call to write, the scheduler believes it and sends another thread to go on. Here it is not told: that saves a third of
// the context switches.

// socket reads from a connection into a buffer that it has only while there is something to read: of thousands of connections, few hold one.
type socket struct {
	conn net.Conn
	raw  syscall.RawConn // nil where there are layers between, as TLS
	in   *reading
	last int // bytes of the last read

	try func(fd uintptr) bool
	n   int
	err error
}

func newSocket(conn net.Conn, in *reading) *socket {
	s := &socket{conn: conn, in: in, raw: rawConn(conn)}
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

// read waits for bytes and puts them behind those that the buffer has.
func (s *socket) read() (int, error) {
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
		n, _, errno := syscall.RawSyscall(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)))
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

// writer writes to a connection. One goroutine uses it at a time.
type writer struct {
	conn net.Conn
	raw  syscall.RawConn // nil where there are layers between, as TLS

	try  func(fd uintptr) bool
	left []byte
	err  error
}

func newWriter(conn net.Conn) *writer {
	w := &writer{conn: conn, raw: rawConn(conn)}
	w.try = w.attempt
	return w
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
		n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, fd, uintptr(unsafe.Pointer(unsafe.SliceData(w.left))), uintptr(len(w.left)))
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
