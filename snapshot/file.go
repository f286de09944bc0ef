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
	// lazy is set where every question is a request: lengths and the footer are compared when what is read anyway tells them.
	lazy bool

	mu        sync.Mutex
	handles   map[int64]blob.Handle
	announced []span // of the file, in the order of WillRead
	compared  bool   // the footer was
	closed    bool
}

// span is a range of bytes.
type span struct{ off, end int64 }

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
		if err := compareLength(at, e.Size, want); err != nil {
			return err
		}
	}
	return nil
}

func compareLength(at string, got, want int64) error {
	if got == want {
		return nil
	}
	return &input.CorruptError{File: at, Offset: min(got, want), Want: fmt.Sprintf("%d bytes as the snapshot recorded", want), Got: fmt.Sprintf("%d", got)}
}

// WillRead tells the blobs that this range is going to be read front to back. Where asking costs nothing, it means nothing.
func (f *file) WillRead(off, length int64) {
	if !f.lazy || off < 0 || length <= 0 || off >= f.entry.Size {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	said := span{off, off + min(length, f.entry.Size-off)}
	f.announced = append(f.announced, said)
	for i, h := range f.handles {
		f.announce(h, i, said)
	}
}

// announce tells the handle of part i what of it lies within a range of the file.
func (f *file) announce(h blob.Handle, i int64, said span) {
	told, ok := h.(interface{ WillRead(off, length int64) })
	if !ok {
		return
	}
	_, size := f.entry.part(i)
	begin := i * f.entry.PartSize // 0 for a file in one part
	from, to := max(said.off-begin, 0), min(said.end-begin, size)
	if from < to {
		told.WillRead(from, to-from)
	}
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
	if err := f.compareFooter(p, off); err != nil {
		return n, err
	}
	return n, end
}

// compareFooter compares the footer with what the snapshot recorded, when a lazy file was read to its end.
func (f *file) compareFooter(p []byte, off int64) error {
	if !f.lazy || off+int64(len(p)) != f.entry.Size || len(p) < input.FooterSize {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.compared {
		return nil
	}
	err := compareFooter(f.entry, p[len(p)-input.FooterSize:])
	f.compared = err == nil
	return err
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
	if sizer, ok := h.(blob.Sizer); ok && f.lazy {
		if got, known := sizer.Size(); known {
			if wrong := compareLength(f.path(name), got, size); wrong != nil {
				return 0, wrong
			}
		}
	}
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
	if err != nil {
		return nil, err
	}
	f.handles[i] = h
	for _, said := range f.announced {
		f.announce(h, i, said)
	}
	return h, nil
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
