package rfs

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"migassist/lucene"
)

// TestBudgetIsNeverExceeded sends spans of every size through what takes and gives in a pipeline: there is never more in use
// than the budget, unless one span alone needs more, and all come through.
func TestBudgetIsNeverExceeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 1000
		b := newBudget(size)
		var group sync.WaitGroup
		random := rand.New(rand.NewPCG(5, 6))
		inUse, most := int64(0), int64(0)
		var mu sync.Mutex
		for range 2000 {
			need := random.Int64N(size / 3)
			if random.IntN(20) == 0 {
				need = size/2 + random.Int64N(size)
			}
			if err := b.take(t.Context(), need); err != nil {
				t.Fatal(err)
			}
			mu.Lock()
			if inUse += need; inUse > size && inUse != need {
				t.Fatalf("%d of %d in use", inUse, size)
			}
			most = max(most, inUse)
			mu.Unlock()
			wait := time.Duration(random.IntN(100)) * time.Millisecond
			group.Go(func() { // gives it back in two parts, as decoder and settler do
				for _, part := range []int64{need / 3, need - need/3} {
					time.Sleep(wait) //nolint:forbidigo // of a synthetic clock
					mu.Lock()
					inUse -= part
					b.change(-part)
					mu.Unlock()
				}
			})
		}
		group.Wait()
		if b.used != 0 || most < size*9/10 {
			t.Errorf("%d are in use in the end, %d at most", b.used, most)
		}
	})
}

func TestBudgetIsWaitedForNoLongerThanWanted(t *testing.T) {
	b := newBudget(10)
	if !b.tryTake(8) || b.tryTake(3) {
		t.Error("eight of ten fit, three more do not")
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	cancel(why)
	if err := b.take(ctx, 3); !errors.Is(err, why) {
		t.Error(err)
	}
	b.change(5) // what has to be, is
	b.change(-13)
	if !b.tryTake(100) || b.tryTake(1) {
		t.Error("one that is alone may have more than there is, and stays alone")
	}
}

// TestMemoryPlans are the figures that people are told.
func TestMemoryPlans(t *testing.T) {
	for _, c := range []struct {
		memory, workers int
		largest         int // megabytes
	}{{64, 2, 10}, {256, 2, 64}, {512, 2, 135}, {1024, 4, 270}} {
		m := Options{Memory: c.memory << 20, Workers: c.workers}.memoryPlan()
		if m.largest>>20 != c.largest {
			t.Errorf("with %d MiB documents of up to %d MiB pass, want %d", c.memory, m.largest>>20, c.largest)
		}
		giant := &lucene.Span{Raw: m.largest, Largest: m.largest}
		if need, whole := m.need(giant); !whole || need > m.size {
			t.Errorf("with %d MiB the largest needs %d of %d, %v", c.memory, need, m.size, whole)
		}
		giant.Largest++
		if need, whole := m.need(giant); whole || need > m.size {
			t.Errorf("with %d MiB one byte more needs %d of %d, %v", c.memory, need, m.size, whole)
		}
	}
}
