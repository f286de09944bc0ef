package rfs

import (
	"context"
	"errors"
	"fmt"

	"migassist/lucene"
	"migassist/rfs/lease"
)

// job is one step of an item on its way through the pipeline: a span to decode, or the item's end.
type job struct {
	item    *held
	span    *lucene.Span
	from    int      // first document of the span to decode
	segment *segment // held until the span is decoded
	pieces  chan *piece
}

// reader turns items into jobs, in order: it claims an item, reads it, and claims the next while the last one's batches
// are still in flight. Whoever receives its jobs receives all of them, so that it never waits in vain.
type reader struct {
	backfill *Backfill
	spans    *lucene.SpanPool
	jobs     chan<- *job // to the decoders
	order    chan<- *job // the same, to be collected in this order
}

// run reads items until there are none left in the fleet, or ctx ends. An item that can't be read ends with an error piece.
func (r *reader) run(ctx context.Context) error {
	for {
		item, err := r.backfill.claim(ctx)
		if errors.Is(err, lease.ErrFinished) {
			return nil
		}
		if err != nil {
			return err
		}
		err = r.item(ctx, item)
		switch {
		case errors.Is(err, errSplit):
			r.backfill.letGo(item)
			continue
		case ctx.Err() != nil:
			item.stop(context.Cause(ctx))
			err = nil
		case item.halted() != nil:
			err = nil
		}
		end := &job{item: item, pieces: make(chan *piece, 1)}
		end.pieces <- &piece{end: true, err: err}
		close(end.pieces)
		r.order <- end
	}
}

// errSplit says that an item's children have its work now.
var errSplit = errors.New("the item was split")

func (r *reader) item(ctx context.Context, item *held) error {
	index, err := r.backfill.source.Snapshot.Index(ctx, item.Index)
	if err != nil {
		return err
	}
	if item.reading, err = r.backfill.readingOf(index); err != nil {
		return err
	}
	commit, err := openShard(ctx, index, item.Shard)
	if err != nil {
		return err
	}
	if err := r.backfill.endPilot(ctx, item, commit); err != nil {
		return fmt.Errorf("shard %d of %s: %w", item.Shard, item.Index, err)
	}
	item.open(commit.Segments)
	r.backfill.progress.opened(item.progress)
	segments, err := after(commit.Segments, item.progress.Cursor)
	if err != nil {
		return fmt.Errorf("shard %d of %s: %w", item.Shard, item.Index, err)
	}
	cursor := item.progress.Cursor
	for _, segment := range segments {
		from := 0
		if cursor != nil && segment.Name == cursor.Segment {
			from = cursor.Doc
		}
		if err := r.segment(ctx, item, segment, from); err != nil {
			return fmt.Errorf("shard %d of %s: %w", item.Shard, item.Index, err)
		}
	}
	return nil
}

// open notes how large the item is.
func (h *held) open(segments []*lucene.Segment) {
	h.progress.Total = 0
	for _, s := range segments {
		h.progress.Total += int64(s.MaxDoc)
	}
}

// after returns the segments from that of the cursor on, all where there is none. Their order is the commit's.
func after(segments []*lucene.Segment, cursor *Position) ([]*lucene.Segment, error) {
	if cursor == nil {
		return segments, nil
	}
	for i, segment := range segments {
		if segment.Name == cursor.Segment {
			return segments[i:], nil
		}
	}
	return nil, fmt.Errorf("the run's state names segment %s, which the snapshot does not have", cursor.Segment)
}

func (r *reader) segment(ctx context.Context, item *held, s *lucene.Segment, from int) (err error) {
	if from >= s.MaxDoc {
		return nil
	}
	opened, err := openSegment(ctx, s, item.reading)
	if err != nil {
		return err
	}
	defer func() {
		if releaseErr := opened.release(); err == nil {
			err = releaseErr
		}
	}()
	for span, err := range opened.docs.Spans(ctx, from, r.spans) {
		if err != nil {
			return err
		}
		if err := r.send(ctx, &job{item: item, span: span, from: max(from, span.FirstDoc), segment: opened, pieces: make(chan *piece, 1)}); err != nil {
			return err
		}
	}
	return nil
}

// send hands a span on, unless it is no longer wanted.
func (r *reader) send(ctx context.Context, j *job) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-r.backfill.joined.Halted():
		if why := r.backfill.joined.Halt(); why != nil {
			j.item.stop(why)
		}
	default:
	}
	if err := j.item.halted(); err != nil {
		return err
	}
	j.segment.hold()
	r.order <- j
	r.jobs <- j
	return nil
}
