package proxy

import (
	"errors"
	"os"
	"runtime"
	"sync"
	"syscall"
	"unsafe"
)

// loop watches the descriptors of connections, and does what can be done at once in one goroutine for all of them: a request that is forwarded
// without waiting for anything never wakes another one. Go's scheduler would wake a goroutine for each piece, and threads to share these.
type loop struct {
	epoll int
	bell  [2]int // a pipe: a byte in it says that something was posted
	woke  bool   // it woke goroutines since it waited

	mu     sync.Mutex
	ends   map[int32]*endpoint // by descriptor
	posted []*endpoint         // that are to be looked at, whatever the system says
	closed bool
}

// happening is something that the system says of an endpoint.
type happening struct {
	end    *endpoint
	events uint32
}

const mostEvents = 128 // that are asked for at once

// edges are the events that an endpoint is watched for: each is told once, when it comes to be.
const edges = syscall.EPOLLIN | syscall.EPOLLOUT | syscall.EPOLLRDHUP | syscall.EPOLLET&(1<<32-1)

func newLoop() (*loop, error) {
	l := &loop{ends: map[int32]*endpoint{}}
	var err error
	if l.epoll, err = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC); err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if err = syscall.Pipe2(l.bell[:], syscall.O_NONBLOCK|syscall.O_CLOEXEC); err != nil {
		return nil, errors.Join(os.NewSyscallError("pipe2", err), syscall.Close(l.epoll))
	}
	err = syscall.EpollCtl(l.epoll, syscall.EPOLL_CTL_ADD, l.bell[0], &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(l.bell[0])})
	if err != nil {
		l.free()
		return nil, os.NewSyscallError("epoll_ctl", err)
	}
	return l, nil
}

func (l *loop) free() {
	for _, fd := range []int{l.epoll, l.bell[0], l.bell[1]} {
		_ = syscall.Close(fd)
	}
}

// run works until close.
func (l *loop) run() {
	defer l.free()
	events := make([]syscall.EpollEvent, mostEvents)
	var list []happening
	for {
		n := l.wait(events)
		var open bool
		if list, open = l.resolve(events[:n], list[:0]); !open {
			return
		}
		for _, h := range list {
			h.end.happened(h.events)
		}
		clear(list)
	}
}

// wait waits for events. It tells Go's scheduler only when there are none: while it waits, it keeps one of the processors that the scheduler
// counts from goroutines. Those that the loop itself woke would run on that one, and go first.
func (l *loop) wait(events []syscall.EpollEvent) int {
	for {
		n, _, errno := syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, uintptr(l.epoll), uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)), 0, 0, 0) //nolint:gosec // the address of what the call is given
		if errno == 0 && n > 0 {
			return int(n)
		}
		if !l.woke {
			break
		}
		l.woke = false
		runtime.Gosched()
	}
	n, err := syscall.EpollWait(l.epoll, events, -1)
	if err != nil { // a signal came
		return 0
	}
	return n
}

// resolve finds the endpoints of events, and those that were posted.
func (l *loop) resolve(events []syscall.EpollEvent, list []happening) ([]happening, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range events {
		if int(e.Fd) == l.bell[0] {
			var some [64]byte
			_, _ = syscall.Read(l.bell[0], some[:])
			for _, end := range l.posted {
				list = append(list, happening{end, syscall.EPOLLIN})
			}
			clear(l.posted)
			l.posted = l.posted[:0]
			continue
		}
		if end := l.ends[e.Fd]; end != nil {
			list = append(list, happening{end, e.Events})
		}
	}
	return list, !l.closed
}

// add begins to watch an endpoint.
func (l *loop) add(e *endpoint) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return os.ErrClosed
	}
	if err := syscall.EpollCtl(l.epoll, syscall.EPOLL_CTL_ADD, e.fd, &syscall.EpollEvent{Events: edges, Fd: int32(e.fd)}); err != nil {
		return os.NewSyscallError("epoll_ctl", err)
	}
	l.ends[int32(e.fd)] = e
	return nil
}

// remove ends it. The descriptor is still open, so that its number can't be another one's yet.
func (l *loop) remove(e *endpoint) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ends[int32(e.fd)] != e {
		return
	}
	delete(l.ends, int32(e.fd))
	if !l.closed {
		_ = syscall.EpollCtl(l.epoll, syscall.EPOLL_CTL_DEL, e.fd, nil)
	}
}

// post has an endpoint looked at.
func (l *loop) post(e *endpoint) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	if l.posted = append(l.posted, e); len(l.posted) == 1 {
		l.ring()
	}
}

func (l *loop) ring() { _, _ = syscall.Write(l.bell[1], []byte{0}) } // a pipe that is full rings as well

// close lets run end.
func (l *loop) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.closed = true
		l.ring()
	}
}
