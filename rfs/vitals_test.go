package rfs

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"migassist/internal/telemetry"
	"migassist/rfs/bulk"
)

// shownBy is a worker as monitoring sees it.
func shownBy(j *Joined, flow func() bulk.Flow) *Backfill {
	b := &Backfill{options: Options{Version: "1.2", Flow: flow}}
	b.shown.Store(j)
	return b
}

func TestHealthKnowsWaitingFromHanging(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newBoard()
		f := startFleet(t, store, wanted(), "a")
		defer f.end()
		j := f.joined["a"]
		b, a := shownBy(j, nil), j.Activity()
		well := func(what string) {
			t.Helper()
			if err := b.Health(); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		pass(time.Hour)
		well("nothing to claim")
		a.Doing("working")
		a.Holds("logs/0")
		pass(4 * time.Minute)
		well("a slow begin")
		a.Settled(Counts{Read: 10, Written: 10})
		pass(4 * time.Minute)
		well("a slow target")
		a.Stall("the target answers 429")
		pass(time.Hour)
		well("a target that is known to be busy")
		a.Settled(Counts{Read: 10, Written: 10})
		pass(6 * time.Minute)
		if err := b.Health(); err == nil || !strings.Contains(err.Error(), "no document was written for 6m0s, although the worker holds logs/0") {
			t.Errorf("hanging: %v", err)
		}
		f.change(func(c *Control) { c.Turn(Paused, time.Now()) })
		pass(5 * time.Second)
		well("paused")
		store.mu.Lock()
		store.fail = func(_, _ string) (error, error) { return errors.New("connection refused"), nil }
		store.mu.Unlock()
		pass(6 * time.Minute)
		if err := b.Health(); err == nil || !strings.Contains(err.Error(), "coordinator has not answered for") || !strings.Contains(err.Error(), "connection refused") {
			t.Errorf("alone: %v", err)
		}
	})
}

func TestMetricsSayWhatTheWorkerDid(t *testing.T) {
	want := wanted()
	want.Control.MaxDocsPerSecond = 90
	j := joinRun(t, newBoard(), "a", want)
	j.Activity().Settled(Counts{Read: 10, Written: 6, Superseded: 1, Skipped: 1, Refused: 2, Bytes: 1000})
	j.Activity().Settled(Counts{Read: 1, Written: 1, Bytes: 100})
	j.Activity().Holds("logs/0", "logs/1")
	var text strings.Builder
	b := shownBy(j, func() bulk.Flow { return bulk.Flow{InFlight: 3, Window: 4, Waiting: 5} })
	j.Stalled = func() string { return "--max-docs-per-second" }
	if err := telemetry.WriteMetrics(&text, b.Metrics()); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`migassist_build_info{version="1.2"} 1`, `migassist_backfill_documents_total{fate="written"} 7`, `migassist_backfill_documents_total{fate="superseded"} 1`,
		`migassist_backfill_documents_total{fate="skipped"} 1`, `migassist_backfill_documents_total{fate="refused"} 2`, `migassist_backfill_bytes_total 1100`,
		`migassist_backfill_items_held 2`, `migassist_backfill_workers 1`, `migassist_backfill_stalled 1`, `migassist_backfill_requests_in_flight 3`,
		`migassist_backfill_requests_window 4`, `migassist_backfill_requests_waiting 5`, `migassist_backfill_limit_documents_per_second 90`,
		`migassist_backfill_run_state{state="running"} 1`, `migassist_backfill_run_state{state="paused"} 0`,
	} {
		if !strings.Contains(text.String(), "\n"+line+"\n") {
			t.Errorf("no line %q in:\n%s", line, text.String())
		}
	}
	if n := strings.Count(text.String(), "# TYPE migassist_backfill_documents_total counter"); n != 1 {
		t.Errorf("%d TYPE lines of one metric", n)
	}
}

func TestABusyTargetIsNoStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := joinRun(t, newBoard(), "a", wanted())
		why := ""
		j.Stalled = func() string { return why }
		for _, c := range []struct {
			why   string
			after time.Duration
			want  string
		}{
			{"the target works on as many as suit it", time.Second, ""},
			{"the target works on as many as suit it", time.Minute, "requests wait: the target works on as many as suit it"},
			{"--max-mb-per-second", time.Second, "requests wait: --max-mb-per-second"},
			{"", time.Minute, ""},
		} {
			j.Activity().Settled(Counts{})
			why = c.why
			pass(c.after)
			if got := j.presence().Stall; got != c.want {
				t.Errorf("%q after %s: %q", c.why, c.after, got)
			}
		}
	})
}
