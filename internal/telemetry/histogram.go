package telemetry

import (
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"
)

// bounds are the upper ends of a histogram's buckets, from what a sync of a fast disk takes to what nobody waits for.
var bounds = [...]time.Duration{
	20 * time.Microsecond, 50 * time.Microsecond, 100 * time.Microsecond, 200 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second,
}

// Histogram counts times by size. The zero value is empty. Methods may be called from several goroutines at once.
type Histogram struct {
	counts [len(bounds) + 1]atomic.Int64
	sum    atomic.Int64 // nanoseconds
}

// Observe counts a time.
func (h *Histogram) Observe(d time.Duration) {
	at, _ := slices.BinarySearch(bounds[:], d)
	h.counts[at].Add(1)
	h.sum.Add(int64(d))
}

// Count is how many times were counted.
func (h *Histogram) Count() (n int64) {
	for i := range h.counts {
		n += h.counts[i].Load()
	}
	return n
}

// Quantile is the upper end of the bucket that has the time below which a part of all are, 0.5 being half. Beyond the last bucket it is twice
// that one's end; of no times it is 0.
func (h *Histogram) Quantile(part float64) time.Duration {
	rank := part * float64(h.Count())
	if rank == 0 {
		return 0
	}
	seen := int64(0)
	for i, bound := range bounds {
		if seen += h.counts[i].Load(); float64(seen) >= rank {
			return bound
		}
	}
	return 2 * bounds[len(bounds)-1]
}

// write writes the buckets, each with all below it, as the text format wants them.
func (h *Histogram) write(w io.Writer, name string, own []Label) {
	seen := int64(0)
	for i := range h.counts {
		seen += h.counts[i].Load()
		end := "+Inf"
		if i < len(bounds) {
			end = number(bounds[i].Seconds())
		}
		fmt.Fprintf(w, "%s_bucket%s %d\n", name, labels(append(slices.Clone(own), Label{"le", end})), seen)
	}
	fmt.Fprintf(w, "%s_sum%s %s\n%s_count%s %d\n", name, labels(own), number(time.Duration(h.sum.Load()).Seconds()), name, labels(own), seen)
}
