package rfs_test

import (
	"context"
	"maps"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"migassist/rfs"
	"migassist/rfs/bulk"
	"migassist/rfs/lease"
	"migassist/rfs/lease/leasetest"
)

// clock is one that a sink moves on.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) add(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return c.now
}

// slow is a sink that takes so long for each batch.
type slow struct {
	*picky
	clock *clock
	each  time.Duration
}

func (s slow) Write(ctx context.Context, b *bulk.Batch, permit bulk.Permit) (bulk.Outcome, error) {
	s.clock.add(s.each)
	return s.picky.Write(ctx, b, permit)
}

// TestWhatAKilledWorkerDidAgainIsBounded: at most the batches in flight, and what was acknowledged since the last
// checkpoint, which is never older than five seconds.
func TestWhatAKilledWorkerDidAgainIsBounded(t *testing.T) {
	const (
		name     = "elasticsearch-7.10.2/second"
		docs     = 20
		inFlight = 3
		each     = 400 * time.Millisecond
		// Batches in five seconds, the one with which they end, those that wait for the settler, and those in flight.
		most = (int(5*time.Second/each) + 1 + inFlight + 1 + inFlight) * docs
	)
	snap := openFixture(t, name)
	plan := planAll(t, snap)
	options := func(store lease.Store, now *clock) rfs.Options {
		return rfs.Options{
			BatchDocs: docs, InFlight: inFlight, Store: store, DeadLetterFile: filepath.Join(t.TempDir(), "dead.ndjson"), Target: "t",
			Now: func() time.Time { return now.add(0) }, LeaseDuration: 300 * time.Millisecond, BulkTimeout: 100 * time.Millisecond,
		}
	}
	store, now := leasetest.NewMemory(), &clock{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	var images []image
	first := &picky{keep: keep{t: t, docs: map[string]string{}}}
	first.before = func() error {
		images = append(images, image{store: copyOf(t, store), docs: maps.Clone(first.docs)})
		return nil
	}
	run(t, snap, plan, slow{first, now, each}, options(store, now))
	var worst int
	for i := 0; i < len(images); i += 1 + len(images)/12 {
		second := &picky{keep: keep{t: t, docs: map[string]string{}}}
		run(t, snap, plan, slow{second, now, each}, options(images[i].store, now))
		again := 0
		for key := range images[i].docs {
			if _, sent := second.docs[key]; sent {
				again++
			}
		}
		if again > most {
			t.Errorf("killed before batch %d of %d: %d documents were sent again, at most %d may be", i, len(images), again, most)
		}
		worst = max(worst, again)
	}
	t.Logf("%d batches of %d: at most %d documents sent again, allowed %d", len(images), docs, worst, most)
	if worst <= (inFlight+1)*docs {
		t.Errorf("at most %d documents were sent again: no kill fell between two checkpoints", worst)
	}
}
