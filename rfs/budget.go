package rfs

import (
	"context"
	"sync"

	"migassist/lucene"
)

// budget is the memory, in bytes, that spans, their documents and batches take together. Only the reader waits for some, and it takes
// all that a span needs on its way at once, in the order in which spans are sent: whoever has some can do without more, and
// gives it back in the end.
//
//	reader takes    decoder gives                     settler gives
//	[ compressed | uncompressed             | body ]
type budget struct {
	size int64

	mu    sync.Mutex
	used  int64
	freed chan struct{} // closed when some was given back; nil: nobody waits
}

func newBudget(size int64) *budget { return &budget{size: size} }

// tryTake takes n bytes if they are there; more than the whole budget is given to one who is alone.
func (b *budget) tryTake(n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.fits(n)
}

func (b *budget) fits(n int64) bool {
	if b.used > 0 && b.used+n > b.size {
		return false
	}
	b.used += n
	return true
}

// take waits until n bytes are there, or ctx ends.
func (b *budget) take(ctx context.Context, n int64) error {
	for {
		b.mu.Lock()
		if b.fits(n) {
			b.mu.Unlock()
			return nil
		}
		if b.freed == nil {
			b.freed = make(chan struct{})
		}
		freed := b.freed
		b.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// change takes n bytes that are needed although there may be none, or gives them back where n is negative.
func (b *budget) change(n int64) {
	if n == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used += n
	if n < 0 && b.freed != nil {
		close(b.freed)
		b.freed = nil
	}
}

// memoryPlan says how the memory of a worker is shared out.
//
//	--memory  [ budget: giants, documents on their way, batches | buffers of each decoder | read ahead | garbage | the program ]
type memoryPlan struct {
	size    int64 // of the budget
	largest int   // uncompressed bytes of a chunk at most
	copies  int64 // how often the sink has a batch
}

// What one decoder keeps: spans in its queues, a chunk, a converted source, a piece.
const decoderBytes = 8 << 20

func (o Options) memoryPlan() memoryPlan {
	all := int64(o.Memory)
	m := memoryPlan{size: all*5/8 - min(all/4, int64(o.Workers)*decoderBytes), copies: 1}
	if o.Compressed {
		m.copies = 2
	}
	m.largest = int(m.size * 4 / 9) // of what does not compress, there are two and an eighth at a time
	return m
}

// Sizes below which spans and chunks go into buffers that are there anyway, and the most that is taken for documents of a span of
// many chunks: of more the queues see to it that they do not pile up.
const (
	usualSpan  = 256 << 10
	usualChunk = 4 << 20
	mostMany   = 16 << 20
)

// giant tells whether a span with this need is so large that garbage of its like should not pile up. Collecting costs a
// millisecond or two: there is little else in memory.
func (m memoryPlan) giant(need int64) bool { return need > max(m.size/8, mostMany) }

// need returns what a span needs on its way, in bytes, and whether it may take that; if not, its documents that are no giants need
// it. At first there are the compressed and the decompressed bytes of its chunk, then these and the batch, then the batch alone.
func (m memoryPlan) need(s *lucene.Span) (bytes int64, whole bool) {
	compressed, chunk, body := int64(s.Size()), int64(s.Largest), int64(s.Raw)+int64(s.Raw)/8
	if compressed <= usualSpan {
		compressed = 0
	}
	if chunk <= usualChunk {
		chunk = 0
	}
	if s.Largest > m.largest {
		return min(mostMany, m.size/4), false
	}
	if s.Raw > s.Largest {
		body = min(body, mostMany+int64(s.Largest))
	}
	return max(compressed+chunk, chunk+body, m.copies*body), true
}
