//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"
)

// many is the number of connections with which memory is measured; each sends a request a second.
const many = 1000

// held is resident memory with many connections, in bytes, at most.
type held struct{ idle, ticking, flooded int64 }

// memory measures nginx, for orientation, and ours with a folder and group.
func (s *site) memory(ctx context.Context, b *board, w io.Writer) error {
	fmt.Fprintf(w, "\nresident MiB, at most, with %d connections\n%-24s %9s %16s %11s\n", many, "", "idle", "1 request/s each", "all of wrk")
	for _, c := range s.contenders {
		if c.name != nginx && (c.log != inFolder || c.durability != group) {
			continue
		}
		var h held
		err := s.fresh(ctx, c, func(r *running) (err error) {
			h, err = s.hold(ctx, r)
			return err
		})
		if err != nil {
			b.fail(c.name+" with many connections", err)
			fmt.Fprintf(w, "%-24s %v\n", c.name+" !", err)
			continue
		}
		fmt.Fprintf(w, "%-24s %9.1f %16.1f %11.1f\n", c.name, mebibytes(h.idle), mebibytes(h.ticking), mebibytes(h.flooded))
		if c.ours() {
			b.verdicts = append(b.verdicts, judgeMemory(h))
		}
	}
	return nil
}

// hold opens the connections, sends one request on each, and measures.
func (s *site) hold(ctx context.Context, r *running) (held, error) {
	load := s.workloads[slices.IndexFunc(s.workloads, func(w workload) bool { return w.name == reads })]
	var h held
	l, err := openLoad(r.address, load, many, many)
	if err != nil {
		return h, err
	}
	defer l.close() //nolint:errcheck // nothing was written that close could lose
	if _, err := l.run(ctx, time.Second); err != nil {
		return h, err
	}
	if h.idle, err = r.most(func() error { return pause(ctx, s.span) }); err != nil {
		return h, err
	}
	if h.ticking, err = r.most(func() error { _, err := l.run(ctx, s.span); return err }); err != nil {
		return h, err
	}
	if err := l.close(); err != nil {
		return h, err
	}
	h.flooded, err = r.most(func() error {
		came, err := s.wrk(ctx, r.address, s.scripts[load.name], many, s.span)
		if fault := came.fault(len(answerOf(load))); err == nil && fault != "" {
			err = fmt.Errorf("wrk: %s", fault)
		}
		return err
	})
	return h, err
}

// most is the peak of the memory while do runs.
func (r *running) most(do func() error) (int64, error) {
	if err := r.forget(); err != nil {
		return 0, err
	}
	if err := do(); err != nil {
		return 0, err
	}
	return r.peak()
}

func pause(ctx context.Context, span time.Duration) error {
	select {
	case <-time.After(span):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func mebibytes(n int64) float64 { return float64(n) / (1 << 20) }
