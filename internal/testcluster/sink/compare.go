package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"migassist/internal/testcluster/cost"
)

// compare runs the command in turn with and without more arguments, and prints what they cost. The one that goes first changes, so that
// neither always has the warmer machine.
func (b bench) compare(ctx context.Context, url, dir string, ask asked) error {
	var rates, processor []float64 // with, of without, by the pair
	for n := range b.runs {
		var runs [2]cost.Run // without, with
		for turn := range runs {
			with := (turn + n) % len(runs)
			var more []string
			if with == 1 {
				more = b.against
			}
			run, err := b.once(ctx, url, filepath.Join(dir, strconv.Itoa(len(runs)*n+turn)), more...)
			if err != nil {
				return err
			}
			fmt.Fprintf(os.Stdout, "into a sink, %s: %s, %.2f for a GB\n", [2]string{"without", "with"}[with], run, run.PerGigabyte())
			runs[with] = run
		}
		if without, with := runs[0].Documents, runs[1].Documents; without != with {
			return fmt.Errorf("%d documents without, and %d with more arguments: they do not do the same", without, with)
		}
		rates = append(rates, runs[1].Rate()/runs[0].Rate())
		processor = append(processor, runs[1].Processor.Seconds()/runs[0].Processor.Seconds())
	}
	fmt.Fprintf(os.Stdout, "with %v: documents a second %s of those without, %.2f asked (%s); processor time %s\n",
		b.against, spread(rates), ask.ratio, met(median(rates) >= ask.ratio), spread(processor))
	return nil
}

// median is the middle one, the mean of the middle two, or 0 of none.
func median(of []float64) float64 {
	if len(of) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(of))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// spread is the median with the least and the most.
func spread(of []float64) string {
	return fmt.Sprintf("%.2f (%.2f to %.2f)", median(of), slices.Min(of), slices.Max(of))
}
