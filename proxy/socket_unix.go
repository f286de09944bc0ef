//go:build unix

package proxy

import (
	"errors"
	"io"
	"net"
	"syscall"
)

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
	s := &socket{conn: conn, in: in}
	if plain, ok := conn.(*net.TCPConn); ok {
		if raw, err := plain.SyscallConn(); err == nil {
			s.raw, s.try = raw, s.attempt
		}
	}
	return s
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
		n, err := syscall.Read(int(fd), buf)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EAGAIN):
			s.in.rest()
			return false
		case err != nil:
			s.err = err
		default:
			s.n = n
		}
		return true
	}
}
