package bulk_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"migassist/cluster"
	"migassist/rfs/bulk"
)

// model is a target that works on so many requests at once, each taking a time by its bytes; the others wait in its queue, and
// for those that do not fit there it answers 429. Its time is that of the test's bubble.
type model struct {
	mu       sync.Mutex
	capacity chan struct{}
	queue    int     // requests that may wait; 0: any number
	perByte  float64 // nanoseconds
	noise    float64 // part of the time that is chance
	down     bool    // answers 429 to everything
	rand     *rand.Rand

	waiting  int
	taken    int // requests
	bytes    int // of bodies taken
	rejected int
}

func newModel(capacity int, perByte time.Duration) *model {
	return &model{capacity: make(chan struct{}, capacity), perByte: float64(perByte), rand: rand.New(rand.NewPCG(1, 2))}
}

func (m *model) Bulk(ctx context.Context, body []byte) (cluster.BulkResult, error) {
	m.mu.Lock()
	if m.down || m.queue > 0 && m.waiting >= m.queue+cap(m.capacity) {
		m.rejected++
		m.mu.Unlock()
		return cluster.BulkResult{}, &cluster.Error{Status: 429, Reason: "rejected execution"}
	}
	m.waiting++
	took := time.Duration(float64(len(body)) * m.perByte * (1 + m.noise*(2*m.rand.Float64()-1)))
	m.mu.Unlock()
	m.capacity <- struct{}{}
	time.Sleep(took) //nolint:forbidigo // virtual
	<-m.capacity
	m.mu.Lock()
	defer m.mu.Unlock()
	m.waiting--
	m.taken++
	m.bytes += len(body)
	return cluster.BulkResult{}, ctx.Err()
}

func (m *model) set(change func(*model)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(m)
}

// take returns the requests taken since the last call.
func (m *model) take() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.taken
	m.taken = 0
	return n
}

// kilobyte is a batch of ten operations and 1,000 bytes.
func kilobyte() *bulk.Batch {
	var b bulk.Batch
	for range 10 {
		b.Add(append(append(b.Grow(), bytes.Repeat([]byte("x"), 99)...), '\n'))
	}
	return &b
}

// flood keeps so many batches ready at the writer until the bubble's time has come.
func flood(t *testing.T, w *bulk.Writer, batches int) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	for range batches {
		group.Go(func() {
			b := kilobyte()
			for ctx.Err() == nil {
				if _, err := w.Write(ctx, b, nil); err != nil && ctx.Err() == nil {
					t.Error(err)
					return
				}
			}
		})
	}
	return func() {
		cancel()
		group.Wait()
	}
}

func pass(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // virtual
	synctest.Wait()
}

// TestWindowFindsWhatATargetCanTake: targets of several sizes, steady and noisy ones, for half an hour. Throughput is near what the
// target can do, in every minute, and never are more than about twice as many requests there as it works on.
func TestWindowFindsWhatATargetCanTake(t *testing.T) {
	for name, c := range map[string]struct {
		capacity int
		noise    float64
		least    float64 // of what the target can do, in all
	}{
		"one at a time":           {1, 0, 0.97},
		"one at a time, noisy":    {1, 0.5, 0.97},
		"eight at a time":         {8, 0, 0.97},
		"eight at a time, noisy":  {8, 0.5, 0.95},
		"thirty at a time":        {30, 0, 0.97},
		"thirty at a time, noisy": {30, 0.5, 0.95},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				target := newModel(c.capacity, time.Millisecond) // a second each
				target.noise = c.noise
				w := bulk.NewWriter(target, bulk.Patience{})
				w.SetLimits(bulk.Limits{Connections: 64})
				stop := flood(t, w, 100)
				defer stop()
				pass(time.Minute)
				target.take()
				sum := 0.0
				for minute := range 30 {
					pass(time.Minute)
					part := float64(target.take()) / float64(60*c.capacity)
					sum += part
					if part < 0.85 {
						t.Errorf("minute %d: %.2f of what is possible, %+v", minute, part, w.Flow())
					}
					if flow := w.Flow(); flow.Window < 1 || flow.Window > 2*c.capacity+4 {
						t.Errorf("minute %d: %+v", minute, flow)
					}
				}
				if sum/30 < c.least {
					t.Errorf("%.3f of what is possible, want %v", sum/30, c.least)
				}
			})
		})
	}
}

// TestWindowDoesNotSlowAFastTarget: one that works on everything at once gets all connections within a few answers.
func TestWindowDoesNotSlowAFastTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := newModel(1000, 100*time.Microsecond)
		w := bulk.NewWriter(target, bulk.Patience{})
		w.SetLimits(bulk.Limits{Connections: 16})
		stop := flood(t, w, 32)
		defer stop()
		pass(2 * time.Second)
		if flow := w.Flow(); flow.Window != 16 || flow.InFlight != 16 {
			t.Errorf("after 2 s, 20 answers' time: %+v", flow)
		}
		target.take()
		pass(10 * time.Minute)
		if taken, possible := target.take(), 16*10*600; float64(taken) < 0.99*float64(possible) {
			t.Errorf("%d requests of %d possible", taken, possible)
		}
	})
}

// TestWindowRecoversFromABurstOfRejections: down to few requests while the target rejects everything, and back.
func TestWindowRecoversFromABurstOfRejections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := newModel(8, 100*time.Microsecond)
		w := bulk.NewWriter(target, bulk.Patience{Attempts: 100})
		w.SetLimits(bulk.Limits{Connections: 64})
		stop := flood(t, w, 100)
		defer stop()
		pass(time.Minute)
		target.set(func(m *model) { m.down = true })
		pass(20 * time.Second)
		if flow := w.Flow(); flow.Window != 1 {
			t.Errorf("while it rejects everything: %+v", flow)
		}
		target.set(func(m *model) { m.down = false })
		pass(time.Minute) // batches wait up to a minute by then
		target.take()
		pass(time.Minute)
		if taken, possible := target.take(), 8*10*60; float64(taken) < 0.95*float64(possible) {
			t.Errorf("%d requests of %d possible, %+v", taken, possible, w.Flow())
		}
	})
}

// TestWindowStaysBelowATargetsQueue: one that rejects what does not fit into its short queue is kept busy all the same.
func TestWindowStaysBelowATargetsQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := newModel(8, 100*time.Microsecond)
		target.queue = 1
		w := bulk.NewWriter(target, bulk.Patience{Attempts: 100})
		w.SetLimits(bulk.Limits{Connections: 64})
		stop := flood(t, w, 100)
		defer stop()
		pass(5 * time.Minute)
		target.take()
		target.set(func(m *model) { m.rejected = 0 })
		pass(30 * time.Minute)
		taken, possible := target.take(), 8*10*60*30
		if float64(taken) < 0.85*float64(possible) || float64(target.rejected) > 0.02*float64(taken) {
			t.Errorf("%d requests of %d possible, %d rejected, %+v", taken, possible, target.rejected, w.Flow())
		}
	})
}

// TestWindowFollowsATargetThatBecomesSlower: its indices grow, and every answer takes five times as long from now on.
func TestWindowFollowsATargetThatBecomesSlower(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := newModel(8, 100*time.Microsecond)
		w := bulk.NewWriter(target, bulk.Patience{})
		w.SetLimits(bulk.Limits{Connections: 64})
		stop := flood(t, w, 100)
		defer stop()
		pass(5 * time.Minute)
		target.set(func(m *model) { m.perByte *= 5 })
		pass(2 * time.Minute)
		target.take()
		pass(10 * time.Minute)
		if taken, possible := target.take(), 8*2*600; float64(taken) < 0.95*float64(possible) {
			t.Errorf("%d requests of %d possible, %+v", taken, possible, w.Flow())
		}
	})
}

// TestLimitsHold: whatever the target could do, no more is sent than the limits say, and not much less.
func TestLimitsHold(t *testing.T) {
	for name, limits := range map[string]bulk.Limits{
		"documents": {DocsPerSecond: 200, Connections: 8},
		"bytes":     {BytesPerSecond: 20_000, Connections: 8},
		"both":      {DocsPerSecond: 200, BytesPerSecond: 1e9, Connections: 8},
		// a batch is 10 documents and 1,000 bytes: more than the bucket ever holds
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				target := newModel(1000, time.Microsecond)
				w := bulk.NewWriter(target, bulk.Patience{})
				w.SetLimits(limits)
				stop := flood(t, w, 8)
				defer stop()
				for _, change := range []float64{1, 0.05, 3} { // while it runs
					changed := limits
					changed.DocsPerSecond *= change
					changed.BytesPerSecond *= change
					w.SetLimits(changed)
					pass(time.Minute)
					target.take()
					pass(time.Minute)
					if taken, want := float64(target.take()), 60*20*change; taken > want+3 || taken < 0.98*want-1 {
						t.Errorf("%v batches a minute at %v of the limit, want %v", taken, change, want)
					}
				}
				if flow := w.Flow(); flow.Stalled == "" {
					t.Errorf("%+v names no reason", flow)
				}
				w.SetLimits(bulk.Limits{Connections: 8})
				pass(time.Second)
				if taken := target.take(); taken < 7000 {
					t.Errorf("%d batches in a second without limits, want about 8,000", taken)
				}
			})
		})
	}
}

func TestConnectionsAreACeilingThatCanBeMoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bulk.NewWriter(newModel(1000, time.Millisecond), bulk.Patience{})
		stop := flood(t, w, 100)
		defer stop()
		for _, connections := range []int{20, 3, 40} {
			w.SetLimits(bulk.Limits{Connections: connections})
			pass(3 * time.Minute)
			if flow := w.Flow(); flow.InFlight != connections {
				t.Errorf("%d connections: %+v", connections, flow)
			}
		}
	})
}

// TestBytesInFlightAreBounded: what is larger than its share goes alone.
func TestBytesInFlightAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bulk.NewWriter(newModel(1000, time.Millisecond), bulk.Patience{})
		w.SetLimits(bulk.Limits{Connections: 8, BytesInFlight: 3500})
		stop := flood(t, w, 100)
		defer stop()
		pass(5 * time.Minute)
		if flow := w.Flow(); flow.InFlight != 3 {
			t.Errorf("%+v, want three bodies of 1,000 bytes", flow)
		}
		w.SetLimits(bulk.Limits{Connections: 8, BytesInFlight: 500})
		pass(5 * time.Minute)
		if flow := w.Flow(); flow.InFlight != 1 {
			t.Errorf("%+v, want one body of 1,000 bytes", flow)
		}
	})
}

// TestTheRestOfAnOldBatchGoesBeforeYoungOnes: these could not be settled before it.
func TestTheRestOfAnOldBatchGoesBeforeYoungOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var order []string
		target := &obeying{answered: func(context.Context) error { pass(time.Second); return nil }, target: &target{docs: map[string]string{}}}
		target.item = func(id string, request int) *cluster.BulkItem {
			if order = append(order, id); request == 1 {
				return failing(429, "es_rejected_execution_exception")
			}
			return nil
		}
		w := bulk.NewWriter(target, bulk.Patience{})
		w.SetLimits(bulk.Limits{Connections: 1})
		var group sync.WaitGroup
		for _, id := range []string{"old", "b", "c", "d", "e"} {
			var b bulk.Batch
			b.Add(append(b.Grow(), `{"index":{"_id":"`+id+`"}}`+"\n{}\n"...))
			group.Go(func() {
				if _, err := w.Write(t.Context(), &b, nil); err != nil {
					t.Error(err)
				}
			})
			pass(time.Millisecond)
		}
		group.Wait()
		// Its wait is about a second, that of the answer to b; c is at the target when it comes back.
		if len(order) != 6 || order[3] != "old" && order[2] != "old" {
			t.Errorf("sent %v", order)
		}
	})
}

func TestWriteLeavesTheGateWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bulk.NewWriter(newModel(1000, time.Millisecond), bulk.Patience{})
		w.SetLimits(bulk.Limits{DocsPerSecond: 0.001})
		if _, err := w.Write(t.Context(), kilobyte(), nil); err != nil {
			t.Fatal(err)
		}
		enough := errors.New("enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, enough)
		defer cancel()
		if _, err := w.Write(ctx, kilobyte(), nil); !errors.Is(err, enough) {
			t.Errorf("got %v", err)
		}
		if flow := w.Flow(); flow.Waiting != 0 || flow.InFlight != 0 {
			t.Errorf("left behind: %+v", flow)
		}
	})
}

// TestAPauseThatTheTargetAsksForIsKeptByAllBatches: Retry-After is about the target, not about one request.
func TestAPauseThatTheTargetAsksForIsKeptByAllBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var at []time.Duration
		target := &target{docs: map[string]string{}, down: func(request int) error {
			if at = append(at, time.Since(began)); request == 1 {
				return &cluster.Error{Status: 429, Reason: "later", RetryAfter: 17 * time.Second}
			}
			return nil
		}}
		w := bulk.NewWriter(target, bulk.Patience{})
		w.SetLimits(bulk.Limits{Connections: 1})
		var group sync.WaitGroup
		for range 2 {
			group.Go(func() {
				if _, err := w.Write(t.Context(), batchOf(2), nil); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if len(at) != 3 || at[1] < 17*time.Second || at[2] > 18*time.Second {
			t.Errorf("requests after %v", at)
		}
	})
}

// TestALongWaitAtTheGateCostsNoPatience: slow limits are no reason to give a target up.
func TestALongWaitAtTheGateCostsNoPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := &target{docs: map[string]string{}, down: func(request int) error {
			if request == 2 {
				return &cluster.Error{Status: 503, Reason: "restarting"}
			}
			return nil
		}}
		w := bulk.NewWriter(target, bulk.Patience{})
		w.SetLimits(bulk.Limits{DocsPerSecond: 0.001})
		for range 2 {
			if out, err := w.Write(t.Context(), batchOf(4), nil); err != nil || out.Written != 4 {
				t.Fatalf("%+v, %v", out, err)
			}
		}
	})
}

// TestWriteRemembersWhichSizesTheTargetTakes: a few refusals, then none.
func TestWriteRemembersWhichSizesTheTargetTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := 0
		taken := &target{docs: map[string]string{}, limit: 450}
		target := &obeying{target: taken, answered: func(context.Context) error { return nil }}
		w := bulk.NewWriter(counting{target, &refused}, bulk.Patience{})
		for round := range 20 {
			if out, err := w.Write(t.Context(), batchOf(100), nil); err != nil || out.Written != 100 {
				t.Fatalf("round %d: %+v, %v", round, out, err)
			}
		}
		if refused > 6 {
			t.Errorf("%d requests were refused as too large, of %d", refused, taken.requests)
		}
	})
}

// counting counts the requests that were too large.
type counting struct {
	bulk.Target
	refused *int
}

func (c counting) Bulk(ctx context.Context, body []byte) (cluster.BulkResult, error) {
	result, err := c.Target.Bulk(ctx, body)
	if cluster.TooLarge(err) {
		*c.refused++
	}
	return result, err
}

// TestWriteSendsLessToATargetThatHasRoomForLess: a circuit breaker rejects as a busy target does, and goes by size.
func TestWriteSendsLessToATargetThatHasRoomForLess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := &roomFor{bytes: 300, target: &target{docs: map[string]string{}}}
		out, err := bulk.NewWriter(target, bulk.Patience{}).Write(t.Context(), batchOf(100), nil)
		if err != nil || out.Written != 100 || len(target.docs) != 100 {
			t.Errorf("%+v, %v", out, err)
		}
	})
}

// TestDocumentsTooLargeForTheTargetAreRefused: be they all of a batch. It is their size, not the target's way.
func TestDocumentsTooLargeForTheTargetAreRefused(t *testing.T) {
	target := &target{docs: map[string]string{}, limit: 20}
	out, err := bulk.NewWriter(target, bulk.Patience{}).Write(t.Context(), batchOf(3), nil)
	if err != nil || len(out.Refused) != 3 || out.Refused[0].Reason.Type != "request_too_large" {
		t.Errorf("%+v, %v", out, err)
	}
}

// TestWriteSendsLessToAShardThatHasRoomForLess: the same, of the items of a shard on a node with less memory. A document too large for
// it by itself is refused.
func TestWriteSendsLessToAShardThatHasRoomForLess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := &target{docs: map[string]string{}}
		items := 0
		target.down = func(int) error { items = 0; return nil }
		full := func(id string, _ int) *cluster.BulkItem {
			if id == "42" {
				item := failing(429, "rejected_execution_exception")
				item.Error.Reason = "rejected execution of primary operation [primary_operation_bytes=12, max_coordinating_and_primary_bytes=11]"
				return item
			}
			if items++; items > 10 {
				return failing(429, "rejected_execution_exception")
			}
			return nil
		}
		target.item = full
		out, err := bulk.NewWriter(target, bulk.Patience{}).Write(t.Context(), batchOf(100), nil)
		if err != nil || out.Written != 99 || len(out.Refused) != 1 || out.Refused[0].Operation != 42 {
			t.Errorf("%d written, %+v, %v", out.Written, out.Refused, err)
		}
	})
}

// roomFor is a target that has room for so many bytes at once.
type roomFor struct {
	*target
	bytes int
}

func (r *roomFor) Bulk(ctx context.Context, body []byte) (cluster.BulkResult, error) {
	if len(body) > r.bytes {
		return cluster.BulkResult{}, &cluster.Error{Status: 429, Type: "circuit_breaking_exception", Reason: "[parent] Data too large"}
	}
	return r.target.Bulk(ctx, body)
}
