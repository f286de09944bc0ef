package verify

import (
	"context"
	"slices"
	"sync"

	"migassist/rfs"
)

// Sizes of what is read again.
const (
	blockBits = 9 // 512 documents of a segment
	blockGap  = 8 // blocks between two that are wanted, that cost less to read than to open the shard once more
)

// blocks numbers the runs of documents of a snapshot's segments as they come, so that some can be read again. It grows with segments, not with
// documents.
//
//	block   number of the segment, from 1 (32 bits) | number of the run in it (32 bits)
type blocks struct {
	bits int // of the number of a document in its block
	gap  int // blocks that nobody wants, between two that are read in one go

	mu       sync.Mutex
	segments map[segmentName]int // places in all, from 1
	all      []readSegment
}

type segmentName struct {
	index   string
	shard   int
	segment string
}

// readSegment is a segment of which documents came.
type readSegment struct {
	segmentName
	last int // document that came
}

// of returns the block of a document.
func (b *blocks) of(shard rfs.Work, at rfs.Position) uint64 {
	name := segmentName{shard.Index, shard.Shard, at.Segment}
	b.mu.Lock()
	defer b.mu.Unlock()
	n, known := b.segments[name]
	if !known {
		if b.segments == nil {
			b.segments = map[segmentName]int{}
		}
		b.all = append(b.all, readSegment{segmentName: name})
		n = len(b.all)
		b.segments[name] = n
	}
	s := &b.all[n-1]
	s.last = max(s.last, at.Doc)
	return uint64(n)<<32 | uint64(at.Doc)>>b.bits
}

// works are the runs of wanted blocks, of the shards of some items; false where they are more than half of all.
func (b *blocks) works(items []rfs.Work, wanted func(block uint64) bool) (works []rfs.Work, few bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	total, chosen := 0, 0
	for i, s := range b.all {
		if !slices.ContainsFunc(items, func(w rfs.Work) bool { return w.Index == s.index && w.Shard == s.shard }) {
			continue
		}
		total += s.last + 1
		for _, run := range b.runs(uint64(i+1), s.last, wanted) {
			chosen += run[1] - run[0]
			works = append(works, rfs.Work{Index: s.index, Shard: s.shard, From: &rfs.Position{Segment: s.segment, Doc: run[0]}, To: &rfs.Position{Segment: s.segment, Doc: run[1]}})
		}
	}
	return works, 2*chosen <= total
}

// runs are the runs of documents of a segment that are to be read, from one up to another.
func (b *blocks) runs(segment uint64, last int, wanted func(block uint64) bool) (runs [][2]int) {
	for block := range last>>b.bits + 1 {
		if !wanted(segment<<32 | uint64(block)) {
			continue
		}
		from, to := block<<b.bits, min((block+1)<<b.bits, last+1)
		if n := len(runs); n > 0 && from-runs[n-1][1] <= b.gap<<b.bits {
			runs[n-1][1] = to
			continue
		}
		runs = append(runs, [2]int{from, to})
	}
	return runs
}

// ReadBlocks implements BlockSource.
func (s *Snapshot) ReadBlocks(ctx context.Context, part string, wanted func(block uint64) bool, visit func([]Document) error) (Reading, error) {
	works, few := s.blocks.works(s.items[part], wanted)
	switch {
	case !few:
		return s.Read(ctx, part, visit)
	case len(works) == 0:
		return Reading{}, nil
	}
	return s.readItems(ctx, part, works, visit)
}
