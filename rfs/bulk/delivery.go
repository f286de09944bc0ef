package bulk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"migassist/cluster"
)

// delivery is one batch on its way to its fates.
type delivery struct {
	writer *Writer
	batch  *Batch
	permit Permit
	ticket int64 // at the gate
	out    Outcome
}

// write gives the operations of which their fates, in requests of a size that the target takes.
func (d *delivery) write(ctx context.Context, which []int) error {
	for len(which) > 0 {
		n := d.fitting(which)
		if err := d.deliver(ctx, which[:n]); err != nil {
			return err
		}
		which = which[n:]
	}
	return nil
}

// fitting returns how many of the first operations fit into one request: at least one.
func (d *delivery) fitting(which []int) int {
	limit := d.writer.sizes.limit()
	if limit == 0 {
		return len(which)
	}
	size := 0
	for n, i := range which {
		if size += len(d.batch.operation(i)); size > limit {
			return max(n, 1)
		}
	}
	return len(which)
}

// deliver sends the operations until each has its fate.
func (d *delivery) deliver(ctx context.Context, which []int) error {
	patience := d.writer.patience
	end := patience.Now().Add(patience.Longest)
	for attempt := 1; ; attempt++ {
		body := d.batch.only(which)
		waited := patience.Now()
		pass, err := d.writer.gate.enter(ctx, d.ticket, len(which), len(body))
		if err != nil {
			return fmt.Errorf("wait to send %d operations: %w", len(which), err)
		}
		end = end.Add(patience.Now().Sub(waited)) // the queue is ours, not the target's
		result, err := d.request(ctx, body)
		d.writer.gate.leave(pass, endingOf(result, err, patience.Most))
		if ctx.Err() != nil {
			return fmt.Errorf("send %d operations: %w", len(which), context.Cause(ctx))
		}
		less := attempt >= certain && busy(result, err)
		if err != nil {
			if verdict := judgeRequest(err); verdict != again {
				return d.failed(ctx, which, len(body), verdict, err)
			}
		} else {
			d.writer.sizes.took(len(body))
			if which, err = d.sort(result, which, attempt); len(which) == 0 {
				return err
			}
		}
		if less && len(which) > 1 {
			return d.halve(ctx, which)
		}
		if err := d.pause(ctx, len(which), attempt, end, err); err != nil {
			return err
		}
		d.out.Retries += len(which)
	}
}

// busy reports whether the target took nothing of a request because it has too much to do. It may have room for less: circuit breakers
// go by size, and so does the memory of a shard's node.
func busy(result cluster.BulkResult, err error) bool {
	if err != nil {
		answer, ok := errors.AsType[*cluster.Error](err)
		return ok && answer.Status == http.StatusTooManyRequests
	}
	other := func(item cluster.BulkItem) bool { return item.Status != http.StatusTooManyRequests }
	return result.Errors && !slices.ContainsFunc(result.Items, other)
}

// request sends the body once, if that is permitted.
func (d *delivery) request(ctx context.Context, body []byte) (cluster.BulkResult, error) {
	bounded, release, err := d.permit(ctx)
	if err != nil {
		return cluster.BulkResult{}, &forbidden{err}
	}
	defer release()
	result, err := d.writer.target.Bulk(bounded, body)
	if err != nil && ctx.Err() == nil && errors.Is(context.Cause(bounded), context.DeadlineExceeded) {
		err = &late{err} // what became of it is unknown; the next permit says whether it may be sent again
	}
	return result, err
}

// endingOf says what a request's end tells of the target's load.
func endingOf(result cluster.BulkResult, err error, most time.Duration) ending {
	if err != nil {
		how := ending{pushedBack: judgeRequest(err) == again}
		if answer, ok := errors.AsType[*cluster.Error](err); ok && how.pushedBack {
			how.rest = min(answer.RetryAfter, most)
		}
		return how
	}
	rejected := func(item cluster.BulkItem) bool { return item.Error != nil && item.Retryable() }
	if result.Errors && slices.ContainsFunc(result.Items, rejected) {
		return ending{pushedBack: true}
	}
	return ending{answered: true}
}

// forbidden is why a request was not permitted.
type forbidden struct{ error }

func (e *forbidden) Unwrap() error { return e.error }

// late is a request that was not answered within the time it was permitted.
type late struct{ error }

func (e *late) Unwrap() error { return e.error }

// failed deals with a request of so many bytes that the same again would not help.
func (d *delivery) failed(ctx context.Context, which []int, size int, verdict verdict, cause error) error {
	if cluster.TooLarge(cause) {
		d.writer.sizes.refuse(size)
	}
	if verdict != split {
		return fmt.Errorf("send %d operations: %w", len(which), cause)
	}
	if len(which) > 1 {
		return d.halve(ctx, which)
	}
	refusal := Refusal{Operation: which[0], Status: http.StatusRequestEntityTooLarge, Reason: cluster.ItemError{Type: requestRefused, Reason: cause.Error()}}
	if cluster.TooLarge(cause) {
		refusal.Reason.Type = requestTooLarge
	}
	if answer, ok := errors.AsType[*cluster.Error](cause); ok {
		refusal.Status = answer.Status
	}
	d.out.Refused = append(d.out.Refused, refusal)
	return nil
}

func (d *delivery) halve(ctx context.Context, which []int) error {
	half := len(which) / 2
	if err := d.write(ctx, which[:half]); err != nil {
		return err
	}
	return d.write(ctx, which[half:])
}

// Types of a refusal that came as the answer to a request of this one operation.
const (
	requestRefused  = "request_refused"
	requestTooLarge = "request_too_large" // its own size is the reason
)

// certain is the attempt at which a fault of the server with some operations, but not with all, is taken for theirs, and at which what
// a busy target does not take is sent in halves.
const certain = 4

// sort gives the items their fates and returns the operations to send again, with the error of one of them.
func (d *delivery) sort(result cluster.BulkResult, which []int, attempt int) ([]int, error) {
	if !result.Errors {
		d.out.Written += len(which)
		d.out.Created += result.Created
		return nil, nil
	}
	if len(result.Items) != len(which) {
		return nil, fmt.Errorf("the target answered %d items to %d operations; is something between that rewrites?", len(result.Items), len(which))
	}
	doubt := again
	if attempt >= certain && (d.out.Written > 0 || len(which) == 1 || slices.ContainsFunc(result.Items, func(item cluster.BulkItem) bool { return item.Error == nil })) {
		doubt = refuse
	}
	var repeat []int
	var cause error
	d.out.Created += result.Created
	for i, item := range result.Items {
		verdict := judgeItem(item, d.batch.Conflict)
		if item.TooLarge() && len(which) == 1 {
			verdict = refuse
		}
		if verdict == doubtful {
			verdict = doubt
		}
		switch verdict {
		case taken:
			d.out.Written++
		case superseded:
			d.out.Superseded++
		case again:
			repeat, cause = append(repeat, which[i]), item.Error
		case abort:
			return nil, fmt.Errorf("the target answered %d: %w", item.Status, item.Error)
		default:
			d.out.Refused = append(d.out.Refused, Refusal{Operation: which[i], Status: item.Status, Reason: *item.Error})
		}
	}
	return repeat, cause
}

// pause waits before the next attempt, or says that there is none.
func (d *delivery) pause(ctx context.Context, operations, attempt int, end time.Time, cause error) error {
	p := d.writer.patience
	if attempt >= p.Attempts || !p.Now().Before(end) {
		return fmt.Errorf("the target did not take %d operations in %d attempts: %w", operations, attempt, cause)
	}
	delay := p.delay(attempt, cause)
	p.Retrying(operations, attempt, delay, cause)
	return p.Wait(ctx, delay)
}
