//go:build linux

package main

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// What is asked of ours.
const (
	wantedReads      = 0.9 // of nginx, in every mode
	wantedAsync      = 0.9 // of nginx, writes
	wantedFolder     = 1.0 // of nginx with either mirror, writes with group, 256 connections
	wantedKafka      = 0.4 // of nginx, likewise
	wantedTail       = 1.0 // ms that reads gain at p99 at half load, less than
	wantedBeyondSync = 2.0 // ms that writes with group gain at p50 at half load, beyond a sync
	wantedResident   = 64  // MiB with many connections, less than
)

// verdict is what is asked beside what was measured.
type verdict struct {
	what, wanted, measured string
	ok                     bool
	others                 float64 // share of the machine that others used, while it or what it is compared with was measured
}

// conclude prints the verdicts of all parts.
func (b *board) conclude(w io.Writer) {
	all := slices.Concat(b.judge(), b.verdicts)
	if len(all) == 0 {
		fmt.Fprintln(w, "\nno verdicts: none of ours was measured")
		return
	}
	fmt.Fprintln(w)
	for _, v := range all {
		said := "ok"
		if !v.ok {
			said = "SHORT"
		}
		if v.others > noise {
			said += fmt.Sprintf(" (?) others used %.0f %% of the machine", 100*v.others)
		}
		fmt.Fprintf(w, "%-66s wanted %-14s measured %-40s %s\n", v.what, v.wanted, v.measured, said)
	}
}

// judge holds the rates of the race against what is asked.
func (b *board) judge() []verdict {
	var all []verdict
	for _, at := range b.cells {
		if at.workload == reads {
			all = append(all, b.ratio(at, "reads, slowest of ours to nginx", nginx, wantedReads, func(contender) bool { return true })...)
			continue
		}
		all = append(all, b.ratio(at, "writes with async, slowest to nginx", nginx, wantedAsync, func(c contender) bool { return c.durability == async })...)
		if at.connections != busiest {
			continue
		}
		for _, rival := range []string{mirror, sink} {
			all = append(all, b.ratio(at, "writes with group into a folder, to "+rival, rival, wantedFolder,
				func(c contender) bool { return c.log == inFolder && c.durability == group })...)
		}
		all = append(all, b.ratio(at, "writes with group into Kafka, to nginx", nginx, wantedKafka,
			func(c contender) bool { return c.log == inKafka && c.durability == group })...)
	}
	return append(all, b.losses()...)
}

// losses is the verdict on what ours did not capture: a rate that comes from leaving things out is none.
func (b *board) losses() []verdict {
	most, who := -1.0, ""
	for at, names := range b.samples {
		for name, all := range names {
			for _, s := range all {
				if s.capturing && s.lost > most {
					most, who = s.lost, fmt.Sprintf("%s, %s, %d", name, at.workload, at.connections)
				}
			}
		}
	}
	if who == "" {
		return nil
	}
	v := verdict{what: "records lost in any measurement", wanted: "0", measured: "0", ok: most == 0}
	if most > 0 {
		v.measured = fmt.Sprintf("%.2f %% (%s)", 100*most, who)
	}
	return []verdict{v}
}

// ratio is the verdict on the slowest of some of ours, if any was measured.
func (b *board) ratio(at cell, what, to string, wanted float64, of func(contender) bool) []verdict {
	reference := b.rate(at, to)
	least, who := 0.0, ""
	for _, c := range contenders() {
		if !c.ours() || !of(c) || !slices.Contains(b.names, c.name) {
			continue
		}
		if r := b.rate(at, c.name) / max(1, reference); who == "" || r < least {
			least, who = r, c.name
		}
	}
	if who == "" || reference == 0 {
		return nil
	}
	return []verdict{{
		what: fmt.Sprintf("%s, %d connections", what, at.connections), wanted: fmt.Sprintf(">= %.1f", wanted),
		measured: fmt.Sprintf("%.2f (%s)", least, who), ok: least >= wanted,
		others: max(b.others(at, to), b.others(at, who)),
	}}
}

// judge holds latencies at half load against what is asked.
func (q quiet) judge(name string) []verdict {
	var all []verdict
	for _, c := range contenders() {
		if !c.ours() || len(q.samples[c.name]) == 0 || len(q.samples[direct]) == 0 {
			continue
		}
		v := verdict{what: fmt.Sprintf("%s at half load, %s, p99 beyond direct", name, c.name), wanted: fmt.Sprintf("< %.1f ms", wantedTail)}
		gained := q.p99(c.name) - q.p99(direct)
		v.ok = gained < wantedTail
		if name == writes {
			gained = q.p50(c.name) - q.p50(direct)
			most := milliseconds(q.synced) + wantedBeyondSync
			v.what = fmt.Sprintf("%s at half load, %s, p50 beyond direct", name, c.name)
			v.wanted = fmt.Sprintf("<= %.1f ms", most)
			v.ok = gained <= most
		}
		v.others = max(q.others(direct), q.others(c.name))
		v.measured = fmt.Sprintf("%.2f ms (a sync takes %v)", gained, q.synced.Round(time.Microsecond))
		all = append(all, v)
	}
	return all
}

func judgeMemory(h held) verdict {
	most := mebibytes(max(h.idle, h.ticking, h.flooded))
	return verdict{
		what: fmt.Sprintf("resident with %d connections, idle, ticking or flooded", many), wanted: fmt.Sprintf("< %d MiB", wantedResident),
		measured: fmt.Sprintf("%.1f MiB", most), ok: most < wantedResident,
	}
}
