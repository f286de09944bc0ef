package capturetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"migassist/capture"
)

func cancelled(t *testing.T, l Log) {
	f, a := newTraffic(6), l.appender(t)
	a.append(t, f.batch(50, 3, 500))
	over, cancel := context.WithCancel(t.Context())
	cancel()
	batch := f.batch(50, 3, 500)
	if err := a.Append(over, batch); !errors.Is(err, context.Canceled) {
		t.Fatalf("append with a cancelled context: %v, want context.Canceled", err)
	}
	a.append(t, batch)
	source := l.Source(t, false)
	t.Cleanup(func() { _ = source.Close() })
	if _, err := source.Next(over); !errors.Is(err, context.Canceled) {
		t.Fatalf("read with a cancelled context: %v, want context.Canceled", err)
	}
	f.checkOnceDropped(t, l.drain(t, source))
}

func repeatedAfterCancel(t *testing.T, l Log) {
	f, a := newTraffic(7), l.appender(t)
	cut := 0
	for range 150 {
		batch := f.batch(1+f.random.IntN(200), 11, 2000)
		for attempt := 0; ; attempt++ {
			patience := time.Duration(f.random.IntN(4000)) * time.Microsecond
			if attempt >= 3 {
				patience = l.Patience
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			err := a.Append(ctx, batch)
			cancel()
			if err == nil {
				break
			}
			if attempt >= 3 || !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("append within %s: %v", patience, err)
			}
			cut++
		}
	}
	a.close(t)
	t.Logf("%d appends were cut off", cut)
	f.checkOnceDropped(t, l.readAll(t))
}

func repeatedAfterBreak(t *testing.T, l Log) {
	if l.Break == nil {
		t.Skip("what carries this log can't be broken by a test")
	}
	f, a := newTraffic(8), l.appender(t)
	failed := 0
	for range 3 {
		for range 10 {
			a.append(t, f.batch(100, 11, 2000))
		}
		mended := make(chan struct{})
		go func() {
			defer close(mended)
			l.Break(t)
		}()
		over := time.Now().Add(3 * l.Patience)
		for broken := true; broken; {
			select {
			case <-mended:
				broken = false
			default:
			}
			failed += appendUntil(t, a, f.batch(100, 11, 2000), over)
		}
	}
	a.close(t)
	if failed == 0 {
		t.Errorf("no append failed while the log was broken: nothing was proven")
	}
	t.Logf("%d appends failed and were repeated, of %d records", failed, len(f.all))
	f.checkOnceDropped(t, l.readAll(t))
}

// appendUntil appends a batch until that succeeds, and returns how often it failed.
func appendUntil(t *testing.T, a *appender, batch []capture.Record, over time.Time) int {
	t.Helper()
	for failed := 0; ; failed++ {
		ctx, cancel := context.WithTimeout(t.Context(), a.patience/4)
		err := a.Append(ctx, batch)
		cancel()
		if err == nil {
			return failed
		}
		if time.Now().After(over) {
			t.Fatalf("append after %d failures: %v", failed, err)
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		}
	}
}

func keepsNoReference(t *testing.T, l Log) {
	f, a := newTraffic(9), l.appender(t)
	batch := make([]capture.Record, 0, 64)
	for i := range 300 {
		batch = append(batch[:0], f.batch(64, 5, 4000)...)
		keep := make([]capture.Record, len(batch))
		for j, r := range batch {
			keep[j] = clone(r)
		}
		if i%3 == 0 { // cut off somewhere, and scribbled over: what may still be under way is the log's own
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(f.random.IntN(2000))*time.Microsecond)
			err := a.Append(ctx, keep)
			cancel()
			scribble(keep)
			if err == nil {
				continue
			}
		}
		a.append(t, batch)
		scribble(batch)
	}
	a.close(t)
	f.checkOnceDropped(t, l.readAll(t))
}

// scribble makes records of a caller that uses their memory for something else.
func scribble(records []capture.Record) {
	for _, r := range records {
		for i := range r.Key {
			r.Key[i] = 'x'
		}
		for i := range r.Value {
			r.Value[i] = 0xee
		}
	}
	clear(records)
}
