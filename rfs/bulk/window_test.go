package bulk

import (
	"testing"
	"time"
)

// rounds lets a target answer requests that fill the window, of which it works on so many at once, each a second.
func rounds(w *window, n, capacity int, now time.Time) {
	for range n {
		for generation := w.generation; generation == w.generation; {
			w.full = true
			before := w.round.answers
			took := time.Duration(float64(time.Second) * max(1, float64(w.limit())/float64(capacity)))
			if w.answered(w.generation, 1000, took, now); w.round.answers <= before {
				break // the round has ended
			}
		}
	}
}

// TestWindowShrinksToWhatWorks: of 30 requests a target works on 3 from now on.
func TestWindowShrinksToWhatWorks(t *testing.T) {
	var w window
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	w.cap(64)
	rounds(&w, 50, 30, now)
	if w.limit() < 30 {
		t.Fatalf("%d requests where 30 work", w.limit())
	}
	rounds(&w, 10, 3, now)
	if w.limit() < 3 || w.limit() > 8 {
		t.Errorf("%d requests where 3 work", w.limit())
	}
}

// TestWindowIsHalvedOnceForRequestsThatWereOnTheirWayTogether: all were sent before the first answer told.
func TestWindowIsHalvedOnceForRequestsThatWereOnTheirWayTogether(t *testing.T) {
	w := window{size: 16, ceiling: 64}
	together := w.generation
	for range 16 {
		w.pushedBack(together)
	}
	if w.limit() != 8 {
		t.Errorf("%d requests, want 8", w.limit())
	}
	for range 10 {
		w.pushedBack(w.generation)
	}
	if w.limit() != 1 {
		t.Errorf("%d requests after ten more, want 1", w.limit())
	}
}

// TestWindowIgnoresTheSmallRestOfABatch: its latency says little of that of whole ones.
func TestWindowIgnoresTheSmallRestOfABatch(t *testing.T) {
	w := window{size: 4, ceiling: 64}
	w.answered(0, 1000, time.Second, time.Time{})
	w.answered(0, 10, time.Second, time.Time{})
	w.answered(0, 0, time.Second, time.Time{})
	if w.round.answers != 1 {
		t.Errorf("%d answers count, want 1", w.round.answers)
	}
}
