//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"
)

// halfConnections are those of the generator.
const halfConnections = 32

// busiest is the number of connections with which nginx shows what it can do.
const busiest = 256

// quiet is what was measured at half load.
type quiet struct {
	rate    float64
	names   []string
	samples map[string][]latencies
	synced  time.Duration // median fdatasync, of writes
}

// half measures the latencies at half load, and prints them.
func (s *site) half(ctx context.Context, b *board, w io.Writer) error {
	for _, load := range s.workloads {
		q, err := s.quiet(ctx, b, load, w)
		if err != nil {
			return err
		}
		q.print(w, load.name)
		b.verdicts = append(b.verdicts, q.judge(load.name)...)
	}
	return nil
}

// atHalf says who takes part at half load: with writes, those that hold them back until a sync, and what they are compared with.
func atHalf(c contender, load workload) bool {
	return c.half && (load.name == reads || c.name == direct || c.name == nginx || c.durability == group)
}

func (s *site) quiet(ctx context.Context, b *board, load workload, w io.Writer) (quiet, error) {
	q := quiet{samples: map[string][]latencies{}}
	most, err := s.reference(ctx, b, load)
	if err != nil {
		return q, err
	}
	q.rate = min(s.most, most/2)
	if q.synced, err = syncTime(s.temporary); err != nil {
		return q, err
	}
	for range s.rounds {
		for _, c := range s.contenders {
			if !atHalf(c, load) {
				continue
			}
			came, err := s.paced(ctx, c, load, q.rate)
			if ctx.Err() != nil {
				return q, context.Cause(ctx)
			}
			q.add(c.name, came, err)
			if err != nil {
				b.fail(c.name+" at half load", err)
				fmt.Fprintf(w, "half load: %s: %v\n", c.name, err)
			}
		}
	}
	return q, nil
}

// add notes a contender, and what it came to unless that failed.
func (q *quiet) add(name string, came latencies, failed error) {
	if !slices.Contains(q.names, name) {
		q.names = append(q.names, name)
	}
	if failed == nil {
		q.samples[name] = append(q.samples[name], came)
	}
}

// reference is what nginx does with 256 connections: of the race, or measured now.
func (s *site) reference(ctx context.Context, b *board, load workload) (float64, error) {
	if rate := b.rate(cell{load.name, busiest}, nginx); rate > 0 {
		return rate, nil
	}
	var one sample
	at := slices.IndexFunc(s.contenders, func(c contender) bool { return c.name == nginx })
	err := s.fresh(ctx, s.contenders[at], func(r *running) (err error) {
		one, err = s.sample(ctx, load, busiest, r)
		return err
	})
	if err == nil && one.fault != "" {
		err = fmt.Errorf("measure nginx: %s", one.fault)
	}
	return one.rate, err
}

// paced is one measurement at a fixed rate, of a fresh process. The generator has no priority over the others: with nice -20 the scheduler
// leaves its processor to it and crowds the proxies on the other one, and in a real-time class it is stopped for 50 ms of each second, so
// that the slowest answers take 30 ms and more through any proxy.
func (s *site) paced(ctx context.Context, c contender, w workload, rate float64) (came latencies, err error) {
	err = s.fresh(ctx, c, func(r *running) (err error) {
		came, err = s.generate(ctx, r.address, w, rate)
		return err
	})
	return came, err
}

func (s *site) generate(ctx context.Context, address string, w workload, rate float64) (latencies, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	l, err := openLoad(address, w, halfConnections, rate)
	if err != nil {
		return latencies{}, err
	}
	defer l.close() //nolint:errcheck // nothing was written that close could lose
	if s.warm > 0 {
		if _, err := l.run(ctx, s.warm); err != nil {
			return latencies{}, err
		}
	}
	return calmest(s.tries, func() (latencies, error) {
		if err := s.calm(ctx); err != nil {
			return latencies{}, err
		}
		return l.run(ctx, s.span)
	}, func(came latencies) float64 { return came.others })
}

func openLoad(address string, w workload, connections int, rate float64) (*loader, error) {
	return load{address: address, requests: w.raw(address), connections: connections, rate: rate}.open()
}

func (q quiet) print(w io.Writer, name string) {
	fmt.Fprintf(w, "\n%s at half load: %.0f requests/s at fixed times, %d connections; latency from the time at which each was due; medians", name, q.rate, halfConnections)
	if name == writes {
		fmt.Fprintf(w, "; fdatasync takes %v", q.synced)
	}
	fmt.Fprintf(w, "\n%-24s %9s %9s %9s %14s %14s %14s %7s\n", "", "p50 ms", "p99 ms", "most ms", "p50 to direct", "p99 to direct", "generator late", "others")
	for _, who := range q.names {
		if len(q.samples[who]) == 0 {
			fmt.Fprintf(w, "%-24s not measured\n", who+" !")
			continue
		}
		fmt.Fprintf(w, "%-24s %9.3f %9.3f %9.3f %+14.3f %+14.3f %14.3f %5.0f %%\n", who, q.p50(who), q.p99(who),
			median(q.samples[who], func(l latencies) float64 { return milliseconds(l.most) }),
			q.p50(who)-q.p50(direct), q.p99(who)-q.p99(direct),
			median(q.samples[who], func(l latencies) float64 { return milliseconds(l.late) }),
			100*q.others(who))
	}
}

func (q quiet) p50(who string) float64 {
	return median(q.samples[who], func(l latencies) float64 { return milliseconds(l.p50) })
}

func (q quiet) p99(who string) float64 {
	return median(q.samples[who], func(l latencies) float64 { return milliseconds(l.p99) })
}

func (q quiet) others(who string) float64 {
	return median(q.samples[who], func(l latencies) float64 { return l.others })
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1e3 }
