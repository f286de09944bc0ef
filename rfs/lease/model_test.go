package lease_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"migassist/rfs/lease"
)

const (
	modelLease   = time.Minute
	modelTimeout = 20 * time.Second // of a request to the target
	modelDeaths  = 6
)

var (
	modelSeed = flag.Uint64("lease.seed", 1, "first seed of the model")
	modelRuns = flag.Int("lease.runs", 300, "how many seeds")
)

// TestWorkersThatDieFreezeAndLoseAnswersKeepTheProtocol runs fleets of a few workers in virtual time, over a store with faults.
func TestWorkersThatDieFreezeAndLoseAnswersKeepTheProtocol(t *testing.T) {
	runs := *modelRuns
	if testing.Short() {
		runs /= 10
	}
	for n := range runs {
		seed := *modelSeed + uint64(n)
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(rand.New(rand.NewPCG(seed, 0)))
			runModel(t, w)
			if w.broken == "" {
				return
			}
			for _, line := range w.trace {
				t.Log(line)
			}
			t.Fatalf("seed %d (-lease.seed %d -lease.runs 1): %s", seed, seed, w.broken)
		})
		if t.Failed() {
			return
		}
	}
}

// runModel lets chaos reign for a while, and then wants everything done.
func runModel(t *testing.T, w *world) {
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	places := make([]*place, 2+w.random.IntN(3))
	for n := range places {
		places[n] = &place{world: w, name: string(rune('a' + n)), jumps: w.random.IntN(2) == 0, pairs: w.random.IntN(2) == 0}
		all.Go(func() { places[n].run(ctx) })
	}
	for end := time.Now().Add(w.upTo(20 * time.Minute)); time.Now().Before(end); {
		<-time.After(w.upTo(30 * time.Second))
		places[int(w.upTo(time.Duration(len(places))))-1].disturb()
		if w.chance(10) {
			w.interrupt()
		}
	}
	w.mu.Lock()
	w.quiet = true
	w.mu.Unlock()
	done := make(chan struct{})
	go func() {
		all.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(24 * time.Hour):
		w.note("", "given up: %s", w.unfinished())
		w.mu.Lock()
		w.breaks("", "the run does not end")
		w.mu.Unlock()
	}
	if left := w.unfinished(); left != "" {
		w.mu.Lock()
		w.breaks("", "all workers are done, but %s", left)
		w.mu.Unlock()
	}
	cancel()
	<-done
}

// interrupt makes the store unreachable, sometimes for longer than a lease.
func (w *world) interrupt() {
	w.mu.Lock()
	w.outage = true
	w.mu.Unlock()
	w.note("", "the store is down")
	d := w.upTo(20 * time.Second)
	if w.chance(4) {
		d = w.upTo(4 * modelLease)
	}
	<-time.After(d)
	w.note("", "the store is up")
	w.mu.Lock()
	w.outage = false
	w.mu.Unlock()
}

// place is a machine on which one worker after another lives.
type place struct {
	*world
	name  string
	jumps bool // its wall clock jumps; else it is put to sleep, with its monotonic clock
	pairs bool // its workers hold two leases

	mu     sync.Mutex
	worker *modelWorker
}

func (p *place) run(ctx context.Context) {
	for life := 0; ctx.Err() == nil; life++ {
		worker := &modelWorker{world: p.world, name: fmt.Sprintf("%s%d", p.name, life), died: make(chan struct{}), pairs: p.pairs}
		p.mu.Lock()
		p.worker = worker
		p.mu.Unlock()
		if worker.live(ctx) {
			return
		}
		<-time.After(p.upTo(2 * modelLease))
	}
}

// disturb does something bad to the worker of the place.
func (p *place) disturb() {
	p.mu.Lock()
	worker := p.worker
	p.mu.Unlock()
	if worker == nil {
		return
	}
	switch kind := p.upTo(5); {
	case kind == 5:
		d := p.upTo(3 * modelLease)
		p.note(worker.name, "does not reach the store for %s", d)
		worker.mu.Lock()
		worker.alone = time.Now().Add(d)
		worker.mu.Unlock()
	case kind == 1:
		worker.die("killed")
	case kind == 2 && p.jumps:
		jump := p.upTo(4*time.Hour) - 2*time.Hour
		p.note(worker.name, "its clock jumps by %s", jump)
		worker.shift(0, jump)
	case kind == 2:
		d := p.upTo(3 * modelLease)
		p.note(worker.name, "asleep with its clock for %s", d)
		worker.freeze(d)
		worker.shift(-d, 0)
	default:
		d := p.upTo(3 * modelLease)
		p.note(worker.name, "frozen for %s", d)
		worker.freeze(d)
	}
}

// modelWorker is one life of a worker, and its clock.
type modelWorker struct {
	*world
	name  string
	pairs bool
	died  chan struct{}

	mu         sync.Mutex
	until      time.Time // frozen
	alone      time.Time // cut off from the store
	mono, hand time.Duration
}

func (m *modelWorker) die(why string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.dead() {
		m.note(m.name, "dies: %s", why)
		close(m.died)
	}
}

func (m *modelWorker) dead() bool {
	select {
	case <-m.died:
		return true
	default:
		return false
	}
}

func (m *modelWorker) freeze(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if until := time.Now().Add(d); until.After(m.until) {
		m.until = until
	}
}

func (m *modelWorker) cutOff() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Now().Before(m.alone)
}

func (m *modelWorker) shift(mono, hand time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mono += mono
	m.hand += hand
}

// awake returns when the worker is not frozen.
func (m *modelWorker) awake(ctx context.Context) error {
	for !m.dead() {
		m.mu.Lock()
		left := time.Until(m.until)
		m.mu.Unlock()
		if left <= 0 {
			return context.Cause(ctx)
		}
		select {
		case <-time.After(left):
		case <-m.died:
		}
	}
	return errDead
}

// Now is the monotonic clock, Wall the other one.
func (m *modelWorker) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Now().Round(0).Add(m.mono)
}

func (m *modelWorker) Wall() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Now().Round(0).Add(m.hand)
}

func (m *modelWorker) Sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return m.awake(ctx)
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-m.died:
		return errDead
	}
}

// live is the life of a worker, until the run is finished or it dies.
func (m *modelWorker) live(ctx context.Context) (finished bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c := lease.New(view{m.world, m}, lease.Options{
		Worker: m.name, Duration: modelLease, Timeout: modelTimeout, MaxDeaths: modelDeaths, Clock: m, Random: rand.NewPCG(uint64(m.upTo(1<<60)), 0),
	})
	_, err := c.Once(ctx, "plan", func(ctx context.Context, _ *lease.Lease) (json.RawMessage, error) {
		var items []lease.Item
		for name := range m.plan {
			items = append(items, lease.Item{Name: name})
		}
		return nil, c.Add(ctx, items...)
	})
	if err != nil {
		m.die(err.Error())
		return false
	}
	hands := 1
	if m.pairs {
		hands = 2
	}
	results := make([]bool, hands)
	var all sync.WaitGroup
	for n := range hands {
		all.Go(func() { results[n] = m.work(ctx, c) })
	}
	all.Wait()
	return results[0] && !m.dead()
}

func (m *modelWorker) work(ctx context.Context, c *lease.Coordinator) (finished bool) {
	for {
		l, err := c.Claim(ctx)
		switch {
		case errors.Is(err, lease.ErrFinished):
			left := m.unfinished()
			m.world.mu.Lock()
			defer m.world.mu.Unlock()
			if left != "" && !m.dead() {
				m.breaks(m.name, "finished, but %s", left)
			}
			return true
		case err != nil:
			m.die(err.Error())
			return false
		}
		keep, cancel := context.WithCancel(ctx)
		var kept sync.WaitGroup
		kept.Go(func() { l.Keep(keep) })
		if err := m.item(ctx, l); err != nil && !errors.Is(err, lease.ErrLost) {
			m.die(err.Error())
		}
		cancel()
		kept.Wait()
	}
}

// item works on an item from where the last one left it.
func (m *modelWorker) item(ctx context.Context, l *lease.Lease) error {
	var at struct{ Doc int }
	if l.Progress() != nil {
		if err := json.Unmarshal(l.Progress(), &at); err != nil {
			return err
		}
	}
	name := l.Item().Name
	if m.plan[name].large {
		return l.Split(ctx, m.children(name), nil)
	}
	_, from, to := m.rangeOf(name)
	for ; at.Doc < to-from; at.Doc++ {
		progress := fmt.Appendf(nil, `{"doc":%d}`, at.Doc)
		if root, _, _ := m.rangeOf(name); m.plan[root].poison {
			m.die("poison")
		}
		if !m.quietNow() && m.chance(40) {
			return l.Fail(ctx, progress, "a reason", false)
		}
		if !m.quietNow() && m.chance(20) {
			return l.Release(ctx, progress)
		}
		if err := l.Permit(ctx, modelTimeout); err != nil {
			return err
		}
		if err := m.request(ctx, name, at.Doc); err != nil {
			return err
		}
		if m.chance(2) {
			if err := l.Checkpoint(ctx, fmt.Appendf(nil, `{"doc":%d}`, at.Doc+1)); err != nil {
				return err
			}
		}
	}
	return l.Finish(ctx, fmt.Appendf(nil, `{"doc":%d}`, at.Doc))
}

func (m *modelWorker) quietNow() bool {
	m.world.mu.Lock()
	defer m.world.mu.Unlock()
	return m.quiet
}

// request is on its way from the moment it was permitted, whatever happens to its worker then, and arrives within its timeout. Of one
// whose worker was frozen meanwhile the answer is read afterwards.
func (m *modelWorker) request(ctx context.Context, name string, doc int) error {
	d := m.upTo(modelTimeout)
	if m.chance(2) {
		d = modelTimeout - time.Nanosecond
	}
	<-time.After(d)
	m.send(m.name, name, doc)
	return m.awake(ctx)
}
