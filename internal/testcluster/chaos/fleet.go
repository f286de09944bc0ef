package chaos

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Fleet keeps workers running, as a scheduler of containers does: one that did not succeed is started anew.
type Fleet struct {
	Binary string
	Dir    string // of the workers' logs and working folders
	// Arguments of the worker in a place of the fleet, the start of its life given.
	Arguments func(place, life int) []string
	// Done says whether a worker that ended with a code has nothing more to do.
	Done func(code int) bool

	mu     sync.Mutex
	places []*place
	ends   []End
	failed []End
	group  sync.WaitGroup
}

// End is how a worker ended.
type End struct {
	Place, Life    int
	Code           int // -1 where a signal ended it
	Stdout, Stderr string
}

// place is where one worker after the other lives.
type place struct {
	number, life int
	cmd          *exec.Cmd
	running      bool
	frozen       bool
}

// restartAfter is how long a killed worker stays away.
const restartAfter = 300 * time.Millisecond

// Start starts so many workers; they end with the context at the latest.
func (f *Fleet) Start(ctx context.Context, workers int) {
	for n := range workers {
		p := &place{number: n}
		f.mu.Lock()
		f.places = append(f.places, p)
		f.mu.Unlock()
		f.group.Go(func() { f.inhabit(ctx, p) })
	}
}

// Wait returns when every worker has ended by itself, with how each of them ended.
func (f *Fleet) Wait() []End {
	f.group.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ends
}

// Over tells whether every worker has ended by itself.
func (f *Fleet) Over() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.ends) == len(f.places)
}

// inhabit runs one worker after the other in a place.
func (f *Fleet) inhabit(ctx context.Context, p *place) {
	for ctx.Err() == nil {
		end := f.live(ctx, p)
		if f.note(end) {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(restartAfter):
		}
		p.life++
	}
}

// note keeps what is to be known of an end, and tells whether the place is done.
func (f *Fleet) note(end End) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case end.Code < 0: // by a signal
		return false
	case f.Done(end.Code):
		f.ends = append(f.ends, end)
		return true
	}
	f.failed = append(f.failed, end)
	return false
}

// Failed are the ends of workers that gave up by themselves and were started anew.
func (f *Fleet) Failed() []End {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]End(nil), f.failed...)
}

// live runs one worker to its end.
func (f *Fleet) live(ctx context.Context, p *place) End {
	end := End{Place: p.number, Life: p.life, Code: -2}
	dir := filepath.Join(f.Dir, fmt.Sprintf("worker-%d", p.number))
	if err := os.MkdirAll(dir, 0o750); err != nil {
		end.Stderr = err.Error()
		return end
	}
	cmd := exec.CommandContext(ctx, f.Binary, f.Arguments(p.number, p.life)...)
	cmd.Dir, cmd.Env = dir, []string{"HOME=" + dir, "PATH=/usr/bin:/bin"}
	cmd.WaitDelay = time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	f.mu.Lock()
	err := cmd.Start()
	p.cmd, p.running, p.frozen = cmd, err == nil, false
	f.mu.Unlock()
	if err == nil {
		err = cmd.Wait()
	}
	f.mu.Lock()
	p.running = false
	f.mu.Unlock()
	end.Stdout, end.Stderr = stdout.String(), stderr.String()
	if log, openErr := os.OpenFile(filepath.Join(dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); openErr == nil {
		_, _ = fmt.Fprintf(log, "--- life %d: %v\n%s%s", p.life, err, end.Stderr, end.Stdout)
		_ = log.Close()
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok || err == nil {
		end.Code = 0
		if ok {
			end.Code = exit.ExitCode()
		}
	}
	return end
}

// Signal sends a signal to the worker in a place; false where none runs there, or a frozen one is to be left alone.
func (f *Fleet) Signal(number int, signal syscall.Signal) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.places[number]
	if !p.running || p.frozen && signal != syscall.SIGCONT {
		return false
	}
	if p.cmd.Process.Signal(signal) != nil {
		return false
	}
	p.frozen = signal == syscall.SIGSTOP
	return true
}
