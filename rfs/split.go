package rfs

import (
	"context"
	"errors"
	"fmt"

	"migassist/lucene"
	"migassist/rfs/lease"
	"migassist/snapshot"
)

// extent is a run of documents of one segment.
type extent struct {
	segment  *lucene.Segment
	from, to int
	whole    bool // the item has all of the segment, though some of it may have been read before
}

// extents returns what is left of the item, in the order of the commit, and notes how large all of it is.
func (h *held) extents(segments []*lucene.Segment) ([]extent, error) {
	for _, at := range []*Position{h.From, h.To, h.progress.Cursor} {
		if at != nil && place(segments, at) < 0 {
			return nil, fmt.Errorf("the run's state names segment %s, which the snapshot does not have", at.Segment)
		}
	}
	first, last, cursor := 0, len(segments), -1
	if h.From != nil {
		first = place(segments, h.From)
	}
	if h.To != nil {
		last = place(segments, h.To) + 1
	}
	if h.progress.Cursor != nil {
		cursor = place(segments, h.progress.Cursor)
	}
	var left []extent
	h.progress.Total = 0
	for i := first; i < last; i++ {
		x := extent{segment: segments[i], to: segments[i].MaxDoc}
		if h.From != nil && i == first {
			x.from = h.From.Doc
		}
		if h.To != nil && i == last-1 {
			x.to = h.To.Doc
		}
		x.whole = x.from == 0 && x.to == x.segment.MaxDoc
		h.progress.Total += int64(x.to - x.from)
		if i == cursor {
			x.from = h.progress.Cursor.Doc
		}
		if i >= cursor && x.from < x.to {
			left = append(left, x)
		}
	}
	return left, nil
}

// place is that of a position's segment, -1 where it is not among them.
func place(segments []*lucene.Segment, at *Position) int {
	for i, s := range segments {
		if s.Name == at.Segment {
			return i
		}
	}
	return -1
}

// split cuts a shard that is larger than an item is to be, and hands its work to children: then it returns errSplit. Whoever
// does it comes to the same children.
func (b *Backfill) split(ctx context.Context, item *held, index *snapshot.Index, commit *lucene.Commit) error {
	if !item.whole() || item.progress.Cursor != nil || item.lease.IsChild() {
		return nil
	}
	shard, err := index.Shard(ctx, item.Shard)
	if err != nil {
		return err
	}
	item.progress.Size = shard.Size()
	if shard.Size() <= b.options.ItemBytes {
		return nil
	}
	c := &cutter{most: b.options.ItemBytes}
	for _, segment := range commit.Segments {
		if err := c.add(ctx, segment); err != nil {
			return err
		}
	}
	if len(c.parts) < 2 {
		return nil
	}
	children := make([]lease.Item, len(c.parts))
	for i := range c.parts {
		work := item.Work
		if i > 0 {
			work.From = &c.parts[i].from
		}
		if i+1 < len(c.parts) {
			work.To = &c.parts[i+1].from
		}
		if children[i], err = work.item(work.childName(i), c.parts[i].bytes); err != nil {
			return err
		}
	}
	item.progress.Split, item.progress.Size = c.sums, 0 // the children have it
	progress, err := item.saved()
	if err != nil {
		return err
	}
	if err := item.lease.Split(ctx, children, progress); err != nil {
		if errors.Is(err, lease.ErrLost) {
			item.stop(err)
		}
		return err
	}
	b.options.Log.Info().Stringer("item", item).Int("parts", len(children)).Msg("a large shard was split")
	return errSplit
}

// cutter gathers ranges of a shard's segments into parts of about so many bytes of stored fields.
type cutter struct {
	most  int64
	parts []cut
	sums  []SegmentSum
}

// cut is where a part begins, and about how large it is.
type cut struct {
	from  Position
	bytes int64
}

func (c *cutter) add(ctx context.Context, segment *lucene.Segment) (err error) {
	docs, err := segment.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, docs.Close()) }()
	sum, claimed, err := docs.Sum()
	if err != nil {
		return err
	}
	c.sums = append(c.sums, SegmentSum{segment.Name, sum, claimed})
	cuts, err := docs.Cuts(c.most)
	if err != nil {
		return err
	}
	left := docs.Bytes()
	for i, doc := range cuts {
		size := left
		if i+1 < len(cuts) {
			size = min(c.most, left)
		}
		left -= size
		c.gather(Position{segment.Name, doc}, size)
	}
	return nil
}

// gather adds a range to the last part, or begins a part with it.
func (c *cutter) gather(from Position, size int64) {
	if n := len(c.parts); n > 0 && c.parts[n-1].bytes+size <= c.most {
		c.parts[n-1].bytes += size
		return
	}
	c.parts = append(c.parts, cut{from, size})
}
