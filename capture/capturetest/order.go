package capturetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"migassist/capture"
)

func emptyLog(t *testing.T, l Log) {
	a := l.appender(t)
	a.append(t, nil)
	if records := l.readAll(t); len(records) != 0 {
		t.Errorf("an empty log has %d records", len(records))
	}
}

func keepsOrder(t *testing.T, l Log) {
	f, a := newTraffic(1), l.appender(t)
	for i := range 200 {
		a.append(t, f.batch(1+f.random.IntN(100), 1+i%40, 3000))
	}
	if err := a.Sync(t.Context()); err != nil {
		t.Fatalf("sync: %v", err)
	}
	f.checkExact(t, l.readAll(t))
}

func readAfterClose(t *testing.T, l Log) {
	f := newTraffic(2)
	for range 4 { // a process after the other
		a := l.appender(t)
		a.append(t, f.batch(300, 7, 2000))
		a.append(t, f.batch(1, 7, 2000))
		a.close(t)
		f.checkExact(t, l.readAll(t))
	}
}

func everySize(t *testing.T, l Log) {
	a := l.appender(t)
	var alone [][]byte
	var together []capture.Record
	for _, size := range []int{0, 1, 2, 63, 64, 65, 127, 128, 129, 255, 256, 4095, 4096, 4097, 8191, 8192, 32 << 10, 32<<10 + 1, 64<<10 - 1, 64 << 10, 256 << 10, 1<<20 - 1, 1 << 20} {
		value := bytes.Repeat([]byte{byte(size), byte(size >> 8), 0xff, 0}, size/4+1)[:size]
		alone = append(alone, value)
		a.append(t, []capture.Record{{Key: []byte("one"), Value: bytes.Clone(value)}})
		together = append(together, capture.Record{Key: []byte("one"), Value: value})
	}
	a.append(t, together)
	a.append(t, []capture.Record{{Value: []byte("without a key")}, {}})
	wanted := slices.Concat(alone, alone, [][]byte{[]byte("without a key"), nil})
	read := l.readAll(t)
	if len(read) != len(wanted) {
		t.Fatalf("read %d records, %d were appended", len(read), len(wanted))
	}
	ones := 0
	for i, r := range slices.SortedStableFunc(slices.Values(read), func(x, y capture.Record) int { return bytes.Compare(y.Key, x.Key) }) {
		if !bytes.Equal(r.Value, wanted[i]) {
			t.Errorf("record %d, of key %q, came back as %d bytes, %d were appended, or others", i, r.Key, len(r.Value), len(wanted[i]))
		}
		if string(r.Key) == "one" {
			ones++
		}
	}
	if ones != len(wanted)-2 {
		t.Errorf("%d records have the key they were appended with, want %d", ones, len(wanted)-2)
	}
}

func manyKeys(t *testing.T, l Log) {
	f, a := newTraffic(3), l.appender(t)
	const keys = 20_000
	for from := 0; from < keys; from += 2500 {
		var batch []capture.Record
		for i := range 2500 {
			batch = append(batch, f.record(connection(from+i), 40))
		}
		a.append(t, batch)
	}
	a.append(t, f.batch(5000, keys, 40))
	f.checkExact(t, l.readAll(t))
}

func follows(t *testing.T, l Log) {
	f, a := newTraffic(4), l.appender(t)
	source := l.Source(t, true)
	t.Cleanup(func() { _ = source.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 2*l.Patience)
	defer cancel()
	var read []capture.Record
	last := map[string]int64{}
	for i := range 25 { // each batch is read before the next one is written: nothing pushes it out but time
		a.append(t, f.batch(1+i*3, 5, 5000))
		for len(read) < len(f.all) {
			entry, err := source.Next(ctx)
			if err != nil {
				t.Fatalf("follow after %d of %d records: %v", len(read), len(f.all), err)
			}
			checkEntry(t, entry, last)
			read = append(read, clone(entry.Record))
		}
	}
	f.checkExact(t, read)
	short, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer stop()
	if entry, err := source.Next(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a follower at the end returned %v, %v, want to wait until the context ends", entry.Position, err)
	}
	a.append(t, f.batch(10, 5, 100))
	for len(read) < len(f.all) {
		entry, err := source.Next(ctx)
		if err != nil {
			t.Fatalf("follow after a context that ended: %v", err)
		}
		read = append(read, clone(entry.Record))
	}
	f.checkExact(t, read)
}

func endsAndGoesOn(t *testing.T, l Log) {
	f, a := newTraffic(5), l.appender(t)
	a.append(t, f.batch(500, 9, 3000))
	source := l.Source(t, false)
	t.Cleanup(func() { _ = source.Close() })
	read := l.drain(t, source)
	f.checkExact(t, read)
	if _, err := source.Next(t.Context()); !errors.Is(err, io.EOF) {
		t.Errorf("at the end again: %v, want io.EOF", err)
	}
	a.append(t, f.batch(500, 9, 3000))
	f.checkExact(t, l.readAll(t))
}
