package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"migassist/internal/blob"
	"migassist/lucene/input"
)

// file is a Lucene file over its blobs:
//
//	offset 0        part_size       2*part_size      size
//	|  name.part0   |  name.part1   |  name.part2  |
//
// Blobs are opened when first read, and stay open until Close.
type file struct {
	ctx   context.Context //nolint:containedctx // io.ReaderAt has no room for one
	entry *ShardFile
	store blob.Reader
	path  func(name string) string

	mu      sync.Mutex
	handles map[int64]blob.Handle
	closed  bool
}

var _ input.File = (*file)(nil)

// Name implements input.File.
func (f *file) Name() string { return f.entry.Name }

// Size implements input.File.
func (f *file) Size() int64 { return f.entry.Size }

// compareLengths checks that every blob is there with the length the file needs.
func (f *file) compareLengths(ctx context.Context) error {
	for i := range f.entry.parts() {
		name, want := f.entry.part(i)
		at := f.path(name)
		e, err := f.store.Stat(ctx, at)
		if err != nil {
			return err
		}
		if e.Size != want {
			return &input.CorruptError{File: at, Offset: min(e.Size, want), Want: fmt.Sprintf("%d bytes as the snapshot recorded", want), Got: fmt.Sprintf("%d", e.Size)}
		}
	}
	return nil
}

// ReadAt implements io.ReaderAt. It may be called from several goroutines at once.
func (f *file) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("read %s: offset %d", f.entry.Name, off)
	}
	if off >= f.entry.Size {
		return 0, io.EOF
	}
	end := error(nil)
	if left := f.entry.Size - off; int64(len(p)) > left {
		p, end = p[:left], io.EOF
	}
	n := 0
	for n < len(p) {
		m, err := f.readPart(p[n:], off+int64(n))
		n += m
		if err != nil {
			return n, err
		}
	}
	return n, end
}

// readPart fills p, or the start of it, with what the part at offset off of the file holds.
func (f *file) readPart(p []byte, off int64) (int, error) {
	i := off / f.entry.PartSize
	within := off % f.entry.PartSize
	name, size := f.entry.part(i)
	h, err := f.handle(i, name)
	if err != nil {
		return 0, err
	}
	p = p[:min(int64(len(p)), size-within)]
	n, err := h.ReadAt(p, within)
	if n == len(p) {
		return n, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = &input.CorruptError{File: f.path(name), Offset: within + int64(n), Want: fmt.Sprintf("%d bytes, as when it was opened", size), Got: "its end"}
	}
	return n, err
}

func (f *file) handle(i int64, name string) (blob.Handle, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, fmt.Errorf("read %s: it is closed", f.entry.Name)
	}
	if h, ok := f.handles[i]; ok {
		return h, nil
	}
	h, err := blob.OpenBlob(f.ctx, f.store, f.path(name))
	if err == nil {
		f.handles[i] = h
	}
	return h, err
}

// Close implements io.Closer. No read may be under way.
func (f *file) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	var errs []error
	for i, h := range f.handles {
		errs = append(errs, h.Close())
		delete(f.handles, i)
	}
	return errors.Join(errs...)
}
