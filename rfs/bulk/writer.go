package bulk

import (
	"context"
	"fmt"

	"migassist/cluster"
)

// Target takes bulk requests, once each.
type Target interface {
	Bulk(ctx context.Context, body []byte) (cluster.BulkResult, error)
}

var _ Target = (*cluster.Client)(nil)

// Permit is asked immediately before each request of a batch whether it may still be sent: a worker that lost its lease
// sends nothing more. The context it returns bounds that request, and is released with the function when the request has
// ended. An error ends [Writer.Write], which returns it wrapped.
type Permit func(ctx context.Context) (context.Context, context.CancelFunc, error)

// permitted is the permit of those who need none.
func permitted(ctx context.Context) (context.Context, context.CancelFunc, error) {
	return ctx, func() {}, nil
}

// Writer sends batches. It may be used by several goroutines at once.
type Writer struct {
	target   Target
	patience Patience
	gate     *gate
	sizes    sizes
}

// NewWriter returns a writer to target, without limits.
func NewWriter(target Target, patience Patience) *Writer {
	return &Writer{target: target, patience: patience.withDefaults(), gate: newGate()}
}

// SetLimits changes the limits from now on, also for batches that are on their way.
func (w *Writer) SetLimits(limits Limits) { w.gate.set(limits) }

// Flow tells what the writer does at the moment.
func (w *Writer) Flow() Flow { return w.gate.flow() }

// Outcome is the fate of a batch's operations: Written, Superseded and the refused ones are all of them.
type Outcome struct {
	Written    int
	Superseded int // what the target has is newer: see [Batch]
	Refused    []Refusal
	Retries    int // operations sent again
	// Created counts, of Written, what the target said it had no document for before. What was written by a request whose answer was lost does
	// not count.
	Created int
}

// Refusal is an operation that the target will not take.
type Refusal struct {
	Operation int // within the batch
	Status    int // HTTP
	Reason    cluster.ItemError
}

// Write sends the batch until every operation has a fate. On an error no operation has one, though some may have been
// written: writing them again must be harmless. A nil permit permits every request.
func (w *Writer) Write(ctx context.Context, b *Batch, permit Permit) (Outcome, error) {
	if b.Len() == 0 {
		return Outcome{}, nil
	}
	if permit == nil {
		permit = permitted
	}
	all := make([]int, b.Len())
	for i := range all {
		all[i] = i
	}
	d := &delivery{writer: w, batch: b, permit: permit, ticket: w.gate.ticket()}
	if err := d.write(ctx, all); err != nil {
		return d.out, err
	}
	return d.out, d.out.plausible(b)
}

// plausible doubts a target that turned down each of many operations as a request: that is no document's fault.
func (o Outcome) plausible(b *Batch) error {
	if len(o.Refused) < b.Len() || b.Len() < 2 || b.Suspect {
		return nil
	}
	for _, refusal := range o.Refused {
		if refusal.Reason.Type != requestRefused {
			return nil
		}
	}
	return fmt.Errorf("the target turned down all %d operations one by one: %w", b.Len(), &o.Refused[0].Reason)
}
