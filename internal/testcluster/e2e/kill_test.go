//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"
	"time"

	"migassist/internal/testcluster/corpus"
)

const (
	killDocs = 400_000
	killSize = 300 // bytes of a document
)

// TestKilledAndStoppedLosesNothing kills the migration with SIGKILL at about a quarter
// and three quarters, stops it with SIGTERM at the half, and lets it finish: nothing
// lost, nothing altered, little done twice.
func TestKilledAndStoppedLosesNothing(t *testing.T) {
	wipe(t, source)
	wipe(t, target)
	dir := t.TempDir()
	if err := (corpus.Load{Index: "events", Shards: 4, Docs: killDocs, Size: killSize}).Run(t.Context(), source); err != nil {
		t.Fatal(err)
	}
	if err := source.Snapshot(t.Context(), "big", "big", "*"); err != nil {
		t.Fatal(err)
	}
	must(t, target, "PUT", "/events", `{"settings":{"number_of_shards":3,"number_of_replicas":0},"mappings":{"dynamic":false}}`)

	// Small batches, few of them in flight, and slowly: the cursor is saved every five seconds.
	args := rfsArgs(dir, "big", "big", "--documents-size-per-bulk-request", "1MiB", "--max-connections", "2", "--max-docs-per-second", "16000")
	interrupt(t, dir, args, killDocs/4, syscall.SIGKILL)
	if code := interrupt(t, dir, args, killDocs/2, syscall.SIGTERM); code != stopped {
		t.Errorf("exit %d after SIGTERM, want %d", code, stopped)
	}
	interrupt(t, dir, args, killDocs*3/4, syscall.SIGKILL)
	before := indexed(t) // repeated ones too
	total := migassist(t, dir, args...).want(t, done).summary(t).Total
	if want := (counts{Read: killDocs, Written: killDocs}); total != want {
		t.Errorf("the summary says %+v, want %+v", total, want)
	}
	if last := indexed(t) - before; last > killDocs/2 {
		t.Errorf("the last run sent %d documents: it did not go on where the killed one was", last)
	}
	if all := indexed(t); all > killDocs+killDocs/2 { // five seconds for each of two kills, and what was in flight
		t.Errorf("%d documents were sent for %d: too much was done twice", all, killDocs)
	}
	t.Logf("%d documents were sent for %d", indexed(t), killDocs)
	if compared := sameDocuments(t, "events"); compared != killDocs {
		t.Errorf("%d documents compared, want %d", compared, killDocs)
	}
	// A run over finished work has nothing to do, and says so.
	migassist(t, dir, args...).want(t, nothingToDo)
}

// Exit codes of a run that finds its work done, and of one that SIGTERM stopped.
const (
	nothingToDo = 4
	stopped     = 128 + int(syscall.SIGTERM)
)

// interrupt starts the migration, sends it a signal once the target has taken so many
// documents, and returns its exit code.
func interrupt(t *testing.T, dir string, args []string, share int, signal syscall.Signal) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), commandTimeout)
	defer cancel()
	cmd := command(ctx, dir, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	if err := reach(ctx, t, ended, share); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(signal); err != nil {
		t.Fatalf("send %s: %v", signal, err)
	}
	<-ended
	t.Logf("%s after %d documents: %s", signal, indexed(t), cmd.ProcessState)
	return cmd.ProcessState.ExitCode()
}

var errEnded = errors.New("ended early")

// reach waits until the target has taken so many documents, and fails if the
// migration ends before: then there is nothing left to kill.
func reach(ctx context.Context, t *testing.T, ended <-chan error, share int) error {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for indexed(t) < share {
		select {
		case err := <-ended:
			return fmt.Errorf("the migration ended before it could be killed at %d documents: %w", share, errors.Join(errEnded, err))
		case <-ctx.Done():
			return fmt.Errorf("the migration does not get to %d documents: %w", share, ctx.Err())
		case <-tick.C:
		}
	}
	return nil
}

// indexed is how many documents the target was sent and took, repeated ones too.
func indexed(t *testing.T) int {
	t.Helper()
	var stats struct {
		All struct {
			Primaries struct {
				Indexing struct {
					Total int `json:"index_total"`
				} `json:"indexing"`
			} `json:"primaries"`
		} `json:"_all"`
	}
	if err := target.Get(t.Context(), "/_stats/indexing", &stats); err != nil {
		t.Fatal(err)
	}
	return stats.All.Primaries.Indexing.Total
}
