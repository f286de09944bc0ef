package lease_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"migassist/rfs/lease"
	"migassist/rfs/lease/leasetest"
)

// within runs a test with a store and virtual time.
func within(t *testing.T, run func(t *testing.T, store lease.Store)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { run(t, leasetest.NewMemory()) })
}

func worker(store lease.Store, name string) *lease.Coordinator {
	return lease.New(store, lease.Options{Worker: name})
}

func add(t *testing.T, c *lease.Coordinator, names ...string) {
	t.Helper()
	var items []lease.Item
	for _, name := range names {
		items = append(items, lease.Item{Name: name, Work: json.RawMessage(`{"of":"` + name + `"}`), Size: int64(len(name))})
	}
	if err := c.Add(t.Context(), items...); err != nil {
		t.Fatal(err)
	}
}

func claim(t *testing.T, c *lease.Coordinator) *lease.Lease {
	t.Helper()
	l, err := c.Claim(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func is(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
}

func entries(t *testing.T, c *lease.Coordinator) map[string]lease.Entry {
	t.Helper()
	all := map[string]lease.Entry{}
	for e, err := range c.Entries(t.Context()) {
		ok(t, err)
		all[e.Name] = e
	}
	return all
}

func TestEveryItemIsClaimedOnce(t *testing.T) {
	within(t, func(t *testing.T, store lease.Store) {
		var names []string
		for n := range 700 {
			names = append(names, fmt.Sprintf("index-%d/%d", n/10, n%10))
		}
		for n := range 3 {
			add(t, worker(store, fmt.Sprint(n)), names...) // any worker may repeat it
		}
		var mu sync.Mutex
		var done []string
		var all sync.WaitGroup
		for n := range 20 {
			all.Go(func() {
				c := worker(store, fmt.Sprint(n))
				for {
					l, err := c.Claim(t.Context())
					if errors.Is(err, lease.ErrFinished) {
						return
					}
					if err != nil {
						t.Error(err)
						return
					}
					if string(l.Item().Work) != `{"of":"`+l.Item().Name+`"}` {
						t.Errorf("%s has the work %s", l.Item().Name, l.Item().Work)
					}
					mu.Lock()
					done = append(done, l.Item().Name)
					mu.Unlock()
					if err := l.Finish(t.Context(), json.RawMessage(`{"n":1}`)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		slices.Sort(names)
		slices.Sort(done)
		if !slices.Equal(names, done) {
			t.Errorf("%d items were done, %d added", len(done), len(names))
		}
		for name, e := range entries(t, worker(store, "x")) {
			if e.State != lease.Done || string(e.Progress) != `{"n":1}` || e.Size != int64(len(name)) || e.Owner == "" {
				t.Errorf("%+v", e)
			}
		}
	})
}

func TestClaimsOfSeveralWorkersAreSpread(t *testing.T) {
	within(t, func(t *testing.T, store lease.Store) {
		var names []string
		for n := range 1000 {
			names = append(names, fmt.Sprintf("books/0/%06d", n))
		}
		add(t, worker(store, "planner"), names...)
		seen := map[string]bool{}
		for n := range 10 {
			name := claim(t, worker(store, fmt.Sprint(n))).Item().Name
			seen[name[:len("books/0/0000")]] = true
		}
		if len(seen) < 4 {
			t.Errorf("ten claims among a thousand items fell on %d hundreds", len(seen))
		}
	})
}

func TestADeadHolderIsReplacedAfterTheLeaseTime(t *testing.T) {
	within(t, func(t *testing.T, store lease.Store) {
		a, b := worker(store, "a"), worker(store, "b")
		add(t, a, "books/0")
		first := claim(t, a)
		ok(t, first.Checkpoint(t.Context(), json.RawMessage(`{"doc":7}`)))
		begin := time.Now()
		second := claim(t, b)
		if took := time.Since(begin); took < 5*time.Minute || took > 6*time.Minute {
			t.Errorf("taken over after %s", took)
		}
		if string(second.Progress()) != `{"doc":7}` {
			t.Errorf("progress %s", second.Progress())
		}
		is(t, first.Checkpoint(t.Context(), json.RawMessage(`{"doc":9}`)), lease.ErrLost)
		is(t, first.Permit(t.Context(), time.Minute), lease.ErrLost)
		select {
		case <-first.Lost():
		default:
			t.Error("the first lease does not know that it is lost")
		}
		ok(t, second.Finish(t.Context(), json.RawMessage(`{"doc":20}`)))
		e := entries(t, b)["books/0"]
		if e.Attempts != 1 || len(e.Failures) != 1 || !strings.Contains(e.Failures[0], "a gave no sign of life for 5m") || e.State != lease.Done {
			t.Errorf("%+v", e)
		}
	})
}

func TestAKeptLeaseIsNotTakenOver(t *testing.T) {
	within(t, func(t *testing.T, store lease.Store) {
		a, b := worker(store, "a"), worker(store, "b")
		add(t, a, "books/0")
		l := claim(t, a)
		ctx, cancel := context.WithCancel(t.Context())
		var kept sync.WaitGroup
		kept.Go(func() { l.Keep(ctx) })
		for range 120 {
			<-time.After(time.Minute)
			_, err := b.TryClaim(t.Context())
			is(t, err, lease.ErrNoWork)
			if l.Remaining() < 3*time.Minute {
				t.Fatalf("%s remain of a lease that is kept", l.Remaining())
			}
		}
		cancel()
		kept.Wait()
		if d := l.Remaining(); d < 3*time.Minute {
			t.Error(d)
		}
		<-time.After(6 * time.Minute)
		if got := claim(t, b); got.Item().Name != "books/0" {
			t.Error(got.Item())
		}
	})
}

func TestALeaseThatIsForgottenIsNotBlockedByItsOwnWorker(t *testing.T) {
	within(t, func(t *testing.T, store lease.Store) {
		a := worker(store, "a")
		add(t, a, "books/0")
		first := claim(t, a)
		second := claim(t, a)
		is(t, first.Checkpoint(t.Context(), nil), lease.ErrLost)
		_, err := a.TryClaim(t.Context())
		is(t, err, lease.ErrNoWork)
		ok(t, second.Finish(t.Context(), nil))
	})
}

func TestPermitRenewsWhatIsTooShort(t *testing.T) {
	within(t, func(t *testing.T, store lease.Store) {
		a := worker(store, "a")
		add(t, a, "books/0")
		l := claim(t, a)
		ok(t, l.Permit(t.Context(), 2*time.Minute))
		<-time.After(4 * time.Minute)
		ok(t, l.Permit(t.Context(), 30*time.Second))
		if d := l.Remaining(); d != time.Minute {
			t.Errorf("renewed without need: %s", d)
		}
		ok(t, l.Permit(t.Context(), 2*time.Minute))
		if d := l.Remaining(); d != 5*time.Minute {
			t.Errorf("not renewed: %s", d)
		}
		<-time.After(time.Hour) // nobody was there to claim it
		ok(t, l.Permit(t.Context(), 2*time.Minute))
		if err := l.Permit(t.Context(), 5*time.Minute); err == nil || errors.Is(err, lease.ErrLost) {
			t.Errorf("a request as long as the lease: %v", err)
		}
		ok(t, l.Release(t.Context(), nil))
		is(t, l.Permit(t.Context(), time.Second), lease.ErrLost)
	})
}

func TestSplitItemsLiveOnInTheirChildren(t *testing.T) {
	within(t, func(t *testing.T, store lease.Store) {
		a := worker(store, "a")
		add(t, a, "books/0")
		l := claim(t, a)
		ok(t, l.Split(t.Context(), []lease.Item{{Name: "books/0/000000"}, {Name: "books/0/000001"}}, json.RawMessage(`{"cut":2}`)))
		for range 2 {
			child := claim(t, a)
			if !child.IsChild() {
				t.Errorf("%s is no child", child.Item().Name)
			}
			if err := child.Split(t.Context(), []lease.Item{{Name: "x"}}, nil); err == nil {
				t.Error("a child was split")
			}
			ok(t, child.Finish(t.Context(), nil))
		}
		_, err := a.Claim(t.Context())
		is(t, err, lease.ErrFinished)
		if e := entries(t, a); len(e) != 3 || e["books/0"].State != lease.Split || e["books/0/000001"].State != lease.Done {
			t.Errorf("%+v", e)
		}
	})
}

func TestFailuresAreCountedAndReleasesAreNot(t *testing.T) {
	within(t, func(t *testing.T, store lease.Store) {
		a := worker(store, "a")
		add(t, a, "books/0")
		for range 10 {
			ok(t, claim(t, a).Release(t.Context(), nil))
		}
		begin := time.Now()
		for n := range 3 {
			ok(t, claim(t, a).Fail(t.Context(), nil, fmt.Sprintf("reason %d", n), false))
		}
		if took := time.Since(begin); took < 45*time.Second {
			t.Errorf("three attempts within %s", took)
		}
		_, err := a.Claim(t.Context())
		is(t, err, lease.ErrFinished)
		e := entries(t, a)["books/0"]
		if e.State != lease.Aside || e.Attempts != 3 || !slices.Equal(e.Failures, []string{"reason 0", "reason 1", "reason 2"}) {
			t.Errorf("%+v", e)
		}
	})
}

func TestAFinalFailureSetsAsideAtOnce(t *testing.T) {
	within(t, func(t *testing.T, store lease.Store) {
		a := worker(store, "a")
		add(t, a, "books/0", "books/1")
		ok(t, claim(t, a).Fail(t.Context(), json.RawMessage(`{"doc":3}`), strings.Repeat("é", 400), true))
		ok(t, claim(t, a).Finish(t.Context(), nil))
		_, err := a.Claim(t.Context())
		is(t, err, lease.ErrFinished)
		for _, e := range entries(t, a) {
			if e.State == lease.Aside && (string(e.Progress) != `{"doc":3}` || len(e.Failures) != 1 || len(e.Failures[0]) > 510) {
				t.Errorf("%+v", e)
			}
		}
	})
}

func TestAnItemThatKillsItsWorkersIsSetAside(t *testing.T) {
	within(t, func(t *testing.T, store lease.Store) {
		add(t, worker(store, "x"), "poison/0")
		for n := range 10 {
			l := claim(t, worker(store, fmt.Sprint("victim-", n)))
			ok(t, l.Checkpoint(t.Context(), nil)) // no progress
		}
		begin := time.Now()
		_, err := worker(store, "last").Claim(t.Context())
		is(t, err, lease.ErrFinished)
		if took := time.Since(begin); took < 7*time.Minute {
			t.Errorf("given up %s after the last sign of life; a request may take two minutes beyond the lease", took)
		}
		e := entries(t, worker(store, "x"))["poison/0"]
		if e.State != lease.Aside || e.Attempts != 10 || len(e.Failures) != 5 || !strings.Contains(e.Failures[4], "victim-9") {
			t.Errorf("%+v", e)
		}
	})
}

func TestProgressClearsAnItemOfDeaths(t *testing.T) {
	within(t, func(t *testing.T, store lease.Store) {
		add(t, worker(store, "x"), "books/0")
		for n := range 30 {
			l := claim(t, worker(store, fmt.Sprint("victim-", n)))
			if n%5 == 0 {
				ok(t, l.Checkpoint(t.Context(), fmt.Appendf(nil, `{"doc":%d}`, n)))
			}
		}
		ok(t, claim(t, worker(store, "last")).Finish(t.Context(), nil))
		if e := entries(t, worker(store, "x"))["books/0"]; e.State != lease.Done || e.Attempts != 30 {
			t.Errorf("%+v", e)
		}
	})
}

func TestOnceIsDoneByOne(t *testing.T) {
	within(t, func(t *testing.T, store lease.Store) {
		var times atomic.Int32
		var all sync.WaitGroup
		for n := range 50 {
			all.Go(func() {
				got, err := worker(store, fmt.Sprint(n)).Once(t.Context(), "plan", func(ctx context.Context, l *lease.Lease) (json.RawMessage, error) {
					times.Add(1)
					ok(t, l.Checkpoint(ctx, json.RawMessage(`"half"`)))
					<-time.After(time.Hour) // it is kept meanwhile
					return json.RawMessage(`{"items":3}`), nil
				})
				if err != nil || string(got) != `{"items":3}` {
					t.Errorf("%s, %v", got, err)
				}
			})
		}
		all.Wait()
		if times.Load() != 1 {
			t.Errorf("done %d times", times.Load())
		}
	})
}

func TestOnceIsTakenOverFromTheDead(t *testing.T) {
	within(t, func(t *testing.T, store lease.Store) {
		ctx, kill := context.WithCancel(t.Context())
		begun := make(chan struct{})
		dead := lease.New(deaf{store, ctx}, lease.Options{Worker: "dead"})
		go func() {
			_, err := dead.Once(t.Context(), "close", func(context.Context, *lease.Lease) (json.RawMessage, error) {
				close(begun)
				<-ctx.Done()
				<-time.After(time.Hour)
				return json.RawMessage(`"dead"`), nil
			})
			if err == nil {
				t.Error("a worker without a store is done")
			}
		}()
		<-begun
		kill()
		got, err := worker(store, "b").Once(t.Context(), "close", func(context.Context, *lease.Lease) (json.RawMessage, error) { return nil, nil })
		if err != nil || string(got) != "null" {
			t.Errorf("%s, %v", got, err)
		}
		<-time.After(3 * time.Hour)
	})
}

// deaf is a store that cannot be reached once the context has ended.
type deaf struct {
	lease.Store
	until context.Context
}

func (d deaf) Get(ctx context.Context, key string) (lease.Record, error) {
	if d.until.Err() != nil {
		return lease.Record{}, errors.New("unreachable")
	}
	return d.Store.Get(ctx, key)
}

func (d deaf) Put(ctx context.Context, r lease.Record) (string, error) {
	if d.until.Err() != nil {
		return "", errors.New("unreachable")
	}
	return d.Store.Put(ctx, r)
}

func TestAFailedStageIsLeftToOthers(t *testing.T) {
	within(t, func(t *testing.T, store lease.Store) {
		broken := errors.New("the snapshot cannot be read")
		for range 20 {
			_, err := worker(store, "a").Once(t.Context(), "plan", func(context.Context, *lease.Lease) (json.RawMessage, error) { return nil, broken })
			is(t, err, broken)
		}
		ctx, cancel := context.WithCancel(t.Context())
		_, err := worker(store, "b").Once(ctx, "plan", func(ctx context.Context, _ *lease.Lease) (json.RawMessage, error) {
			cancel()
			<-ctx.Done()
			return nil, ctx.Err()
		})
		is(t, err, context.Canceled)
		begin := time.Now()
		got, err := worker(store, "c").Once(t.Context(), "plan", func(context.Context, *lease.Lease) (json.RawMessage, error) { return json.RawMessage("3"), nil })
		if err != nil || string(got) != "3" || time.Since(begin) > time.Second {
			t.Errorf("%s, %v after %s", got, err, time.Since(begin))
		}
	})
}

func TestUpdatesOfOneRecordAreNotLost(t *testing.T) {
	within(t, func(t *testing.T, store lease.Store) {
		var all sync.WaitGroup
		for n := range 20 {
			all.Go(func() {
				err := lease.Update(t.Context(), store, "run", func(old []byte) ([]byte, error) {
					set := map[string]bool{}
					if old != nil {
						if err := json.Unmarshal(old, &set); err != nil {
							return nil, err
						}
					}
					set[fmt.Sprint(n)] = true
					return json.Marshal(set)
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		r, err := store.Get(t.Context(), "run")
		ok(t, err)
		var set map[string]bool
		ok(t, json.Unmarshal(r.Body, &set))
		if len(set) != 20 {
			t.Errorf("%d of 20 updates are there", len(set))
		}
		refused := errors.New("another snapshot")
		is(t, lease.Update(t.Context(), store, "run", func([]byte) ([]byte, error) { return nil, refused }), refused)
		ok(t, lease.Update(t.Context(), store, "run", func([]byte) ([]byte, error) { return nil, nil }))
		if err := lease.Update(t.Context(), store, "run", func([]byte) ([]byte, error) { return []byte("{"), nil }); err == nil {
			t.Error("what is no JSON was written")
		}
	})
}

func TestNamesThatCannotBeKeysAreRefused(t *testing.T) {
	within(t, func(t *testing.T, store lease.Store) {
		for _, name := range []string{"", strings.Repeat("x", 490), "\xff"} {
			if err := worker(store, "a").Add(t.Context(), lease.Item{Name: name}); err == nil {
				t.Errorf("%q was added", name)
			}
		}
	})
}

// TestTheEndIsNotDeclaredWhileAnItemIsSplit has the split happen while a pass is on its way: it sees the parent as it is now, and the child, which
// was created after the sync, not yet.
func TestTheEndIsNotDeclaredWhileAnItemIsSplit(t *testing.T) {
	within(t, func(t *testing.T, store lease.Store) {
		a := worker(store, "a")
		add(t, a, "books/0")
		l := claim(t, a)
		lists := 0
		b := worker(listed{store, func(list func() ([]lease.Record, error)) ([]lease.Record, error) {
			lists++
			switch lists {
			case 1, 2: // the first pass, long ago
				return nil, nil
			case 3, 4: // the one behind the sync
				if lists == 3 {
					ok(t, l.Split(t.Context(), []lease.Item{{Name: "books/0/0"}}, nil))
				}
				return nil, nil
			}
			return list()
		}}, "b")
		got, err := b.TryClaim(t.Context())
		if err != nil || got.Item().Name != "books/0/0" || lists < 5 {
			t.Errorf("after %d lists: %v", lists, err)
		}
	})
}

// listed is a store whose lists go through a function.
type listed struct {
	lease.Store
	through func(func() ([]lease.Record, error)) ([]lease.Record, error)
}

func (s listed) List(ctx context.Context, prefix, after string, open bool, limit int) ([]lease.Record, error) {
	return s.through(func() ([]lease.Record, error) { return s.Store.List(ctx, prefix, after, open, limit) })
}

// slow is a store whose answers to writes take their time.
type slow struct{ lease.Store }

func (s slow) Put(ctx context.Context, r lease.Record) (string, error) {
	version, err := s.Store.Put(ctx, r)
	<-time.After(10 * time.Second)
	return version, err
}

func TestAHolderCountsFromBeforeTheRequest(t *testing.T) {
	within(t, func(t *testing.T, store lease.Store) {
		a := worker(slow{store}, "a")
		add(t, a, "books/0")
		l := claim(t, a)
		if d := l.Remaining(); d != 5*time.Minute-10*time.Second {
			t.Errorf("%s remain of a claim", d)
		}
		<-time.After(time.Minute)
		ok(t, l.Checkpoint(t.Context(), nil))
		if d := l.Remaining(); d != 5*time.Minute-10*time.Second {
			t.Errorf("%s remain after a checkpoint", d)
		}
	})
}
