//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"migassist/internal/testcluster/chaos"
	"migassist/internal/testcluster/corpus"
)

// fleetKills is how many workers are killed with SIGKILL in each run. With few, as in `make e2e`, only the local file holds the state
// and no server is started anew.
var (
	fleetKills  = flag.Int("fleet.kills", fewKills, "workers to kill in each run of a fleet")
	fleetStores = flag.String("fleet.store", "", "only this store: file, index, split or objects")
	fleetSeed   = flag.Uint64("fleet.seed", uint64(time.Now().UnixNano()), "of the trouble")
)

const (
	fewKills    = 8
	fleetSize   = 300 // bytes of a document
	fleetShards = 8
	fleetSlots  = 4 // workers
	fleetBatch  = 40

	fleetConnections = 2

	usage = 2 // exit code of a command line that cannot be

	leaseTime  = 6 * time.Second
	bulkTime   = 2 * time.Second
	checkpoint = 5 * time.Second
	held       = 300 * time.Millisecond // every bulk is, while there is trouble, so that there is something to kill
)

// fleetDocs are enough to be busy while there is trouble.
func fleetDocs() int {
	if *fleetKills <= fewKills {
		return 50_000
	}
	return 120_000
}

// TestFleetLosesNothing runs four workers of the real binary through all that can happen to them, with each of the stores.
func TestFleetLosesNothing(t *testing.T) {
	wipe(t, source)
	if err := (corpus.Load{Index: "fleet", Shards: fleetShards, Docs: fleetDocs(), Size: fleetSize}).Run(t.Context(), source); err != nil {
		t.Fatal(err)
	}
	if err := source.Snapshot(t.Context(), "fleet", "fleet", "fleet"); err != nil {
		t.Fatal(err)
	}
	shards := shardOfEach(t)
	t.Logf("seed %d", *fleetSeed)
	for _, c := range []struct {
		name string
		at   func(t *testing.T) state
		more []string // flags
		long bool     // not in the short form
	}{
		{name: "file", at: inFile},
		{name: "index", at: inIndex, long: true},
		{name: "split", at: inIndex, more: []string{"--item-bytes", "1MiB"}, long: true},
		{name: "objects", at: inObjects, long: true},
	} {
		if c.long && *fleetKills <= fewKills && *fleetStores == "" || *fleetStores != "" && *fleetStores != c.name {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			run := &fleetRun{T: t, state: c.at(t), shards: shards, split: len(c.more) > 0, random: rand.New(rand.NewPCG(*fleetSeed, 2))}
			run.start(c.more)
			run.makeTrouble()
			run.finish()
		})
	}
}

// shardOfEach asks the source in which shard each document of the index lies.
func shardOfEach(t *testing.T) map[string]int {
	t.Helper()
	must(t, source, "POST", "/fleet/_refresh", "")
	must(t, source, "PUT", "/fleet/_settings", `{"index.max_result_window":1000000}`)
	shards := map[string]int{}
	for shard := range fleetShards {
		var found struct {
			Hits struct {
				Hits []struct {
					ID string `json:"_id"`
				} `json:"hits"`
			} `json:"hits"`
		}
		path := fmt.Sprintf("/fleet/_search?preference=_shards:%d&size=%d&_source=false&filter_path=hits.hits._id", shard, fleetDocs())
		if err := source.Get(t.Context(), path, &found); err != nil {
			t.Fatal(err)
		}
		for _, hit := range found.Hits.Hits {
			shards["fleet/"+hit.ID] = shard
		}
	}
	if len(shards) != fleetDocs() {
		t.Fatalf("%d documents in the shards of the source, want %d", len(shards), fleetDocs())
	}
	return shards
}

// fleetRun is one run of a fleet and its troubles.
type fleetRun struct {
	*testing.T
	state  state
	shards map[string]int
	split  bool // shards are cut into items
	random *rand.Rand

	proxy *chaos.Proxy
	fleet *chaos.Fleet
	done  map[string]int // troubles that were made
}

func (r *fleetRun) start(more []string) {
	wipe(r.T, target)
	must(r.T, target, "PUT", "/fleet", `{"settings":{"number_of_shards":3,"number_of_replicas":0},"mappings":{"dynamic":false}}`)
	proxy, err := chaos.Start(target.URL, *fleetSeed)
	if err != nil {
		r.Fatal(err)
	}
	r.proxy, r.done = proxy, map[string]int{}
	r.Cleanup(func() { _ = proxy.Close() })
	proxy.Journal.Item = func(document string) string { return strconv.Itoa(r.shards[document]) }
	proxy.Audit = (&audit{store: r.state.open(r.T), shards: r.shards, split: r.split}).look
	proxy.Slow(held)
	proxy.Trouble(true)

	dir := r.TempDir()
	arguments := append(append([]string{
		"rfs", "--repo-uri", "file://" + filepath.Join(source.Repo, "fleet"), "--snapshot-name", "fleet", "--target-host", proxy.URL,
		"--session-name", "chaos", "--lease-duration", leaseTime.String(), "--bulk-timeout", bulkTime.String(),
		"--documents-per-bulk-request", strconv.Itoa(fleetBatch), "--max-connections", strconv.Itoa(fleetConnections), "--memory", "64MiB",
		"--documents-size-per-bulk-request", "1MiB", "--dead-letter-file", "refused.ndjson", "--output", "json",
	}, r.state.flags...), more...)
	r.fleet = &chaos.Fleet{Binary: binary, Dir: dir, Arguments: func(int, int) []string { return arguments }}
	r.fleet.Done = func(code int) bool { return code == done || code == nothingToDo || code == findings || code == usage }
	ctx, cancel := context.WithCancel(context.Background())
	r.fleet.Start(ctx, fleetSlots)
	r.Cleanup(func() { cancel(); r.fleet.Wait() })
}

// makeTrouble kills, freezes and restarts until there was enough of it.
func (r *fleetRun) makeTrouble() {
	for r.done["kill"] < *fleetKills {
		if r.fleet.Over() {
			r.ends()
			r.Fatalf("the run was over after %d kills: %v, %v", r.done["kill"], r.done, r.proxy.Journal.Bulks())
		}
		r.pause(1500*time.Millisecond + time.Duration(r.random.Int64N(int64(2*time.Second))))
		switch kills := r.done["kill"]; {
		case kills%10 == 3 && r.done["freeze"] <= kills/10:
			r.freeze(r.random.IntN(fleetSlots))
		case *fleetKills > fewKills && kills >= *fleetKills/3 && r.done["target restart"] == 0:
			r.restartTarget()
		case *fleetKills > fewKills && kills >= *fleetKills*2/3 && r.done["coordinator restart"] == 0 && r.state.restart != nil:
			r.done["coordinator restart"]++
			r.state.restart()
		}
		r.awaitWork()
		if r.fleet.Signal(r.random.IntN(fleetSlots), syscall.SIGKILL) {
			r.done["kill"]++
		}
	}
	r.proxy.Trouble(false)
	r.proxy.Slow(0)
}

// awaitWork lets some bulks arrive, so that on a slow machine there is something to lose.
func (r *fleetRun) awaitWork() {
	const some, patience = 8, 8 * time.Second
	before := r.proxy.Journal.Documents()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline) && r.proxy.Journal.Documents() < before+some*fleetBatch; {
		r.pause(100 * time.Millisecond)
	}
}

// freeze stops a worker for longer than its lease, while the others go on.
func (r *fleetRun) freeze(place int) {
	if !r.fleet.Signal(place, syscall.SIGSTOP) {
		return
	}
	r.done["freeze"]++
	r.pause(leaseTime + 3*time.Second)
	r.fleet.Signal(place, syscall.SIGCONT)
	r.pause(time.Second)
}

func (r *fleetRun) restartTarget() {
	r.done["target restart"]++
	if err := target.Restart(r.Context()); err != nil {
		r.Fatal(err)
	}
	r.proxy.Before(target.URL)
}

func (r *fleetRun) pause(d time.Duration) {
	select {
	case <-r.Context().Done():
		r.Fatal(r.Context().Err())
	case <-time.After(d):
	}
}

// ends is how the workers ended. One that gives up by itself may do so only because a server is away.
func (r *fleetRun) ends() []chaos.End {
	r.gaveUp()
	ends := r.fleet.Wait()
	for _, end := range ends {
		if end.Code == findings || end.Code == usage {
			r.Errorf("worker %d ended with code %d:\n%s\n%s", end.Place, end.Code, end.Stdout, end.Stderr)
		}
	}
	return ends
}

func (r *fleetRun) gaveUp() {
	for _, end := range r.fleet.Failed() {
		r.Logf("worker %d gave up in its life %d with code %d:\n%s", end.Place, end.Life, end.Code, end.Stderr[max(0, len(end.Stderr)-1500):])
	}
}

// finish waits for the end and holds what came of it against what was promised.
func (r *fleetRun) finish() {
	started := time.Now()
	over := make(chan []chaos.End, 1)
	go func() { over <- r.fleet.Wait() }()
	select {
	case <-over:
	case <-time.After(5 * time.Minute):
		r.gaveUp()
		r.Fatalf("the workers do not end: %v, %v", r.done, r.proxy.Journal.Bulks())
	}
	r.summaries(r.ends())
	journal := r.proxy.Journal
	redone := journal.Redone()
	r.Logf("trouble: %v; bulks: %v; over %s after it", r.done, journal.Bulks(), time.Since(started).Round(time.Second))
	r.Logf("%d documents were done again by another worker, at most %d of one's time with an item, the oldest %s before its end; %d were sent again for a lost answer",
		redone.Documents, redone.Most, redone.Oldest.Round(time.Millisecond), redone.Resent)
	for n, violation := range journal.Violations() {
		if n < 10 {
			r.Errorf("violation: %s", violation)
		}
	}
	// What is done again was acknowledged since the last checkpoint, or in flight.
	const fastest = fleetConnections * fleetBatch * int(time.Second/time.Millisecond) / int(held/time.Millisecond) // documents a second of one worker
	if bound := fastest*int((checkpoint+bulkTime)/time.Second) + 2*fleetConnections*fleetBatch; !r.split && redone.Most > bound {
		r.Errorf("of one worker's time with an item %d documents were done again, want at most %d", redone.Most, bound)
	}
	// A batch that waits for the target to come back holds the cursor.
	if bound := checkpoint + leaseTime + 4*bulkTime; !r.split && redone.Oldest > bound {
		r.Errorf("work was done again that was %s old, want less than %s: %s", redone.Oldest, bound, redone.Where)
	}
	if compared := sameDocuments(r.T, "fleet"); compared != fleetDocs() {
		r.Errorf("%d documents compared, want %d", compared, fleetDocs())
	}
}

// summaries of all workers are of the whole run, and exact.
func (r *fleetRun) summaries(ends []chaos.End) {
	for _, end := range ends {
		var s summary
		if err := json.Unmarshal([]byte(end.Stdout), &s); err != nil {
			r.Errorf("summary of worker %d: %v\n%s", end.Place, err, end.Stdout)
			continue
		}
		if want := (counts{Read: fleetDocs(), Written: fleetDocs()}); s.Total != want || !s.Complete {
			r.Errorf("the summary of worker %d says %+v, complete %t, want %+v", end.Place, s.Total, s.Complete, want)
		}
	}
}
