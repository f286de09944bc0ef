//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"migassist/cluster"
	"migassist/internal/testcluster/corpus"
)

// verifyDocuments is how many there are to verify; make e2e-verify has a million.
var verifyDocuments = flag.Int("verify.documents", 30_000, "documents among which verify finds the three that differ")

// verifyArgs are the arguments of a verification of a snapshot of the source.
func verifyArgs(repository, snapshot string, more ...string) []string {
	return append([]string{
		"console", "verify", "--repo-uri", "file://" + filepath.Join(source.Repo, repository), "--snapshot-name", snapshot, "--target-host", target.URL, "--output", "json",
	}, more...)
}

// verdict is the part of `console verify --output json` that the tests read.
type verdict struct {
	Total struct {
		Source, Target, Equal, Missing, Extra, Different, Superseded, Unexamined int
	}
	Complete    bool
	Problems    []string
	Differences []struct {
		Kind, Index, ID, Routing string
		Paths                    []string
	}
	Repair *struct {
		Sent, Removed, Settled, Left int
		Reasons                      map[string]int
	}
	Seconds     float64
	SourceReads float64 `json:"source_reads"`
	TargetReads float64 `json:"target_reads"`
}

func (r result) verdict(t *testing.T) verdict {
	t.Helper()
	var v verdict
	if err := json.Unmarshal([]byte(r.stdout), &v); err != nil {
		t.Fatalf("read what verify says: %v\n%s\n%s", err, r.stdout, r.stderr)
	}
	return v
}

// found are the differences, "kind index/id routing: paths", sorted.
func (v verdict) found() []string {
	all := make([]string, len(v.Differences))
	for i, d := range v.Differences {
		all[i] = strings.TrimSpace(fmt.Sprintf("%s %s/%s %s", d.Kind, d.Index, d.ID, d.Routing))
		if len(d.Paths) > 0 {
			all[i] += ": " + strings.Join(d.Paths, ", ")
		}
	}
	slices.Sort(all)
	return all
}

// TestVerifyNamesThreeOfManyAndMendsThem: one altered, one missing and one extra document among a million are named, and mended.
func TestVerifyNamesThreeOfManyAndMendsThem(t *testing.T) {
	wipe(t, source)
	wipe(t, target)
	dir := t.TempDir()
	load := corpus.Load{Index: "many", Shards: 4, Docs: *verifyDocuments, Size: 250}
	if err := load.Run(t.Context(), source); err != nil {
		t.Fatal(err)
	}
	few := corpus.Load{Index: "few", Shards: load.Shards, Docs: load.Docs / 10, Size: load.Size}
	if err := few.Run(t.Context(), source); err != nil {
		t.Fatal(err)
	}
	if err := source.Snapshot(t.Context(), "many", "many", "many,few"); err != nil {
		t.Fatal(err)
	}
	migassist(t, dir, metadataArgs("migrate", "many", "many")...).want(t, done, findings)
	began := time.Now()
	migassist(t, dir, rfsArgs(dir, "many", "many")...).want(t, done)
	t.Logf("%d documents moved in %s", load.Docs+few.Docs, time.Since(began).Round(100*time.Millisecond))

	plain := plainReads(t, dir, "many", load)
	ran := migassist(t, dir, verifyArgs("many", "many", "--index-allowlist", "many")...).want(t, done)
	clean := ran.verdict(t)
	if clean.Total.Equal != load.Docs || len(clean.Problems) > 0 || !clean.Complete {
		t.Errorf("nothing differs: %+v", clean)
	}
	clean.cost(t, "nothing differs", plain, ran.resident)
	tenth := migassist(t, dir, verifyArgs("many", "many", "--index-allowlist", "few")...).want(t, done)
	t.Logf("a tenth of the documents: %d MiB resident", tenth.resident>>20)
	if most := tenth.resident + 64<<20; few.Docs >= 100_000 && ran.resident > most { // before, buffers fill for the first time
		t.Errorf("memory grows with the documents: %d MiB for %d, %d MiB for %d", tenth.resident>>20, few.Docs, ran.resident>>20, load.Docs)
	}
	migassist(t, dir, verifyArgs("many", "many", "--index-allowlist", "many", "--counts")...).want(t, done)

	altered, missing := fmt.Sprint(load.Docs/3), fmt.Sprint(load.Docs/2)
	before := string(must(t, source, "GET", "/many/_source/"+altered, ""))
	tampered := `{"planted":{"deep":[1]},` + strings.TrimPrefix(strings.TrimSpace(before), "{")
	must(t, target, "PUT", "/many/_doc/"+altered, tampered)
	must(t, target, "DELETE", "/many/_doc/"+missing, "")
	migassist(t, dir, verifyArgs("many", "many", "--index-allowlist", "many", "--counts")...).want(t, findings).says(t, `"fewer"`)
	must(t, target, "PUT", "/many/_doc/planted", `{"n":"not of the source"}`)

	file := filepath.Join(dir, "differ.ndjson")
	ran = migassist(t, dir, verifyArgs("many", "many", "--index-allowlist", "many", "--findings", file)...).want(t, findings)
	v := ran.verdict(t)
	want := []string{"different many/" + altered + ": planted", "extra many/planted", "missing many/" + missing}
	if diff := cmp.Diff(want, v.found()); diff != "" || v.Total.Equal != load.Docs-2 {
		t.Errorf("%s\n%+v", diff, v)
	}
	v.cost(t, "three differ", plain, ran.resident)
	if n := strings.Count(readFile(t, file), "\n"); n != 3 {
		t.Errorf("the file has %d findings", n)
	}
	v = migassist(t, dir, verifyArgs("many", "many", "--index-allowlist", "many", "--repair")...).want(t, done).verdict(t)
	if v.Repair == nil || v.Repair.Sent != 2 || v.Repair.Removed != 1 || v.Repair.Left != 0 {
		t.Errorf("the repair: %+v", v.Repair)
	}
	if after := string(must(t, target, "GET", "/many/_source/"+altered, "")); after != before {
		t.Errorf("the altered document is\n%s\nand was\n%s", after, before)
	}
	again := migassist(t, dir, verifyArgs("many", "many", "--index-allowlist", "many", "--only", file)...).want(t, done).verdict(t)
	if again.Total.Missing+again.Total.Extra+again.Total.Different != 0 || again.Total.Source < 2 {
		t.Errorf("looked at again: %+v", again.Total)
	}
	if v = migassist(t, dir, verifyArgs("many", "many", "--index-allowlist", "many")...).want(t, done).verdict(t); v.Total.Equal != load.Docs {
		t.Errorf("mended: %+v", v.Total)
	}
	must(t, target, "POST", "/_bulk?refresh=true", readWhole(t, filepath.Join(dir, "migassist-verify-undo.ndjson")))
	if undone := string(must(t, target, "GET", "/many/_source/"+altered, "")); undone != tampered || !strings.Contains(string(must(t, target, "GET", "/many/_source/planted", "")), "not of the source") {
		t.Errorf("undone, the altered document is %s", undone)
	}
}

// plainReads reads the snapshot once, and then the target, two shards at once as verify does, and does nothing with it.
func plainReads(t *testing.T, dir, snapshot string, load corpus.Load) (took time.Duration) {
	t.Helper()
	began := time.Now()
	migassist(t, dir, "rfs", "--repo-uri", "file://"+filepath.Join(source.Repo, snapshot), "--snapshot-name", snapshot, "--index-allowlist", load.Index,
		"--target-file", "/dev/null", "--dead-letter-file", filepath.Join(dir, "none.ndjson")).want(t, done)
	snapshotTook := time.Since(began)
	client, err := cluster.Connect(t.Context(), cluster.Options{URL: target.URL})
	if err != nil {
		t.Fatal(err)
	}
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(2)
	for shard := range load.Shards {
		group.Go(func() error {
			for _, err := range client.Scan(ctx, load.Index, fmt.Sprint("_shards:", shard), []byte(`{"size":1000,"sort":["_doc"]}`)) {
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	took = time.Since(began)
	t.Logf("a plain read of each side: %.1f s, of which the snapshot %.1f s", took.Seconds(), snapshotTook.Seconds())
	return took
}

// mostReads is how often a side may be read, in bytes.
const mostReads = 1.2

// cost tells what a verification took, and fails where it read more than it may, or kept more in memory than it was given.
func (v verdict) cost(t *testing.T, what string, plain time.Duration, resident int64) {
	t.Helper()
	t.Logf("%s: %.1f s, %.2f of a plain read of each side; in bytes the source %.3f times, the target %.3f times; %d MiB resident",
		what, v.Seconds, v.Seconds/plain.Seconds(), v.SourceReads, v.TargetReads, resident>>20)
	if v.Total.Source > 100_000 && max(v.SourceReads, v.TargetReads) > mostReads { // of few documents a block is much
		t.Errorf("%s: a side was read more than %.1f times", what, mostReads)
	}
	const given = 256 << 20 // --memory
	if resident > given*5/4 {
		t.Errorf("%s: %d MiB resident", what, resident>>20)
	}
}

// TestVerifyWhileOthersWrite: source and target follow each other, as behind a proxy that sends on what comes. What is on its way is no difference.
func TestVerifyWhileOthersWrite(t *testing.T) {
	wipe(t, source)
	wipe(t, target)
	dir := t.TempDir()
	load := corpus.Load{Index: "live", Shards: 2, Docs: 20_000, Size: 300}
	if err := load.Run(t.Context(), source); err != nil {
		t.Fatal(err)
	}
	if err := source.Snapshot(t.Context(), "verify-live", "verify-live", "live"); err != nil {
		t.Fatal(err)
	}
	migassist(t, dir, metadataArgs("migrate", "verify-live", "verify-live")...).want(t, done, findings)
	migassist(t, dir, rfsArgs(dir, "verify-live", "verify-live")...).want(t, done)
	must(t, target, "PUT", "/live/_doc/planted", `{"n":"not of the source"}`)
	must(t, target, "DELETE", "/live/_doc/77", "")
	for _, server := range []interface {
		Do(ctx context.Context, method, path string, body []byte) ([]byte, error)
	}{source, target} {
		if _, err := server.Do(t.Context(), "PUT", "/live/_settings", []byte(`{"index.refresh_interval":"200ms"}`)); err != nil {
			t.Fatal(err)
		}
	}

	stop := traffic(t, "live")
	v := migassist(t, dir, "console", "verify", "--source-host", source.URL, "--target-host", target.URL, "--index-allowlist", "live", "--settle", "3s", "--output", "json").want(t, findings).verdict(t)
	if diff := cmp.Diff([]string{"extra live/planted", "missing live/77"}, v.found()); diff != "" {
		t.Errorf("against the living source: %s", diff)
	}
	// Against the snapshot, what came since is extra: the living source keeps a repair from removing it.
	v = migassist(t, dir, verifyArgs("verify-live", "verify-live", "--source-host", source.URL, "--repair", "--most-deletes", "1000000")...).want(t, findings).verdict(t)
	written := stop()
	if v.Repair == nil || v.Repair.Sent != 1 || v.Repair.Removed != 1 || v.Repair.Left == 0 {
		t.Errorf("the repair: %+v of %d", v.Repair, written)
	}
	if v := migassist(t, dir, "console", "verify", "--source-host", source.URL, "--target-host", target.URL, "--index-allowlist", "live", "--output", "json").want(t, done).verdict(t); v.Total.Equal != load.Docs+written {
		t.Errorf("in the end: %+v, want %d", v.Total, load.Docs+written)
	}
}

// traffic writes a new document to the source, and a moment later to the target, again and again, until it is stopped: then it tells how many.
func traffic(t *testing.T, index string) (stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var senders sync.WaitGroup
	written := 0
	const behind = 300 * time.Millisecond
	senders.Go(func() {
		ticker := time.NewTicker(10 * time.Millisecond)
		defer ticker.Stop()
		for ctx.Err() == nil {
			<-ticker.C
			path, body := fmt.Sprintf("/%s/_doc/live-%d", index, written), fmt.Appendf(nil, `{"live":%d}`, written)
			if _, err := source.Do(t.Context(), "PUT", path, body); err != nil {
				t.Error(err)
				return
			}
			written++
			senders.Go(func() {
				timer := time.NewTimer(behind)
				<-timer.C
				if _, err := target.Do(t.Context(), "PUT", path, body); err != nil {
					t.Error(err)
				}
			})
		}
	})
	return func() int {
		cancel()
		senders.Wait()
		return written
	}
}

// TestVerifyOfTypesUnitedAndSplit moves an index of 5.6.16 with several mapping types, and others that are awkward, both ways.
func TestVerifyOfTypesUnitedAndSplit(t *testing.T) {
	repository, err := filepath.Abs("../../../testdata/snapshots/elasticsearch-5.6.16/repository")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		made    []string // indices that metadata makes on the target
		choices []string
		altered string // a document to tamper with
	}{
		"split":  {[]string{"same-ids_order", "same-ids_user", "types_order", "types_user"}, []string{"--multi-type-resolution", "split"}, "/same-ids_user/_doc/1"},
		"united": {[]string{"same-ids", "types"}, []string{"--multi-type-resolution", "union", "--id-collision", "prefix-type"}, "/same-ids/_doc/user:1"},
	} {
		t.Run(name, func(t *testing.T) {
			wipe(t, target)
			dir := t.TempDir()
			from := []string{"--repo-uri", repository, "--snapshot-name", "second", "--index-allowlist", "same-ids,types", "--target-host", target.URL, "--output", "json"}
			migassist(t, dir, append([]string{"metadata", "migrate", c.choices[0], c.choices[1]}, from...)...).want(t, done)
			if got := indices(t, target); !slices.Equal(got, c.made) {
				t.Errorf("metadata made %q, want %q", got, c.made)
			}
			common := append(from, c.choices...)
			moved := migassist(t, dir, append([]string{"rfs"}, common...)...).want(t, done, findings).summary(t)
			check := append([]string{"console", "verify"}, common...)
			if v := migassist(t, dir, check...).want(t, done).verdict(t); v.Total.Equal != moved.Total.Written || moved.Total.Written == 0 {
				t.Errorf("%d moved, and %+v", moved.Total.Written, v)
			}
			must(t, target, "PUT", c.altered, `{"tampered":true}`)
			v := migassist(t, dir, append(check, "--repair")...).want(t, done).verdict(t)
			if len(v.Differences) != 1 || v.Differences[0].Kind != "different" || v.Repair.Sent != 1 {
				t.Errorf("tampered with one: %+v", v)
			}
			migassist(t, dir, append(check, "--counts")...).want(t, done)
			migassist(t, dir, check...).want(t, done)
		})
	}
}

// TestVerifyOfEverythingAwkward: what the corpus has of odd ids, routings, encodings and nested objects, with versions, is the same on the target.
func TestVerifyOfEverythingAwkward(t *testing.T) {
	wipe(t, source)
	wipe(t, target)
	dir := t.TempDir()
	awkward := corpus.New(source)
	if err := awkward.First(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := source.Snapshot(t.Context(), "awkward-verify", "first", "*"); err != nil {
		t.Fatal(err)
	}
	choices := []string{"--allow-partial-source", "--doc-versions", "seqno"}
	migassist(t, dir, metadataArgs("migrate", "awkward-verify", "first")...).want(t, done, findings)
	moved := migassist(t, dir, rfsArgs(dir, "awkward-verify", "first", choices...)...).want(t, done, findings).summary(t)
	v := migassist(t, dir, verifyArgs("awkward-verify", "first", choices...)...).want(t, findings).says(t, "no-source").verdict(t)
	if v.Total.Equal != moved.Total.Written || len(v.Differences) > 0 || !v.Complete {
		t.Errorf("%d moved, and %+v", moved.Total.Written, v)
	}
	counts := migassist(t, dir, verifyArgs("awkward-verify", "first", append(choices, "--counts")...)...).want(t, findings)
	var tally struct {
		Indices []struct {
			Source  []string
			Verdict string
		}
	}
	if err := json.Unmarshal([]byte(counts.stdout), &tally); err != nil {
		t.Fatal(err)
	}
	wrong := map[string]string{}
	for _, row := range tally.Indices {
		if row.Verdict != "equal" {
			wrong[strings.Join(row.Source, ",")] = row.Verdict
		}
	}
	if len(wrong) > 0 || len(tally.Indices) < 10 {
		t.Errorf("of %d indices counts differ for %v: %q", len(tally.Indices), slices.Sorted(maps.Keys(wrong)), wrong)
	}
}

func readWhole(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// TestVerifyOfLargeDocuments: what rfs moves verify compares, whatever its size.
func TestVerifyOfLargeDocuments(t *testing.T) {
	wipe(t, source)
	wipe(t, target)
	dir := t.TempDir()
	must(t, source, "PUT", "/large", `{"settings":{"number_of_replicas":0},"mappings":{"dynamic":false}}`)
	large := `{"n":1,"text":"` + strings.Repeat("abcdefgh", 5<<20) + `"}`
	for i := range 3 {
		must(t, source, "PUT", fmt.Sprint("/large/_doc/", i), large)
	}
	must(t, source, "POST", "/large/_flush", "")
	if err := source.Snapshot(t.Context(), "large", "large", "large"); err != nil {
		t.Fatal(err)
	}
	migassist(t, dir, metadataArgs("migrate", "large", "large")...).want(t, done, findings)
	migassist(t, dir, rfsArgs(dir, "large", "large")...).want(t, done)
	must(t, target, "POST", "/large/_update/1", `{"doc":{"n":2}}`)
	must(t, target, "DELETE", "/large/_doc/2", "")
	ran := migassist(t, dir, verifyArgs("large", "large", "--repair")...).want(t, done)
	v := ran.verdict(t)
	if diff := cmp.Diff([]string{"different large/1: n", "missing large/2"}, v.found()); diff != "" || v.Repair.Sent != 2 {
		t.Errorf("%s\n%+v", diff, v)
	}
	t.Logf("documents of 40 MB: %.1f s, %d MiB resident", v.Seconds, ran.resident>>20)
	migassist(t, dir, verifyArgs("large", "large")...).want(t, done)
}

// TestVerifyGoesOnWhereItWasStopped, whether it was asked to, or killed.
func TestVerifyGoesOnWhereItWasStopped(t *testing.T) {
	wipe(t, source)
	wipe(t, target)
	dir := t.TempDir()
	load := corpus.Load{Index: "long", Shards: 4, Docs: 20_000, Size: 300}
	if err := load.Run(t.Context(), source); err != nil {
		t.Fatal(err)
	}
	if err := source.Snapshot(t.Context(), "long", "long", "long"); err != nil {
		t.Fatal(err)
	}
	migassist(t, dir, metadataArgs("migrate", "long", "long")...).want(t, done, findings)
	migassist(t, dir, rfsArgs(dir, "long", "long")...).want(t, done)
	must(t, target, "DELETE", "/long/_doc/77", "")
	state := filepath.Join(dir, "verify.state")
	args := verifyArgs("long", "long", "--verify-state-file", state)
	for _, signal := range []os.Signal{os.Interrupt, os.Kill, os.Interrupt} {
		ctx, cancel := context.WithTimeout(t.Context(), commandTimeout)
		cmd := command(ctx, dir, append(args, "--max-docs-per-second", "3000")...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(2500*time.Millisecond, func() { _ = cmd.Process.Signal(signal) })
		if err := cmd.Wait(); err == nil {
			t.Errorf("it was done before the signal")
		}
		cancel()
		if _, err := os.Stat(state); err != nil {
			t.Fatal(err)
		}
	}
	r := migassist(t, dir, args...).want(t, findings).says(t, "the verification goes on where it ended")
	v := r.verdict(t)
	if diff := cmp.Diff([]string{"missing long/77"}, v.found()); diff != "" || v.Total.Source != load.Docs || v.Total.Equal != load.Docs-1 {
		t.Errorf("%s\n%+v", diff, v.Total)
	}
	if _, err := os.Stat(state); err == nil {
		t.Error("the state of what is done is still there")
	}
}
