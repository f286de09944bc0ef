//go:build !linux

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

// writer writes to a connection.
type writer struct{ conn net.Conn }

func newWriter(conn net.Conn) *writer { return &writer{conn} }

// write writes all of p, or fails.
func (w *writer) write(p []byte) error {
	_, err := w.conn.Write(p)
	return err
}
