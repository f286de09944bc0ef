//go:build e2e

package giants

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"migassist/internal/testcluster"
)

var (
	binary     = flag.String("giants.binary", "../../../bin/migassist", "the command to measure")
	count      = flag.Int("giants.count", 100, "how many giants")
	size       = flag.Int("giants.megabytes", 90, "how large they are")
	memory     = flag.Int("giants.memory", 512, "MiB that the command may use")
	repository = flag.String("giants.repository", "", "keep the repository here, or take the one that is here")
)

const runTimeout = 20 * time.Minute

// TestGiantsStayWithinTheMemory reads the giants into nothing, into a server that takes them, and into one that refuses their size.
func TestGiantsStayWithinTheMemory(t *testing.T) {
	folder := *repository
	if folder == "" {
		folder = filepath.Join(t.TempDir(), "repository")
	}
	if _, err := os.Stat(folder); err != nil {
		if err := write(t.Context(), folder, *count, *size); err != nil {
			t.Fatal(err)
		}
	}
	small := int64((*count + 1) * beside)
	all := small + int64(*count)
	t.Run("a file", func(t *testing.T) {
		got := backfill(t, folder, "--target-file", "/dev/null")
		got.want(t, 0, counts{Read: all, Written: all})
	})
	t.Run("a server", func(t *testing.T) {
		server := target(t, nil)
		got := backfill(t, folder, "--target-host", server.URL)
		got.want(t, 0, counts{Read: all, Written: all})
		counted(t, server, all)
	})
	t.Run("a server that refuses their size", func(t *testing.T) {
		server := target(t, map[string]string{"http.max_content_length": "50mb"})
		got := backfill(t, folder, "--target-host", server.URL)
		got.want(t, 3, counts{Read: all, Written: small, Refused: int64(*count)})
		got.letters(t, *count, "giant-")
		counted(t, server, small)
	})
	t.Run("too little memory", func(t *testing.T) {
		got := backfillIn(t, 128, folder, "--target-file", "/dev/null")
		got.want(t, 3, counts{Read: all, Written: small, Skipped: int64(*count)})
		got.letters(t, *count, "--memory")
	})
}

func target(t *testing.T, settings map[string]string) *testcluster.Server {
	t.Helper()
	server, err := testcluster.Start(t.Context(), testcluster.Spec{Product: testcluster.OpenSearch, Version: "2.19.1", HeapMiB: 2048, Settings: settings})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	const body = `{"settings":{"number_of_shards":1,"number_of_replicas":0,"refresh_interval":-1},"mappings":{"dynamic":false}}`
	if _, err := server.Do(t.Context(), "PUT", "/giants", []byte(body)); err != nil {
		t.Fatal(err)
	}
	return server
}

func counted(t *testing.T, server *testcluster.Server, want int64) {
	t.Helper()
	if _, err := server.Do(t.Context(), "POST", "/giants/_refresh", nil); err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Count int64 `json:"count"`
	}
	if err := server.Get(t.Context(), "/giants/_count", &answer); err != nil || answer.Count != want {
		t.Errorf("the target has %d documents, %v, want %d", answer.Count, err, want)
	}
}

// counts are those of a summary that the test looks at.
type counts struct {
	Read    int64 `json:"read"`
	Written int64 `json:"written"`
	Skipped int64 `json:"skipped"`
	Refused int64 `json:"refused"`
}

// outcome is what a run came to.
type outcome struct {
	code     int
	total    counts
	resident int64 // bytes
	allowed  int64
	stderr   string
	dead     string // file of dead letters
}

// backfill runs the binary and measures it.
func backfill(t *testing.T, repository string, more ...string) outcome {
	t.Helper()
	return backfillIn(t, *memory, repository, more...)
}

// backfillIn does so with that many MiB of memory.
func backfillIn(t *testing.T, memory int, repository string, more ...string) outcome {
	t.Helper()
	dir := t.TempDir()
	out := outcome{dead: filepath.Join(dir, "dead-letters.ndjson"), allowed: int64(memory) << 20}
	line := append([]string{
		"rfs", "--output", "json", "--repo-uri", repository, "--snapshot-name", "giants", "--index-allowlist", "giants",
		"--state-file", filepath.Join(dir, "state"), "--dead-letter-file", out.dead, "--memory", strconv.Itoa(memory) + "MiB",
	}, more...)
	ctx, cancel := context.WithTimeout(t.Context(), runTimeout)
	defer cancel()
	path, err := filepath.Abs(*binary)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, path, line...)
	cmd.Dir = dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	started := time.Now()
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err, stderr.String())
	}
	out.code, out.stderr = cmd.ProcessState.ExitCode(), stderr.String()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		out.resident = usage.Maxrss << 10
	}
	var summary struct {
		Total counts `json:"total"`
	}
	if err := json.Unmarshal(stdout.Bytes(), &summary); err != nil {
		t.Fatalf("%v: %s\n%s", err, stdout.String(), out.stderr)
	}
	out.total = summary.Total
	t.Logf("exit %d after %s: %+v; %d MiB resident", out.code, time.Since(started).Round(time.Second), out.total, out.resident>>20)
	return out
}

func (o outcome) want(t *testing.T, code int, total counts) {
	t.Helper()
	if o.code != code || o.total != total {
		t.Errorf("exit %d, %+v, want %d, %+v\n%s", o.code, o.total, code, total, o.stderr)
	}
	if o.resident > o.allowed {
		t.Errorf("%d MiB resident, %d allowed", o.resident>>20, o.allowed>>20)
	}
}

// letters looks whether there are so many dead letters, and each says this.
func (o outcome) letters(t *testing.T, want int, says string) {
	t.Helper()
	f, err := os.Open(o.dead)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, got := bufio.NewReaderSize(f, 64<<10), 0
	for {
		head, err := lines.ReadSlice('\n')
		if len(head) == 0 {
			break
		}
		got++
		if !strings.Contains(string(head), says) {
			t.Errorf("a dead letter does not say %s: %.500s", says, head)
		}
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = lines.ReadSlice('\n')
		}
	}
	if got != want {
		t.Errorf("%d dead letters, want %d", got, want)
	}
}
