//go:build !unix

package proxy

import "net"

// socket reads from a connection into a buffer.
type socket struct {
	conn net.Conn
	in   *reading
	last int // bytes of the last read
}

func newSocket(conn net.Conn, in *reading) *socket { return &socket{conn: conn, in: in} }

// read waits for bytes and puts them behind those that the buffer has.
func (s *socket) read() (int, error) {
	n, err := s.conn.Read(s.in.room(s.last))
	s.last = n
	s.in.w += n
	return n, err
}
