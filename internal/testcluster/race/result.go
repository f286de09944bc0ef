package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"migassist/internal/testcluster/cost"
)

// result is a contender's run, and what the servers used meanwhile.
type result struct {
	cost.Run

	who            string
	round          int
	source, target time.Duration
}

// share is the part of the machine's processor time that the target got.
func (r result) share() float64 {
	return r.target.Seconds() / (r.Took.Seconds() * float64(processors))
}

func (r result) print(w io.Writer) {
	fmt.Fprintf(w, "round %d  %-22s %7.2f s  %7.0f documents/s  processor: ours %5.2f s, target %6.2f s, source %6.2f s; %3.0f %% of the machine's went to the target; ours holds %d MiB\n",
		r.round, r.who, r.Took.Seconds(), r.Rate(), r.Processor.Seconds(), r.target.Seconds(), r.source.Seconds(), 100*r.share(), r.Resident>>20)
}

// What is asked of the better of ours.
const (
	wantedTime      = 0.85 // of the median of _reindex
	wantedShare     = 0.85 // of the machine's processor time to the target, which may stand for the time
	wantedProcessor = 8.0  // seconds of ours
)

// conclude prints the medians, and each of what is asked beside what was measured.
func conclude(w io.Writer, results []result) {
	by := map[string][]result{}
	var names []string
	for _, r := range results {
		if by[r.who] == nil {
			names = append(names, r.who)
		}
		by[r.who] = append(by[r.who], r)
	}
	theirs := median(by[names[0]])
	best, most := result{}, 0.0
	for _, name := range names {
		m := median(by[name])
		fmt.Fprintf(w, "median   %-22s %7.2f s, %.2f of %s; %3.0f %% of the machine's processor time went to the target\n",
			name, m.Took.Seconds(), m.Took.Seconds()/theirs.Took.Seconds(), names[0], 100*m.share())
		if !strings.HasPrefix(name, "ours") {
			continue
		}
		if best.Took == 0 || m.Took < best.Took {
			best = m
		}
		for _, r := range by[name] {
			most = max(most, r.Processor.Seconds())
		}
	}
	ratio := best.Took.Seconds() / theirs.Took.Seconds()
	fmt.Fprintf(w, "%-62s measured %.2f, or %.0f %%   %s\n",
		fmt.Sprintf("time of ours to _reindex <= %.2f, or target's share >= %.0f %%:", wantedTime, 100*wantedShare), ratio, 100*best.share(),
		met(ratio <= wantedTime || best.share() >= wantedShare))
	fmt.Fprintf(w, "%-62s measured %.2f s   %s\n", fmt.Sprintf("processor time of ours, all workers, in any run <= %.0f s:", wantedProcessor), most, met(most <= wantedProcessor))
}

// median is the run of median time.
func median(runs []result) result {
	sorted := slices.SortedFunc(slices.Values(runs), func(a, b result) int { return int(a.Took - b.Took) })
	return sorted[len(sorted)/2]
}

func met(ok bool) string {
	if ok {
		return "met"
	}
	return "NOT MET"
}
