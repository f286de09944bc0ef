//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"syscall"
	"time"
	"unsafe"
)

// load sends requests at a fixed rate, whatever the answers do, on one thread.
//
//	timer, one tick per request ──> backlog ──> idle connection, the one that has been idle longest ──> write
//	readable ──> answer complete ──> latency = now - when the request was due
//
// A request that finds no idle connection waits in the backlog, and its waiting counts.
type load struct {
	address     string
	requests    [][]byte // sent in turn
	connections int
	rate        float64 // requests a second
}

// latencies are what a load came to.
type latencies struct {
	sent     int
	p50, p99 time.Duration
	most     time.Duration
	late     time.Duration // of the generator itself, p99: from when a request was due until it noticed
	others   float64       // share of the machine that others used
}

// loader is a load under way.
type loader struct {
	load

	poll, timer int
	sockets     map[int32]*socket
	idle        []*socket
	start       time.Time
	due         int // requests whose time has come
	taken       int // of those, sent
	answered    int
	took, late  []time.Duration
}

// socket is a connection, and the request on it.
type socket struct {
	fd     int
	since  time.Time // when its request was due
	answer []byte    // what came of it so far
}

// open connects, all connections before the first request.
func (l load) open() (_ *loader, err error) {
	r := &loader{load: l, sockets: map[int32]*socket{}}
	if r.poll, err = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("make an epoll: %w", err)
	}
	if r.timer, err = newTimer(); err == nil {
		err = r.watch(r.timer)
	}
	at, parseErr := netip.ParseAddrPort(l.address)
	err = errors.Join(err, parseErr)
	for range l.connections {
		if err != nil {
			break
		}
		err = r.connect(at)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %d connections to %s: %w", l.connections, l.address, err), r.close())
	}
	return r, nil
}

func (r *loader) connect(at netip.AddrPort) error {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	s := &socket{fd: fd, answer: make([]byte, 0, 4*kilobyte)}
	r.sockets[int32(fd)] = s
	r.idle = append(r.idle, s)
	return errors.Join(
		syscall.Connect(fd, &syscall.SockaddrInet4{Addr: at.Addr().As4(), Port: int(at.Port())}),
		syscall.SetNonblock(fd, true),
		syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1),
		r.watch(fd),
	)
}

func (r *loader) watch(fd int) error {
	return syscall.EpollCtl(r.poll, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(fd)})
}

// close may be called again: descriptors that are closed may be somebody else's by then.
func (r *loader) close() error {
	var err error
	for fd := range r.sockets {
		err = errors.Join(err, syscall.Close(int(fd)))
	}
	for _, fd := range []*int{&r.timer, &r.poll} {
		if *fd > 0 {
			err = errors.Join(err, syscall.Close(*fd))
		}
		*fd = 0
	}
	r.sockets, r.idle = nil, nil
	return err
}

// run sends for a time, waits for all answers, and may be called again.
func (r *loader) run(ctx context.Context, span time.Duration) (latencies, error) {
	const grace = 10 * time.Second
	wanted := int(r.rate * span.Seconds())
	every := time.Duration(float64(time.Second) / r.rate)
	before, err := observe()
	if err != nil {
		return latencies{}, err
	}
	r.due, r.taken, r.answered = 0, 0, 0
	r.took, r.late = make([]time.Duration, 0, wanted), make([]time.Duration, 0, wanted)
	r.start = time.Now()
	if err := setTimer(r.timer, every); err != nil {
		return latencies{}, err
	}
	var events [256]syscall.EpollEvent
	for r.answered < wanted {
		n, err := syscall.EpollWait(r.poll, events[:], 1000)
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return latencies{}, fmt.Errorf("wait for answers: %w", err)
		}
		if ctx.Err() != nil || time.Since(r.start) > span+grace {
			return latencies{}, fmt.Errorf("%d of %d answers came within %v after the last request was due (%w)", r.answered, wanted, grace, context.Cause(ctx))
		}
		for _, event := range events[:max(0, n)] {
			if err := r.handle(int(event.Fd)); err != nil {
				return latencies{}, err
			}
		}
		if err := r.send(every, wanted); err != nil {
			return latencies{}, err
		}
	}
	after, err := observe()
	came := r.result()
	came.others = after.others(before)
	return came, errors.Join(err, setTimer(r.timer, 0))
}

// handle takes in what came of the timer or on a connection.
func (r *loader) handle(fd int) error {
	if fd == r.timer {
		n, err := ticked(r.timer)
		r.due += n
		return err
	}
	s := r.sockets[int32(fd)]
	n, err := syscall.Read(fd, s.answer[len(s.answer):cap(s.answer)])
	if err != nil || n == 0 {
		return fmt.Errorf("%s ended a connection (%w)", r.address, err)
	}
	s.answer = s.answer[:len(s.answer)+n]
	whole, err := complete(s.answer)
	if err != nil {
		return fmt.Errorf("%s answers %.200q: %w", r.address, s.answer, err)
	}
	if !whole {
		if len(s.answer) == cap(s.answer) {
			s.answer = slices.Grow(s.answer, cap(s.answer))
		}
		return nil
	}
	r.took = append(r.took, time.Since(s.since))
	r.answered++
	s.answer = s.answer[:0]
	r.idle = append(r.idle, s)
	return nil
}

// send sends the requests that are due, as far as connections are idle.
func (r *loader) send(every time.Duration, wanted int) error {
	r.due = min(r.due, wanted)
	for len(r.late) < r.due {
		r.late = append(r.late, time.Since(r.dueAt(len(r.late), every)))
	}
	for r.taken < r.due && len(r.idle) > 0 {
		s := r.idle[0]
		r.idle = r.idle[1:]
		s.since = r.dueAt(r.taken, every)
		raw := r.requests[r.taken%len(r.requests)]
		if n, err := syscall.Write(s.fd, raw); err != nil || n < len(raw) {
			return fmt.Errorf("send a request to %s: %d of %d bytes (%w)", r.address, n, len(raw), err)
		}
		r.taken++
	}
	return nil
}

// dueAt is when a request should be sent: the first with the timer's first tick.
func (r *loader) dueAt(n int, every time.Duration) time.Time {
	return r.start.Add(time.Duration(n+1) * every)
}

func (r *loader) result() latencies {
	slices.Sort(r.took)
	slices.Sort(r.late)
	return latencies{sent: len(r.took), p50: percentile(r.took, 50), p99: percentile(r.took, 99), most: r.took[len(r.took)-1], late: percentile(r.late, 99)}
}

// percentile of sorted times.
func percentile(sorted []time.Duration, p int) time.Duration {
	return sorted[min(len(sorted)-1, len(sorted)*p/100)]
}

// newTimer makes a timer that can be waited for like a connection: timerfd_create(2). Those of Go are up to a millisecond late while
// nothing else happens.
func newTimer() (int, error) {
	const monotonic, nonblock, cloexec = 1, syscall.O_NONBLOCK, syscall.O_CLOEXEC
	fd, _, number := syscall.Syscall(syscall.SYS_TIMERFD_CREATE, monotonic, nonblock|cloexec, 0)
	if number != 0 {
		return 0, fmt.Errorf("make a timer: %w", number)
	}
	return int(fd), nil
}

// setTimer lets a timer tick; 0 ends it.
func setTimer(fd int, every time.Duration) error {
	spec := [2]syscall.Timespec{syscall.NsecToTimespec(every.Nanoseconds()), syscall.NsecToTimespec(every.Nanoseconds())} // each, and the first
	if _, _, number := syscall.Syscall6(syscall.SYS_TIMERFD_SETTIME, uintptr(fd), 0, uintptr(unsafe.Pointer(&spec)), 0, 0, 0); number != 0 {
		return fmt.Errorf("set a timer to %v: %w", every, number)
	}
	return nil
}

// ticked returns how often a timer has ticked since it was asked before.
func ticked(fd int) (int, error) {
	var n uint64
	if _, err := syscall.Read(fd, unsafe.Slice((*byte)(unsafe.Pointer(&n)), unsafe.Sizeof(n))); err != nil && !errors.Is(err, syscall.EAGAIN) {
		return 0, fmt.Errorf("read a timer: %w", err)
	}
	return int(n), nil
}
