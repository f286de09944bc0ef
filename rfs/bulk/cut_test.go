package bulk_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"migassist/cluster"
	"migassist/rfs/bulk"
)

// cutting is a server that breaks connections in the middle of a bulk: before it has read all, or after it wrote all and before it
// answers. What it wrote it keeps by id.
type cutting struct {
	mu       sync.Mutex
	requests int
	writes   map[string]int
}

func (c *cutting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/" {
		fmt.Fprint(w, `{"version":{"distribution":"opensearch","number":"2.19.1"}}`)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests++
	if c.requests%3 == 1 {
		_, _ = io.CopyN(io.Discard, r.Body, 100)
		panic(http.ErrAbortHandler)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	lines := bytes.Split(body, []byte("\n"))
	for i := 0; i+1 < len(lines); i += 2 {
		c.writes[string(lines[i])]++
	}
	if c.requests%3 == 2 {
		panic(http.ErrAbortHandler)
	}
	fmt.Fprint(w, `{"took":1,"errors":false,"items":[]}`)
}

// TestWriteSendsAgainUnderTheSameIDsWhatABrokenConnectionLeftUnknown: by our real client.
func TestWriteSendsAgainUnderTheSameIDsWhatABrokenConnectionLeftUnknown(t *testing.T) {
	target := &cutting{writes: map[string]int{}}
	server := httptest.NewServer(target)
	defer server.Close()
	client, err := cluster.Connect(t.Context(), cluster.Options{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	w := bulk.NewWriter(client, bulk.Patience{First: time.Millisecond, Most: 10 * time.Millisecond})
	const batches, operations = 8, 2000
	var group sync.WaitGroup
	for n := range batches {
		var b bulk.Batch
		for i := range operations {
			b.Add(fmt.Appendf(b.Grow(), `{"index":{"_index":"i","_id":"%d-%d"}}`+"\n"+`{"text":"%0500d"}`+"\n", n, i, i))
		}
		group.Go(func() {
			if out, err := w.Write(t.Context(), &b, nil); err != nil || out.Written != operations {
				t.Errorf("%d written, %v", out.Written, err)
			}
		})
	}
	group.Wait()
	target.mu.Lock()
	defer target.mu.Unlock()
	if len(target.writes) != batches*operations || target.requests < 2*batches {
		t.Errorf("%d documents after %d requests, want %d", len(target.writes), target.requests, batches*operations)
	}
}
