package cli

import (
	"bytes"
	"context"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// talking is a stream that is read while a command writes to it.
type talking struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *talking) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *talking) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// await asks until it is so, for half a minute.
func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for range 300 {
		if so() {
			return
		}
		<-tick.C
	}
	t.Fatalf("it did not come to be: %s", what)
}

// TestAPausedWorkerSendsNothingAndGoesOn: a worker that sends slowly is paused, and its item let go of; then it goes on without a limit,
// and nothing is written twice.
func TestAPausedWorkerSendsNothingAndGoesOn(t *testing.T) {
	if testing.Short() {
		t.Skip("workers take seconds to hear of a pause")
	}
	t.Chdir(t.TempDir())
	server, send := startTarget(t)
	send(http.MethodPut, "/articles", `{}`)
	arguments := append(demoArguments(t, server, "rfs"), "--index-allowlist", "articles", "--metrics-address", "0",
		"--documents-per-bulk-request", "5", "--max-docs-per-second", "15", "--max-connections", "1", "--log-format", "json")
	out, talk, ended := &talking{}, &talking{}, make(chan int, 1)
	go func() {
		ended <- Main(context.WithoutCancel(t.Context()), Streams{In: strings.NewReader(""), Out: out, Err: talk}, arguments, nil)
	}()
	bulks := func() int { return server.Requests("POST /_bulk") }
	await(t, "documents are sent", func() bool { return bulks() > 3 })
	address := regexp.MustCompile(`"address":"([^"]+)"`).FindStringSubmatch(talk.String())
	if address == nil {
		t.Fatal(talk.String())
	}
	if metrics := fetch(t, "http://"+address[1]+"/metrics"); !strings.Contains(metrics, `migassist_backfill_run_state{state="running"} 1`) ||
		!strings.Contains(metrics, "migassist_backfill_limit_documents_per_second 15\n") {
		t.Error(metrics)
	}
	if code, _, said := command(t, "console", "backfill", "pause"); code != exitDone {
		t.Fatalf("code %d: %s", code, said)
	}
	await(t, "the item is let go of", func() bool { return readStatus(t).Items.Leased == 0 })
	before, status := bulks(), readStatus(t)
	if status.State != "paused" || status.Items.Waiting != 1 || len(status.Workers) != 1 || !strings.Contains(strings.Join(status.Stalls, "\n"), "the run is paused") {
		t.Errorf("%+v", status)
	}
	if status.Counts.Written < 15 || status.Counts.Written >= 300 {
		t.Errorf("%d documents before the pause are in the store", status.Counts.Written)
	}
	if health := fetch(t, "http://"+address[1]+"/healthz"); health != "ok\n" {
		t.Errorf("a paused worker is ill: %s", health)
	}
	if now := bulks(); now != before {
		t.Errorf("%d requests while paused", now-before)
	}
	command(t, "console", "backfill", "set", "--max-docs-per-second", "0")
	command(t, "console", "backfill", "resume")
	if code := <-ended; code != exitDone || !strings.Contains(out.String(), "read 300 = written 300") {
		t.Errorf("code %d: %s%s", code, out, talk)
	}
	if n := bulks(); n > 300/5+2 {
		t.Errorf("%d requests of 5 documents for 300: some were sent twice", n)
	}
}
