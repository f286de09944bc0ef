//go:build e2e

package indexlease

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"migassist/cluster"
	"migassist/internal/testcluster"
	"migassist/rfs/lease"
	"migassist/rfs/lease/leasetest"
)

// TestRealServers holds every version that can be started to the suite, and to what only the real ones show.
func TestRealServers(t *testing.T) {
	for _, spec := range []testcluster.Spec{
		{Product: testcluster.OpenSearch, Version: "2.19.1"},
		{Product: testcluster.OpenSearch, Version: "1.3.20"},
		{Product: testcluster.OpenSearch, Version: "3.0.0"},
		{Product: testcluster.OpenSearch, Version: "3.3.0"},
		{Product: testcluster.Elasticsearch, Version: "6.8.23"},
		{Product: testcluster.Elasticsearch, Version: "7.10.2"},
		{Product: testcluster.Elasticsearch, Version: "7.17.28"},
		{Product: testcluster.Elasticsearch, Version: "8.17.0"},
		{Product: testcluster.Elasticsearch, Version: "8.19.0"},
		{Product: testcluster.Elasticsearch, Version: "9.1.0"},
	} {
		t.Run(spec.String(), func(t *testing.T) {
			it := start(t, spec)
			t.Run("suite", func(t *testing.T) {
				leasetest.Run(t, func(t *testing.T) (a, b lease.Store) {
					session := it.session()
					return it.open(t, session), it.open(t, session)
				})
			})
			t.Run("templates do not interfere", func(t *testing.T) { templates(t, it) })
			t.Run("indices of others are refused", func(t *testing.T) { strangers(t, it) })
			t.Run("a cluster that creates no index by itself", func(t *testing.T) { explicit(t, it) })
			t.Run("blocked by a full disk", func(t *testing.T) { blocked(t, it) })
			t.Run("what searches find is never newer than what Get has", func(t *testing.T) { lagging(t, it) })
			t.Run("no search finds records but ours", func(t *testing.T) { unseen(t, it) })
		})
	}
}

// server is a real one, and a client to it.
type server struct {
	*testcluster.Server
	client *cluster.Client
	runs   atomic.Int64
}

func start(t *testing.T, spec testcluster.Spec) *server {
	t.Helper()
	s, err := testcluster.Start(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	client, err := cluster.Connect(t.Context(), cluster.Options{URL: s.URL, Retry: cluster.Retry{Attempts: 2}})
	if err != nil {
		t.Fatal(err)
	}
	return &server{Server: s, client: client}
}

func (s *server) session() string { return fmt.Sprintf("s%d", s.runs.Add(1)) }

func (s *server) open(t *testing.T, session string) *Store {
	t.Helper()
	store, err := Open(t.Context(), s.client, session)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func (s *server) must(t *testing.T, method, path, body string) []byte {
	t.Helper()
	answer, err := s.Do(t.Context(), method, path, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func write(t *testing.T, s *Store, r lease.Record) string {
	t.Helper()
	version, err := s.Put(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return version
}

// templates match every name, with all that could hurt.
func templates(t *testing.T, s *server) {
	legacy := `{"order":9,"settings":{"index.default_pipeline":"none-such","index.number_of_shards":3,"index.translog.durability":"async"},
		"mappings":%s,"aliases":{"everything":{}}}`
	mapping := `{"dynamic":false,"_source":{"enabled":false},"properties":{"extra":{"type":"integer"}}}`
	patterns := `"index_patterns":["*"],`
	if s.Spec.AtLeast(testcluster.Elasticsearch, 6) && !s.Spec.AtLeast(testcluster.Elasticsearch, 7) {
		mapping = `{"_doc":` + mapping + `}`
	}
	body := fmt.Sprintf(strings.Replace(legacy, "{", "{"+patterns, 1), mapping)
	s.must(t, "PUT", "/_template/all", body)
	s.must(t, "PUT", "/_template/dots", strings.Replace(body, `["*"]`, `[".mig*"]`, 1))
	defer s.must(t, "DELETE", "/_template/all", "")
	store := s.open(t, s.session())
	write(t, store, lease.Record{Key: "k", Open: true, Body: []byte(`{}`)})
	if err := store.Sync(t.Context()); err != nil {
		t.Error(err)
	}
	if found, err := store.List(t.Context(), "", "", true, 10); err != nil || len(found) != 1 {
		t.Errorf("%v, %v", found, err)
	}
	if found, err := s.client.IndexExists(t.Context(), "everything"); err != nil || found["everything"] {
		t.Errorf("the template's alias is there: %v, %v", found, err)
	}
	if err := store.Clear(t.Context()); err != nil {
		t.Error(err)
	}
	s.must(t, "DELETE", "/_template/dots", "")

	// A field that the merged mapping spoils is found, and nothing stays behind.
	spoil := strings.Replace(`{"index_patterns":[".mig*"],"mappings":MAPPING}`, "MAPPING", `{"properties":{"key":{"type":"keyword","ignore_above":4}}}`, 1)
	if strings.HasPrefix(mapping, `{"_doc"`) {
		spoil = `{"index_patterns":[".mig*"],"mappings":{"_doc":{"properties":{"key":{"type":"keyword","ignore_above":4}}}}}`
	}
	s.must(t, "PUT", "/_template/spoil", spoil)
	session := s.session()
	_, err := s.open(t, session).Put(t.Context(), lease.Record{Key: "k", Body: []byte(`{}`)})
	s.must(t, "DELETE", "/_template/spoil", "")
	if err != nil && !strings.Contains(err.Error(), "index template") {
		t.Errorf("%v", err)
	}
	t.Logf("a template that cuts keys: %v", err)
	if found, errAfter := s.client.IndexExists(t.Context(), ".migassist-"+session); err != nil && (errAfter != nil || found[".migassist-"+session]) {
		t.Errorf("the index stayed: %v, %v", found, errAfter)
	}
}

func strangers(t *testing.T, s *server) {
	session := s.session()
	s.must(t, "PUT", "/.migassist-"+session+"/_doc/1", `{"a":1}`)
	_, err := Open(t.Context(), s.client, session)
	if err == nil || !strings.Contains(err.Error(), "was not made to hold a run's state") {
		t.Errorf("%v", err)
	}
	// What was ours until somebody changed it.
	store := s.open(t, s.session())
	if found, err := s.client.IndexExists(t.Context(), store.index); err != nil || found[store.index] {
		t.Errorf("opening it made it: %v", err)
	}
	write(t, store, lease.Record{Key: "k", Body: []byte(`{}`)})
	s.must(t, "PUT", "/"+store.index+"/_settings", `{"index.translog.durability":"async"}`)
	if _, err := Open(t.Context(), s.client, strings.TrimPrefix(store.index, ".migassist-")); err == nil || !strings.Contains(err.Error(), "durability") {
		t.Errorf("%v", err)
	}
}

// explicit: no write may bring an index into being, whether the cluster allows that in general or not.
func explicit(t *testing.T, s *server) {
	for _, value := range []string{"false", "null"} {
		s.must(t, "PUT", "/_cluster/settings", `{"persistent":{"action.auto_create_index":`+value+`}}`)
		session := s.session()
		a, b := s.open(t, session), s.open(t, session)
		version := write(t, a, lease.Record{Key: "k", Body: []byte(`{}`)})
		if err := b.Clear(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Put(t.Context(), lease.Record{Key: "k", Version: version, Body: []byte(`{}`)}); err == nil {
			t.Error("written into an index that is gone")
		}
		for _, name := range []string{a.index, a.alias(a.current())} {
			if found, err := s.client.IndexExists(t.Context(), name); err != nil || found[name] {
				t.Errorf("auto_create_index %s: %s came into being: %v", value, name, err)
			}
		}
		write(t, a, lease.Record{Key: "k", Body: []byte(`{}`)})
		if r, err := b.Get(t.Context(), "k"); err != nil {
			t.Errorf("%+v, %v", r, err)
		}
	}
}

// blocked is what a server does to an index when its disk is full.
func blocked(t *testing.T, s *server) {
	store := s.open(t, s.session())
	version := write(t, store, lease.Record{Key: "k", Open: true, Body: []byte(`{}`)})
	s.must(t, "PUT", "/"+store.index+"/_settings", `{"index.blocks.read_only_allow_delete":true}`)
	_, err := store.Put(t.Context(), lease.Record{Key: "k", Version: version, Body: []byte(`{}`)})
	if err == nil || !strings.Contains(err.Error(), "flood stage") {
		t.Errorf("%v", err)
	}
	t.Log(err)
	s.open(t, strings.TrimPrefix(store.index, ".migassist-")) // can be read, and the block may go any moment
	s.must(t, "PUT", "/"+store.index+"/_settings", `{"index.blocks.read_only_allow_delete":null}`)
	write(t, store, lease.Record{Key: "k", Version: version, Body: []byte(`{}`)})
}

func lagging(t *testing.T, s *server) {
	store := s.open(t, s.session())
	first := write(t, store, lease.Record{Key: "k", Open: true, Body: []byte(`{"n":1}`)})
	s.must(t, "PUT", "/"+store.index+"/_settings", `{"index.refresh_interval":"-1"}`)
	if err := store.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	second := write(t, store, lease.Record{Key: "k", Version: first, Body: []byte(`{"n":2}`)})
	if r, err := store.Get(t.Context(), "k"); err != nil || r.Version != second {
		t.Errorf("%+v, %v", r, err)
	}
	found, err := store.List(t.Context(), "", "", true, 10)
	if err != nil || len(found) != 1 || string(found[0].Body) != `{"n":1}` || found[0].Version == second {
		t.Errorf("a list before a sync: %+v, %v, want the record as it was", found, err)
	}
}

// unseen: a search over everything, as people make it, leaves the records out where the version knows hidden indices.
func unseen(t *testing.T, s *server) {
	if s.Spec.Product == testcluster.Elasticsearch && !s.Spec.AtLeast(testcluster.Elasticsearch, 7, 7) {
		t.Skip("no index is hidden there")
	}
	store := s.open(t, s.session())
	write(t, store, lease.Record{Key: "k", Body: []byte(`{}`)})
	if err := store.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Hits struct {
			Hits []struct {
				Index string `json:"_index"`
			} `json:"hits"`
		} `json:"hits"`
	}
	if err := json.Unmarshal(s.must(t, "GET", "/_search?size=1000", ""), &answer); err != nil {
		t.Fatal(err)
	}
	for _, hit := range answer.Hits.Hits {
		if hit.Index == store.index {
			t.Errorf("a search over everything finds the records of %s", hit.Index)
		}
	}
}
