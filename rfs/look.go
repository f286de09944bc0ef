package rfs

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"migassist/lucene"
	"migassist/snapshot"
)

// Look reads the documents of one index one after the other, to show rather than to move them: what a backfill would
// refuse comes out too, with what can be told of it.
type Look struct {
	// Findings say what does not come out, or not as it was sent.
	Findings []Finding

	index   *snapshot.Index
	reading *reading
	memory  int
}

// Refusal is the finding for an index, or a part of one, that err says is not read: it is of a kind that this program does
// not read, or a PARTIAL snapshot lacks it. For any other error, damage above all, it is false.
func Refusal(index string, err error) (Finding, bool) {
	if errors.Is(err, snapshot.ErrIncomplete) || unsupported(err) {
		return unreadable(index, err), true
	}
	return Finding{}, false
}

// Entry is a document that is looked at. Its bytes are valid until the next one.
type Entry struct {
	Document        // Source is JSON; nil where there is none
	Stored   []byte // the source as it lies there; nil: none
	Problem  string // why there is no source
}

// NewLook prepares to read an index. With rebuild, documents without _source are put together again. Memory bounds what
// chunks may take, in bytes; 0 is 256 MiB.
func NewLook(snap *snapshot.Snapshot, index *snapshot.Index, rebuild bool, memory int) *Look {
	l := &Look{index: index, reading: readingOf(snap, index), memory: Options{Memory: memory}.withDefaults().Memory}
	l.Findings, _ = l.reading.chooseSource(index, Choices{RebuildSource: rebuild, AllowPartialSource: true})
	return l
}

// errStop ends the decoding of a span of which no more is wanted.
var errStop = errors.New("no more is wanted")

// Documents yields the documents of a shard, in the order of its segments. The error ends the sequence.
func (l *Look) Documents(ctx context.Context, shard int) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		err := l.documents(ctx, shard, func(e Entry) error {
			if !yield(e, nil) {
				return errStop
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(Entry{}, err)
		}
	}
}

func (l *Look) documents(ctx context.Context, shard int, visit func(Entry) error) (err error) {
	commit, err := openShard(ctx, l.index, shard)
	if err != nil {
		return err
	}
	at := &glance{
		assembler: assembler{id: make([]byte, 0, 1024), limit: l.memory / 4}, decoder: lucene.Decoder{Limit: l.memory / 2},
		pool: lucene.NewSpanPool(1), visit: visit,
	}
	at.pool.Limit = l.memory / 2
	defer func() { err = errors.Join(err, at.release()) }()
	for _, s := range commit.Segments {
		if err := at.segment(ctx, s, l.reading); err != nil {
			return fmt.Errorf("shard %d of %s: %w", shard, l.index.Name, err)
		}
	}
	return nil
}

// glance is a look at one shard while it lasts.
type glance struct {
	assembler
	decoder lucene.Decoder
	pool    *lucene.SpanPool
	visit   func(Entry) error
}

func (g *glance) segment(ctx context.Context, s *lucene.Segment, r *reading) (err error) {
	opened, err := openSegment(ctx, s, r)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.release()) }()
	if err := g.follow(ctx, opened); err != nil {
		return err
	}
	for span, err := range opened.docs.Spans(ctx, 0, g.pool) {
		if err != nil {
			return err
		}
		if err := g.decoder.Decode(span, 0, g.look); err != nil {
			return err
		}
		g.pool.Put(span)
	}
	return nil
}

// look hands one document to whoever looks.
func (g *glance) look(doc *lucene.Doc) error {
	d, ok, err := g.document(doc)
	if !ok {
		return err
	}
	e := Entry{Document: d, Stored: g.stored}
	if bad, one := errors.AsType[*unsendable](err); one {
		e.Source, e.Problem = nil, bad.reason
	} else if err != nil {
		return err
	}
	if types := g.reading.types; e.Type == nil && len(types) == 1 {
		e.Type = []byte(types[0])
	}
	return g.visit(e)
}
