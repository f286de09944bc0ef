package verify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"migassist/cluster"
	"migassist/internal/sandbox"
	"migassist/rfs/verify"
)

// through returns a client that reaches the target through answer, which may answer in its place.
func through(t *testing.T, target *sandbox.Server, answer func(w http.ResponseWriter, r *http.Request) bool) *cluster.Client {
	t.Helper()
	to, err := url.Parse(target.URL())
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !answer(w, r) {
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	client, err := cluster.Connect(t.Context(), cluster.Options{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// TestIndicesMadeAnewAreReadAnew: what was read of an index that was deleted since proves nothing.
func TestIndicesMadeAnewAreReadAnew(t *testing.T) {
	source := &inMemory{docs: random(rand.New(rand.NewPCG(1, 1)), 3000), parts: 3}
	_, client := newTarget(t, "books", "films")
	put(t, client, source.docs)
	options := verify.Options{State: filepath.Join(t.TempDir(), "state"), Name: "all"}
	source.failAt = 3
	if _, err := verify.New(source, verify.NewTarget(client), options).Run(t.Context()); !errors.Is(err, errFailed) || errors.Is(err, verify.ErrNotBegun) {
		t.Fatal(err)
	}
	source.failAt = 0
	if err := client.DeleteIndex(t.Context(), "books"); err != nil {
		t.Fatal(err)
	}
	if err := client.CreateIndex(t.Context(), "books", json.RawMessage(`{"mappings":{"enabled":false}}`)); err != nil {
		t.Fatal(err)
	}
	got, summary := found(t, source, client, options)
	if len(got) == 0 || summary.Total.Missing != int64(len(got)) || summary.Indices[0].Target != 0 {
		t.Errorf("%d of the documents of an empty index are missing: %+v", len(got), summary)
	}
}

func TestAStateThatCannotBeKeptIsSaidAtOnce(t *testing.T) {
	source := &inMemory{docs: random(rand.New(rand.NewPCG(1, 1)), 10), parts: 1}
	_, client := newTarget(t, "books", "films")
	_, err := verify.New(source, verify.NewTarget(client), verify.Options{State: filepath.Join(t.TempDir(), "no such folder", "state")}).Run(t.Context())
	if !errors.Is(err, verify.ErrNotBegun) || source.reads > 0 {
		t.Errorf("%v, after %d reads", err, source.reads)
	}
}

func TestClosedIndicesAreNamedBeforeAnythingIsRead(t *testing.T) {
	source := &inMemory{docs: random(rand.New(rand.NewPCG(1, 1)), 100), parts: 1}
	server, _ := newTarget(t, "books", "films")
	client := through(t, server, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, "/books/") && !strings.HasPrefix(r.URL.Path, "/films/") {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, err := w.Write([]byte(`{"error":{"root_cause":[{"type":"index_closed_exception","reason":"closed"}],"type":"index_closed_exception","reason":"closed"},"status":400}`))
		return err == nil
	})
	_, err := verify.New(source, verify.NewTarget(client), verify.Options{}).Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "closed, so that their documents can't be read: books, films; open them") || source.reads > 0 {
		t.Errorf("%v, after %d reads", err, source.reads)
	}
}

func TestAnEmptyIndexThatTheTargetLacksIsAGap(t *testing.T) {
	docs := map[verify.Key]string{{Index: "books", ID: "1"}: `{}`}
	_, client := newTarget(t, "books", "there")
	put(t, client, docs)
	for name, same := range map[string]bool{"there": true, "nowhere": false} {
		_, summary := found(t, &inMemory{docs: docs, parts: 1, empty: name}, client, verify.Options{})
		if summary.Same() != same || len(summary.Indices) != 2 || summary.Total.Equal != 1 {
			t.Errorf("an empty index %s: %+v", name, summary)
		}
		var out strings.Builder
		if err := summary.WriteText(&out); err != nil || strings.Contains(out.String(), "nothing else") != same {
			t.Error(err, out.String())
		}
	}
}

// TestDocumentsWithoutSourceAreNotProven, though both sides have nothing to show.
func TestDocumentsWithoutSourceAreNotProven(t *testing.T) {
	_, from := newTarget(t, "books")
	put(t, from, map[verify.Key]string{{Index: "books", ID: "1"}: `{"a":1}`})
	server, to := newTarget(t, "books")
	put(t, to, map[verify.Key]string{{Index: "books", ID: "1"}: `{"a":2}`})
	bare := through(t, server, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/_search") {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		_, err := w.Write([]byte(`{"took":1,"timed_out":false,"_shards":{"total":1,"successful":1,"failed":0},"hits":{"total":{"value":1,"relation":"eq"},"hits":[{"_index":"books","_id":"1","sort":[0]}]}}`))
		return err == nil
	})
	for name, sides := range map[string][2]*cluster.Client{"neither": {bare, bare}, "the source": {bare, to}, "the target": {from, bare}} {
		_, summary := foundOnly(t, verify.NewLive(sides[0].Reader, []string{"books"}, verify.LiveOptions{}), sides[1], verify.Options{})
		if summary.Same() || summary.Complete || len(summary.Problems) == 0 || !strings.Contains(summary.Problems[0], "no _source") {
			t.Errorf("%s has sources: %+v", name, summary)
		}
	}
}

func TestTheOutcomeClaimsNoMoreThanWasCompared(t *testing.T) {
	one := []verify.IndexCounts{{Index: "books", Counts: verify.Counts{Source: 1, Target: 1, Equal: 1}}}
	for want, s := range map[string]verify.Summary{
		"the target has what the source has, and nothing else":         {Complete: true, Indices: one},
		"nothing was compared":                                         {Complete: true},
		"of 299 that differ, at least one is with a chance of 95 %":    {Complete: true, Indices: one, Sampled: 655},
		"no difference in the sample":                                  {Complete: true, Indices: one, Sampled: 655},
		"of others this says nothing":                                  {Complete: true, Indices: one, Rechecked: true},
		"what was compared is alike on both sides; not all of the":     {Complete: true, Indices: one, Uncompared: 1},
		"not everything could be verified":                             {Indices: one},
		"1 document differs":                                           {Complete: true, Indices: one, Total: verify.Counts{Missing: 1}},
		"alike on both sides; the target lacks indices that have none": {Complete: true, Indices: one, Absent: []string{"films"}},
	} {
		var out strings.Builder
		if err := s.WriteText(&out); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("%v: want %q in\n%s", err, want, out.String())
		}
	}
}

// TestLargeDocumentsAreComparedAFewAtATime, and each is told of once.
func TestLargeDocumentsAreComparedAFewAtATime(t *testing.T) {
	source := &inMemory{docs: map[verify.Key]string{}, parts: 1}
	_, client := newTarget(t, "books")
	there, kinds := map[verify.Key]string{}, map[verify.Kind]int{}
	large := strings.Repeat("x", 1<<20)
	for i := range 24 {
		key := verify.Key{Index: "books", ID: strconv.Itoa(i)}
		if i%3 > 0 {
			source.docs[key] = fmt.Sprintf(`{"n":%d,"text":"small"}`, i)
		}
		there[key] = fmt.Sprintf(`{"n":%d,"text":%q}`, i, large)
	}
	for key, doc := range there {
		put(t, client, map[verify.Key]string{key: doc})
	}
	told := 0
	find := verify.FinderFunc(func(_ context.Context, d verify.Difference) error {
		kinds[d.Kind]++
		told += len(d.Target)
		return nil
	})
	v := verify.New(source, verify.NewTarget(client), verify.Options{Find: find})
	if _, err := v.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if kinds[verify.Different] != 16 || kinds[verify.Extra] != 8 || told < 24<<20 {
		t.Errorf("%v differ, with %d bytes", kinds, told)
	}
}

// TestPagesOfASlowReaderAreSmall: a server keeps a scroll for five minutes between two pages.
func TestPagesOfASlowReaderAreSmall(t *testing.T) {
	source := &inMemory{docs: random(rand.New(rand.NewPCG(1, 1)), 600), parts: 1}
	server, client := newTarget(t, "books", "films")
	put(t, client, source.docs)
	largest := atomic.Int64{}
	slow := through(t, server, func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/_search") && r.URL.Query().Get("scroll") != "" {
			var body struct{ Size int64 }
			text, err := io.ReadAll(r.Body)
			if err == nil {
				err = json.Unmarshal(text, &body)
			}
			if err != nil {
				t.Error(err)
			}
			r.Body = io.NopCloser(bytes.NewReader(text))
			largest.Store(max(largest.Load(), body.Size))
		}
		return false
	})
	waited := time.Duration(0)
	var mu sync.Mutex
	wait := func(_ context.Context, d time.Duration) error {
		mu.Lock()
		defer mu.Unlock()
		waited = max(waited, d)
		return nil
	}
	got, _ := found(t, source, slow, verify.Options{MaxDocsPerSecond: 1, Wait: wait})
	if len(got) > 0 || waited < time.Minute || largest.Load() != 60 {
		t.Errorf("%d differ, waited %s, pages of %d", len(got), waited, largest.Load())
	}
}
