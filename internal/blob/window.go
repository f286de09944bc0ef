package blob

import "context"

// window is a range of a blob that is read front to back. The handle's lock guards it.
type window struct {
	handle   *farHandle
	off, end int64
	next     int64    // begin of what was not asked for yet
	blocks   []*block // in order
	counted  bool     // it has a share in the memory
}

// block is one request of a window.
type block struct {
	off, end int64
	data     []byte
	users    int  // that copy from it, wait for it, or fetch it
	dropped  bool // the last user gives the memory back
	done     chan struct{}
	n        int   // bytes that came; after done
	err      error // after done
}

// join takes over a window that follows closely, if neither was read from yet, and tells whether it did. Both together
// must be small: large ones may be read in turns.
func (w *window) join(after *window) bool {
	together := after.end - w.off
	if w.next != w.off || after.next != after.off || together > keepWhole || after.off-w.end > together/gapShare {
		return false
	}
	w.end = after.end
	return true
}

// gapShare says when two windows are worth one request: when the bytes in between are at most one part in so many.
const gapShare = 64

// read fills p, which lies within the window, from offset off of the blob; less than len(p) bytes come with an error.
func (w *window) read(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) {
		b := w.acquire(off + int64(n))
		if b == nil {
			m, err := w.handle.direct(p[n:], off+int64(n))
			return n + m, err
		}
		m, err := w.copy(b, p[n:], off+int64(n))
		n += m
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// acquire finds or orders the block with this offset, lets go of those behind it, and orders some ahead. It is nil for
// bytes that were let go already: the reader did not go front to back.
func (w *window) acquire(at int64) *block {
	h := w.handle
	h.mu.Lock()
	defer h.mu.Unlock()
	var found *block
	for _, b := range w.blocks {
		if b.off <= at && at < b.end {
			found = b
		}
	}
	if found == nil && (at < w.next || h.closed) {
		return nil
	}
	w.count(true)
	if found == nil {
		w.next = at
		w.drop(at)
		found = w.order(h.store.memory.block(), true)
	}
	found.users++
	if !w.small() {
		w.drop(found.off)
	}
	for ahead := w.ahead(at); ahead < mostAhead && w.next < w.end; ahead++ {
		if w.order(h.store.memory.block(), false) == nil {
			break
		}
	}
	return found
}

// order asks for the next block of at most n bytes; nil where it is not urgent and there is no memory for it.
func (w *window) order(n int64, must bool) *block {
	h := w.handle
	n = min(n, w.end-w.next)
	data := h.store.memory.take(n, must)
	if data == nil {
		return nil
	}
	b := &block{off: w.next, end: w.next + n, data: data, users: 1, done: make(chan struct{})}
	w.next = b.end
	w.blocks = append(w.blocks, b)
	h.fetches.Go(func() {
		b.n, b.err = h.store.fetch(h.ctx, h.name, b.data, b.off, h.version)
		close(b.done)
		h.mu.Lock()
		defer h.mu.Unlock()
		w.release(b)
	})
	return b
}

// copy waits for the block and copies from it to p, from offset off of the blob.
func (w *window) copy(b *block, p []byte, off int64) (int, error) {
	h := w.handle
	defer func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		w.release(b)
	}()
	select {
	case <-b.done:
	case <-h.ctx.Done():
		return 0, context.Cause(h.ctx)
	}
	n := 0
	if at := int(off - b.off); at < b.n {
		n = copy(p, b.data[at:b.n])
	}
	if n < len(p) && off+int64(n) < b.end { // fetch says why there are no more
		return n, b.err
	}
	if off+int64(n) == w.end && !w.small() {
		h.mu.Lock()
		w.drop(w.end)
		w.count(false)
		h.mu.Unlock()
	}
	return n, nil
}

// release ends a use of a block.
func (w *window) release(b *block) {
	b.users--
	if b.users == 0 && b.dropped {
		w.handle.store.memory.put(b.data)
		b.data = nil
	}
}

// drop lets go of all blocks that end at offset at or before.
func (w *window) drop(at int64) {
	left := w.blocks[:0]
	for _, b := range w.blocks {
		if b.end > at {
			left = append(left, b)
			continue
		}
		b.users++
		b.dropped = true
		w.release(b)
	}
	clear(w.blocks[len(left):])
	w.blocks = left
}

// ahead counts the blocks beyond offset at.
func (w *window) ahead(at int64) int {
	n := 0
	for _, b := range w.blocks {
		if b.off > at {
			n++
		}
	}
	return n
}

// small tells whether all of the window is kept until the end, for it is read more than once.
func (w *window) small() bool { return w.end-w.off <= keepWhole }

// count gives the window its share in the memory, or takes it back.
func (w *window) count(in bool) {
	if in == w.counted || w.small() {
		return
	}
	w.counted = in
	if in {
		w.handle.store.memory.count(1)
	} else {
		w.handle.store.memory.count(-1)
	}
}
