package filelog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"migassist/capture"
)

func record(n int) capture.Record {
	return capture.Record{Key: fmt.Appendf(nil, "key-%d", n%3), Value: bytes.Repeat(fmt.Appendf(nil, "%d ", n), 20)}
}

func appended(t *testing.T, l *Log, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		if err := l.Append(t.Context(), []capture.Record{record(n)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, root, node string, o Options) *Log {
	t.Helper()
	l, err := Open(root, node, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// all reads to the end: the numbers of the records, in words, and the damage.
func all(t *testing.T, root string, how Reading) (values []string, damage []error) {
	t.Helper()
	r, err := Read(root, how)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for {
		entry, err := r.Next(t.Context())
		switch {
		case errors.Is(err, io.EOF):
			return values, damage
		case errors.Is(err, capture.ErrDamaged):
			damage = append(damage, err)
		case err != nil:
			t.Fatal(err)
		default:
			word, _, _ := strings.Cut(string(entry.Value), " ")
			values = append(values, word)
		}
	}
}

func want(from, to int) (words []string) {
	for n := from; n < to; n++ {
		words = append(words, fmt.Sprint(n))
	}
	return words
}

func same(t *testing.T, got, want []string) {
	t.Helper()
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("%d records %.60s…, want %d %.60s…", len(got), strings.Join(got, " "), len(want), strings.Join(want, " "))
	}
}

func TestSegmentsAreReadInOrderFromAnyNumber(t *testing.T) {
	root := t.TempDir()
	l := open(t, root, "node-a", Options{SegmentBytes: 500})
	appended(t, l, 0, 100)
	if firsts, _ := segments(l.Folder()); len(firsts) < 10 {
		t.Fatalf("%d segments", len(firsts))
	}
	for _, from := range []int{0, 1, 37, 99, 100} {
		got, damage := all(t, root, Reading{Node: "node-a", From: int64(from)})
		same(t, got, want(from, 100))
		if damage != nil {
			t.Error(damage)
		}
	}
	if err := l.Trim(50); err != nil {
		t.Fatal(err)
	}
	got, _ := all(t, l.Folder(), Reading{})
	if len(got) < 50 || len(got) > 60 || got[len(got)-1] != "99" {
		t.Errorf("after the trim %v", got)
	}
}

// Whatever is cut off the end of the last segment, a reader sees the records before it, and a writer goes on behind them.
func TestTornTailsAreCutOff(t *testing.T) {
	whole := t.TempDir()
	l := open(t, whole, "n", Options{})
	appended(t, l, 0, 3)
	name := segmentName(l.Folder(), 0)
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	third, _ := walkTo(content, 2)
	for cut := third; cut < len(content); cut++ {
		for _, tail := range [][]byte{nil, make([]byte, 300), bytes.Repeat([]byte{0}, len(content)-cut)} {
			root := t.TempDir()
			folder := filepath.Join(root, "n")
			if err := errors.Join(os.Mkdir(folder, 0o700), os.WriteFile(segmentName(folder, 0), append(bytes.Clone(content[:cut]), tail...), 0o600)); err != nil {
				t.Fatal(err)
			}
			got, damage := all(t, root, Reading{})
			same(t, got, want(0, 2))
			if len(damage) > 0 {
				t.Fatalf("cut at %d with %d zeros: %v", cut, len(tail), damage)
			}
			again := open(t, root, "n", Options{})
			appended(t, again, 2, 5)
			_ = again.Close()
			got, _ = all(t, root, Reading{})
			same(t, got, want(0, 5))
		}
	}
}

// walkTo is where the frame of that number begins.
func walkTo(content []byte, n int) (at int, err error) {
	at = len(magic)
	for range n {
		_, _, size, err := frame(content[at:])
		if err != nil {
			return at, err
		}
		at += size
	}
	return at, nil
}

// Damage before the end is told and stepped over, and a writer that comes back cuts nothing off.
func TestDamageIsToldAndSteppedOver(t *testing.T) {
	root := t.TempDir()
	l := open(t, root, "n", Options{})
	appended(t, l, 0, 5)
	_ = l.Close()
	name := segmentName(l.Folder(), 0)
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	at, _ := walkTo(content, 2)
	content[at+frameHead+20] ^= 1
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	got, damage := all(t, root, Reading{})
	same(t, got, []string{"0", "1", "3", "4"})
	if len(damage) != 1 || !strings.Contains(damage[0].Error(), fmt.Sprintf("at byte %d", at)) {
		t.Errorf("damage %v", damage)
	}
	again := open(t, root, "n", Options{})
	appended(t, again, 5, 7)
	got, damage = all(t, root, Reading{})
	same(t, got, []string{"0", "1", "3", "4", "5", "6"})
	if len(damage) != 1 {
		t.Errorf("damage %v", damage)
	}
}

func TestReadersFollow(t *testing.T) {
	root := t.TempDir()
	l := open(t, root, "n", Options{SegmentBytes: 400})
	r, err := Read(root, Reading{Follow: true})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	written := make(chan error, 1)
	go func() {
		for n := range 60 {
			if err := l.Append(ctx, []capture.Record{record(n)}); err != nil {
				written <- err
				return
			}
		}
		other, err := Open(root, "other", Options{})
		if err == nil {
			err = errors.Join(other.Append(ctx, []capture.Record{record(60)}), other.Close())
		}
		written <- err
	}()
	for n := range 61 {
		entry, err := r.Next(ctx)
		if err != nil || !strings.HasPrefix(string(entry.Value), fmt.Sprintf("%d ", n)) {
			t.Fatalf("%d: %.20q, %v", n, entry.Value, err)
		}
	}
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := r.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
}

func TestAFolderHasOneWriter(t *testing.T) {
	root := t.TempDir()
	l := open(t, root, "n", Options{})
	if _, err := Open(root, "n", Options{}); !errors.Is(err, ErrLocked) {
		t.Errorf("a second writer: %v", err)
	}
	_ = l.Close()
	open(t, root, "n", Options{})
	if _, err := Open(root, "../n", Options{}); err == nil {
		t.Error("a node outside of the folder was taken")
	}
}

func TestOldSegmentsAreRemovedByNumberAndAge(t *testing.T) {
	now := time.Now()
	l := open(t, t.TempDir(), "n", Options{SegmentBytes: 500, RetainBytes: 2000, Now: func() time.Time { return now }})
	appended(t, l, 0, 100)
	if got, _ := all(t, l.Folder(), Reading{}); len(got) > 40 || len(got) < 10 || got[len(got)-1] != "99" {
		t.Errorf("%d records are left", len(got))
	}
	byAge := open(t, t.TempDir(), "n", Options{SegmentBytes: 500, RetainAge: time.Hour, Now: func() time.Time { return now }})
	appended(t, byAge, 0, 50)
	now = now.Add(2 * time.Hour)
	appended(t, byAge, 50, 60)
	if got, _ := all(t, byAge.Folder(), Reading{}); len(got) > 20 || got[len(got)-1] != "59" {
		t.Errorf("%d records are left", len(got))
	}
}

// full is a disk that takes no more than so many bytes.
type full struct {
	system
	left *int
}

type fullFile struct {
	File
	left *int
}

func (f full) OpenFile(name string, flag int, mode os.FileMode) (File, error) {
	file, err := f.system.OpenFile(name, flag, mode)
	return fullFile{file, f.left}, err
}

func (f fullFile) WriteAt(p []byte, at int64) (int, error) {
	n := min(len(p), *f.left)
	*f.left -= n
	if n == len(p) {
		return f.File.WriteAt(p, at)
	}
	got, _ := f.File.WriteAt(p[:n], at)
	return got, errors.New("no space left on device")
}

func TestAFullDiskLeavesWhatWasThere(t *testing.T) {
	left := 1000
	root := t.TempDir()
	l := open(t, root, "n", Options{Files: full{left: &left}})
	n := 0
	for ; l.Append(t.Context(), []capture.Record{record(n)}) == nil; n++ {
	}
	got, damage := all(t, root, Reading{})
	same(t, got, want(0, n))
	if damage != nil {
		t.Error(damage)
	}
	left = 1 << 20
	appended(t, l, n, n+3)
	got, _ = all(t, root, Reading{})
	same(t, got, want(0, n+3))
}

func FuzzRead(f *testing.F) {
	p := []byte(magic)
	for n := range 3 {
		p = appendFrame(p, time.Unix(1, 0), record(n))
	}
	f.Add(p)
	f.Fuzz(func(t *testing.T, content []byte) {
		if len(content) > 1<<16 {
			return
		}
		folder := t.TempDir()
		if err := os.WriteFile(segmentName(folder, 0), content, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := Read(folder, Reading{})
		if err != nil {
			return
		}
		defer r.Close()
		for i := 0; ; i++ {
			_, err := r.Next(t.Context())
			if errors.Is(err, io.EOF) || err != nil && !errors.Is(err, capture.ErrDamaged) {
				return
			}
			if i > len(content) {
				t.Fatal("more records than bytes")
			}
		}
	})
}
