//go:build unix

package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"syscall"
	"time"
)

// A restart without a refused connection: the process that runs waits at a Unix socket, and whoever connects there gets its listening sockets as
// descriptors. From when it says that it accepts on them, the old process accepts no more, and ends when its connections have. Both
// hold the same sockets, so that what a client connected to in between is accepted by one of them.

// handoverTime bounds what the two processes say to each other.
const handoverTime = 10 * time.Second

// mostListeners are those of clients and of the operator.
const mostListeners = 4

// Successor has the listening sockets of the process before.
type Successor struct {
	Listeners []net.Listener // in the order that process gave them
	socket    *net.UnixConn
}

// TakeOver asks the process that waits at a socket for its listening sockets. Without such a process it gives nil. Where another process is
// just taking over, it asks that one next.
func TakeOver(ctx context.Context, socket string) (*Successor, error) {
	for deadline := time.Now().Add(handoverTime); ; {
		s, err := takeOver(ctx, socket)
		if err == nil || !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.EOF) || time.Now().After(deadline) {
			return s, err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func takeOver(ctx context.Context, socket string) (*Successor, error) {
	c, err := (&net.Dialer{Timeout: handoverTime}).DialContext(ctx, "unix", socket)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, nil //nolint:nilnil // said above
	}
	if err != nil {
		return nil, fmt.Errorf("take over from the proxy at %s: %w", socket, err)
	}
	s := &Successor{socket: c.(*net.UnixConn)}
	if err := s.receive(); err != nil {
		return nil, errors.Join(fmt.Errorf("take over from the proxy at %s: %w", socket, err), c.Close())
	}
	return s, nil
}

func (s *Successor) receive() error {
	_ = s.socket.SetDeadline(time.Now().Add(handoverTime))
	room := make([]byte, syscall.CmsgSpace(4*mostListeners))
	var one [1]byte
	said, n, _, _, err := s.socket.ReadMsgUnix(one[:], room)
	if err != nil {
		return err
	}
	if said == 0 {
		return io.EOF
	}
	messages, err := syscall.ParseSocketControlMessage(room[:n])
	if err != nil {
		return err
	}
	for i := range messages {
		descriptors, err := syscall.ParseUnixRights(&messages[i])
		if err != nil {
			return err
		}
		for _, fd := range descriptors {
			listener, err := Inherited(uintptr(fd))
			if err != nil {
				return err
			}
			s.Listeners = append(s.Listeners, listener)
		}
	}
	if len(s.Listeners) == 0 {
		return errors.New("it gave no listening socket")
	}
	return nil
}

// Inherited is a listening socket that came as a descriptor.
func Inherited(fd uintptr) (net.Listener, error) {
	syscall.CloseOnExec(int(fd))
	f := os.NewFile(fd, "listener")
	if f == nil {
		return nil, fmt.Errorf("descriptor %d is none", fd)
	}
	listener, err := net.FileListener(f)
	return listener, errors.Join(err, f.Close())
}

// Accepting tells the process before that this one accepts connections.
func (s *Successor) Accepting() error {
	_, err := s.socket.Write([]byte{1})
	return errors.Join(err, s.socket.Close())
}

// AwaitSuccessor waits at a socket until another process has taken over the listeners, or ctx ends, which is an error. Only processes of the
// same user get through.
func AwaitSuccessor(ctx context.Context, socket string, listeners ...net.Listener) error {
	descriptors, files, err := descriptorsOf(listeners)
	defer func() {
		for _, f := range files {
			_ = f.Close()
		}
	}()
	if err != nil {
		return err
	}
	if err := os.Remove(socket); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("make the socket %s for the next proxy: %w", socket, err)
	}
	at, err := (&net.ListenConfig{}).Listen(ctx, "unix", socket)
	if err != nil {
		return fmt.Errorf("make the socket %s for the next proxy: %w", socket, err)
	}
	at.(*net.UnixListener).SetUnlinkOnClose(false) // by then it is the next one's
	if err := os.Chmod(socket, 0o600); err != nil {
		return errors.Join(err, at.Close())
	}
	stop := context.AfterFunc(ctx, func() { _ = at.Close() })
	defer stop()
	defer func() { _ = at.Close() }()
	for {
		c, err := at.Accept()
		if err != nil {
			return errors.Join(context.Cause(ctx), err)
		}
		if hand(c.(*net.UnixConn), descriptors) == nil {
			return nil
		}
	}
}

// hand gives the descriptors to a process, and waits until it accepts.
func hand(c *net.UnixConn, descriptors []int) error {
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(handoverTime))
	if _, _, err := c.WriteMsgUnix([]byte{1}, syscall.UnixRights(descriptors...), nil); err != nil {
		return err
	}
	var one [1]byte
	n, err := c.Read(one[:])
	if n == 1 {
		return nil
	}
	return err
}

func descriptorsOf(listeners []net.Listener) (descriptors []int, files []*os.File, err error) {
	for _, l := range listeners {
		filer, ok := l.(interface{ File() (*os.File, error) })
		if !ok {
			return nil, files, fmt.Errorf("a %T can't be handed over", l)
		}
		f, err := filer.File()
		if err != nil {
			return nil, files, err
		}
		files = append(files, f)
		raw, err := f.SyscallConn() // Fd would make both ends of it block
		if err != nil {
			return nil, files, err
		}
		if err := raw.Control(func(fd uintptr) { descriptors = append(descriptors, int(fd)) }); err != nil {
			return nil, files, err
		}
	}
	return descriptors, files, nil
}
