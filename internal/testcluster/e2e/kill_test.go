//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"migassist/internal/testcluster/corpus"
)

const (
	killDocs = 400_000
	killSize = 300 // bytes of a document
)

// TestKilledTwiceLosesNothing kills the migration with SIGKILL at about a third and
// two thirds, and lets it finish: nothing lost, nothing altered, little done twice.
func TestKilledTwiceLosesNothing(t *testing.T) {
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

	// Small batches and few of them in flight, so that the cursor moves often.
	args := rfsArgs(dir, "big", "big", "--documents-size-per-bulk-request", "1MiB", "--max-connections", "2")
	for _, share := range []int{killDocs / 3, killDocs * 2 / 3} {
		killAt(t, dir, args, share)
	}
	before := indexed(t)
	total := migassist(t, dir, args...).want(t, done).summary(t).Total
	if want := (counts{Read: killDocs, Written: killDocs}); total != want {
		t.Errorf("the summary says %+v, want %+v", total, want)
	}
	if last := indexed(t) - before; last > killDocs*2/3 {
		t.Errorf("the last run sent %d documents: it did not go on where the killed one was", last)
	}
	if all := indexed(t); all > killDocs+killDocs/4 {
		t.Errorf("%d documents were sent for %d: too much was done twice", all, killDocs)
	}
	if compared := sameDocuments(t, "events"); compared != killDocs {
		t.Errorf("%d documents compared, want %d", compared, killDocs)
	}
	// A run over finished work has nothing to do, and says so.
	migassist(t, dir, args...).want(t, nothingToDo)
}

// nothingToDo is the exit code of a run that finds its work done.
const nothingToDo = 4

// killAt starts the migration and kills it once the target has taken so many documents.
func killAt(t *testing.T, dir string, args []string, share int) {
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
	if err := cmd.Process.Kill(); err != nil {
		t.Fatalf("kill: %v", err)
	}
	<-ended
	t.Logf("killed after %d documents: %s", indexed(t), cmd.ProcessState)
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
