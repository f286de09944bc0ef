package rfs

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

func TestPaceIsOfTheLastWindow(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var m meter
	for i := range 100 { // slow at first, then a hundred times as fast
		s := sample{at: start.Add(time.Duration(i) * time.Second), walked: int64(i), read: int64(i), bytes: int64(i) * 1000}
		if i >= 50 {
			s.walked = 50 + int64(i-50)*100
			s.read, s.bytes = s.walked, s.walked*1000
		}
		m.add(s)
	}
	p := m.pace(9950)
	if p.docsPerSecond != 100 || p.bytesPerSecond != 100_000 || p.eta != 50*time.Second {
		t.Errorf("%+v", p)
	}
	if want := " 49.7%  4950 documents  5.0 MB  100 docs/s  100.0 kB/s  eta 50s"; p.String() != want {
		t.Errorf("%q, want %q", p, want)
	}
}

func TestPaceOfNothing(t *testing.T) {
	var m meter
	m.add(sample{at: time.Unix(0, 0)})
	if p := m.pace(0); p.percent != 100 || p.etaText() != "unknown" {
		t.Errorf("%+v", p)
	}
	m.add(sample{at: time.Unix(1, 0)})
	if p := m.pace(10); p.percent != 0 || p.etaText() != "unknown" {
		t.Errorf("a run that stands still: %+v", p)
	}
}

func TestMonitorLogsEveryHalfMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		progress := &Headway{}
		progress.items.Store(1)
		progress.opened(&held{progress: Progress{Total: 100}})
		m := Monitor{Progress: progress, Log: zerolog.New(&out), Now: time.Now}
		ctx, cancel := context.WithTimeout(t.Context(), 65*time.Second)
		defer cancel()
		progress.Walked.Add(10)
		m.Run(ctx)
		if got := strings.Count(out.String(), `"message":"progress"`); got != 2 || !strings.Contains(out.String(), `"percent":10`) {
			t.Errorf("%d lines in 65 s:\n%s", got, out.String())
		}
	})
}

func TestMonitorRewritesALineOnATerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		m := Monitor{Progress: &Headway{}, Terminal: &out, Now: time.Now}
		ctx, cancel := context.WithTimeout(t.Context(), 1700*time.Millisecond)
		defer cancel()
		m.Run(ctx)
		if got := strings.Count(out.String(), "\r\x1b[K"); got != 4 || strings.Contains(out.String(), "\n") || !strings.HasSuffix(out.String(), "\r\x1b[K") {
			t.Errorf("%q", out.String())
		}
		if got := strings.Count(out.String(), "\x1b[?7h"); got != 3 || strings.Count(out.String(), "\x1b[?7l") != 3 {
			t.Errorf("the line may wrap: %q", out.String())
		}
	})
}
