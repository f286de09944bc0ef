package rfs

import (
	"context"
	"errors"
	"fmt"

	"migassist/lucene"
	"migassist/snapshot"
)

// job is one step of an item on its way through the pipeline: a span to decode, or the item's end.
type job struct {
	item    *work
	span    *lucene.Span
	from    int      // first document of the span to decode
	segment *segment // held until the span is decoded
	pieces  chan *piece
}

// work is an item while it is worked on.
type work struct {
	Item
	cursor  *Cursor // the settler's alone while the run goes on
	resume  Cursor  // where the run begins
	reading *reading
	failed  chan struct{}
}

// reader turns items into jobs, in order.
type reader struct {
	snap  *snapshot.Snapshot
	spans *lucene.SpanPool
	jobs  chan<- *job // to the decoders
	order chan<- *job // the same, to be collected in this order
}

// run reads the items one after the other; an item that can't be read ends with an error piece, and the next goes on.
func (r *reader) run(ctx context.Context, items []*work) error {
	for _, item := range items {
		err := r.item(ctx, item)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		end := &job{item: item, pieces: make(chan *piece, 1)}
		end.pieces <- &piece{end: true, err: err}
		close(end.pieces)
		select {
		case r.order <- end:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

var errItemFailed = errors.New("the item failed")

func (r *reader) item(ctx context.Context, item *work) error {
	index, err := r.snap.Index(ctx, item.Index)
	if err != nil {
		return err
	}
	commit, err := openShard(ctx, index, item.Shard)
	if err != nil {
		return err
	}
	segments, err := after(commit.Segments, item.resume.Segment)
	if err != nil {
		return fmt.Errorf("shard %d of %s: %w", item.Shard, item.Index, err)
	}
	for _, segment := range segments {
		from := 0
		if segment.Name == item.resume.Segment {
			from = item.resume.Doc
		}
		if err := r.segment(ctx, item, segment, from); err != nil {
			return fmt.Errorf("shard %d of %s: %w", item.Shard, item.Index, err)
		}
	}
	return nil
}

// after returns the segments from the named one on, all where there is no name. Their order is the commit's.
func after(segments []*lucene.Segment, name string) ([]*lucene.Segment, error) {
	if name == "" {
		return segments, nil
	}
	for i, segment := range segments {
		if segment.Name == name {
			return segments[i:], nil
		}
	}
	return nil, fmt.Errorf("the state names segment %s, which the snapshot does not have", name)
}

func (r *reader) segment(ctx context.Context, item *work, s *lucene.Segment, from int) (err error) {
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
		if err := r.send(ctx, &job{item: item, span: span, from: max(from, span.FirstDoc), segment: opened.hold(), pieces: make(chan *piece, 1)}); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) send(ctx context.Context, j *job) error {
	select {
	case <-j.item.failed:
		return errors.Join(errItemFailed, j.segment.release())
	default:
	}
	for _, to := range []chan<- *job{r.order, r.jobs} {
		select {
		case to <- j:
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), j.segment.release())
		}
	}
	return nil
}
