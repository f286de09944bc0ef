//go:build e2e

package kafkalog

import (
	"flag"
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"migassist/internal/testcluster"
)

var speedFor = flag.Duration("speed.for", 3*time.Second, "how long each speed is measured")

// cpu is what this process has used so far.
func cpu(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestSpeed prints how fast a real broker on this machine takes what we append, and gives it back. It fails only where nothing comes through.
func TestSpeed(t *testing.T) {
	k := startKafka(t, testcluster.KafkaSpec{HeapMiB: 1024})
	for _, partitions := range []int{1, 8, 32} {
		for _, c := range []struct {
			name        string
			count, size int
		}{{"256 records of 1.5 KB", 256, 1500}, {"256 records of 100 bytes", 256, 100}, {"1 record of 1.5 KB", 1, 1500}} {
			o := Options{Brokers: []string{k.Addr}, Topic: fmt.Sprintf("speed-%d-%d-%d", partitions, c.count, c.size), Create: &Creation{Partitions: partitions}}
			a := openAppender(t, o)
			records, bytes := traffic(c.count, c.size)
			measure(t, fmt.Sprintf("%2d partitions, append of %s", partitions, c.name), len(records), bytes, func() int {
				if err := a.Append(t.Context(), records); err != nil {
					t.Fatal(err)
				}
				return 1
			})
			_ = a.Close()
			if c.count == 256 && c.size == 1500 {
				s := openSource(t, o, Reading{})
				measure(t, fmt.Sprintf("%2d partitions, read of records of 1.5 KB", partitions), 1, bytes/len(records), func() int {
					if _, err := s.Next(t.Context()); err != nil {
						return 0
					}
					return 1
				})
			}
		}
	}
}

// measure calls until the time is over, or until a call says 0.
func measure(t *testing.T, name string, records, bytes int, call func() int) {
	t.Helper()
	for range 50 {
		if call() == 0 {
			t.Fatalf("%s: nothing came through", name)
		}
	}
	var took []time.Duration
	used, begun := cpu(t), time.Now()
	for last := begun; last.Sub(begun) < *speedFor; {
		if call() == 0 {
			break
		}
		now := time.Now()
		took, last = append(took, now.Sub(last)), now
	}
	total := time.Since(begun)
	used = cpu(t) - used
	slices.Sort(took)
	if len(took) == 0 {
		t.Fatalf("%s: nothing came through", name)
	}
	per := func(n int) float64 { return float64(n) * float64(len(took)) / total.Seconds() }
	t.Logf("%-55s %9.0f records/s %7.1f MB/s  p50 %-10s p99 %-10s our CPU %3.0f%%, %.1f µs a record", name, per(records), per(bytes)/1e6,
		took[len(took)/2].Round(time.Microsecond), took[len(took)*99/100].Round(time.Microsecond), 100*used.Seconds()/total.Seconds(),
		used.Seconds()*1e6/float64(records*len(took)))
}
