//go:build e2e

package kafkalog

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"migassist/capture"
	"migassist/capture/capturetest"
	"migassist/internal/testcluster"
)

// startKafka starts a broker that ends with the test.
func startKafka(t testing.TB, spec testcluster.KafkaSpec) *testcluster.Kafka {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	k, err := testcluster.StartKafka(ctx, spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.Stop(); err != nil {
			t.Error(err)
		}
	})
	return k
}

func openAppender(t testing.TB, o Options) *Appender {
	t.Helper()
	a, err := OpenAppender(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func openSource(t testing.TB, o Options, r Reading) *Source {
	t.Helper()
	s, err := OpenSource(t.Context(), o, r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestContract(t *testing.T) {
	k := startKafka(t, testcluster.KafkaSpec{MaxMessageBytes: 2 << 20, NoAutoCreate: true})
	var topics atomic.Int32
	for _, partitions := range []int{1, 5} {
		t.Run(fmt.Sprintf("%d partitions", partitions), func(t *testing.T) {
			capturetest.Run(t, func(t *testing.T) capturetest.Log {
				o := Options{
					Brokers: []string{k.Addr}, Topic: fmt.Sprintf("contract-%d", topics.Add(1)),
					Create: &Creation{Partitions: partitions}, Timeout: 5 * time.Second,
				}
				return capturetest.Log{
					Appender: func(t *testing.T) capture.Appender { return openAppender(t, o) },
					Source:   func(t *testing.T, follow bool) capture.Source { return openSource(t, o, Reading{Follow: follow}) },
					Break: func(t *testing.T) {
						if err := k.Kill(); err != nil {
							t.Error(err)
							return
						}
						<-time.After(200 * time.Millisecond)
						if err := k.Start(context.WithoutCancel(t.Context())); err != nil {
							t.Error(err)
						}
					},
					Patience: time.Minute,
				}
			})
		})
	}
}
