package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"migassist/internal/testcluster/cost"
)

// reindex is the target's own _reindex, from remote.
type reindex struct {
	*course

	page int
	most int // documents; 0 is all
}

// String implements contender.
func (r reindex) String() string { return "_reindex from remote" }

func (r reindex) move(ctx context.Context) (cost.Run, error) {
	most := ""
	if r.most > 0 {
		most = fmt.Sprintf(`"max_docs":%d,`, r.most)
	}
	body := fmt.Appendf(nil, `{%s"source":{"remote":{"host":%q,"socket_timeout":"5m"},"index":%q,"size":%d},"dest":{"index":%q}}`,
		most, r.source.URL, r.index, r.page, r.index)
	started := time.Now()
	answer, err := r.target.Do(ctx, "POST", "/_reindex", body)
	if err != nil {
		return cost.Run{}, err
	}
	run := cost.Run{Took: time.Since(started)}
	var said struct {
		Created  int64             `json:"created"`
		Failures []json.RawMessage `json:"failures"`
	}
	if err := json.Unmarshal(answer, &said); err != nil || len(said.Failures) > 0 {
		return cost.Run{}, fmt.Errorf("_reindex answered %.1000s (%w)", answer, err)
	}
	run.Documents = said.Created
	return run, nil
}

// ours is our command, as several processes with one state file.
type ours struct {
	*course

	workers int
	dir     string
}

// String implements contender.
func (o ours) String() string {
	if o.workers == 1 {
		return "ours, 1 worker"
	}
	return fmt.Sprintf("ours, %d workers", o.workers)
}

func (o ours) move(ctx context.Context) (cost.Run, error) {
	run := strconv.FormatInt(time.Now().UnixNano(), 36)
	var workers []*exec.Cmd
	for n := range o.workers {
		workers = append(workers, cost.Command(ctx, o.binary, "rfs", "--output", "json", "--log-level", "warn", "--disable-compression",
			"--repo-uri", "file://"+o.repository, "--snapshot-name", o.snapshot, "--index-allowlist", o.index, "--target-host", o.target.URL,
			"--state-file", filepath.Join(o.dir, run+".state"), "--dead-letter-file", filepath.Join(o.dir, fmt.Sprintf("%s-%d.ndjson", run, n))))
	}
	return cost.Measure(workers...)
}
