package bulk_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"migassist/cluster"
	"migassist/rfs/bulk"
)

// target behaves like a cluster in what bulk sees of it: it keeps documents, and fails where it is told to.
type target struct {
	docs     map[string]string
	limit    int                                            // bytes of a request; 0: none
	requests int                                            // taken so far
	down     func(request int) error                        // no answer to this request
	item     func(id string, request int) *cluster.BulkItem // nil: written
}

func (t *target) Bulk(_ context.Context, body []byte) (cluster.BulkResult, error) {
	t.requests++
	if t.limit > 0 && len(body) > t.limit {
		return cluster.BulkResult{}, &cluster.Error{Status: 413, Reason: "too large"}
	}
	if t.down != nil {
		if err := t.down(t.requests); err != nil {
			return cluster.BulkResult{}, err
		}
	}
	var result cluster.BulkResult
	lines := bytes.Split(bytes.TrimSuffix(body, []byte("\n")), []byte("\n"))
	for i := 0; i < len(lines); i += 2 {
		var action struct {
			Index struct {
				ID string `json:"_id"`
			} `json:"index"`
		}
		if err := json.Unmarshal(lines[i], &action); err != nil {
			return result, &cluster.Error{Status: 400, Type: "illegal_argument_exception", Reason: err.Error()}
		}
		item := cluster.BulkItem{Action: "index", Status: 201}
		if t.item != nil {
			if failed := t.item(action.Index.ID, t.requests); failed != nil {
				item, result.Errors = *failed, true
			}
		}
		if item.Error == nil {
			t.docs[action.Index.ID] = string(lines[i+1])
		}
		result.Items = append(result.Items, item)
	}
	if !result.Errors {
		result.Items = nil
	}
	return result, nil
}

func batchOf(n int) *bulk.Batch {
	var b bulk.Batch
	for i := range n {
		b.Add(fmt.Appendf(b.Grow(), `{"index":{"_id":"%d"}}`+"\n"+`{"n":%d}`+"\n", i, i))
	}
	return &b
}

// waits records instead of waiting.
func patience(attempts int, waits *[]time.Duration) bulk.Patience {
	return bulk.Patience{Attempts: attempts, Wait: func(_ context.Context, d time.Duration) error {
		*waits = append(*waits, d)
		return nil
	}}
}

func failing(status int, kind string) *cluster.BulkItem {
	return &cluster.BulkItem{Action: "index", Status: status, Error: &cluster.ItemError{Type: kind, Reason: "because"}}
}

func TestWriteSendsAgainOnlyWhatMayBeRetried(t *testing.T) {
	var sizes []int
	target := &target{docs: map[string]string{}}
	target.item = func(id string, request int) *cluster.BulkItem {
		switch {
		case id == "3":
			return failing(400, "mapper_parsing_exception")
		case (id == "1" || id == "4") && request <= 2:
			return failing(429, "es_rejected_execution_exception")
		}
		return nil
	}
	target.down = func(int) error { sizes = append(sizes, len(target.docs)); return nil }
	var waits []time.Duration
	out, err := bulk.NewWriter(target, patience(5, &waits)).Write(t.Context(), batchOf(6), nil)
	if err != nil {
		t.Fatal(err)
	}
	if out.Written != 5 || len(out.Refused) != 1 || out.Refused[0].Operation != 3 || out.Retries != 4 {
		t.Errorf("outcome %+v", out)
	}
	if want := []int{0, 3, 3}; !slices.Equal(sizes, want) {
		t.Errorf("documents on the target before each request: %v, want %v", sizes, want)
	}
	if len(waits) != 2 || waits[0] > time.Second || waits[1] <= waits[0] || waits[1] > 2*time.Second {
		t.Errorf("waited %v, want up to 1 s and 2 s", waits)
	}
	if got := target.docs["4"]; got != `{"n":4}` {
		t.Errorf("document 4 is %s", got)
	}
}

func TestWriteSplitsWhatIsTooLarge(t *testing.T) {
	target := &target{docs: map[string]string{}, limit: 100}
	out, err := bulk.NewWriter(target, bulk.Patience{}).Write(t.Context(), batchOf(50), nil)
	if err != nil || out.Written != 50 || len(target.docs) != 50 {
		t.Fatalf("%+v, %v, %d documents", out, err, len(target.docs))
	}
}

func TestWriteRefusesTheOneOperationThatSpoilsARequest(t *testing.T) {
	target := &target{docs: map[string]string{}}
	b := batchOf(20)
	b.Add(append(b.Grow(), "{\"index\":broken\n{}\n"...))
	out, err := bulk.NewWriter(target, bulk.Patience{}).Write(t.Context(), b, nil)
	if err != nil || out.Written != 20 || len(target.docs) != 20 {
		t.Fatalf("%+v, %v, %d documents", out, err, len(target.docs))
	}
	if len(out.Refused) != 1 || out.Refused[0].Operation != 20 || out.Refused[0].Status != 400 {
		t.Errorf("refused %+v", out.Refused)
	}
}

func TestWriteDoesNotBlameDocumentsForATargetThatTurnsEverythingDown(t *testing.T) {
	target := &target{docs: map[string]string{}, down: func(int) error { return &cluster.Error{Status: 400, Reason: "no such route"} }}
	_, err := bulk.NewWriter(target, bulk.Patience{}).Write(t.Context(), batchOf(8), nil)
	if err == nil || !strings.Contains(err.Error(), "no such route") {
		t.Fatalf("got %v", err)
	}
}

func TestWriteWaitsForATargetAndGivesUpOnOneThatStaysAway(t *testing.T) {
	away := &cluster.Error{Status: 503, Type: "unavailable", Reason: "starting"}
	target := &target{docs: map[string]string{}, down: func(request int) error {
		if request < 4 {
			return away
		}
		return nil
	}}
	var waits []time.Duration
	if out, err := bulk.NewWriter(target, patience(4, &waits)).Write(t.Context(), batchOf(3), nil); err != nil || out.Written != 3 {
		t.Fatalf("%+v, %v", out, err)
	}
	target.requests = -100
	_, err := bulk.NewWriter(target, patience(4, &waits)).Write(t.Context(), batchOf(3), nil)
	if !errors.Is(err, error(away)) || !strings.Contains(err.Error(), "3 operations in 4 attempts") {
		t.Fatalf("got %v", err)
	}
}

func TestWriteStopsWhereNoOtherDocumentWouldFareBetter(t *testing.T) {
	cases := map[string]struct {
		target target
		want   string
	}{
		"index gone":    {target{item: func(string, int) *cluster.BulkItem { return failing(404, "index_not_found_exception") }}, "index_not_found_exception"},
		"not permitted": {target{item: func(string, int) *cluster.BulkItem { return failing(403, "security_exception") }}, "security_exception"},
		"credentials":   {target{down: func(int) error { return &cluster.Error{Status: 401, Reason: "who are you"} }}, "who are you"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			c.target.docs = map[string]string{}
			_, err := bulk.NewWriter(&c.target, bulk.Patience{}).Write(t.Context(), batchOf(3), nil)
			if err == nil || !strings.Contains(err.Error(), c.want) || c.target.requests != 1 {
				t.Fatalf("%d requests, %v", c.target.requests, err)
			}
		})
	}
}

func TestWriteWaitsOutABlockedDisk(t *testing.T) {
	target := &target{docs: map[string]string{}, item: func(_ string, request int) *cluster.BulkItem {
		if request == 1 {
			return failing(403, "cluster_block_exception")
		}
		return nil
	}}
	var waits []time.Duration
	out, err := bulk.NewWriter(target, patience(3, &waits)).Write(t.Context(), batchOf(3), nil)
	if err != nil || out.Written != 3 || len(waits) != 1 {
		t.Fatalf("%+v, %v, waits %v", out, err, waits)
	}
}

// TestWriteBlamesADocumentForAServersFaultOnlyWhereOthersAreTaken: a full disk must not set aside every document.
func TestWriteBlamesADocumentForAServersFaultOnlyWhereOthersAreTaken(t *testing.T) {
	var waits []time.Duration
	broken := &target{docs: map[string]string{}, item: func(string, int) *cluster.BulkItem { return failing(500, "i_o_exception") }}
	if out, err := bulk.NewWriter(broken, patience(6, &waits)).Write(t.Context(), batchOf(3), nil); err == nil || len(out.Refused) > 0 || broken.requests != 6 {
		t.Errorf("all fare so: %+v after %d requests, %v", out, broken.requests, err)
	}
	poison := &target{docs: map[string]string{}, item: func(id string, _ int) *cluster.BulkItem {
		if id == "1" {
			return failing(500, "null_pointer_exception")
		}
		return nil
	}}
	if out, err := bulk.NewWriter(poison, patience(6, &waits)).Write(t.Context(), batchOf(3), nil); err != nil || out.Written != 2 || len(out.Refused) != 1 || poison.requests != 4 {
		t.Errorf("one fares so: %+v after %d requests, %v", out, poison.requests, err)
	}
	passing := &target{docs: map[string]string{}, item: func(_ string, request int) *cluster.BulkItem {
		if request < 3 {
			return failing(500, "already_closed_exception")
		}
		return nil
	}}
	if out, err := bulk.NewWriter(passing, patience(6, &waits)).Write(t.Context(), batchOf(3), nil); err != nil || out.Written != 3 {
		t.Errorf("it passes: %+v, %v", out, err)
	}
}

func TestWriteGivesUpAfterAWhileOnATargetThatNeverAnswers(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	mute := &target{docs: map[string]string{}, down: func(int) error {
		now = now.Add(5 * time.Minute)
		return &cluster.ConnectionError{Transient: true, Err: context.DeadlineExceeded}
	}}
	var waits []time.Duration
	p := patience(15, &waits)
	p.Now = func() time.Time { return now }
	if _, err := bulk.NewWriter(mute, p).Write(t.Context(), batchOf(3), nil); err == nil || mute.requests != 6 {
		t.Errorf("%d requests, %v", mute.requests, err)
	}
}

func TestWriteEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	target := &target{docs: map[string]string{}, down: func(int) error { cancel(); return &cluster.Error{Status: 503} }}
	if _, err := bulk.NewWriter(target, bulk.Patience{}).Write(ctx, batchOf(3), nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
}

func TestBatchKeepsOperationsApart(t *testing.T) {
	a, b := batchOf(2), batchOf(3)
	a.Append(b)
	var got []string
	for i := range a.Len() {
		action, source := a.Operation(i)
		got = append(got, string(action)+" "+string(source))
	}
	want := []string{
		`{"index":{"_id":"0"}} {"n":0}`, `{"index":{"_id":"1"}} {"n":1}`,
		`{"index":{"_id":"0"}} {"n":0}`, `{"index":{"_id":"1"}} {"n":1}`, `{"index":{"_id":"2"}} {"n":2}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
