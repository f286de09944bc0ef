// Package blobtest is the conformance suite of [blob.Reader]: what every store must do, whatever lies
// below. It is imported by tests only.
package blobtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sync"
	"testing"

	"migassist/internal/blob"
)

// Run checks the store that open makes of files (content by name).
func Run(t *testing.T, open func(t *testing.T, files map[string][]byte) blob.Reader) {
	t.Helper()
	big := bytes.Repeat([]byte("0123456789abcdef"), 5000)
	r := open(t, map[string][]byte{
		"index-0":                 []byte("{}"),
		"index-10":                []byte("ten"),
		"index.latest":            {0, 0, 0, 0, 0, 0, 0, 10},
		"empty":                   {},
		"indices/a/0/__big":       big,
		"indices/a/0/snap-x.dat":  []byte("x"),
		"indices/a/meta-x.dat":    []byte("meta"),
		"indices/ä b%2F/#?/blob":  []byte("odd"),
		"indices.d/not-in-prefix": []byte("n"),
	})
	t.Run("lists what is directly in a folder", func(t *testing.T) { lists(t, r) })
	t.Run("lists by the beginning of names", func(t *testing.T) { listsPrefix(t, r) })
	t.Run("lists nothing where nothing is", func(t *testing.T) { listsNothing(t, r) })
	t.Run("stats a blob", func(t *testing.T) { stats(t, r) })
	t.Run("says that a blob is not there", func(t *testing.T) { missing(t, r) })
	t.Run("refuses names that leave the root", func(t *testing.T) { traversal(t, r) })
	t.Run("reads ranges", func(t *testing.T) { ranges(t, r, big) })
	t.Run("reads through a handle", func(t *testing.T) { handles(t, r, big) })
	t.Run("reads all, within a limit", func(t *testing.T) { all(t, r, big) })
	t.Run("reads from many goroutines", func(t *testing.T) { concurrent(t, r, big) })
	t.Run("stops with its context", func(t *testing.T) { stops(t, r) })
	if r.URI() == "" {
		t.Error("a store without URI cannot be named in a message")
	}
}

func lists(t *testing.T, r blob.Reader) {
	for dir, want := range map[string][]blob.Entry{
		"":                  {{Name: "empty", Size: 0}, {Name: "index-0", Size: 2}, {Name: "index-10", Size: 3}, {Name: "index.latest", Size: 8}},
		"indices":           nil,
		"indices/a":         {{Name: "indices/a/meta-x.dat", Size: 4}},
		"indices/a/0":       {{Name: "indices/a/0/__big", Size: 80000}, {Name: "indices/a/0/snap-x.dat", Size: 1}},
		"indices/ä b%2F/#?": {{Name: "indices/ä b%2F/#?/blob", Size: 3}},
	} {
		got, err := r.List(t.Context(), dir)
		if err != nil {
			t.Errorf("list %q: %v", dir, err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("list %q: got %v, want %v", dir, got, want)
		}
	}
}

func listsPrefix(t *testing.T, r blob.Reader) {
	for _, c := range []struct {
		dir, prefix string
		want        []blob.Entry
	}{
		{"", "index", []blob.Entry{{Name: "index-0", Size: 2}, {Name: "index-10", Size: 3}, {Name: "index.latest", Size: 8}}},
		{"", "index-", []blob.Entry{{Name: "index-0", Size: 2}, {Name: "index-10", Size: 3}}},
		{"", "x", nil},
		{"indices/a/0", "snap", []blob.Entry{{Name: "indices/a/0/snap-x.dat", Size: 1}}},
		{"indices", "a", nil}, // a folder
	} {
		if got, err := blob.ListPrefix(t.Context(), r, c.dir, c.prefix); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("list %q by prefix %q: got %v and error %v, want %v", c.dir, c.prefix, got, err, c.want)
		}
	}
}

func listsNothing(t *testing.T, r blob.Reader) {
	for _, dir := range []string{"nowhere", "indices/b", "index-0", "index-0/below", "ind"} {
		if got, err := r.List(t.Context(), dir); err != nil || len(got) > 0 {
			t.Errorf("list %q: got %v and error %v, want nothing", dir, got, err)
		}
	}
}

func stats(t *testing.T, r blob.Reader) {
	got, err := r.Stat(t.Context(), "indices/a/0/__big")
	if want := (blob.Entry{Name: "indices/a/0/__big", Size: 80000}); err != nil || got != want {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
}

func missing(t *testing.T, r blob.Reader) {
	p := make([]byte, 1)
	for _, name := range []string{"gone", "indices", "indices/a/0/gone", "index-0/below"} {
		_, statErr := r.Stat(t.Context(), name)
		expectNamed(t, "stat", name, statErr)
		_, readErr := r.ReadAt(t.Context(), name, p, 0)
		_, allErr := blob.ReadAll(t.Context(), r, name, 10)
		expectNamed(t, "read all", name, allErr)
		expectNamed(t, "read", name, readErr)
		h, openErr := blob.OpenBlob(t.Context(), r, name)
		if openErr == nil { // a far store finds out when it reads
			_, openErr = h.ReadAt(p, 0)
			_ = h.Close()
		}
		expectNamed(t, "open", name, openErr)
	}
}

func expectNamed(t *testing.T, op, name string, err error) {
	t.Helper()
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s %q: got error %v, want one that wraps fs.ErrNotExist", op, name, err)
		return
	}
	if !bytes.Contains([]byte(err.Error()), []byte(name)) {
		t.Errorf("%s %q: the error does not name it: %v", op, name, err)
	}
}

func traversal(t *testing.T, r blob.Reader) {
	p := make([]byte, 1)
	for _, name := range []string{"", ".", "..", "../x", "/etc/passwd", "a/../index-0", "./index-0", "indices//a", "indices/", "indices/a/../../../x"} {
		if _, err := r.Stat(t.Context(), name); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("stat %q: got error %v, want fs.ErrInvalid", name, err)
		}
		if _, err := r.ReadAt(t.Context(), name, p, 0); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("read %q: got error %v, want fs.ErrInvalid", name, err)
		}
		if _, err := blob.OpenBlob(t.Context(), r, name); err == nil {
			t.Errorf("open %q: no error", name)
		}
		if _, err := r.List(t.Context(), name); name != "" && !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("list %q: got error %v, want fs.ErrInvalid", name, err)
		}
	}
}

func ranges(t *testing.T, r blob.Reader, big []byte) {
	read := func(p []byte, off int64) (int, error) {
		return r.ReadAt(t.Context(), "indices/a/0/__big", p, off)
	}
	checkRanges(t, read, big)
	if n, err := r.ReadAt(t.Context(), "empty", make([]byte, 1), 0); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("an empty blob: got %d, %v; want 0, EOF", n, err)
	}
}

func checkRanges(t *testing.T, read func([]byte, int64) (int, error), big []byte) {
	t.Helper()
	end := int64(len(big))
	for _, c := range []struct {
		off int64
		n   int
	}{{0, 1}, {0, len(big)}, {17, 4096}, {end - 1, 1}, {end - 5, 5}} {
		p := make([]byte, c.n)
		n, err := read(p, c.off)
		if n != c.n || err != nil && !errors.Is(err, io.EOF) {
			t.Errorf("%d bytes at %d: got %d, %v", c.n, c.off, n, err)
		}
		if !bytes.Equal(p, big[c.off:c.off+int64(c.n)]) {
			t.Errorf("%d bytes at %d differ", c.n, c.off)
		}
	}
	for off, want := range map[int64]int{end - 3: 3, end: 0, end + 100: 0} {
		if n, err := read(make([]byte, 10), off); n != want || !errors.Is(err, io.EOF) {
			t.Errorf("10 bytes at %d: got %d, %v; want %d, EOF", off, n, err, want)
		}
	}
	if _, err := read(make([]byte, 1), -1); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("a negative offset: got error %v", err)
	}
}

func handles(t *testing.T, r blob.Reader, big []byte) {
	h, err := blob.OpenBlob(t.Context(), r, "indices/a/0/__big")
	if err != nil {
		t.Fatal(err)
	}
	checkRanges(t, h.ReadAt, big)
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}

func all(t *testing.T, r blob.Reader, big []byte) {
	for name, want := range map[string][]byte{"indices/a/0/__big": big, "empty": {}, "indices/ä b%2F/#?/blob": []byte("odd")} {
		got, err := blob.ReadAll(t.Context(), r, name, int64(len(want)))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: got %d bytes and error %v, want %d", name, len(got), err, len(want))
		}
	}
	if _, err := blob.ReadAll(t.Context(), r, "indices/a/0/__big", 79999); err == nil {
		t.Error("a blob above the limit was read")
	}
}

func concurrent(t *testing.T, r blob.Reader, big []byte) {
	h, err := blob.OpenBlob(t.Context(), r, "indices/a/0/__big")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.Close() }()
	var wg sync.WaitGroup
	errs := make(chan error, 8)
	for g := range 8 {
		wg.Go(func() {
			p := make([]byte, 100)
			for i := range 200 {
				off := int64((i*397 + g*31) % (len(big) - len(p)))
				if _, err := h.ReadAt(p, off); err != nil || !bytes.Equal(p, big[off:off+100]) {
					errs <- fmt.Errorf("100 bytes at %d: %w", off, err)
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
}

func stops(t *testing.T, r blob.Reader) {
	ctx, cancel := context.WithCancel(t.Context())
	h, err := blob.OpenBlob(ctx, r, "index-0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.Close() }()
	cancel()
	_, listErr := r.List(ctx, "")
	_, statErr := r.Stat(ctx, "index-0")
	_, readErr := r.ReadAt(ctx, "index-0", make([]byte, 1), 0)
	_, handleErr := h.ReadAt(make([]byte, 1), 0)
	for op, err := range map[string]error{"list": listErr, "stat": statErr, "read": readErr, "handle": handleErr} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s after cancel: got error %v", op, err)
		}
	}
}
