//go:build linux

package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// cell is a part of the table.
type cell struct {
	workload    string
	connections int
}

// sample is one measurement of a contender.
type sample struct {
	rate      float64 // requests a second
	p50, p99  time.Duration
	processor float64 // seconds of the proxy for perRequests
	resident  float64 // bytes, at most
	others    float64 // share of the machine that others used
	fault     string

	capturing     bool
	spilled, lost float64 // shares of the records
}

// board is all that was measured.
type board struct {
	cells    []cell
	names    []string
	samples  map[cell]map[string][]sample
	failed   []string
	verdicts []verdict
}

func (b *board) add(at cell, name string, one sample) {
	if b.samples == nil {
		b.samples = map[cell]map[string][]sample{}
	}
	if b.samples[at] == nil {
		b.samples[at] = map[string][]sample{}
		b.cells = append(b.cells, at)
	}
	if !slices.Contains(b.names, name) {
		b.names = append(b.names, name)
	}
	b.samples[at][name] = append(b.samples[at][name], one)
	if one.fault != "" {
		b.failed = append(b.failed, fmt.Sprintf("%s, %d connections, %s: %s", at.workload, at.connections, name, one.fault))
	}
}

// fail notes that a contender could not be measured.
func (b *board) fail(name string, err error) {
	b.failed = append(b.failed, fmt.Sprintf("%s: %v", name, err))
}

// faults is an error if anything went wrong.
func (b *board) faults() error {
	if len(b.failed) == 0 {
		return nil
	}
	return errors.New("not all requests were answered, or not everything ran:\n  " + strings.Join(b.failed, "\n  "))
}

// rate is the median of a contender.
func (b *board) rate(at cell, name string) float64 {
	return median(b.samples[at][name], func(s sample) float64 { return s.rate })
}

// others is the median of what others used of the machine.
func (b *board) others(at cell, name string) float64 {
	return median(b.samples[at][name], func(s sample) float64 { return s.others })
}

// print prints the table.
func (b *board) print(w io.Writer) {
	for _, at := range b.cells {
		fmt.Fprintf(w, "\n%s, %d connections; medians\n", at.workload, at.connections)
		fmt.Fprintf(w, "%-24s %10s %7s %8s %8s %8s %12s %5s %7s %8s %8s\n", "", "requests/s", "spread", "to nginx", "p50 ms", "p99 ms", fmt.Sprintf("s per %d", perRequests), "MiB", "others", "spilled", "lost")
		reference := b.rate(at, nginx)
		for _, name := range b.names {
			b.row(w, at, name, reference)
		}
	}
	fmt.Fprintln(w)
}

func (b *board) row(w io.Writer, at cell, name string, reference float64) {
	all := b.samples[at][name]
	if len(all) == 0 {
		fmt.Fprintf(w, "%-24s not measured\n", name+" !")
		return
	}
	marked := name
	if slices.ContainsFunc(all, func(s sample) bool { return s.fault != "" }) {
		marked += " !"
	}
	rate := b.rate(at, name)
	byRate := func(x, y sample) int { return cmp.Compare(x.rate, y.rate) }
	spread := slices.MaxFunc(all, byRate).rate - slices.MinFunc(all, byRate).rate
	fmt.Fprintf(w, "%-24s %10.0f %5.0f %% %8s %8.2f %8.2f %12.3f %5.0f %5.0f %% %8s %8s\n", marked, rate, 100*spread/rate, ratio(rate, reference),
		1e3*median(all, func(s sample) float64 { return s.p50.Seconds() }), 1e3*median(all, func(s sample) float64 { return s.p99.Seconds() }),
		median(all, func(s sample) float64 { return s.processor }), median(all, func(s sample) float64 { return s.resident })/(1<<20),
		100*b.others(at, name),
		worst(all, func(s sample) float64 { return s.spilled }), worst(all, func(s sample) float64 { return s.lost }))
}

// worst is the largest share of the records that something happened to.
func worst(all []sample, of func(sample) float64) string {
	if !all[0].capturing {
		return "-"
	}
	return fmt.Sprintf("%.2f %%", 100*slices.Max(collect(all, of)))
}

func collect[T any](all []T, of func(T) float64) []float64 {
	values := make([]float64, len(all))
	for i, one := range all {
		values[i] = of(one)
	}
	return values
}

func ratio(rate, reference float64) string {
	if reference == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", rate/reference)
}

// median is the middle of what of gives for each; 0 of none.
func median[T any](all []T, of func(T) float64) float64 {
	if len(all) == 0 {
		return 0
	}
	values := collect(all, of)
	slices.Sort(values)
	middle := len(values) / 2
	if len(values)%2 == 0 {
		return (values[middle-1] + values[middle]) / 2
	}
	return values[middle]
}
