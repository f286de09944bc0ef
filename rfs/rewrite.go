package rfs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"migassist/transform"
)

// rewriter gives documents to the transforms, and has their messages sent. It belongs to one goroutine.
type rewriter struct {
	transformer transform.Transformer
	names       *names // that only transforms give
	stop        bool   // a document on which a transform fails ends the run

	messages []*transform.Message
	routes   []*route // of the messages
}

// newRewriter returns what rewrites documents for one goroutine, if anything does.
func (b *Backfill) newRewriter() rewriter {
	choices := b.source.Choices
	if choices.Transform == nil {
		return rewriter{}
	}
	return rewriter{transformer: choices.Transform.New(), names: b.names, stop: choices.StopOnTransformError}
}

// ending is why this worker goes no further, though the item could be read: it, or another worker, may go on there.
type ending struct{ error }

func (e *ending) Unwrap() error { return e.error }

// rewrite appends the operations that transforms make of a document: none, one or several. If one of them can't be sent, none is.
func (d *decoder) rewrite(ctx context.Context, number int, document Document) error {
	if len(document.Source) == 0 {
		document.Source = []byte("{}") // as AppendLine has it
	}
	if err := d.apply(ctx, document); err != nil {
		return d.spoilt(ctx, number, err)
	}
	p := d.piece
	if len(d.messages) == 0 {
		p.counts.Dropped++
		return nil
	}
	changed := false
	for i, m := range d.messages {
		w, to := &m.Write, d.routes[i]
		p.batch.Add(appendWrite(p.batch.Grow(), to, w, document.Version))
		p.docs = append(p.docs, int32(number))
		changed = changed || !bytes.Equal(w.Source, document.Source) || !bytes.Equal(w.ID, document.ID) || !bytes.Equal(w.Routing, document.Routing)
		if w.Action == actionDelete {
			p.counts.Deletes++
		}
		if to.found {
			p.nameTarget(to.target)
		}
	}
	p.counts.Made += int64(len(d.messages)) - 1
	original := &document
	if !changed {
		original = nil
	}
	p.originals.add(len(d.messages), original, d.reading.typeOf(document))
	return nil
}

// apply has the document transformed, and finds where what comes of it goes.
func (d *decoder) apply(ctx context.Context, document Document) (err error) {
	r := d.reading
	m := transform.NewDocument(transform.Write{
		Action: actionIndex, Index: r.index, Type: r.typeOf(document), ID: document.ID, Routing: document.Routing, Source: document.Source,
	})
	clear(d.messages)
	clear(d.routes)
	d.routes = d.routes[:0]
	if d.messages, err = d.transformer.Transform(ctx, d.messages[:0], m); err != nil {
		return err
	}
	for i, m := range d.messages {
		if err := m.Encode(); err != nil {
			return &transform.Error{Transform: "result", Cause: err}
		}
		to, err := d.routeOf(ctx, document, &m.Write)
		if err != nil {
			return err
		}
		if err := sendable(&m.Write, to); err != nil {
			return &transform.Error{Transform: "result", Cause: fmt.Errorf("message %d: %w", i, err)}
		}
		d.routes = append(d.routes, to)
	}
	return nil
}

// spoilt says what becomes of a document that transforms failed on, or sent nowhere.
func (d *decoder) spoilt(ctx context.Context, number int, err error) error {
	if ctx.Err() != nil {
		return &ending{context.Cause(ctx)}
	}
	bad, one := errors.AsType[*unsendable](err)
	if !one {
		if _, failed := errors.AsType[*transform.Error](err); !failed {
			return err
		}
		bad = unsent("transform_failed", "document %d: %v", number, err)
		if d.stop {
			return &ending{fmt.Errorf("document %d of segment %s: %w; with --transform-errors dead-letter it would be set aside, and the others moved", number, d.job.segment.name, err)}
		}
	}
	bad.document = true
	return bad
}

// routeOf is how a message is addressed: as was planned for its document, unless it got another name.
func (d *decoder) routeOf(ctx context.Context, document Document, w *transform.Write) (*route, error) {
	r := d.reading
	to, err := r.route(document)
	switch {
	case err == nil && to != nil && to.named == w.Index:
		return to, nil
	case err != nil && w.Index == r.index && len(r.types) > 1:
		return nil, unsent("several_types", "the transforms leave it in index %s, which has the types %q, and the target's indices have none: the same id under two types would be one document. "+
			"Have them name another index by its type, or say --multi-type-resolution", r.index, r.types)
	case err != nil && w.Index == r.index && !slices.Contains(r.types, string(document.Type)):
		return nil, err
	}
	return d.names.route(ctx, r, w.Index)
}

// Actions of bulk requests.
const (
	actionIndex  = "index"
	actionCreate = "create"
	actionDelete = "delete"
)

// sendable tells what of a message a bulk request of a backfill cannot say.
func sendable(w *transform.Write, to *route) error {
	switch {
	case w.Action != actionIndex && w.Action != actionCreate && w.Action != actionDelete:
		return fmt.Errorf("its action is %q; a backfill sends index, create and delete", w.Action)
	case w.Action == actionDelete && (to.noID || len(w.ID) == 0):
		return errors.New("it deletes a document without an id")
	case w.Action == actionDelete && to.create:
		return fmt.Errorf("it deletes from the data stream %s, which takes new documents only", to.target)
	case w.Action != actionDelete && w.Source == nil:
		return errors.New("it has no document")
	}
	return nil
}

// appendWrite appends the lines of an operation that transforms made; version is that of the document it was made of, 0 where it has none.
func appendWrite(dst []byte, to *route, w *transform.Write, version int64) []byte {
	action := w.Action
	if to.create {
		action = actionCreate
	}
	dst = append(append(dst, `{"`...), action...)
	dst = append(append(dst, `":{"_index":"`...), to.escaped...)
	dst = append(dst, '"')
	named := !to.noID && len(w.ID) > 0
	if named {
		dst = append(dst, `,"_id":"`...)
		dst = appendEscaped(dst, to.prefix)
		dst = appendEscaped(dst, w.ID)
		dst = append(dst, '"')
	}
	if w.Routing != nil {
		dst = append(dst, `,"routing":"`...)
		dst = appendEscaped(dst, w.Routing)
		dst = append(dst, '"')
	}
	if to.rank > 0 {
		version = to.rank
	}
	switch {
	case !named || action == actionCreate:
	case w.Version > 0 && w.VersionType != "":
		dst = appendVersionOf(dst, w.Version, w.VersionType)
	case w.Version > 0:
		dst = appendVersion(dst, w.Version)
	case version > 0:
		dst = appendVersion(dst, version)
	}
	dst = append(dst, "}}\n"...)
	if w.Action == actionDelete {
		return dst
	}
	return append(AppendLine(dst, w.Source), '\n')
}

// nameTarget counts an operation that is sent to a name which only transforms gave.
func (p *piece) nameTarget(name string) {
	if p.named == nil {
		p.named = map[string]int64{}
	}
	p.named[name]++
}
