package spool

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"migassist/capture"
)

// fake is a log in memory that fails when it is told to, and then sometimes after it took a part.
type fake struct {
	mu      sync.Mutex
	taken   []capture.Record
	calls   int
	failing atomic.Bool
	hanging atomic.Bool
	hold    chan struct{} // not nil: each Append waits for one
	refuses string        // a key of which it takes no record
}

func (f *fake) Append(ctx context.Context, records []capture.Record) error {
	if f.hold != nil {
		select {
		case <-f.hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if f.hanging.Load() {
		<-ctx.Done()
		return ctx.Err()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	for _, r := range records {
		if f.refuses != "" && string(r.Key) == f.refuses {
			return fmt.Errorf("too large: %w", capture.ErrRefused)
		}
	}
	n := len(records)
	failing := f.failing.Load()
	if failing {
		n = rand.IntN(len(records) + 1)
	}
	for _, r := range records[:n] {
		f.taken = append(f.taken, capture.Record{Key: append([]byte(nil), r.Key...), Value: append([]byte(nil), r.Value...)})
	}
	if failing {
		return errors.New("the log is away")
	}
	return nil
}

func (f *fake) Sync(context.Context) error {
	if f.failing.Load() {
		return errors.New("the log is away")
	}
	return nil
}

func (f *fake) Close() error { return nil }

// started runs a spool until the test ends it by the function that it returns, which waits.
func started(t *testing.T, o Options) (*Spool, func()) {
	t.Helper()
	o.Logger, o.Node = zerolog.Nop(), "node"
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Run(context.Background()) }()
	var once sync.Once
	stop := func() {
		once.Do(func() {
			s.Close()
			select {
			case err := <-ended:
				if err != nil {
					t.Error(err)
				}
			case <-time.After(20 * time.Second):
				t.Error("the spool does not end")
			}
		})
	}
	t.Cleanup(stop)
	return s, stop
}

func numbered(key, n int) capture.Record {
	return capture.Record{Key: fmt.Appendf(nil, "k%d", key), Value: binary.BigEndian.AppendUint32(nil, uint32(n))}
}

// contents gives, by key, the numbers in the log in their order, without repetitions, and the gaps.
func (f *fake) contents(t *testing.T) (byKey map[string][]uint32, gaps []capture.Gap) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	byKey = map[string][]uint32{}
	seen := map[string]bool{}
	for _, r := range f.taken {
		var s capture.Stream
		if len(r.Value) != 4 {
			if err := capture.Decode(r.Value, &s); err != nil || s.Gap == nil {
				t.Fatalf("a record that nobody put: %x", r.Value)
			}
			if !seen[s.Connection] {
				gaps = append(gaps, *s.Gap)
			}
			seen[s.Connection] = true
			continue
		}
		id := string(r.Key) + string(r.Value)
		if !seen[id] {
			seen[id] = true
			byKey[string(r.Key)] = append(byKey[string(r.Key)], binary.BigEndian.Uint32(r.Value))
		}
	}
	return byKey, gaps
}

// Through failures of the log, and of the spill, what a caller was told is durable is in the log in the end, in the order of its key, and
// all else is counted.
func TestNothingIsLostUncounted(t *testing.T) {
	for _, c := range []struct {
		name   string
		spill  int64
		reject bool
	}{{"with a spill", 1 << 30, false}, {"with a small spill", 600, false}, {"without a spill", 0, false}, {"rejecting", 0, true}, {"rejecting with a small spill", 600, true}} {
		t.Run(c.name, func(t *testing.T) {
			log := &fake{}
			o := Options{Log: log, Patience: 30 * time.Millisecond, Linger: 5 * time.Millisecond, Reject: c.reject}
			if c.spill > 0 {
				o.Spill = Spill{Folder: filepath.Join(t.TempDir(), "spill"), Bytes: c.spill}
			}
			s, stop := started(t, o)
			const keys, each = 8, 400
			var durable [keys][]uint32
			var lost, background atomic.Int64
			var writers sync.WaitGroup
			for key := range keys {
				writers.Go(func() {
					for n := range each {
						if n%5 == 4 {
							s.Put(numbered(key, n), Need{})
							background.Add(1)
							continue
						}
						if s.Put(numbered(key, n), Need{Wait: true, Requests: 1}).Wait() == nil {
							durable[key] = append(durable[key], uint32(n))
						} else {
							lost.Add(1)
						}
						if n%4 == 0 {
							<-time.After(time.Millisecond)
						}
					}
				})
			}
			done := make(chan struct{})
			go func() { defer close(done); writers.Wait() }()
			for i := 0; ; i++ {
				select {
				case <-done:
				case <-time.After(15 * time.Millisecond):
					log.failing.Store(i%3 == 1)
					log.hanging.Store(i%7 == 5)
					continue
				}
				break
			}
			log.failing.Store(false)
			log.hanging.Store(false)
			stop()
			byKey, gaps := log.contents(t)
			inLog := int64(0)
			for key := range keys {
				got := byKey[fmt.Sprintf("k%d", key)]
				inLog += int64(len(got))
				at := 0
				for _, n := range durable[key] {
					for at < len(got) && got[at] != n {
						at++
					}
					if at == len(got) {
						t.Fatalf("key %d: %d was durable, and is not in the log or not in its order", key, n)
					}
				}
			}
			var told, requests int64
			for _, g := range gaps {
				told, requests = told+g.Records, requests+g.Requests
			}
			if told != s.stats.LostRecords.Load() || requests != s.stats.LostRequests.Load() {
				t.Errorf("gaps tell of %d records and %d requests, %d and %d were lost", told, requests, s.stats.LostRecords.Load(), s.stats.LostRequests.Load())
			}
			if c.reject && requests != 0 {
				t.Errorf("%d requests count as lost that did not pass", requests)
			}
			if !c.reject && requests != lost.Load() {
				t.Errorf("%d requests count as lost, %d were", requests, lost.Load())
			}
			if missing := keys*each - inLog; !c.reject && missing > told {
				t.Errorf("%d records are missing, gaps tell of %d", missing, told)
			}
			if c.spill == 1<<30 && lost.Load() > 0 {
				t.Errorf("%d records were lost beside a spill with room", lost.Load())
			}
			t.Logf("%d lost, %d spilled, %d gaps", lost.Load(), s.stats.SpilledRecords.Load(), len(gaps))
		})
	}
}

func TestThoseWhoWaitShareABatch(t *testing.T) {
	for _, c := range []struct {
		durability Durability
		most       int
	}{{Group, 12}, {Each, 1 << 30}} {
		log := &fake{hold: make(chan struct{}, 1000)}
		s, _ := started(t, Options{Log: log, Durability: c.durability, Patience: 10 * time.Second})
		var all sync.WaitGroup
		for n := range 100 {
			all.Go(func() {
				if err := s.Put(numbered(n, n), Need{Wait: true}).Wait(); err != nil {
					t.Error(err)
				}
			})
		}
		for s.Queued() < 90*6 {
			<-time.After(time.Millisecond)
		}
		for range 200 {
			log.hold <- struct{}{}
		}
		all.Wait()
		if log.calls > c.most || c.durability == Each && log.calls < 100 {
			t.Errorf("durability %d: %d calls of the log for 100 records", c.durability, log.calls)
		}
	}
}

func TestWhatNobodyWaitsForGoesOutSoon(t *testing.T) {
	log := &fake{}
	s, _ := started(t, Options{Log: log, Linger: 10 * time.Millisecond})
	s.Put(numbered(1, 1), Need{})
	deadline := time.After(10 * time.Second)
	for {
		if byKey, _ := log.contents(t); len(byKey) == 1 {
			return
		}
		select {
		case <-deadline:
			t.Fatal("it did not")
		case <-time.After(time.Millisecond):
		}
	}
}

func TestAFullQueueLosesOnlyWhatNobodyWaitsFor(t *testing.T) {
	log := &fake{hold: make(chan struct{}, 1000)}
	s, stop := started(t, Options{Log: log, QueueBytes: 1000, BatchBytes: 100, Patience: 10 * time.Second})
	waiting := make(chan error, 10)
	for n := range 400 {
		s.Put(numbered(0, n), Need{})
	}
	for n := range 10 {
		go func() { waiting <- s.Put(numbered(1, n), Need{Wait: true}).Wait() }()
	}
	close(log.hold)
	for range 10 {
		if err := <-waiting; err != nil {
			t.Error(err)
		}
	}
	stop()
	byKey, gaps := log.contents(t)
	lost := int64(400 - len(byKey["k0"]))
	if lost < 100 || len(gaps) == 0 || lost != s.stats.LostRecords.Load() {
		t.Errorf("%d are missing, %d count as lost, %d gaps", lost, s.stats.LostRecords.Load(), len(gaps))
	}
}

// A process that dies with records in its spill leaves them to the next one.
func TestSpillsOfTheDeadAreHandedOver(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "spill")
	away := &fake{}
	away.failing.Store(true)
	o := Options{Log: away, Patience: 20 * time.Millisecond, Spill: Spill{Folder: folder}}
	s, stop := started(t, o)
	for n := range 20 {
		if err := s.Put(numbered(0, n), Need{Wait: true}).Wait(); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	log := &fake{}
	o.Log = log
	next, stopNext := started(t, o)
	if err := next.Put(numbered(1, 0), Need{Wait: true}).Wait(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; {
		if isAway, _ := next.Away(); !isAway {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the log is not back")
		}
		<-time.After(time.Millisecond)
	}
	stopNext()
	byKey, _ := log.contents(t)
	if len(byKey["k0"]) != 20 || len(byKey["k1"]) != 1 {
		t.Errorf("%d and %d records are in the log", len(byKey["k0"]), len(byKey["k1"]))
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
		t.Errorf("%d folders are left in the spill, %v", len(left), err)
	}
}

// A record that the log will never take does not keep the others from it.
func TestWhatTheLogRefusesIsLostAlone(t *testing.T) {
	log := &fake{refuses: "k1"}
	s, stop := started(t, Options{Log: log, Spill: Spill{Folder: filepath.Join(t.TempDir(), "spill")}})
	for n := range 30 {
		if err := s.Put(numbered(n%3, n), Need{Wait: true, Requests: 1}).Wait(); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	byKey, gaps := log.contents(t)
	lost := int64(0)
	for _, g := range gaps {
		lost += g.Records
	}
	if len(byKey["k0"]) != 10 || len(byKey["k1"]) != 0 || len(byKey["k2"]) != 10 || lost != 10 {
		t.Errorf("%d, %d and %d are in the log, gaps tell of %d", len(byKey["k0"]), len(byKey["k1"]), len(byKey["k2"]), lost)
	}
}

func BenchmarkPut(b *testing.B) {
	s, err := Open(Options{Log: nowhere{}, Logger: zerolog.Nop()})
	if err != nil {
		b.Fatal(err)
	}
	go func() { _ = s.Run(context.Background()) }()
	defer s.Close()
	r := capture.Record{Key: []byte("0123456789abcdef"), Value: make([]byte, 1500)}
	b.ReportAllocs()
	b.SetBytes(int64(r.Size()))
	for b.Loop() {
		s.Put(r, Need{})
	}
}

type nowhere struct{}

func (nowhere) Append(context.Context, []capture.Record) error { return nil }
func (nowhere) Sync(context.Context) error                     { return nil }
func (nowhere) Close() error                                   { return nil }
