//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// site is where all is measured: the tools, the upstreams, and what takes part.
type site struct {
	options

	tools      map[string]string
	temporary  string
	upstreams  []*running // by upstream
	scripts    map[string]string
	workloads  []workload
	contenders []contender
	left       []string     // out, and why
	endKafka   func() error // nil if none was started
	topics     int          // made in Kafka so far
}

// open finds the tools, starts the upstreams and writes the scripts.
func open(ctx context.Context, o options) (*site, error) {
	s := &site{options: o, tools: map[string]string{}, scripts: map[string]string{}, workloads: workloads()}
	if err := s.find("nginx", "haproxy", "wrk"); err != nil {
		return nil, err
	}
	if err := raise(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return nil, err
	}
	var err error
	if s.temporary, err = os.MkdirTemp(o.dir, "migassist-proxyrace-"); err != nil {
		return nil, err
	}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *site) prepare(ctx context.Context) error {
	if err := s.startUpstreams(ctx); err != nil {
		return err
	}
	for _, w := range s.workloads {
		var err error
		if s.scripts[w.name], err = w.writeScript(s.temporary); err != nil {
			return fmt.Errorf("write wrk's script: %w", err)
		}
	}
	return s.choose(ctx)
}

// choose says who takes part.
func (s *site) choose(ctx context.Context) error {
	missing := hasProxy(ctx, s.binary)
	if missing != nil && !errors.Is(missing, errNoProxy) {
		return missing
	}
	for _, c := range contenders() {
		switch {
		case s.only != nil && c.name != direct && c.name != nginx && !s.only.MatchString(c.name):
		case c.ours() && missing != nil:
			s.left = append(s.left, fmt.Sprintf("%s: %v", c.name, missing))
		case c.log == inKafka && s.kafka == noKafka:
			s.left = append(s.left, c.name+": -kafka-brokers none")
		default:
			s.contenders = append(s.contenders, c)
		}
	}
	if s.kafka == ownKafka && slices.ContainsFunc(s.contenders, func(c contender) bool { return c.log == inKafka }) {
		var err error
		if s.kafka, s.endKafka, err = startKafka(ctx); err != nil {
			return fmt.Errorf("%w (-kafka-brokers none leaves Kafka out)", err)
		}
	}
	return nil
}

// find looks for the tools, also where the PATH of a user who is not root does not.
func (s *site) find(names ...string) error {
	for _, name := range names {
		path, err := exec.LookPath(name)
		if err != nil {
			path, err = exec.LookPath(filepath.Join("/usr/sbin", name))
		}
		if err != nil {
			return fmt.Errorf("%s is missing (Debian: apt-get install nginx haproxy wrk): %w", name, err)
		}
		s.tools[name] = path
	}
	return nil
}

// files is how many descriptors a process here may need: a proxy two for each of a thousand connections, and some.
const files = 20000

// raise lets this process and its children open as many files as the system allows. Go does so for itself alone.
func raise() error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("ask how many files may be open: %w", err)
	}
	limit.Cur = min(limit.Max, files)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("let %d files be open: %w", limit.Cur, err)
	}
	return nil
}

func (s *site) close() error {
	var err error
	if s.endKafka != nil {
		err = s.endKafka()
	}
	for _, upstream := range s.upstreams {
		err = errors.Join(err, upstream.stop())
	}
	return errors.Join(err, os.RemoveAll(s.temporary))
}

// introduce prints what a reader must know to judge the figures.
func (s *site) introduce(ctx context.Context, w io.Writer) {
	fmt.Fprintf(w, "%d processors; %d rounds of %v, %v to warm up; wrk with %d threads; nginx with 2 workers, HAProxy with 2 threads\n",
		runtime.NumCPU(), s.rounds, s.span, s.warm, threads)
	for _, tool := range [][]string{{"nginx", "-v"}, {"haproxy", "-v"}, {"wrk", "-v"}} {
		said, _ := exec.CommandContext(ctx, s.tools[tool[0]], tool[1:]...).CombinedOutput() // wrk exits with 1
		line, _, _ := strings.Cut(string(said), "\n")
		fmt.Fprintln(w, line)
	}
	synced, err := syncTime(s.temporary)
	fmt.Fprintf(w, "fdatasync of 4 KiB more at the end of a file in %s: median %v%s\n", s.dir, synced, orError(err))
	if inMemory(s.dir) {
		fmt.Fprintf(w, "WARNING: %s is in memory, where a sync costs nothing: say -dir\n", s.dir)
	}
	if others, err := disturbance(ctx); err != nil || others > noise {
		fmt.Fprintf(w, "WARNING: others use %.0f %% of the machine%s: figures will be low, and ratios uneven\n", 100*others, orError(err))
	}
	for _, reason := range s.left {
		fmt.Fprintf(w, "left out: %s\n", reason)
	}
}

func orError(err error) string {
	if err != nil {
		return fmt.Sprintf(" (%v)", err)
	}
	return ""
}

// noise is the share of the machine that others may use without a warning.
const noise = 0.05

// glance is how long one looks whether others use the machine.
const glance = 500 * time.Millisecond

// calm waits until others leave the machine alone, as long as the patience of the run lasts.
func (s *site) calm(ctx context.Context) error {
	for s.patience > 0 {
		others, err := disturbance(ctx)
		if err != nil || others <= noise {
			return err
		}
		s.patience -= glance
	}
	return nil
}

// disturbance measures for a moment how much of the machine others use.
func disturbance(ctx context.Context) (float64, error) {
	before, err := observe()
	if err != nil {
		return 0, err
	}
	if err := pause(ctx, glance); err != nil {
		return 0, err
	}
	after, err := observe()
	return after.others(before), err
}
