//go:build e2e

package bulk_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"migassist/cluster"
	"migassist/internal/testcluster"
	"migassist/rfs/bulk"
)

// TestRealServers: what the models say of targets, real ones with little room say too. Their largest request is 1 MB; what they index at
// once, 3 MB (Elasticsearch 7.10 and OpenSearch have the same setting).
func TestRealServers(t *testing.T) {
	for _, spec := range []testcluster.Spec{
		{Product: testcluster.OpenSearch, Version: "2.19.1"},
		{Product: testcluster.Elasticsearch, Version: "7.10.2"},
	} {
		t.Run(spec.String(), func(t *testing.T) {
			spec.Settings = map[string]string{"http.max_content_length": "1mb", "indexing_pressure.memory.limit": "3mb"}
			server, err := testcluster.Start(t.Context(), spec)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := server.Stop(); err != nil {
					t.Error(err)
				}
			})
			client, err := cluster.Connect(t.Context(), cluster.Options{URL: server.URL})
			if err != nil {
				t.Fatal(err)
			}
			t.Run("largest request", func(t *testing.T) { realLargest(t, client) })
			t.Run("conflicts", func(t *testing.T) { realConflicts(t, client) })
		})
		t.Run(spec.String()+", little room", func(t *testing.T) {
			spec.Settings = map[string]string{"indexing_pressure.memory.limit": "3mb"}
			server, err := testcluster.Start(t.Context(), spec)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := server.Stop(); err != nil {
					t.Error(err)
				}
			})
			client, err := cluster.Connect(t.Context(), cluster.Options{URL: server.URL})
			if err != nil {
				t.Fatal(err)
			}
			realPressure(t, client)
		})
	}
}

// spy counts what becomes of requests.
type spy struct {
	bulk.Target
	requests, tooLarge, rejected, broken atomic.Int64
}

func (s *spy) Bulk(ctx context.Context, body []byte) (cluster.BulkResult, error) {
	result, err := s.Target.Bulk(ctx, body)
	s.requests.Add(1)
	switch {
	case cluster.TooLarge(err):
		s.tooLarge.Add(1)
	case cluster.Retryable(err):
		s.rejected.Add(1)
	case err != nil:
		s.broken.Add(1)
	}
	for _, item := range result.Items {
		if item.Retryable() {
			s.rejected.Add(1)
			break
		}
	}
	return result, err
}

// documents is a batch of so many documents of so many bytes.
func documents(index string, from, n, size int) *bulk.Batch {
	var b bulk.Batch
	for i := range n {
		b.Add(fmt.Appendf(b.Grow(), `{"index":{"_index":%q,"_id":"%d"}}`+"\n"+`{"text":"%s"}`+"\n", index, from+i, bytes.Repeat([]byte("x"), size)))
	}
	return &b
}

func makeIndex(t *testing.T, client *cluster.Client, index string) {
	t.Helper()
	body := `{"settings":{"number_of_shards":2,"number_of_replicas":0},"mappings":{"dynamic":false}}`
	if err := client.CreateIndex(t.Context(), index, json.RawMessage(body)); err != nil {
		t.Fatal(err)
	}
}

func wantCount(t *testing.T, client *cluster.Client, index string, want int64) {
	t.Helper()
	if err := client.Refresh(t.Context(), index); err != nil {
		t.Fatal(err)
	}
	if got, err := client.Count(t.Context(), index); err != nil || got != want {
		t.Errorf("%s holds %d documents, want %d: %v", index, got, want, err)
	}
}

// quick loses no time between attempts, save what tests of servers need.
var quick = bulk.Patience{First: 50 * time.Millisecond, Most: 500 * time.Millisecond, Attempts: 50}

func realLargest(t *testing.T, client *cluster.Client) {
	makeIndex(t, client, "large")
	target := &spy{Target: client}
	w := bulk.NewWriter(target, quick)
	var group sync.WaitGroup
	for n := range 6 {
		group.Go(func() { // 5 MB each
			out, err := w.Write(t.Context(), documents("large", n*1000, 1000, 5000), nil)
			if err != nil || out.Written != 1000 {
				t.Errorf("%d written, %v", out.Written, err)
			}
		})
	}
	group.Wait()
	wantCount(t, client, "large", 6000)
	if n := target.tooLarge.Load(); n == 0 || n > 30 {
		t.Errorf("%d of %d requests were too large", n, target.requests.Load())
	}
	out, err := w.Write(t.Context(), documents("large", 9000, 2, 2_000_000), nil)
	if err != nil || len(out.Refused) != 2 {
		t.Errorf("documents larger than a request: %+v, %v", len(out.Refused), err)
	}
	t.Logf("%d requests, %d too large, %d rejected, %d broken", target.requests.Load(), target.tooLarge.Load(), target.rejected.Load(), target.broken.Load())
}

func realPressure(t *testing.T, client *cluster.Client) {
	makeIndex(t, client, "pressed")
	target := &spy{Target: client}
	w := bulk.NewWriter(target, quick)
	var group sync.WaitGroup
	for n := range 12 {
		group.Go(func() { // 1 to 5 MB each
			out, err := w.Write(t.Context(), documents("pressed", n*1000, 1000, 1000*(1+n%5)), nil)
			if err != nil || out.Written != 1000 {
				t.Errorf("%d written, %v", out.Written, err)
			}
		})
	}
	group.Wait()
	wantCount(t, client, "pressed", 12000)
	if target.rejected.Load() == 0 {
		t.Error("nothing was rejected")
	}
	out, err := w.Write(t.Context(), documents("pressed", 90_000, 1, 4_000_000), nil)
	if err != nil || len(out.Refused) != 1 {
		t.Errorf("a document larger than all it indexes at once: %d refused, %v", len(out.Refused), err)
	}
	t.Logf("%d requests, %d too large, %d rejected, %d broken", target.requests.Load(), target.tooLarge.Load(), target.rejected.Load(), target.broken.Load())
}

func realConflicts(t *testing.T, client *cluster.Client) {
	makeIndex(t, client, "conflicts")
	w := bulk.NewWriter(client, quick)
	write := func(conflict bulk.Conflict, lines ...string) bulk.Outcome {
		var b bulk.Batch
		for _, line := range lines {
			b.Add(append(b.Grow(), line+"\n{}\n"...))
		}
		b.Conflict = conflict
		out, err := w.Write(t.Context(), &b, nil)
		if err != nil {
			t.Error(err)
		}
		return out
	}
	versioned := func(id string, version int) string {
		return fmt.Sprintf(`{"index":{"_index":"conflicts","_id":%q,"version":%d,"version_type":"external_gte"}}`, id, version)
	}
	if out := write(bulk.ConflictSuperseded, versioned("a", 5), versioned("b", 5)); out.Written != 2 {
		t.Errorf("first: %+v", out)
	}
	if out := write(bulk.ConflictSuperseded, versioned("a", 4), versioned("b", 5), versioned("c", 1)); out.Written != 2 || out.Superseded != 1 {
		t.Errorf("older, same and new: %+v", out)
	}
	create := `{"create":{"_index":"conflicts","_id":"a"}}`
	if out := write(bulk.ConflictWritten, create); out.Written != 1 {
		t.Errorf("there already: %+v", out)
	}
	if out := write(bulk.ConflictRefused, create); len(out.Refused) != 1 || out.Refused[0].Status != 409 {
		t.Errorf("there already, and that is refused: %+v", out)
	}
}
