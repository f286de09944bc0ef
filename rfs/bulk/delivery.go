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
	out    Outcome
}

// write gives the operations of which their fates.
func (d *delivery) write(ctx context.Context, which []int) error {
	patience := d.writer.patience
	end := patience.Now().Add(patience.Longest)
	for attempt := 1; ; attempt++ {
		result, err := d.request(ctx, which)
		if ctx.Err() != nil {
			return fmt.Errorf("send %d operations: %w", len(which), context.Cause(ctx))
		}
		if err != nil {
			if verdict := judgeRequest(err); verdict != again {
				return d.failed(ctx, which, verdict, err)
			}
		} else if which, err = d.sort(result, which, attempt); len(which) == 0 {
			return err
		}
		if err := d.pause(ctx, len(which), attempt, end, err); err != nil {
			return err
		}
		d.out.Retries += len(which)
	}
}

// request sends the operations once, if that is permitted.
func (d *delivery) request(ctx context.Context, which []int) (cluster.BulkResult, error) {
	bounded, release, err := d.permit(ctx)
	if err != nil {
		return cluster.BulkResult{}, &forbidden{err}
	}
	defer release()
	result, err := d.writer.target.Bulk(bounded, d.batch.only(which))
	if err != nil && ctx.Err() == nil && errors.Is(context.Cause(bounded), context.DeadlineExceeded) {
		err = &late{err} // its time was up: what became of it is unknown, so the next permit decides
	}
	return result, err
}

// forbidden is why a request was not permitted.
type forbidden struct{ error }

func (e *forbidden) Unwrap() error { return e.error }

// late is a request that was not answered within the time it was permitted.
type late struct{ error }

func (e *late) Unwrap() error { return e.error }

// failed deals with a request that the same again would not help.
func (d *delivery) failed(ctx context.Context, which []int, verdict verdict, cause error) error {
	if verdict != split {
		return fmt.Errorf("send %d operations: %w", len(which), cause)
	}
	if len(which) > 1 {
		half := len(which) / 2
		if err := d.write(ctx, which[:half]); err != nil {
			return err
		}
		return d.write(ctx, which[half:])
	}
	refusal := Refusal{Operation: which[0], Status: http.StatusRequestEntityTooLarge, Reason: cluster.ItemError{Type: requestRefused, Reason: cause.Error()}}
	if answer, ok := errors.AsType[*cluster.Error](cause); ok {
		refusal.Status = answer.Status
	}
	d.out.Refused = append(d.out.Refused, refusal)
	return nil
}

// requestRefused is the type of a refusal that came as the answer to a request of this one operation.
const requestRefused = "request_refused"

// certain is the attempt at which a fault of the server with some operations, but not with all, is taken for theirs.
const certain = 4

// sort gives the items their fates and returns the operations to send again, with the error of one of them.
func (d *delivery) sort(result cluster.BulkResult, which []int, attempt int) ([]int, error) {
	if !result.Errors {
		d.out.Written += len(which)
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
	for i, item := range result.Items {
		verdict := judgeItem(item, d.batch.Conflict)
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
