//go:build !linux

package proxy

import "net"

// socket reads from a connection into a buffer.
type socket struct {
	conn net.Conn
	in   *reading
	last int // bytes of the last read
}

func newSocket(conn net.Conn, in *reading, _ func(n int) bool) *socket {
	return &socket{conn: conn, in: in}
}

// read waits for bytes and puts them behind those that the buffer has.
func (s *socket) read() (int, error) {
	n, err := s.conn.Read(s.in.room(s.last))
	s.last = n
	s.in.w += n
	return n, err
}

// writer writes to a connection.
type writer struct {
	conn net.Conn
	left []byte
}

func newWriter(conn net.Conn) *writer { return &writer{conn: conn} }

// begin leaves all to flush: nothing is known here of what can be written at once.
func (w *writer) begin(p []byte) (bool, error) {
	w.left = p
	return false, nil
}

// flush writes what begin left.
func (w *writer) flush() error {
	left := w.left
	w.left = nil
	return w.write(left)
}

// write writes all of p, or fails.
func (w *writer) write(p []byte) error {
	_, err := w.conn.Write(p)
	return err
}

// loops watch connections; here there are none, and each direction of a connection has a goroutine.
type loops struct{}

func startLoops() (*loops, error) { return &loops{}, nil }

func (*loops) stop() {}

func (*loops) watch(client, upstream net.Conn) (_, _ net.Conn) { return client, upstream }
