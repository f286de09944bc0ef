package bulk

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"migassist/cluster"
)

// Target takes bulk requests, once each.
type Target interface {
	Bulk(ctx context.Context, body []byte) (cluster.BulkResult, error)
}

var _ Target = (*cluster.Client)(nil)

// Patience is how long a target is asked again. The zero value is the default: 15 attempts, after waits that double from
// 1 s to 60 s, about ten minutes in total, and half an hour where it takes its time to answer, or does not.
type Patience struct {
	Attempts int
	Longest  time.Duration // since the first attempt; one that began before is waited for
	First    time.Duration // wait after the first failure
	Most     time.Duration // wait at most

	// Now is the clock; nil is the system's.
	Now func() time.Time
	// Wait returns after d or when ctx ends. Nil waits on a timer.
	Wait func(ctx context.Context, d time.Duration) error
	// Retrying, if set, is told why so many operations are sent again after a wait.
	Retrying func(operations, attempt int, wait time.Duration, why error)
}

func (p Patience) withDefaults() Patience {
	if p.Attempts <= 0 {
		p.Attempts = 15
	}
	if p.Longest <= 0 {
		p.Longest = 30 * time.Minute
	}
	if p.Now == nil {
		p.Now = time.Now
	}
	if p.First <= 0 {
		p.First = time.Second
	}
	if p.Most <= 0 {
		p.Most = time.Minute
	}
	if p.Wait == nil {
		p.Wait = wait
	}
	if p.Retrying == nil {
		p.Retrying = func(int, int, time.Duration, error) {}
	}
	return p
}

// Writer sends batches. It may be used by several goroutines at once.
type Writer struct {
	target   Target
	patience Patience
}

// NewWriter returns a writer to target.
func NewWriter(target Target, patience Patience) *Writer {
	return &Writer{target: target, patience: patience.withDefaults()}
}

// Outcome is the fate of a batch's operations: Written and the refused ones are all of them.
type Outcome struct {
	Written int
	Refused []Refusal
	Retries int // operations sent again
}

// Refusal is an operation that the target will not take.
type Refusal struct {
	Operation int // within the batch
	Status    int // HTTP
	Reason    cluster.ItemError
}

// Write sends the batch until every operation has a fate. On an error no operation has one, though some
// may have been written: writing them again must be harmless.
func (w *Writer) Write(ctx context.Context, b *Batch) (Outcome, error) {
	var out Outcome
	if b.Len() == 0 {
		return out, nil
	}
	all := make([]int, b.Len())
	for i := range all {
		all[i] = i
	}
	if err := w.write(ctx, b, all, &out); err != nil {
		return out, err
	}
	return out, out.plausible(b)
}

// plausible doubts a target that turned down each of many operations as a request: that is no document's fault.
func (o Outcome) plausible(b *Batch) error {
	if len(o.Refused) < b.Len() || b.Len() < 2 {
		return nil
	}
	for _, refusal := range o.Refused {
		if refusal.Reason.Type != requestRefused {
			return nil
		}
	}
	return fmt.Errorf("the target turned down all %d operations one by one: %w", b.Len(), &o.Refused[0].Reason)
}

// requestRefused is the type of a refusal that came as the answer to a request of this one operation.
const requestRefused = "request_refused"

// write gives the operations of which their fates.
func (w *Writer) write(ctx context.Context, b *Batch, which []int, out *Outcome) error {
	end := w.patience.Now().Add(w.patience.Longest)
	for attempt := 1; ; attempt++ {
		result, err := w.target.Bulk(ctx, b.only(which))
		if ctx.Err() != nil {
			return fmt.Errorf("send %d operations: %w", len(which), context.Cause(ctx))
		}
		if err != nil {
			if verdict := judgeRequest(err); verdict != again {
				return w.failed(ctx, b, which, verdict, err, out)
			}
		} else if which, err = sort(result, which, attempt, out); len(which) == 0 {
			return err
		}
		if err := w.pause(ctx, len(which), attempt, end, err); err != nil {
			return err
		}
		out.Retries += len(which)
	}
}

// failed deals with a request that the same again would not help.
func (w *Writer) failed(ctx context.Context, b *Batch, which []int, verdict verdict, cause error, out *Outcome) error {
	if verdict != split {
		return fmt.Errorf("send %d operations: %w", len(which), cause)
	}
	if len(which) > 1 {
		half := len(which) / 2
		if err := w.write(ctx, b, which[:half], out); err != nil {
			return err
		}
		return w.write(ctx, b, which[half:], out)
	}
	refusal := Refusal{Operation: which[0], Status: http.StatusRequestEntityTooLarge, Reason: cluster.ItemError{Type: requestRefused, Reason: cause.Error()}}
	if answer, ok := errors.AsType[*cluster.Error](cause); ok {
		refusal.Status = answer.Status
	}
	out.Refused = append(out.Refused, refusal)
	return nil
}

// certain is the attempt at which a fault of the server with some operations, but not with all, is taken for theirs.
const certain = 4

// sort gives the items their fates and returns the operations to send again, with the error of one of them.
func sort(result cluster.BulkResult, which []int, attempt int, out *Outcome) ([]int, error) {
	if !result.Errors {
		out.Written += len(which)
		return nil, nil
	}
	if len(result.Items) != len(which) {
		return nil, fmt.Errorf("the target answered %d items to %d operations; is something between that rewrites?", len(result.Items), len(which))
	}
	doubt := again
	if attempt >= certain && (out.Written > 0 || len(which) == 1 || slices.ContainsFunc(result.Items, func(item cluster.BulkItem) bool { return item.Error == nil })) {
		doubt = refuse
	}
	var repeat []int
	var cause error
	for i, item := range result.Items {
		if item.Error == nil {
			out.Written++
			continue
		}
		verdict := judgeItem(item)
		if verdict == doubtful {
			verdict = doubt
		}
		switch verdict {
		case again:
			repeat, cause = append(repeat, which[i]), item.Error
		case abort:
			return nil, fmt.Errorf("the target answered %d: %w", item.Status, item.Error)
		default:
			out.Refused = append(out.Refused, Refusal{Operation: which[i], Status: item.Status, Reason: *item.Error})
		}
	}
	return repeat, cause
}

// pause waits before the next attempt, or says that there is none.
func (w *Writer) pause(ctx context.Context, operations, attempt int, end time.Time, cause error) error {
	p := w.patience
	if attempt >= p.Attempts || !p.Now().Before(end) {
		return fmt.Errorf("the target did not take %d operations in %d attempts: %w", operations, attempt, cause)
	}
	d := p.delay(attempt)
	p.Retrying(operations, attempt, d, cause)
	return p.Wait(ctx, d)
}

// delay doubles from First to Most; the last quarter of it is chance, so that workers do not return together.
func (p Patience) delay(attempt int) time.Duration {
	d := p.Most
	if shift := attempt - 1; shift < 20 {
		d = min(p.First<<shift, p.Most)
	}
	return d - rand.N(d/4+1) //nolint:gosec // spreading load is no secret
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
