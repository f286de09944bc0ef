package lease_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"migassist/rfs/lease"
	"migassist/rfs/lease/leasetest"
)

var (
	simWorkers = flag.Int("simulation.workers", 20, "workers of the simulated fleet")
	simItems   = flag.Int("simulation.items", 1000, "items of work, of which one in fifty is a shard that is split")
	simOnly    = flag.String("simulation.only", "", "only the scenarios whose names begin so")
)

// scenario is a fleet, and the store it works with.
type scenario struct {
	name     string
	workers  int
	items    int
	duration time.Duration // of a lease
	lifetime time.Duration // of a worker, on average; 0: none dies
	get, put time.Duration // latencies, on average
	list     time.Duration
	refresh  time.Duration // lists show what was there at the last one
	bodiless bool          // lists have no bodies
}

const (
	simChildren   = 49               // of a shard that is split
	simWork       = 40 * time.Second // an item takes, on average
	simCheckpoint = 5 * time.Second
	simRestart    = time.Minute // until a dead worker is replaced
)

// TestSimulation runs fleets in virtual time over the real protocol. docs/fleet-simulation.md has the figures of a large one.
func TestSimulation(t *testing.T) {
	index := scenario{name: "index", get: 3 * time.Millisecond, put: 8 * time.Millisecond, list: 10 * time.Millisecond, refresh: time.Second}
	object := scenario{name: "object", get: 25 * time.Millisecond, put: 45 * time.Millisecond, list: 60 * time.Millisecond, bodiless: true}
	file := scenario{name: "file", get: 50 * time.Microsecond, put: 100 * time.Microsecond, list: 200 * time.Microsecond}
	var lines []string
	for _, s := range []struct {
		scenario
		name     string
		duration time.Duration
		lifetime time.Duration
	}{
		{index, "index, lease 5m, nobody dies", 5 * time.Minute, 0},
		{index, "index, lease 5m", 5 * time.Minute, 2 * time.Hour},
		{index, "index, lease 1m", time.Minute, 2 * time.Hour},
		{index, "index, lease 5m, spot market", 5 * time.Minute, 10 * time.Minute},
		{object, "object, lease 5m", 5 * time.Minute, 2 * time.Hour},
		{file, "file, lease 5m", 5 * time.Minute, 2 * time.Hour},
	} {
		if !strings.HasPrefix(s.name, *simOnly) {
			continue
		}
		s.scenario.name, s.scenario.duration, s.scenario.lifetime = s.name, s.duration, s.lifetime
		s.workers, s.items = *simWorkers, *simItems
		t.Run(s.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := simulate(t, s.scenario)
				f.hold(t)
				lines = append(lines, f.row())
			})
		})
	}
	t.Logf("%d workers, %d items\n%s\n%s", *simWorkers, *simItems, rowHead, strings.Join(lines, "\n"))
}

// fleet is a running scenario and what is measured of it.
type fleet struct {
	scenario
	store *leasetest.Memory
	begin time.Time

	mu       sync.Mutex
	random   *rand.Rand
	past     map[string]past // what a record was before the last refresh
	calls    map[string]int
	seconds  []int // calls in each second
	records  int   // that lists returned
	died     map[string]time.Time
	noticed  []time.Duration
	starts   []span // times without an item
	done     int
	lastDone time.Duration
	ends     []time.Duration
}

type span struct{ from, to time.Duration }

func simulate(t *testing.T, s scenario) *fleet {
	f := &fleet{
		scenario: s, store: leasetest.NewMemory(), begin: time.Now(), random: rand.New(rand.NewPCG(1, 2)),
		past: map[string]past{}, calls: map[string]int{}, died: map[string]time.Time{},
	}
	var all sync.WaitGroup
	for n := range s.workers {
		all.Go(func() {
			for life := 0; ; life++ {
				if f.worker(t, fmt.Sprintf("%d-%d", n, life)) {
					return
				}
				<-time.After(simRestart)
			}
		})
	}
	all.Wait()
	return f
}

func (f *fleet) now() time.Duration { return time.Since(f.begin) }

// drawn is a time that is exponentially distributed.
func (f *fleet) drawn(mean time.Duration) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Duration(f.random.ExpFloat64() * float64(mean))
}

func (f *fleet) seed() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.random.Uint64()
}

// worker is one life. It tells whether the run was finished.
func (f *fleet) worker(t *testing.T, name string) bool {
	ctx, kill := context.WithCancel(t.Context())
	defer kill()
	if f.lifetime > 0 {
		timer := time.AfterFunc(f.drawn(f.lifetime), kill)
		defer timer.Stop()
	}
	c := lease.New(simView{f, ctx}, lease.Options{Worker: name, Duration: f.duration, Random: rand.NewPCG(f.seed(), 0)})
	_, err := c.Once(ctx, "plan", func(ctx context.Context, _ *lease.Lease) (json.RawMessage, error) { return nil, f.plan(ctx, c) })
	for err == nil {
		free := f.now()
		var l *lease.Lease
		if l, err = c.Claim(ctx); err != nil {
			break
		}
		f.claimed(l, span{free, f.now()})
		err = f.work(ctx, l)
	}
	if errors.Is(err, lease.ErrFinished) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.ends = append(f.ends, f.now())
		return true
	}
	if ctx.Err() == nil {
		t.Errorf("worker %s: %v", name, err)
		return true
	}
	return false
}

func (f *fleet) plan(ctx context.Context, c *lease.Coordinator) error {
	var items []lease.Item
	for n := range max(1, f.items/(simChildren+1)) {
		items = append(items, lease.Item{Name: fmt.Sprintf("logs-%06d/%d", n/5, n%5), Size: 50 << 30, Work: json.RawMessage(`{"index":"logs","shard":0,"target":"u1234567890abcdefghijk"}`)})
	}
	return c.Add(ctx, items...)
}

func (f *fleet) claimed(l *lease.Lease, waited span) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.starts = append(f.starts, waited)
	if at, ok := f.died[l.Item().Name]; ok {
		f.noticed = append(f.noticed, time.Since(at))
		delete(f.died, l.Item().Name)
	}
}

// work is an item: a shard is split, another is read to its end.
func (f *fleet) work(ctx context.Context, l *lease.Lease) (err error) {
	name := l.Item().Name
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if ctx.Err() != nil {
			f.died[name] = time.Now()
		}
		if err == nil {
			f.done, f.lastDone = f.done+1, f.now()
		}
	}()
	keep, cancel := context.WithCancel(ctx)
	defer cancel()
	go l.Keep(keep)
	if !l.IsChild() {
		var children []lease.Item
		for n := range simChildren {
			children = append(children, lease.Item{Name: fmt.Sprintf("%s/%06d", name, n), Size: 1 << 30, Work: l.Item().Work})
		}
		return l.Split(ctx, children, nil)
	}
	left := f.drawn(simWork)
	for doc := 0; left > 0; doc++ {
		select {
		case <-time.After(min(left, simCheckpoint)):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if left -= simCheckpoint; left <= 0 {
			break
		}
		if err := l.Permit(ctx, f.duration/3); err != nil {
			return err
		}
		if err := l.Checkpoint(ctx, progressOf(doc)); err != nil {
			return err
		}
	}
	return l.Finish(ctx, progressOf(1<<20))
}

func progressOf(doc int) json.RawMessage {
	return fmt.Appendf(nil, `{"cursor":{"segment":"_a1","doc":%d},"walked":%d,"read":%d,"written":%d,"skipped":0,"refused":0,"bytes":%d,"sums":[{"from":0,"to":%d,"crc":305419896}]}`,
		doc, doc, doc, doc, doc<<10, doc<<10)
}

// simView is the store as one worker reaches it, counted.
type simView struct {
	*fleet
	life context.Context
}

func (v simView) call(ctx context.Context, kind string, latency time.Duration) error {
	d := v.drawn(latency/2) + latency/2
	v.mu.Lock()
	v.calls[kind]++
	second := int(v.now() / time.Second)
	for len(v.seconds) <= second {
		v.seconds = append(v.seconds, 0)
	}
	v.seconds[second]++
	v.mu.Unlock()
	select {
	case <-time.After(d):
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return context.Cause(v.life) // the dead reach nothing
}

func (v simView) Get(ctx context.Context, key string) (lease.Record, error) {
	if err := v.call(ctx, "get", v.get); err != nil {
		return lease.Record{}, err
	}
	return v.store.Get(ctx, key)
}

func (v simView) Put(ctx context.Context, r lease.Record) (string, error) {
	if err := v.call(ctx, "put", v.put); err != nil {
		return "", err
	}
	old, oldErr := v.store.Get(ctx, r.Key)
	version, err := v.store.Put(ctx, r)
	v.mu.Lock()
	defer v.mu.Unlock()
	if errors.Is(err, lease.ErrConflict) {
		v.calls["conflict"]++
	}
	if err == nil && v.refresh > 0 && oldErr == nil {
		if before, ok := v.past[r.Key]; !ok || before.until.Before(v.refreshed()) {
			v.past[r.Key] = past{old, time.Now()}
		}
	}
	return version, err
}

func (f *fleet) refreshed() time.Time { return f.begin.Add(f.now().Truncate(f.refresh)) }

func (v simView) List(ctx context.Context, prefix, after string, open bool, limit int) ([]lease.Record, error) {
	if err := v.call(ctx, "list", v.list); err != nil {
		return nil, err
	}
	page, err := v.store.List(ctx, prefix, after, open, limit)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.records += len(page)
	for n, r := range page {
		if before, ok := v.past[r.Key]; ok && v.refresh > 0 && before.until.After(v.refreshed()) {
			page[n] = before.Record
		}
		if v.bodiless {
			page[n].Body = nil
		}
	}
	return page, err
}

func (v simView) Sync(ctx context.Context) error {
	err := v.call(ctx, "sync", 5*v.list)
	v.mu.Lock()
	defer v.mu.Unlock()
	clear(v.past)
	return err
}

func (v simView) Clear(context.Context) error { return errors.New("not in the simulation") }
func (v simView) Close() error                { return nil }

// hold is what must be true of every fleet.
func (f *fleet) hold(t *testing.T) {
	t.Helper()
	want := max(1, f.items/(simChildren+1)) * (simChildren + 1)
	if f.done < want || len(f.ends) != f.workers {
		t.Errorf("%d of %d items done, %d of %d workers at the end", f.done, want, len(f.ends), f.workers)
	}
	if share := f.idleShare(); share > 0.2 {
		t.Errorf("workers had nothing to do for %.1f%% of the time in which there was work", 100*share)
	}
	if perWorker := f.perSecond("get", "put", "list", "sync") / float64(f.workers); perWorker > 1 {
		t.Errorf("%.2f requests a second and worker", perWorker)
	}
	if len(f.noticed) > 10 && quantile(f.noticed, 0.95) > f.duration+f.duration/2 && f.lastDone > 5*f.duration {
		t.Logf("95%% of the dead were noticed within %s", quantile(f.noticed, 0.95))
	}
	if late := slices.Max(f.ends) - f.lastDone; late > f.duration {
		t.Errorf("the last worker went %s after the last item", late)
	}
}

// busyUntil is when fewer items were left than there are workers, for which nobody is to blame.
func (f *fleet) busyUntil() time.Duration {
	last := slices.SortedFunc(slices.Values(f.starts), func(a, b span) int { return cmp.Compare(a.to, b.to) })
	return last[max(0, len(last)-f.workers)].to
}

// idleShare is how much of the workers' time went by without an item, as long as there were more items than workers.
func (f *fleet) idleShare() float64 {
	until := f.busyUntil()
	var idle time.Duration
	for _, s := range f.starts {
		idle += max(0, min(s.to, until)-s.from)
	}
	return float64(idle) / float64(until) / float64(f.workers)
}

func (f *fleet) perSecond(kinds ...string) (sum float64) {
	for _, kind := range kinds {
		sum += float64(f.calls[kind])
	}
	return sum / slices.Max(f.ends).Seconds()
}

// peak is the largest number of requests a second, over ten of them.
func (f *fleet) peak() float64 {
	most, sum := 0, 0
	for n, calls := range f.seconds {
		sum += calls
		if n >= 10 {
			sum -= f.seconds[n-10]
		}
		most = max(most, sum)
	}
	return float64(most) / 10
}

func quantile(all []time.Duration, q float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[int(math.Round(q*float64(len(sorted)-1)))].Round(time.Second)
}

const rowHead = `| store, lease | run | put/s | of them refused | get/s | list/s (records) | all/s, peak of 10 s | idle | deaths, noticed after (median, 95 %, last) | last worker gone |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |`

func (f *fleet) row() string {
	length := slices.Max(f.ends)
	dead := "none"
	if len(f.noticed) > 0 {
		dead = fmt.Sprintf("%d: %s, %s, %s", len(f.noticed), quantile(f.noticed, 0.5), quantile(f.noticed, 0.95), quantile(f.noticed, 1))
	}
	return fmt.Sprintf("| %s | %s | %.1f | %.2f | %.1f | %.1f (%.0f) | %.0f, %.0f | %.2f %% | %s | %s |", f.name, length.Round(time.Second),
		f.perSecond("put"), f.perSecond("conflict"), f.perSecond("get"), f.perSecond("list"), float64(f.records)/length.Seconds(),
		f.perSecond("get", "put", "list", "sync"), f.peak(), 100*f.idleShare(), dead, (length - f.lastDone).Round(100*time.Millisecond))
}
