//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/internal/testcluster/corpus"
)

const tuneDocs = 150_000

// TestTunedSettingsComeBackWhateverHappens: the run is killed and stopped from the console, stopped while a worker lives, killed and reset, killed and
// finished. After each end the settings are what they were before it.
func TestTunedSettingsComeBackWhateverHappens(t *testing.T) {
	wipe(t, source)
	wipe(t, target)
	dir := t.TempDir()
	if err := (corpus.Load{Index: "tuned", Shards: 2, Docs: tuneDocs, Size: 300}).Run(t.Context(), source); err != nil {
		t.Fatal(err)
	}
	if err := source.Snapshot(t.Context(), "tune", "tune", "*"); err != nil {
		t.Fatal(err)
	}
	must(t, target, "PUT", "/tuned", `{"settings":{"number_of_shards":2,"refresh_interval":"7s","auto_expand_replicas":"0-1"},"mappings":{"dynamic":false}}`)
	before := tunedSettings(t)
	args := rfsArgs(dir, "tune", "tune", "--tune-target", "--documents-size-per-bulk-request", "512KiB", "--max-connections", "2",
		"--lease-duration", "6s", "--bulk-timeout", "3s", "--max-docs-per-second", "10000")
	console := func(verb string, more ...string) result {
		t.Helper()
		return migassist(t, dir, append([]string{"console", "backfill", verb, "--state-file", args[8], "--target-host", target.URL}, more...)...)
	}
	same := func(after string) {
		t.Helper()
		if diff := cmp.Diff(before, tunedSettings(t)); diff != "" {
			t.Errorf("settings after %s (+): %s", after, diff)
		}
	}
	killed := func(more int) {
		t.Helper()
		interrupt(t, dir, args, indexed(t)+more, syscall.SIGKILL)
		if now := tunedSettings(t)["index.refresh_interval"]; now != "-1" {
			t.Errorf("the killed run left a refresh_interval of %q: it was not tuned", now)
		}
	}

	killed(15_000)
	console("stop").want(t, done).says(t, "settings restored: tuned")
	same("a kill and stop")
	migassist(t, dir, args...).want(t, stopped).says(t, "console backfill resume")
	console("resume").want(t, done)

	ended := start(t, dir, args, indexed(t)+15_000)
	var status struct {
		State   string
		Workers []struct{ Silent bool }
		Tuned   []string
	}
	if err := json.Unmarshal([]byte(console("status", "--output", "json").want(t, done).stdout), &status); err != nil || status.State != "running" || strings.Join(status.Tuned, ",") != "tuned" {
		t.Errorf("%+v, %v", status, err)
	}
	console("reset", "--yes").want(t, failed).says(t, "are alive", "--force")
	console("stop").want(t, done)
	if code := <-ended; code != stopped {
		t.Errorf("the worker of a stopped run exits %d", code)
	}
	same("stop")
	console("resume").want(t, done)

	killed(15_000)
	console("reset", "--yes").want(t, done).says(t, "settings restored: tuned", "documents on the target stay")
	same("a kill and reset")
	console("status").want(t, nothingToDo)

	args[len(args)-1] = "30000"
	killed(15_000)
	total := migassist(t, dir, args...).want(t, done).summary(t).Total
	if total.Written != tuneDocs {
		t.Errorf("%+v", total)
	}
	same("a kill and the end")
	console("status").want(t, done).says(t, "complete", "settings restored on the target: tuned")
	if compared := sameDocuments(t, "tuned"); compared != tuneDocs {
		t.Errorf("%d documents compared, want %d", compared, tuneDocs)
	}
}

// tunedSettings are what was set for the index, flat.
func tunedSettings(t *testing.T) map[string]string {
	t.Helper()
	var answer map[string]struct{ Settings map[string]string }
	if err := target.Get(t.Context(), "/tuned/_settings?flat_settings=true", &answer); err != nil {
		t.Fatal(err)
	}
	return answer["tuned"].Settings
}

// start starts a worker, waits until the target has taken so many documents, and gives the exit code once it has ended.
func start(t *testing.T, dir string, args []string, share int) <-chan int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), commandTimeout)
	t.Cleanup(cancel)
	cmd := command(ctx, dir, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	code, ended := make(chan int, 1), make(chan error, 1)
	go func() {
		err := cmd.Wait()
		code <- cmd.ProcessState.ExitCode()
		ended <- err
	}()
	if err := reach(ctx, t, ended, share); err != nil {
		t.Fatal(err)
	}
	return code
}
