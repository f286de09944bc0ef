package bulk_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"migassist/cluster"
	"migassist/rfs/bulk"
)

// obeying is a target that answers no request whose context has ended.
type obeying struct {
	*target
	answered func(ctx context.Context) error
}

func (o *obeying) Bulk(ctx context.Context, body []byte) (cluster.BulkResult, error) {
	if err := o.answered(ctx); err != nil {
		return cluster.BulkResult{}, err
	}
	return o.target.Bulk(ctx, body)
}

func TestWriteAsksBeforeEveryRequestAndSendsNothingUnpermitted(t *testing.T) {
	lost := errors.New("the lease is lost")
	target := &target{docs: map[string]string{}, item: func(string, int) *cluster.BulkItem { return failing(429, "es_rejected_execution_exception") }}
	asked, released := 0, 0
	permit := func(ctx context.Context) (context.Context, context.CancelFunc, error) {
		if asked++; asked == 3 {
			return nil, nil, lost
		}
		return ctx, func() { released++ }, nil
	}
	var waits []time.Duration
	_, err := bulk.NewWriter(target, patience(9, &waits)).Write(t.Context(), batchOf(4), permit)
	if !errors.Is(err, lost) || asked != 3 || released != 2 || target.requests != 2 {
		t.Fatalf("asked %d times, released %d, %d requests: %v", asked, released, target.requests, err)
	}
}

func TestWriteAsksForEachHalf(t *testing.T) {
	asked := 0
	permit := func(ctx context.Context) (context.Context, context.CancelFunc, error) {
		asked++
		return ctx, func() {}, nil
	}
	target := &target{docs: map[string]string{}, limit: 100}
	if out, err := bulk.NewWriter(target, bulk.Patience{}).Write(t.Context(), batchOf(50), permit); err != nil || out.Written != 50 || asked < 25 {
		t.Fatalf("%+v after asking %d times, %v", out, asked, err)
	}
}

// TestWriteSendsAgainWhatWasCutOffByItsPermit: what became of it is unknown, and the permit decides anew.
func TestWriteSendsAgainWhatWasCutOffByItsPermit(t *testing.T) {
	requests := 0
	target := &obeying{target: &target{docs: map[string]string{}}, answered: func(ctx context.Context) error {
		if requests++; requests == 1 {
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	}}
	permit := func(ctx context.Context) (context.Context, context.CancelFunc, error) {
		ctx, cancel := context.WithTimeout(ctx, time.Millisecond)
		return ctx, cancel, nil
	}
	var waits []time.Duration
	out, err := bulk.NewWriter(target, patience(3, &waits)).Write(t.Context(), batchOf(4), permit)
	if err != nil || out.Written != 4 || out.Retries != 4 || requests != 2 {
		t.Fatalf("%+v after %d requests, %v", out, requests, err)
	}
}

func TestWriteCountsAConflictAsItsBatchSays(t *testing.T) {
	conflict := func(id string, _ int) *cluster.BulkItem {
		if id == "2" {
			return failing(409, "version_conflict_engine_exception")
		}
		return nil
	}
	for kind, want := range map[bulk.Conflict][3]int{
		bulk.ConflictRefused: {3, 0, 1}, bulk.ConflictSuperseded: {3, 1, 0}, bulk.ConflictWritten: {4, 0, 0},
	} {
		b := batchOf(4)
		b.Conflict = kind
		out, err := bulk.NewWriter(&target{docs: map[string]string{}, item: conflict}, bulk.Patience{}).Write(t.Context(), b, nil)
		if got := [3]int{out.Written, out.Superseded, len(out.Refused)}; err != nil || got != want {
			t.Errorf("%d: written, superseded, refused: %v, want %v (%v)", kind, got, want, err)
		}
	}
}
