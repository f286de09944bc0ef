package proxy

import "sync"

// Buffers to read into: small ones for connections that wait or exchange little, large ones for bodies.
const (
	smallBuffer = 4 << 10
	largeBuffer = mostRead + recordRoom
	mostRead    = 64 << 10 // at once, so that the record of it fits into a large buffer
)

var (
	smallPool = sync.Pool{New: func() any { return new([smallBuffer]byte) }}
	largePool = sync.Pool{New: func() any { return new([largeBuffer]byte) }}
)

func small() []byte { return smallPool.Get().(*[smallBuffer]byte)[:] }
func large() []byte { return largePool.Get().(*[largeBuffer]byte)[:] }

// giveBack returns a buffer to its pool.
func giveBack(p []byte) {
	switch cap(p) {
	case smallBuffer:
		smallPool.Put((*[smallBuffer]byte)(p[:smallBuffer]))
	case largeBuffer:
		largePool.Put((*[largeBuffer]byte)(p[:largeBuffer]))
	}
}

// reading is a buffer that grows and shrinks with what is read into it.
type reading struct {
	buf  []byte
	r, w int // what was read and is not used yet lies between
}

// unused is what was read and is not used yet.
func (b *reading) unused() []byte { return b.buf[b.r:b.w] }

// room makes room to read into: a small buffer while there is little, and a large one after a read that filled it.
func (b *reading) room(last int) []byte {
	left := b.w - b.r
	switch {
	case b.buf == nil:
		b.buf = small()
	case left == 0 && len(b.buf) > smallBuffer && last <= smallBuffer/2:
		giveBack(b.buf)
		b.buf = small()
	case len(b.buf) == smallBuffer && (last == smallBuffer || left > smallBuffer/2):
		b.move(large())
		return b.space()
	case b.w == len(b.buf) && b.r == 0: // a head longer than all buffers
		b.move(make([]byte, 2*len(b.buf)))
		return b.space()
	}
	copy(b.buf, b.buf[b.r:b.w])
	b.r, b.w = 0, left
	return b.space()
}

// space is what can be read into at once.
func (b *reading) space() []byte { return b.buf[b.w:min(len(b.buf), b.w+mostRead)] }

// move takes another buffer.
func (b *reading) move(to []byte) {
	n := copy(to, b.unused())
	giveBack(b.buf)
	b.buf, b.r, b.w = to, 0, n
}

// rest gives the buffer back while there is nothing in it.
func (b *reading) rest() {
	if b.r == b.w {
		b.free()
	}
}

func (b *reading) free() {
	if b.buf != nil {
		giveBack(b.buf)
	}
	b.buf, b.r, b.w = nil, 0, 0
}
