package rfs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"

	"migassist/lucene"
	"migassist/rfs/lease"
	"migassist/snapshot"
)

// job is one step of an item on its way through the pipeline: a span to decode, or the item's end.
type job struct {
	item    *held
	span    *lucene.Span
	held    int64    // bytes of the budget that the span has
	segment *segment // held until the span is decoded
	pieces  chan *piece
	flush   bool // nothing but a wish: that what was collected is sent, for there is no memory for more
}

// reader turns items into jobs, in order: it claims an item, reads it, and claims the next while the last one's batches
// are still in flight. Whoever receives its jobs receives all of them, so that it never waits in vain.
type reader struct {
	backfill *Backfill
	spans    *lucene.SpanPool
	memory   memoryPlan
	budget   *budget
	admitted int64       // bytes that were taken for the span that comes next
	last     *job        // a span that is held back until there is one more, or what was read is verified
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
	if err := r.items(ctx, item, index, commit); err != nil {
		return fmt.Errorf("shard %d of %s: %w", item.Shard, item.Index, err)
	}
	return nil
}

// items splits the item, or reads what is left of it.
func (r *reader) items(ctx context.Context, item *held, index *snapshot.Index, commit *lucene.Commit) error {
	if err := r.backfill.endPilot(ctx, item, commit); err != nil {
		return err
	}
	if err := r.backfill.split(ctx, item, index, commit); err != nil {
		return err
	}
	extents, err := item.extents(commit.Segments)
	if err != nil {
		return err
	}
	r.backfill.progress.opened(item)
	item.before = maps.Clone(item.progress.Sums) // the progress is the settler's from here on
	for _, x := range extents {
		if err := r.segment(ctx, item, x); err != nil {
			return err
		}
	}
	return nil
}

// segment reads documents of one segment. Where the item has all of it, its last span is handed on only once all that was read,
// by whichever workers, has proven to be what was written.
func (r *reader) segment(ctx context.Context, item *held, x extent) (err error) {
	opened, err := openSegment(ctx, x.segment, item.reading)
	if err != nil {
		return err
	}
	defer func() {
		if releaseErr := opened.release(); err == nil {
			err = releaseErr
		}
	}()
	return r.spansOf(ctx, item, opened, x)
}

// spansOf sends documents of a segment, the last of them once the file has proven to be what was written.
func (r *reader) spansOf(ctx context.Context, item *held, s *segment, x extent) error {
	defer r.giveUp()
	sums := slices.Clone(item.before[s.name])
	for span, err := range s.docs.SpansIn(ctx, x.from, x.to, r.spans) {
		if err == nil {
			err = r.sendLast(ctx)
		}
		if err != nil {
			return err
		}
		r.last = &job{item: item, span: span, held: r.admitted, segment: s, pieces: make(chan *piece, 1)}
		r.admitted = 0
		sums = lucene.AddSum(sums, span.Sum(span.From, span.To))
	}
	if x.whole {
		if err := s.docs.Verify(sums...); err != nil {
			return err
		}
	}
	return r.sendLast(ctx)
}

// sendLast sends the span that was held back, if there is one.
func (r *reader) sendLast(ctx context.Context) error {
	if r.last == nil {
		return nil
	}
	err := r.send(ctx, r.last)
	if err == nil {
		r.last = nil
	}
	return err
}

// giveUp lets go of what was not sent.
func (r *reader) giveUp() {
	if r.last != nil {
		r.admitted += r.last.held
	}
	r.budget.change(-r.admitted)
	r.last, r.admitted = nil, 0
}

// admit takes the memory that a span needs on its way, and waits for it. It implements [lucene.SpanPool.Admit].
func (r *reader) admit(ctx context.Context, s *lucene.Span) (whole bool, err error) {
	need, whole := r.memory.need(s)
	r.admitted = 0
	if !r.budget.tryTake(need) {
		if err := r.sendLast(ctx); err != nil {
			return false, err
		}
		// What was collected for a batch would keep its memory until more comes.
		wish := &job{flush: true, pieces: make(chan *piece)}
		close(wish.pieces)
		r.order <- wish
		if err := r.budget.take(ctx, need); err != nil {
			return false, err
		}
	}
	if r.memory.giant(need) {
		runtime.GC() // what the last giants left is used again, not kept beside this one
	}
	r.admitted = need
	return whole, nil
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
