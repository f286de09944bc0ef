//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"migassist/internal/testcluster/cost"
)

const (
	startTimeout = 15 * time.Second
	stopTimeout  = 20 * time.Second
	pollEvery    = 20 * time.Millisecond
)

// process is a server in a process group of its own, which dies with us.
type process struct {
	name, log string
	pid       int
	done      chan struct{} // closed when it has ended; err is set before
	err       error
}

// launch starts a command line with its output in a file of dir.
func launch(dir, name string, line ...string) (*process, error) {
	p := &process{name: name, log: filepath.Join(dir, name+".log"), done: make(chan struct{})}
	out, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // the system ties "die with your parent" to the thread that forked
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		if err == nil {
			p.pid = cmd.Process.Pid
		}
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return p, nil
}

// await asks until ready says nil, or the process ends.
func (p *process) await(ctx context.Context, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended while it started (%s): %s", p.name, p.status(), p.tail())
		case <-ctx.Done():
			return fmt.Errorf("%s does not get ready: %w; it says: %s", p.name, err, p.tail())
		case <-time.After(pollEvery):
		}
	}
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// status is how it ended.
func (p *process) status() string {
	if p.err == nil {
		return "exit status 0"
	}
	return p.err.Error()
}

// stop asks the whole group to end, and says when that took force, or when it had ended before.
func (p *process) stop() error {
	if p.ended() {
		return fmt.Errorf("%s had ended (%s): %s", p.name, p.status(), p.tail())
	}
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		if err := syscall.Kill(-p.pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("end %s: %w", p.name, err)
		}
		if !p.gone(stopTimeout) {
			continue
		}
		if signal == syscall.SIGKILL {
			return fmt.Errorf("%s had to be killed, %v after SIGTERM: %s", p.name, stopTimeout, p.tail())
		}
		return nil
	}
	return fmt.Errorf("%s survives SIGKILL", p.name)
}

// gone waits until the process has ended, and all others of its group.
func (p *process) gone(patience time.Duration) bool {
	end := time.After(patience)
	for {
		if p.ended() && errors.Is(syscall.Kill(-p.pid, 0), syscall.ESRCH) {
			return true
		}
		select {
		case <-end:
			return false
		case <-time.After(pollEvery / 4):
		}
	}
}

// tail is the end of what the process has printed.
func (p *process) tail() []byte {
	const most = 1000
	said, err := os.ReadFile(p.log)
	if err != nil {
		return []byte(err.Error())
	}
	return bytes.TrimSpace(said[max(0, len(said)-most):])
}

// processor is the processor time of the group so far.
func (p *process) processor() (time.Duration, error) { return cost.Group(p.pid) }

// members are the processes of the group.
func (p *process) members() ([]int, error) {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	var all []int
	for _, dir := range dirs {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			return nil, err
		}
		if group, err := syscall.Getpgid(pid); err == nil && group == p.pid {
			all = append(all, pid)
		}
	}
	return all, nil
}

// forget lets peak begin anew.
func (p *process) forget() error {
	pids, err := p.members()
	for _, pid := range pids {
		err = errors.Join(err, os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0)) // proc_pid_clear_refs(5)
	}
	return err
}

// peak is the most that was resident since forget, in bytes: the sum of the group's processes.
func (p *process) peak() (int64, error) {
	pids, err := p.members()
	if err != nil {
		return 0, err
	}
	var sum int64
	for _, pid := range pids {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			continue // it has ended
		}
		kib, err := kibibytes(status, "VmHWM:")
		if err != nil {
			return 0, fmt.Errorf("read the memory of %s: %w", p.name, err)
		}
		sum += kib << 10
	}
	if sum == 0 {
		return 0, fmt.Errorf("read the memory of %s: none of its processes is there", p.name)
	}
	return sum, nil
}

// kibibytes reads one field of /proc/PID/status.
func kibibytes(status []byte, field string) (int64, error) {
	_, rest, ok := bytes.Cut(status, []byte("\n"+field))
	fields := bytes.Fields(rest)
	if !ok || len(fields) < 2 || string(fields[1]) != "kB" {
		return 0, fmt.Errorf("no %s in kB", field)
	}
	return strconv.ParseInt(string(fields[0]), 10, 64)
}

// address is one of loopback that nobody has now.
func address(ctx context.Context) (string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
