package rfs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"migassist/rfs/bulk"
	"migassist/rfs/lease"
)

// board is a store in memory whose requests can be made to fail.
type board struct {
	mu      sync.Mutex
	records map[string]lease.Record
	writes  int
	asked   int
	fail    func(doing, key string) (before, after error)
}

func newBoard() *board { return &board{records: map[string]lease.Record{}} }

func (b *board) faults(doing, key string) (before, after error) {
	b.asked++
	if b.fail == nil {
		return nil, nil
	}
	return b.fail(doing, key)
}

func (b *board) Get(_ context.Context, key string) (lease.Record, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err, _ := b.faults("get", key); err != nil {
		return lease.Record{}, err
	}
	r, ok := b.records[key]
	if !ok {
		return r, lease.ErrNotFound
	}
	return r, nil
}

func (b *board) Put(_ context.Context, r lease.Record) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before, after := b.faults("put", r.Key)
	if before != nil {
		return "", before
	}
	if b.records[r.Key].Version != r.Version {
		return "", lease.ErrConflict
	}
	b.writes++
	r.Version, r.Body = strconv.Itoa(b.writes), slices.Clone(r.Body)
	b.records[r.Key] = r
	return r.Version, after
}

func (b *board) List(_ context.Context, prefix, after string, open bool, limit int) ([]lease.Record, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err, _ := b.faults("list", prefix); err != nil {
		return nil, err
	}
	var found []lease.Record
	for key, r := range b.records {
		if strings.HasPrefix(key, prefix) && key > after && (r.Open || !open) {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b lease.Record) int { return strings.Compare(a.Key, b.Key) })
	return found[:min(limit, len(found))], nil
}

func (b *board) Sync(context.Context) error { return nil }

func (b *board) Clear(context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.records)
	return nil
}

func (b *board) Close() error { return nil }

func (b *board) requests() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.asked
}

func wanted() Run {
	return Run{
		Session: "default", Source: Identity{Repository: "s3://a/b", Snapshot: "nightly", UUID: "u1"}, Target: "http://t:9200",
		Choices: map[string]string{"doc-versions": "none", "item-bytes": "1GiB"},
	}
}

func joinRun(t *testing.T, store lease.Store, id string, want Run) *Joined {
	t.Helper()
	j, err := JoinRun(t.Context(), store, Worker{ID: id, Version: "1"}, want)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestARunOfSomethingElseIsNotJoined(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Run)
		want   []string
	}{
		"snapshot": {func(r *Run) { r.Source.UUID = "u2" }, []string{"of snapshot nightly (u1) of s3://a/b", "snapshot nightly (u2)", "--session-name"}},
		"target":   {func(r *Run) { r.Target = "http://o:9200" }, []string{"http://t:9200", "http://o:9200", "console backfill reset"}},
		"choice":   {func(r *Run) { r.Choices["doc-versions"] = "seqno" }, []string{"--doc-versions none", "--doc-versions seqno", "flags of the run"}},
		"added":    {func(r *Run) { r.Choices["rebuild-source"] = "true" }, []string{"no --rebuild-source", "--rebuild-source true"}},
		"removed":  {func(r *Run) { delete(r.Choices, "item-bytes") }, []string{"--item-bytes 1GiB", "no --item-bytes"}},
	} {
		t.Run(name, func(t *testing.T) {
			store := newBoard()
			joinRun(t, store, "a", wanted())
			other := wanted()
			c.change(&other)
			_, err := JoinRun(t.Context(), store, Worker{ID: "b"}, other)
			if err == nil {
				t.Fatal("it was joined")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in: %s", want, err)
				}
			}
			joinRun(t, store, "c", wanted()) // and the record is as it was
		})
	}
}

func TestANewerOrDamagedRunIsRefusedByName(t *testing.T) {
	for body, want := range map[string]string{
		`{"format":2}`: "the run has format 2, this version reads up to 1",
		`{}`:           "it has no format",
		`[]`:           "changed or damaged",
	} {
		store := newBoard()
		if _, err := store.Put(t.Context(), lease.Record{Key: runKey, Body: []byte(body)}); err != nil {
			t.Fatal(err)
		}
		if _, err := JoinRun(t.Context(), store, Worker{ID: "a"}, wanted()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", body, err, want)
		}
	}
}

func TestManyWhoBeginAtOnceBeginOneRun(t *testing.T) {
	store := newBoard()
	var group sync.WaitGroup
	joined := make([]*Joined, 20)
	for i := range joined {
		group.Go(func() { joined[i] = joinRun(t, store, strconv.Itoa(i), wanted()) })
	}
	group.Wait()
	for _, j := range joined {
		if j.Run().By != joined[0].Run().By {
			t.Errorf("%s and %s both began it", j.Run().By, joined[0].Run().By)
		}
	}
}

func TestALostAnswerIsNoFailure(t *testing.T) {
	store := newBoard()
	store.fail = func(doing, _ string) (error, error) {
		if doing == "put" {
			return nil, errors.New("connection reset")
		}
		return nil, nil
	}
	if j := joinRun(t, store, "a", wanted()); j.Run().By != "a" {
		t.Errorf("begun by %q", j.Run().By)
	}
}

func TestTheFirstWorkersLimitsHoldAndOthersAreTold(t *testing.T) {
	store := newBoard()
	first := wanted()
	first.Control.MaxDocsPerSecond = 500
	if n := joinRun(t, store, "a", first).Notices(); len(n) != 0 {
		t.Errorf("the first was told %q", n)
	}
	second := wanted()
	second.Control.MaxDocsPerSecond, second.Control.MaxConnections, second.Tune = 900, 7, true
	j := joinRun(t, store, "b", second)
	if c := j.Control(); c.MaxDocsPerSecond != 500 || c.MaxConnections != 0 {
		t.Errorf("%+v", c)
	}
	told := strings.Join(j.Notices(), "\n")
	for _, want := range []string{"--max-docs-per-second 900 is not used: the run has 500", "--max-connections 7", "--tune-target is not used"} {
		if !strings.Contains(told, want) {
			t.Errorf("%q is not in: %s", want, told)
		}
	}
}

// fleet is workers that watch one store.
type fleet struct {
	t      *testing.T
	store  *board
	joined map[string]*Joined
	stop   map[string]context.CancelFunc
}

func startFleet(t *testing.T, store *board, want Run, workers ...string) *fleet {
	f := &fleet{t: t, store: store, joined: map[string]*Joined{}, stop: map[string]context.CancelFunc{}}
	for _, id := range workers {
		f.start(id, want)
	}
	return f
}

func (f *fleet) start(id string, want Run) {
	ctx, cancel := context.WithCancel(f.t.Context())
	f.joined[id], f.stop[id] = joinRun(f.t, f.store, id, want), cancel
	go f.joined[id].Watch(ctx)
}

func (f *fleet) end() {
	for _, stop := range f.stop {
		stop()
	}
	synctest.Wait()
}

func (f *fleet) change(change func(*Control)) {
	f.t.Helper()
	_, err := ChangeControl(f.t.Context(), f.store, func(c *Control) error { change(c); return nil })
	if err != nil {
		f.t.Fatal(err)
	}
}

func TestLimitsAreDividedByTheWorkersAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := wanted()
		want.Control.MaxDocsPerSecond, want.Control.MaxMBPerSecond, want.Control.MaxConnections = 1000, 8, 10
		f := startFleet(t, newBoard(), want, "a", "b", "c", "d")
		defer f.end()
		pass(30 * time.Second)
		connections := 0
		for id, j := range f.joined {
			l := j.Limits()
			if j.Workers() != 4 || l.DocsPerSecond != 250 || l.BytesPerSecond != 2e6 {
				t.Errorf("%s: %d workers, %+v", id, j.Workers(), l)
			}
			connections += l.Connections
		}
		if connections != 10 {
			t.Errorf("%d connections in all, want 10", connections)
		}
		f.stop["a"]() // signs off
		pass(12 * time.Second)
		if n := f.joined["b"].Workers(); n != 3 {
			t.Errorf("%d workers after one signed off", n)
		}
	})
}

func TestADeadWorkerIsNoticedAndAFrozenOneComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newBoard()
		f := startFleet(t, store, wanted(), "a", "b")
		defer f.end()
		pass(20 * time.Second)
		var dead sync.Mutex
		frozen := true
		store.mu.Lock()
		store.fail = func(_, key string) (error, error) { // nothing of b gets through
			dead.Lock()
			defer dead.Unlock()
			if frozen && key == "worker/b" {
				return errors.New("frozen"), nil
			}
			return nil, nil
		}
		store.mu.Unlock()
		pass(45 * time.Second)
		if n := f.joined["a"].Workers(); n != 1 {
			t.Errorf("%d workers, one is dead", n)
		}
		frozen = false
		dead.Lock()
		dead.Unlock() //nolint:staticcheck // orders the write before
		pass(20 * time.Second)
		if n := f.joined["a"].Workers(); n != 2 {
			t.Errorf("%d workers, one came back", n)
		}
	})
}

func TestRecordsOfTheDeadAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newBoard()
		if _, err := store.Put(t.Context(), lease.Record{Key: "worker/old", Open: true, Body: []byte(`{"id":"old","docs":7}`)}); err != nil {
			t.Fatal(err)
		}
		f := startFleet(t, store, wanted(), "a")
		defer f.end()
		pass(5 * time.Minute)
		r, err := store.Get(t.Context(), "worker/old")
		if err != nil {
			t.Fatal(err)
		}
		var p Presence
		if err := json.Unmarshal(r.Body, &p); err != nil || r.Open || p.Left != "died" || p.Docs != 7 {
			t.Errorf("%s, open %v: %v", r.Body, r.Open, err)
		}
	})
}

func TestPauseResumeStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFleet(t, newBoard(), wanted(), "a")
		defer f.end()
		j := f.joined["a"]
		pass(5 * time.Second)
		if err := j.Proceed(t.Context()); err != nil {
			t.Fatal(err)
		}
		halted := j.Halted()
		f.change(func(c *Control) { c.Turn(Paused, time.Now()) })
		pass(4 * time.Second)
		select {
		case <-halted:
		default:
			t.Error("a pause did not halt the worker")
		}
		went := make(chan error, 1)
		go func() { went <- j.Proceed(t.Context()) }()
		pass(time.Hour)
		select {
		case err := <-went:
			t.Fatalf("it went on although paused: %v", err)
		default:
		}
		if stall := j.Activity().presence().Stall; !strings.Contains(stall, "paused") {
			t.Errorf("stall %q", stall)
		}
		f.change(func(c *Control) { c.Turn(Running, time.Now()) })
		if err := <-went; err != nil {
			t.Errorf("after resume: %v", err)
		}
		f.change(func(c *Control) { c.Turn(Stopped, time.Now()) })
		pass(4 * time.Second)
		if err := j.Proceed(t.Context()); !errors.Is(err, ErrStopped) {
			t.Errorf("after stop: %v", err)
		}
		if _, err := ChangeControl(t.Context(), f.store, func(c *Control) error { c.Turn(Running, time.Now()); return nil }); err != nil || f.epoch() != 1 {
			t.Errorf("epoch %d, %v", f.epoch(), err)
		}
	})
}

func (f *fleet) epoch() int {
	run, err := readRun(f.t.Context(), f.store)
	if err != nil {
		f.t.Fatal(err)
	}
	return run.Control.Epoch
}

func TestAWorkerBeyondTheConnectionsWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := wanted()
		want.Control.MaxConnections = 2
		f := startFleet(t, newBoard(), want, "a", "b", "c")
		defer f.end()
		pass(15 * time.Second)
		if err := f.joined["c"].Halt(); err == nil || !strings.Contains(err.Error(), "--max-connections") {
			t.Errorf("c: %v", err)
		}
		if err := f.joined["a"].Halt(); err != nil {
			t.Errorf("a: %v", err)
		}
		f.stop["a"]()
		pass(15 * time.Second)
		if err := f.joined["c"].Proceed(t.Context()); err != nil {
			t.Errorf("c, after a left: %v", err)
		}
	})
}

func TestARunThatIsRemovedEndsItsWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startFleet(t, newBoard(), wanted(), "a")
		defer f.end()
		pass(5 * time.Second)
		if err := f.store.Clear(t.Context()); err != nil {
			t.Fatal(err)
		}
		pass(5 * time.Second)
		joinRun(t, f.store, "z", wanted()) // another of the same name
		pass(5 * time.Second)
		if err := f.joined["a"].Proceed(t.Context()); !errors.Is(err, ErrRemoved) {
			t.Errorf("got %v", err)
		}
	})
}

func TestAFleetOfHundredsAsksTheStoreForLittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ids []string
		for i := range 250 {
			ids = append(ids, fmt.Sprintf("w%03d", i))
		}
		f := startFleet(t, newBoard(), wanted(), ids...)
		defer f.end()
		pass(time.Minute)
		before := f.store.requests()
		pass(time.Minute)
		if rate := float64(f.store.requests()-before) / 60; rate > 110 {
			t.Errorf("%.0f requests a second", rate)
		}
		for _, j := range f.joined {
			if j.Workers() != 250 {
				t.Fatalf("%d workers are seen", j.Workers())
			}
		}
	})
}

func TestLimitsReachTheWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newBoard()
		j := joinRun(t, store, "a", wanted())
		var mu sync.Mutex
		var got []bulk.Limits
		j.SetLimits = func(l bulk.Limits) { mu.Lock(); defer mu.Unlock(); got = append(got, l) }
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go j.Watch(ctx)
		pass(5 * time.Second)
		if _, err := ChangeControl(t.Context(), store, func(c *Control) error { c.MaxDocsPerSecond = 40; return nil }); err != nil {
			t.Fatal(err)
		}
		pass(5 * time.Second)
		mu.Lock()
		defer mu.Unlock()
		if len(got) != 2 || got[0].DocsPerSecond != 0 || got[1].DocsPerSecond != 40 {
			t.Errorf("%+v", got)
		}
		cancel()
		synctest.Wait()
	})
}

// pass lets time go by in a bubble.
func pass(d time.Duration) { <-time.After(d) }
