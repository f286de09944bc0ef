package blob

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sync"
)

// farHandle is one blob of a far store. What was announced with WillRead comes in large requests, a few of them ahead
// of the reader; everything else in requests of its own, of exactly the range that was asked for:
//
//	    window                            window
//	|  [ block | block | block | blo ]   [ block ]    |
//	   behind    read    ahead                 ↑ one request
//
// Opening it asks nothing. The first answer tells size and version, and all bytes are of that version.
type farHandle struct {
	ctx     context.Context //nolint:containedctx // io.ReaderAt has no room for one
	cancel  context.CancelFunc
	store   *far
	name    string
	version *pin
	fetches sync.WaitGroup

	mu      sync.Mutex
	windows []*window // in order, apart from each other
	closed  bool
}

var _ Handle = (*farHandle)(nil)

// OpenBlob implements Opener. That a blob is not there shows when it is read.
func (s *far) OpenBlob(ctx context.Context, name string) (Handle, error) {
	if err := s.check(ctx, "open", name); err != nil {
		return nil, err
	}
	h := &farHandle{store: s, name: name, version: s.kept.pin(name)}
	h.ctx, h.cancel = context.WithCancel(ctx)
	return h, nil
}

// Size is how many bytes the blob has, as soon as anything of it was read.
func (h *farHandle) Size() (int64, bool) { return h.version.sized() }

// WillRead says that a range is going to be read front to back.
func (h *farHandle) WillRead(off, length int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || off < 0 || length <= 0 {
		return
	}
	end := off + length
	var gaps [][2]int64 // what is not announced yet
	for _, w := range h.windows {
		if w.off < end && w.end > off {
			gaps = append(gaps, [2]int64{off, w.off})
			off = w.end
		}
	}
	for _, gap := range append(gaps, [2]int64{off, end}) {
		h.insert(gap[0], gap[1])
	}
}

// insert adds a window, or widens a neighbour that nothing was read from yet: it saves a request and costs few bytes.
func (h *farHandle) insert(off, end int64) {
	if off >= end {
		return
	}
	at, _ := slices.BinarySearchFunc(h.windows, off, func(w *window, off int64) int { return int(min(1, max(-1, w.off-off))) })
	added := &window{handle: h, off: off, end: end, next: off}
	h.windows = slices.Insert(h.windows, at, added)
	if at > 0 && h.windows[at-1].join(added) {
		h.windows = slices.Delete(h.windows, at, at+1)
		at--
	}
	if at+1 < len(h.windows) && h.windows[at].join(h.windows[at+1]) {
		h.windows = slices.Delete(h.windows, at+1, at+2)
	}
}

// ReadAt implements io.ReaderAt.
func (h *farHandle) ReadAt(p []byte, off int64) (int, error) {
	if err := h.ctx.Err(); err != nil {
		return 0, context.Cause(h.ctx)
	}
	if off < 0 {
		return 0, h.store.named("read", h.name, fmt.Errorf("%w: offset %d", fs.ErrInvalid, off))
	}
	n := 0
	for n < len(p) {
		at := off + int64(n)
		if size, known := h.version.sized(); known && at >= size {
			return n, io.EOF
		}
		w, end := h.window(at, off+int64(len(p)))
		part := p[n : n+int(end-at)]
		var m int
		var err error
		if w != nil {
			m, err = w.read(part, at)
		} else {
			m, err = h.direct(part, at)
		}
		n += m
		if err != nil {
			return n, h.store.named("read", h.name, err)
		}
	}
	return n, nil
}

// window finds the window that offset at lies in, or nil, and how far within [at, end) that holds.
func (h *farHandle) window(at, end int64) (*window, int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, w := range h.windows {
		if at < w.off {
			return nil, min(end, w.off)
		}
		if at < w.end {
			return w, min(end, w.end)
		}
	}
	return nil, end
}

// direct reads exactly p, from what is kept or with a request of its own.
func (h *farHandle) direct(p []byte, off int64) (int, error) {
	if h.store.kept.read(h.name, h.version, p, off) {
		return len(p), nil
	}
	n, err := h.store.fetch(h.ctx, h.name, p, off, h.version)
	h.store.kept.add(h.name, h.version, p[:n], off)
	return n, err
}

// Close implements io.Closer: it ends what is still on its way, and waits until it has.
func (h *farHandle) Close() error {
	h.cancel()
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.fetches.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, w := range h.windows {
		w.drop(w.end)
		w.count(false)
	}
	h.windows = nil
	return nil
}
