package indexlease

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"migassist/cluster"
	"migassist/internal/retry"
	"migassist/rfs/lease"
)

// over opens a store over the fake that does not wait between attempts.
func over(t *testing.T, f *fake) *Store {
	t.Helper()
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	at := retry.Policy{Attempts: 3, Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
	client, err := cluster.Connect(t.Context(), cluster.Options{URL: server.URL, Retry: at})
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), client, "x")
	if err != nil {
		t.Fatal(err)
	}
	s.patience = at.WithDefaults()
	return s
}

func cut(w http.ResponseWriter, _ int) bool { panic(http.ErrAbortHandler) }

// only lets a fault happen to one write.
func only(n int, do func(http.ResponseWriter, int) bool) func(http.ResponseWriter, int) bool {
	return func(w http.ResponseWriter, write int) bool { return write == n && do(w, write) }
}

func unavailable(w http.ResponseWriter, _ int) bool {
	answer(w, 503, `{"error":{"type":"unavailable_shards_exception","reason":"primary shard is not active"},"status":503}`)
	return true
}

func busy(w http.ResponseWriter, _ int) bool {
	answer(w, 429, `{"error":{"type":"rejected_execution_exception","reason":"queue"},"status":429}`)
	return true
}

// A write without an answer is sent again, whether it had been carried out or not, and never conflicts with itself.
func TestLostAnswersAreSettled(t *testing.T) {
	for name, set := range map[string]func(*fake){
		"lost after it was carried out": func(f *fake) { f.after = only(2, cut) },
		"lost before":                   func(f *fake) { f.before = only(2, cut) },
		"503 after it was carried out":  func(f *fake) { f.after = only(2, unavailable) },
		"503 before":                    func(f *fake) { f.before = only(2, unavailable) },
		"429":                           func(f *fake) { f.before = only(2, busy) },
	} {
		for _, create := range []bool{true, false} {
			f := &fake{}
			s := over(t, f)
			first, err := s.Put(t.Context(), lease.Record{Key: "a", Body: []byte(`{"n":1}`)})
			if err != nil {
				t.Fatal(err)
			}
			set(f)
			r := lease.Record{Key: "a", Version: first, Body: []byte(`{"n":2}`)}
			if create {
				r.Key, r.Version = "b", ""
			}
			f.writes = 1 // the first may have been sent twice, to make the index
			version, err := s.Put(t.Context(), r)
			if err != nil {
				t.Errorf("%s, create %t: %v", name, create, err)
				continue
			}
			if got, err := s.Get(t.Context(), r.Key); err != nil || got.Version != version || string(got.Body) != `{"n":2}` {
				t.Errorf("%s, create %t: %+v, %v; want version %s", name, create, got, err, version)
			}
			if _, err := s.Put(t.Context(), lease.Record{Key: r.Key, Version: first, Body: []byte(`{}`)}); !errors.Is(err, lease.ErrConflict) {
				t.Errorf("%s, create %t: an old version: %v", name, create, err)
			}
		}
	}
}

// What was overwritten by another before the answer's loss was noticed is not known, and not called a conflict.
func TestALostAnswerThatAnotherWroteOverIsNoConflict(t *testing.T) {
	f := &fake{}
	s := over(t, f)
	version, err := s.Put(t.Context(), lease.Record{Key: "a", Body: []byte(`{}`)})
	if err != nil {
		t.Fatal(err)
	}
	f.writes = 1
	f.after = only(2, func(w http.ResponseWriter, n int) bool {
		f.documents["a"] = document{f.seqNo, []byte(`{"key":"a","write":"another's","body":{}}`)}
		f.seqNo++
		return cut(w, n)
	})
	if _, err := s.Put(t.Context(), lease.Record{Key: "a", Version: version, Body: []byte(`{"n":2}`)}); err == nil || errors.Is(err, lease.ErrConflict) {
		t.Errorf("%v", err)
	}
}

func TestAServerThatStaysAwayIsNotWaitedForEver(t *testing.T) {
	f := &fake{}
	s := over(t, f)
	f.before = unavailable
	_, err := s.Put(t.Context(), lease.Record{Key: "a", Body: []byte(`{}`)})
	if err == nil || errors.Is(err, lease.ErrConflict) || !strings.Contains(err.Error(), "unavailable_shards_exception") {
		t.Errorf("%v", err)
	}
}

func TestKeysAndIdsAreOneToOne(t *testing.T) {
	long := strings.Repeat("x", 600)
	seen := map[string]string{}
	for _, key := range []string{"a/b", "a~1b", "a~b", "a~0b", "~2", "a~2b", long, long + "y", "~2" + long, "ü/" + long} {
		id := id(key)
		if seen[id] != "" || len(id) > maxID || strings.Contains(id, "/") {
			t.Errorf("%.20q and %.20q have the id %q", key, seen[id], id)
		}
		seen[id] = key
	}
}

func TestBeyondIsTheEndOfAPrefix(t *testing.T) {
	for prefix, want := range map[string]string{"item/": "item0", "": "", "a\U0010FFFF": "b", "\uD7FF": "\uE000", "é": "ê"} {
		if got, _ := beyond(prefix); got != want {
			t.Errorf("%q: %q, want %q", prefix, got, want)
		}
	}
}

func TestVersionsOfOtherStoresAreRefused(t *testing.T) {
	for _, text := range []string{"1:2", "x", "ABCDEFGHIJKLMNOP:0:1", "ABCDEFGHIJKLMNOP:1:-1", "abc:1:1", "ABCDEFGHIJKLMNOP:1:1:1"} {
		if v, err := parseVersion(text); err == nil {
			t.Errorf("%q: %v", text, v)
		}
	}
	if v, err := parseVersion("ABCDEFGHIJKLMNOP:3:14"); err != nil || v.String() != "ABCDEFGHIJKLMNOP:3:14" {
		t.Errorf("%v, %v", v, err)
	}
}

func TestOldServersAndCollectionsAreRefusedByName(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 200, `{"cluster_name":"c","version":{"number":"5.6.16"},"tagline":"You Know, for Search"}`)
	}))
	defer server.Close()
	client, err := cluster.Connect(t.Context(), cluster.Options{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), client, "x"); err == nil || !strings.Contains(err.Error(), "Elasticsearch 5.6.16") || !strings.Contains(err.Error(), "--coordinator") {
		t.Errorf("%v", err)
	}
	if _, err := Open(t.Context(), client, "X/y"); err == nil || !strings.Contains(err.Error(), `session "X/y"`) {
		t.Errorf("%v", err)
	}
}
