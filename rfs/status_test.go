package rfs

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"migassist/rfs/lease"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// putRecord writes a record as it is.
func putRecord(t *testing.T, store lease.Store, key string, open bool, body any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err == nil {
		_, err = store.Put(t.Context(), lease.Record{Key: key, Open: open, Body: text})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// putItem writes an item of a shard with the progress.
func putItem(t *testing.T, store lease.Store, w Work, name string, state lease.State, owner string, p Progress) {
	t.Helper()
	item, err := w.item(name, 0)
	if err != nil {
		t.Fatal(err)
	}
	progress, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var failures []string
	if state == lease.Aside {
		failures = []string{"the disk is on fire"}
	}
	putRecord(t, store, "item/00000000/"+name, !state.Final(), lease.Entry{Item: item, State: state, Owner: owner, Progress: progress, Failures: failures, Attempts: len(failures)})
}

// halfway is a store with a run that is half done: a shard is, a split one has two parts, one is set aside, one not opened yet.
func halfway(t *testing.T) *board {
	t.Helper()
	store := newBoard()
	run := wanted()
	run.Begun = noon.Add(-time.Hour)
	run.Control.MaxMBPerSecond = 5
	joinRun(t, store, "a", run)
	putRecord(t, store, "stage/plan", false, lease.Entry{State: lease.Done, Progress: json.RawMessage(`{}`)})
	counts := func(n int64) Counts { return Counts{Read: n, Written: n, Bytes: n * 100} }
	logs, big, bad, late := Work{Index: "logs"}, Work{Index: "big"}, Work{Index: "bad", Shard: 3}, Work{Index: "late"}
	putItem(t, store, logs, "logs/0", lease.Done, "a", Progress{Walked: 10, Total: 10, Size: 1000, Counts: counts(10)})
	putItem(t, store, big, "big/0", lease.Split, "a", Progress{Size: 4000})
	putItem(t, store, big, "big/0/000000", lease.Leased, "a", Progress{Walked: 5, Total: 10, Size: 2000, Counts: counts(5)})
	putItem(t, store, big, "big/0/000001", lease.Leased, "dead", Progress{Total: 10, Size: 2000})
	putItem(t, store, bad, "bad/3", lease.Aside, "a", Progress{Size: 1000})
	putItem(t, store, late, "late/0", lease.Waiting, "", Progress{})
	putRecord(t, store, "worker/a", true, Presence{
		ID: "a", Updated: noon.Add(-2 * time.Second), Every: 9 * time.Second, Doing: "working", Since: noon.Add(-time.Minute),
		Stall: "the target answers 429", Docs: 15, DocsPerSecond: 2, BytesPerSecond: 200, LastSuccess: noon.Add(-4 * time.Second), Items: []string{"big/0/000000"},
	})
	putRecord(t, store, "worker/dead", true, Presence{ID: "dead", Updated: noon.Add(-time.Minute), Every: 9 * time.Second, DocsPerSecond: 100, BytesPerSecond: 1e6, LastSuccess: noon.Add(-time.Minute)})
	putRecord(t, store, "worker/left", false, Presence{ID: "left", Updated: noon, Every: 9 * time.Second, DocsPerSecond: 100, Left: "ended"})
	putRecord(t, store, "tuned/logs", true, tuned{Index: "logs"})
	putRecord(t, store, "tuned/old", false, tuned{Index: "old"})
	return store
}

func TestStatusIsOfTheWholeRun(t *testing.T) {
	s, err := ReadStatus(t.Context(), halfway(t), noon)
	if err != nil {
		t.Fatal(err)
	}
	if want := (Items{Total: 6, Waiting: 1, Leased: 2, Done: 1, Split: 1, SetAside: 1}); s.Items != want {
		t.Errorf("items %+v, want %+v", s.Items, want)
	}
	if s.State != "running" || s.Counts.Written != 15 || s.Counts.Bytes != 1500 || s.Limits.MBPerSecond != 5 {
		t.Errorf("%+v", s)
	}
	// Known are 6000 bytes of three shards, so the fourth counts as 2000; done are 1000 + 1000 + the 1000 set aside.
	if s.Percent != 37.5 {
		t.Errorf("%v percent", s.Percent)
	}
	// 5000 bytes are left, and 200 bytes of lines a second are 400 of these.
	if s.ETASeconds == nil || *s.ETASeconds != 12.5 || s.BytesPerSecond != 200 {
		t.Errorf("eta %v, %v bytes/s", s.ETASeconds, s.BytesPerSecond)
	}
	if s.LastSuccess == nil || !s.LastSuccess.Equal(noon.Add(-4*time.Second)) {
		t.Errorf("last success %v", s.LastSuccess)
	}
	if len(s.Workers) != 2 || s.Workers[0].Silent || !s.Workers[1].Silent {
		t.Errorf("workers %+v", s.Workers)
	}
	if strings.Join(s.Tuned, ",") != "logs" {
		t.Errorf("tuned %v", s.Tuned)
	}
	if text := said(s.SetAside); !strings.Contains(text, "bad[3] was set aside after 1 attempts: the disk is on fire") {
		t.Error(text)
	}
	stalls := strings.Join(s.Stalls, "\n")
	for _, want := range []string{"worker a, for 1m0s: the target answers 429", "worker dead has been silent for 1m0s", "the lease of big/0/000001 is worker dead's"} {
		if !strings.Contains(stalls, want) {
			t.Errorf("%q is not in: %s", want, stalls)
		}
	}
	if strings.Contains(stalls, "no worker is alive") {
		t.Error(stalls)
	}
}

func TestStatusInWordsAndAsJSON(t *testing.T) {
	s, err := ReadStatus(t.Context(), halfway(t), noon)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := s.WriteText(&text, noon); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"session default: running since 2026-01-02T11:00:00Z, begun 1h0m0s ago", "37.5%  15 documents  1.5 kB  2 docs/s  200.0 B/s  eta 12s",
		"items: 1 waiting, 2 leased, 1 done, 1 set aside; 1 more were split", "limits of all workers: 5 MB a second", "last success: 4s ago",
		"  dead  silent for 1m0s", "tuned until the end: logs",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is not in:\n%s", want, text.String())
		}
	}
	var all strings.Builder
	if err := s.WriteJSON(&all); err != nil {
		t.Fatal(err)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(all.String()), &fields); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"format", "session", "source", "target", "state", "begun", "since", "limits", "items", "documents", "percent", "docs_per_second", "bytes_per_second",
		"eta_seconds", "last_success", "workers", "stalls", "set_aside", "tuned",
	} {
		if _, ok := fields[name]; !ok {
			t.Errorf("no field %s in %s", name, all.String())
		}
	}
}

func TestStatusBeforeAndAfter(t *testing.T) {
	store := newBoard()
	if _, err := ReadStatus(t.Context(), store, noon); err == nil || !strings.Contains(err.Error(), "no run was begun") {
		t.Errorf("got %v", err)
	}
	joinRun(t, store, "a", wanted())
	state := func() *Status {
		t.Helper()
		s, err := ReadStatus(t.Context(), store, noon)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if s := state(); s.State != "planning" || s.Percent != 0 || s.ETASeconds != nil || !strings.Contains(strings.Join(s.Stalls, "\n"), "no worker is alive") {
		t.Errorf("%+v", s)
	}
	putRecord(t, store, "stage/plan", false, lease.Entry{State: lease.Done, Progress: json.RawMessage(`{}`)})
	if s := state(); s.State != "closing" || s.Percent != 100 {
		t.Errorf("%+v", s)
	}
	putRecord(t, store, "stage/close", false, lease.Entry{State: lease.Done, Progress: json.RawMessage(`{"snapshot":"nightly","complete":true}`)})
	if s := state(); s.State != "complete" || s.Summary == nil || s.Summary.Snapshot != "nightly" || len(s.Stalls) > 0 {
		t.Errorf("%+v", s)
	}
	if _, err := ChangeControl(t.Context(), store, func(c *Control) error { c.Turn(Stopped, noon); return nil }); err != nil {
		t.Fatal(err)
	}
	if s := state(); s.State != "complete" {
		t.Errorf("a complete run that was stopped is %s", s.State)
	}
}

func TestAliveIsWhoShowsItself(t *testing.T) {
	store := newBoard()
	putRecord(t, store, "worker/left", false, Presence{})
	if alive, err := Alive(t.Context(), store); err != nil || len(alive) > 0 {
		t.Errorf("%v, %v", alive, err) // at once
	}
}

func TestAliveComparesNoClocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newBoard()
		putRecord(t, store, "worker/dead", true, Presence{Updated: time.Now().Add(time.Hour)}) // by a clock that is ahead
		if alive, err := Alive(t.Context(), store); err != nil || len(alive) > 0 {
			t.Errorf("%v, %v", alive, err)
		}
		f := startFleet(t, store, wanted(), "a")
		defer f.end()
		pass(time.Minute)
		if alive, err := Alive(t.Context(), store); err != nil || strings.Join(alive, ",") != "a" {
			t.Errorf("%v, %v", alive, err)
		}
	})
}
