//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// commandTimeout bounds one run of the binary; a million documents take their time on a busy machine.
const commandTimeout = 15 * time.Minute

// Exit codes of migassist.
const (
	done     = 0
	failed   = 1
	findings = 3
	nothing  = 4
)

// result is what a run of the binary left behind.
type result struct {
	code           int
	stdout, stderr string
	resident       int64 // bytes of memory at most, as Linux counts them
}

// command is the binary with arguments, in a folder of its own.
func command(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir = dir
	cmd.Env = []string{"HOME=" + dir, "PATH=/usr/bin:/bin"}
	cmd.WaitDelay = time.Second
	return cmd
}

// migassist runs the binary to its end.
func migassist(t *testing.T, dir string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), commandTimeout)
	defer cancel()
	cmd := command(ctx, dir, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended, most := make(chan struct{}), make(chan int64, 1)
	go func() { most <- resident(cmd.Process.Pid, ended) }()
	err := cmd.Wait()
	close(ended)
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || ctx.Err() != nil) {
		t.Fatalf("migassist %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	r := result{code: cmd.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String(), resident: <-most}
	t.Logf("migassist %s: exit %d", strings.Join(args, " "), r.code)
	return r
}

// want fails the test unless the exit code is one of those.
func (r result) want(t *testing.T, codes ...int) result {
	t.Helper()
	if !slices.Contains(codes, r.code) {
		t.Fatalf("exit %d, want %v\nstdout:\n%s\nstderr:\n%s", r.code, codes, r.stdout, r.stderr)
	}
	return r
}

// says fails the test unless the output has all of the words.
func (r result) says(t *testing.T, words ...string) result {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(r.stdout, word) && !strings.Contains(r.stderr, word) {
			t.Errorf("the output does not say %q\nstdout:\n%s\nstderr:\n%s", word, r.stdout, r.stderr)
		}
	}
	return r
}

// counts are the fates of documents in a summary.
type counts struct {
	Read       int `json:"read"`
	Written    int `json:"written"`
	Superseded int `json:"superseded"`
	Skipped    int `json:"skipped"`
	Refused    int `json:"refused"`
	Dropped    int `json:"dropped"`
	Made       int `json:"made"`
}

// balanced is the invariant of every summary.
func (c counts) balanced() bool {
	return c.Read+c.Made == c.Written+c.Superseded+c.Skipped+c.Refused+c.Dropped
}

// summary is the part of `rfs --output json` that the tests read.
type summary struct {
	Indices []struct {
		Index string `json:"index"`
		counts
	} `json:"indices"`
	Total    counts         `json:"total"`
	Complete bool           `json:"complete"`
	OnTarget map[string]int `json:"on_target"`
	Findings []struct {
		Index string `json:"index"`
		Kind  string `json:"kind"`
	} `json:"findings"`
}

// summary decodes the summary and checks that it is complete and adds up, per index and in total.
func (r result) summary(t *testing.T) summary {
	t.Helper()
	var s summary
	if err := json.Unmarshal([]byte(r.stdout), &s); err != nil {
		t.Fatalf("read the summary: %v\n%s\n%s", err, r.stdout, r.stderr)
	}
	var total counts
	for _, index := range s.Indices {
		total.Read += index.Read
		total.Written += index.Written
		total.Superseded += index.Superseded
		total.Skipped += index.Skipped
		total.Refused += index.Refused
		total.Dropped += index.Dropped
		total.Made += index.Made
		if !index.balanced() {
			t.Errorf("summary of %s does not add up: %+v", index.Index, index.counts)
		}
	}
	if total != s.Total || !total.balanced() || !s.Complete {
		t.Errorf("summary does not add up: total %+v, sum of the indices %+v, complete %t", s.Total, total, s.Complete)
	}
	return s
}

// rfsArgs are the arguments of a document migration whose state lies in dir.
func rfsArgs(dir, repository, snapshot string, more ...string) []string {
	return append([]string{
		"rfs", "--repo-uri", "file://" + filepath.Join(source.Repo, repository), "--snapshot-name", snapshot, "--target-host", target.URL,
		"--state-file", filepath.Join(dir, "state.json"), "--dead-letter-file", filepath.Join(dir, "refused.ndjson"), "--output", "json",
	}, more...)
}

// metadataArgs are the arguments of evaluate or migrate.
func metadataArgs(verb, repository, snapshot string, more ...string) []string {
	return append([]string{
		"metadata", verb, "--repo-uri", "file://" + filepath.Join(source.Repo, repository), "--snapshot-name", snapshot, "--target-host", target.URL,
	}, more...)
}
