package capturetest

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"migassist/capture"
)

// Log is one log under test, empty at first.
type Log struct {
	// Appender opens the log for appending at its end. The suite has one open at a time.
	Appender func(t *testing.T) capture.Appender
	// Source opens it for reading from its begin.
	Source func(t *testing.T, follow bool) capture.Source
	// Break lets what carries the log fail for a moment (a broker killed, a disk full), and mends it before it returns; it runs beside
	// appends, and complains by t.Error. Nil where a test can't do that.
	Break func(t *testing.T)
	// Patience bounds an operation that should succeed; 0 means 20 s.
	Patience time.Duration
}

// Run holds a log against the contract. Open makes a new, empty one.
func Run(t *testing.T, open func(t *testing.T) Log) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, l Log)
	}{
		{"an empty log ends at once", emptyLog},
		{"records of a key keep their order over many appends", keepsOrder},
		{"what a closed appender had not synced is read", readAfterClose},
		{"records of every size come back as they were", everySize},
		{"records of many keys come back", manyKeys},
		{"a follower reads while it is written", follows},
		{"a source without follow ends, and goes on where the log went on", endsAndGoesOn},
		{"a cancelled context ends what waits, and harms nothing", cancelled},
		{"an append that was cut off and is repeated loses and re-orders nothing", repeatedAfterCancel},
		{"an append that failed and is repeated loses and re-orders nothing", repeatedAfterBreak},
		{"no reference to the records is kept", keepsNoReference},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := open(t)
			if l.Patience == 0 {
				l.Patience = 20 * time.Second
			}
			c.test(t, l)
		})
	}
}

// appender opens the log, and closes it with the test unless the test did.
func (l Log) appender(t *testing.T) *appender {
	t.Helper()
	a := &appender{Appender: l.Appender(t), patience: l.Patience}
	t.Cleanup(func() {
		if !a.closed {
			a.close(t)
		}
	})
	return a
}

// appender is an appender whose errors end the test.
type appender struct {
	capture.Appender
	patience time.Duration
	closed   bool
}

func (a *appender) append(t *testing.T, records []capture.Record) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), a.patience)
	defer cancel()
	if err := a.Append(ctx, records); err != nil {
		t.Fatalf("append %d records: %v", len(records), err)
	}
}

func (a *appender) close(t *testing.T) {
	t.Helper()
	a.closed = true
	if err := a.Close(); err != nil {
		t.Fatalf("close the appender: %v", err)
	}
}

// readAll reads the log to its end, and looks at the positions. It copies what it returns.
func (l Log) readAll(t *testing.T) []capture.Record {
	t.Helper()
	source := l.Source(t, false)
	records := l.drain(t, source)
	if err := source.Close(); err != nil {
		t.Errorf("close the source: %v", err)
	}
	return records
}

// drain reads a source to its end.
func (l Log) drain(t *testing.T, source capture.Source) []capture.Record {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*l.Patience)
	defer cancel()
	var records []capture.Record
	last := map[string]int64{}
	for {
		entry, err := source.Next(ctx)
		if errors.Is(err, io.EOF) {
			return records
		}
		if err != nil {
			t.Fatalf("read after %d records: %v", len(records), err)
		}
		checkEntry(t, entry, last)
		records = append(records, clone(entry.Record))
	}
}

// checkEntry looks at what a log says of a record: its offset lies above the last one of its part, its time is about now or not known.
func checkEntry(t *testing.T, entry capture.Entry, last map[string]int64) {
	t.Helper()
	if before, seen := last[entry.Position.Part]; seen && entry.Position.Offset <= before {
		t.Fatalf("part %q has offset %d after %d", entry.Position.Part, entry.Position.Offset, before)
	}
	last[entry.Position.Part] = entry.Position.Offset
	if age := time.Since(entry.Time); !entry.Time.IsZero() && (age > time.Hour || age < -time.Minute) {
		t.Fatalf("a record that was just appended has the time %s", entry.Time)
	}
}
