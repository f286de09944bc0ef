package cluster

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// asleep is a context whose deadline has passed while nobody could notice: the process was frozen.
type asleep struct{ context.Context }

func (asleep) Deadline() (time.Time, bool) { return time.Now().Add(-time.Second), true }

func TestNothingOfABodyIsSentAfterItsDeadline(t *testing.T) {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://h/_bulk", strings.NewReader("half of it was sent before"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		ctx  context.Context
		want error
	}{{t.Context(), nil}, {asleep{t.Context()}, context.DeadlineExceeded}} {
		out := req.Clone(c.ctx)
		inUse := watchBody(out, req)
		got, err := io.ReadAll(out.Body)
		if !errors.Is(err, c.want) || (len(got) > 0) != (c.want == nil) {
			t.Errorf("%q, %v; want %v", got, err, c.want)
		}
		if err := out.Body.Close(); err != nil {
			t.Error(err)
		}
		inUse.Wait()
	}
}

func TestEveryRequestSaysWhoSendsIt(t *testing.T) {
	s := &script{answer: func(w http.ResponseWriter, _ *http.Request, _ int) { _, _ = io.WriteString(w, `{"count":1}`) }}
	server := httptest.NewServer(s)
	defer server.Close()
	client, err := Connect(t.Context(), Options{URL: server.URL, OpaqueID: "migassist/nightly/w1"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Count(t.Context(), "books"); err != nil {
		t.Fatal(err)
	}
	for n, header := range s.headers {
		if got := header.Get("X-Opaque-Id"); got != "migassist/nightly/w1" {
			t.Errorf("%s: %q", s.seen[n], got)
		}
	}
}
