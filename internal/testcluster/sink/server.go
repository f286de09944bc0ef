package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"

	"migassist/internal/sandbox"
)

// server is an OpenSearch that costs next to nothing: it takes every bulk at once, counts its operations, and keeps none. What else
// is asked goes to a sandbox, save how many documents there are.
type server struct {
	sandbox *sandbox.Server
	items   bool // an answer names each item
	buffers sync.Pool

	mu     sync.Mutex
	counts map[string]int // operations taken, by index
}

// bufferSize is read of a body at once: many packets, little memory.
const bufferSize = 512 << 10

func newServer(items bool) *server {
	return &server{
		sandbox: sandbox.New(sandbox.Options{}), items: items, counts: map[string]int{},
		buffers: sync.Pool{New: func() any { return new([bufferSize]byte) }},
	}
}

// ServeHTTP implements http.Handler.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	index, what, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case index == "_bulk":
		s.bulk(w, r, "")
	case what == "_bulk":
		s.bulk(w, r, index)
	case what == "_count":
		s.count(w, index)
	default:
		if r.Method == http.MethodDelete && what == "" {
			s.forget(index)
		}
		s.sandbox.ServeHTTP(w, r)
	}
}

func (s *server) bulk(w http.ResponseWriter, r *http.Request, index string) {
	buffer, _ := s.buffers.Get().(*[bufferSize]byte) // New makes no other
	defer s.buffers.Put(buffer)
	t := tally{index: index, counts: map[string]int{}}
	if err := t.read(r.Body, buffer[:]); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]string{"type": "illegal_argument_exception", "reason": err.Error()}, "status": 400})
		return
	}
	t.note()
	s.mu.Lock()
	for name, n := range t.counts {
		s.counts[name] += n
	}
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	items := ""
	if s.items {
		items = strings.TrimSuffix(strings.Repeat(`{"index":{"status":201}},`, t.all), ",")
	}
	fmt.Fprintf(w, `{"took":0,"errors":false,"items":[%s]}`, items)
}

func (s *server) count(w http.ResponseWriter, index string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for name := range strings.SplitSeq(index, ",") {
		n += s.counts[name]
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"count":%d,"_shards":{"total":1,"successful":1,"skipped":0,"failed":0}}`, n)
}

func (s *server) forget(index string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.counts, index)
}

// taken returns the operations that were taken so far, by index.
func (s *server) taken() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.counts)
}
