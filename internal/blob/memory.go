package blob

import (
	"slices"
	"sync"
)

// What reading ahead takes.
const (
	// DefaultReadAhead is the memory for what was fetched and not read yet: four requests of 8 MiB in flight fill a link
	// of a gigabit at a delay of 200 ms.
	DefaultReadAhead = 32 << 20

	largestBlock  = 8 << 20
	usualBlock    = 4 << 20 // what a small memory should still allow
	smallestBlock = 256 << 10
	mostAhead     = 4       // blocks that a window fetches before they are asked for
	keepWhole     = 1 << 20 // a window no larger is kept until its blob is closed: tables are read in any order, and again
	keptShare     = 4       // of the memory, small pieces get one part in so many
	keptPiece     = 256 << 10
)

// memory is what the blocks of all windows of a store take together. Blocks that are asked for are always given, and
// are smaller the more windows there are; blocks ahead only within the limit.
type memory struct {
	limit int64

	mu      sync.Mutex
	used    int64
	windows int // that are being read and larger than keepWhole
	free    [][]byte
}

func newMemory(limit int64) *memory { return &memory{limit: max(limit, 2*smallestBlock)} }

// block is how large the next block of a window should be.
func (m *memory) block() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	size := min(largestBlock, max(m.limit/mostAhead, min(usualBlock, m.limit/2)))
	if m.windows > 1 {
		size = min(size, m.limit/int64(m.windows))
	}
	return max(size, smallestBlock)
}

// take gives n bytes; nil where that is beyond the limit, unless they must be had.
func (m *memory) take(n int64, must bool) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.used+n > m.limit && !must {
		return nil
	}
	m.used += n
	at := slices.IndexFunc(m.free, func(b []byte) bool { return int64(cap(b)) >= n && int64(cap(b)) <= 2*n })
	if at < 0 {
		m.shrink()
		return make([]byte, n)
	}
	b := m.free[at][:n]
	m.free = slices.Delete(m.free, at, at+1)
	return b
}

// put takes bytes back.
func (m *memory) put(b []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.used -= int64(len(b))
	m.free = append(m.free, b)
	m.shrink()
}

// shrink lets go of free bytes that would exceed the limit together with those in use.
func (m *memory) shrink() {
	total := m.used
	for i, b := range m.free {
		if total += int64(cap(b)); total > m.limit {
			clear(m.free[i:])
			m.free = m.free[:i]
			return
		}
	}
}

// count notes windows that begin and end.
func (m *memory) count(windows int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.windows += windows
}

// kept holds small pieces of blobs that were read, with their versions: headers, footers and tables, which planning and
// reading both want. What was used longest ago goes first.
type kept struct {
	limit int64

	mu    sync.Mutex
	used  int64
	clock int64
	blobs map[string]*keptBlob
}

type keptBlob struct {
	version *pin
	last    int64 // when it was used
	pieces  []piece
}

type piece struct {
	off  int64
	data []byte
}

func newKept(limit int64) *kept { return &kept{limit: limit, blobs: map[string]*keptBlob{}} }

// pin is the version of a blob of which pieces are there, or a new one.
func (k *kept) pin(name string) *pin {
	k.mu.Lock()
	defer k.mu.Unlock()
	if b, ok := k.blobs[name]; ok {
		return b.version
	}
	return &pin{}
}

// read fills p from one piece of this version, or does nothing.
func (k *kept) read(name string, version *pin, p []byte, off int64) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	b, ok := k.blobs[name]
	if !ok || b.version != version {
		return false
	}
	k.clock++
	b.last = k.clock
	for _, piece := range b.pieces {
		if off >= piece.off && off+int64(len(p)) <= piece.off+int64(len(piece.data)) {
			copy(p, piece.data[off-piece.off:])
			return true
		}
	}
	return false
}

// add keeps a copy of a piece.
func (k *kept) add(name string, version *pin, p []byte, off int64) {
	size := int64(len(p))
	if size == 0 || size > keptPiece || size > k.limit {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	b, ok := k.blobs[name]
	if !ok || b.version != version {
		k.drop(name)
		b = &keptBlob{version: version}
		k.blobs[name] = b
	}
	k.clock++
	b.last = k.clock
	b.pieces = append(b.pieces, piece{off, slices.Clone(p)})
	k.used += size
	for k.used > k.limit {
		k.drop(k.oldest())
	}
}

func (k *kept) oldest() string {
	name, last := "", int64(0)
	for n, b := range k.blobs {
		if name == "" || b.last < last {
			name, last = n, b.last
		}
	}
	return name
}

func (k *kept) drop(name string) {
	b, ok := k.blobs[name]
	if !ok {
		return
	}
	for _, piece := range b.pieces {
		k.used -= int64(len(piece.data))
	}
	delete(k.blobs, name)
}
