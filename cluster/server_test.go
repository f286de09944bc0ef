package cluster

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// script is a server that answers as told and remembers what it was asked.
type script struct {
	mu      sync.Mutex
	seen    []string
	bodies  []string
	headers []http.Header
	answer  func(w http.ResponseWriter, r *http.Request, n int) // n counts from 1 per path
	counts  map[string]int
}

const (
	mainOpenSearch = `{"cluster_name":"c","cluster_uuid":"u","version":{"distribution":"opensearch","number":"2.19.1"},"tagline":"The OpenSearch Project: https://opensearch.org/"}`
	mainElastic    = `{"cluster_name":"c","cluster_uuid":"u","version":{"number":"7.10.2","build_flavor":"oss"},"tagline":"You Know, for Search"}`
	mainPosing     = `{"cluster_name":"c","cluster_uuid":"u","version":{"number":"7.10.2"},"tagline":"The OpenSearch Project: https://opensearch.org/"}`
	nodeOpenSearch = `{"cluster_name":"c","nodes":{"n":{"version":"2.19.1","modules":[{"opensearch_version":"2.19.1"}]}}}`
	nodeElastic    = `{"cluster_name":"c","nodes":{"n":{"version":"8.17.0","build_flavor":"default"}}}`
)

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.seen = append(s.seen, r.Method+" "+r.URL.RequestURI())
	s.bodies = append(s.bodies, string(body))
	s.headers = append(s.headers, r.Header.Clone())
	if s.counts == nil {
		s.counts = map[string]int{}
	}
	s.counts[r.URL.Path]++
	n := s.counts[r.URL.Path]
	s.mu.Unlock()
	if r.URL.Path == "/" && n == 1 {
		fmt.Fprint(w, mainOpenSearch)
		return
	}
	if r.URL.Path == "/_cluster/settings" && s.answer == nil {
		fmt.Fprint(w, "{}")
		return
	}
	s.answer(w, r, n)
}

func (s *script) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.seen...)
}

// patience is a Retry that does not wait but remembers how long it would have.
type patience struct {
	mu    sync.Mutex
	waits []time.Duration
}

func (p *patience) retry() Retry {
	return Retry{
		Random: func() float64 { return 1 },
		Wait: func(ctx context.Context, d time.Duration) error {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.waits = append(p.waits, d)
			return ctx.Err()
		},
	}
}

// connected is a client of a script that answered GET / as an OpenSearch.
func connected(t *testing.T, answer func(http.ResponseWriter, *http.Request, int)) (*Client, *script, *patience) {
	t.Helper()
	s := &script{answer: answer}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	p := &patience{}
	client, err := Connect(t.Context(), Options{URL: server.URL, Retry: p.retry()})
	if err != nil {
		t.Fatal(err)
	}
	return client, s, p
}

func refuseWith(w http.ResponseWriter, status int, kind, reason string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error":{"root_cause":[{"type":%q,"reason":%q}],"type":%q,"reason":%q},"status":%d}`, kind, reason, kind, reason, status)
}
