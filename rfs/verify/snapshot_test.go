package verify_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"migassist/cluster"
	"migassist/internal/blob"
	"migassist/rfs"
	"migassist/rfs/bulk"
	"migassist/rfs/verify"
	"migassist/selection"
	"migassist/snapshot"
)

// openFixture returns a snapshot that a real server wrote.
func openFixture(t *testing.T, dir, name string) *snapshot.Snapshot {
	t.Helper()
	folder := filepath.Join("..", "..", "testdata", "snapshots", dir, "repository")
	repository, err := snapshot.Open(t.Context(), blob.FromFS(os.DirFS(folder), folder))
	if err != nil {
		t.Fatal(err)
	}
	snap, err := repository.Snapshot(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

// sourceOf is all of a snapshot that can be read with the choices.
func sourceOf(t *testing.T, snap *snapshot.Snapshot, choices rfs.Choices) (rfs.Source, *rfs.Plan) {
	t.Helper()
	chosen, _, err := rfs.Select(t.Context(), snap, selection.Allowlist{})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := rfs.NewPlan(t.Context(), snap, chosen.Chosen, choices)
	if err != nil {
		t.Fatal(err)
	}
	return rfs.Source{Snapshot: snap, Repository: "a folder", Choices: choices, Plan: func(context.Context) (*rfs.Plan, error) { return plan, nil }}, plan
}

// TestWhatABackfillSentIsFoundToBeThere, from snapshots of many kinds: with types that are split, sources in other encodings, documents that
// are skipped, routing, parents, nested documents and deleted ones.
func TestWhatABackfillSentIsFoundToBeThere(t *testing.T) {
	for dir, choices := range map[string]rfs.Choices{
		"elasticsearch-1.7.6":  {MultiType: rfs.MultiTypeSplit, AllowPartialSource: true},
		"elasticsearch-5.6.16": {MultiType: rfs.MultiTypeUnion, AllowPartialSource: true, Collision: rfs.CollisionPrefix},
		"elasticsearch-7.10.2": {AllowPartialSource: true, Versions: rfs.VersionsSeqNo},
		"opensearch-2.19.1":    {AllowPartialSource: true},
	} {
		t.Run(dir, func(t *testing.T) {
			t.Parallel()
			snap := openFixture(t, dir, "second")
			source, plan := sourceOf(t, snap, choices)
			_, client := newTarget(t)
			for _, name := range plan.Targets() {
				if err := client.CreateIndex(t.Context(), name, json.RawMessage(`{"settings":{"number_of_shards":3},"mappings":{"enabled":false}}`)); err != nil {
					t.Logf("%s is left out: %v", name, err)
				}
			}
			if err := plan.Collide(t.Context(), snap, choices.Collision); err != nil {
				t.Fatal(err)
			}
			options := rfs.Options{DeadLetterFile: filepath.Join(t.TempDir(), "dead-letters.ndjson")}
			moved, err := rfs.New(source, bulk.NewWriter(client, bulk.Patience{}), options).Run(t.Context())
			if err != nil || moved.Total.Written == 0 {
				t.Fatal(err, moved)
			}
			got, summary := found(t, verify.NewSnapshot(source, rfs.Options{}), client, verify.Options{})
			if len(got) > int(moved.Total.Refused) {
				t.Errorf("%d differ, and %d were refused: %v", len(got), moved.Total.Refused, got)
			}
			for _, f := range got {
				if f.Kind != verify.Missing {
					t.Error(f)
				}
			}
			if summary.Total.Equal != moved.Total.Written || summary.Skipped != moved.Total.Skipped {
				t.Errorf("written %d, skipped %d, and verified %+v", moved.Total.Written, moved.Total.Skipped, summary)
			}
			altersOne(t, source, client, summary.Indices[0].Index)
			altersMany(t, source, client, summary)
		})
	}
}

// altersMany alters some of all documents of the target, so many that some of them share a bucket, and has them found.
func altersMany(t *testing.T, source rfs.Source, client *cluster.Client, summary *verify.Summary) {
	t.Helper()
	altered, n := map[verify.Key]string{}, int64(0)
	for _, index := range summary.Indices {
		for group, err := range client.Select(t.Context(), index.Index, "", json.RawMessage(`{"size":10000}`)) {
			if err != nil {
				t.Fatal(err)
			}
			for _, hit := range group.Hits {
				if n++; n%(summary.Total.Source/800+1) == 0 {
					altered[verify.Key{Index: index.Index, ID: string(hit.ID), Routing: string(hit.Routing)}] = `{"altered":"with many others"}`
				}
			}
		}
	}
	put(t, client, altered)
	got, after := found(t, verify.NewSnapshot(source, rfs.Options{}).WithBlocks(1), client, verify.Options{})
	different := 0
	for _, f := range got {
		if _, is := altered[f.Key]; is && f.Kind == verify.Different {
			different++
		}
	}
	if different != len(altered) || after.Total.Source > 5000 && after.SourceReads > 1.6 {
		t.Errorf("%d documents were altered, and %d of them found, reading the source %.2f times", len(altered), different, after.SourceReads)
	}
}

// altersOne alters a document of the target, and has it found.
func altersOne(t *testing.T, source rfs.Source, client *cluster.Client, index string) {
	t.Helper()
	for group, err := range client.Select(t.Context(), index, "", json.RawMessage(`{"size":1}`)) {
		if err != nil {
			t.Fatal(err)
		}
		hit := group.Hits[0]
		key := verify.Key{Index: index, ID: string(hit.ID), Routing: string(hit.Routing)}
		put(t, client, map[verify.Key]string{key: `{"altered":"thoroughly"}`})
		var different int
		got, summary := found(t, verify.NewSnapshot(source, rfs.Options{}).WithBlocks(1), client, verify.Options{})
		if summary.SourceReads > 1.1 {
			t.Errorf("the source was read %.2f times for one document of %d", summary.SourceReads, summary.Total.Source)
		}
		for _, f := range got {
			if f.Kind == verify.Different {
				different++
				if diff := cmp.Diff(key, f.Key); diff != "" {
					t.Error(diff)
				}
			}
		}
		if different != 1 {
			t.Errorf("%d documents are different, one was altered: %v", different, got)
		}
	}
}

func TestALiveSourceIsCompared(t *testing.T) {
	_, from := newTarget(t, "books", "films")
	_, to := newTarget(t, "new-books", "films")
	docs := map[verify.Key]string{}
	there := map[verify.Key]string{}
	lost := verify.Key{Index: "new-books", ID: "1", Routing: "r"}
	for _, key := range []verify.Key{{Index: "books", ID: "1", Routing: "r"}, {Index: "books", ID: "2"}, {Index: "films", ID: "1"}} {
		docs[key] = `{"a":1}`
		if key.Index == "books" {
			key.Index = "new-books"
		}
		if key != lost {
			there[key] = `{"a":1}`
		}
	}
	put(t, from, docs)
	put(t, to, there)
	source := verify.NewLive(from.Reader, []string{"books", "films"}, verify.LiveOptions{Address: func(index, _ string) string {
		if index == "books" {
			return "new-books"
		}
		return index
	}})
	got, summary := found(t, source, to, verify.Options{})
	if want := []finding{{verify.Missing, lost, "", 1}}; !cmp.Equal(want, got) || summary.Total.Source != 3 {
		t.Error(cmp.Diff(want, got), summary)
	}
	// The source changes its mind before the second look.
	wait := func(ctx context.Context, _ time.Duration) error {
		_, err := from.Bulk(ctx, []byte(`{"delete":{"_index":"books","_id":"1","routing":"r"}}`+"\n"))
		return err
	}
	if got, _ := foundOnly(t, source, to, verify.Options{Settle: time.Second, Wait: wait}); len(got) > 0 {
		t.Error(got)
	}
}

// TestBlocksAreReadByThemselves: of blocks chosen by chance all documents come, and no others, unless the whole part is read.
func TestBlocksAreReadByThemselves(t *testing.T) {
	source, _ := sourceOf(t, openFixture(t, "elasticsearch-7.10.2", "second"), rfs.Choices{AllowPartialSource: true, Versions: rfs.VersionsSeqNo})
	for _, bits := range []int{1, 4} {
		snap := verify.NewSnapshot(source, rfs.Options{}).WithBlocks(bits)
		parts, err := snap.Parts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(uint64(bits), 1))
		chosen, seen := map[uint64]bool{}, map[string]uint64{}
		for _, part := range parts {
			want := map[string]int{}
			gather := func(into map[string]int) func([]verify.Document) error {
				var mu sync.Mutex
				return func(docs []verify.Document) error {
					mu.Lock()
					defer mu.Unlock()
					for i := range docs {
						name := string(docs[i].Action) + string(docs[i].Source)
						into[name]++
						if block, known := seen[name]; known && block != docs[i].Block {
							t.Errorf("%s lies in block %x, and then in %x", docs[i].Action, block, docs[i].Block)
						}
						seen[name] = docs[i].Block
					}
					return nil
				}
			}
			if _, err := snap.Read(t.Context(), part, gather(want)); err != nil {
				t.Fatal(err)
			}
			all := len(want)
			for name := range want {
				block := seen[name]
				if _, known := chosen[block]; !known {
					chosen[block] = r.IntN(4) == 0
				}
				if !chosen[block] {
					delete(want, name)
				}
			}
			got := map[string]int{}
			if _, err := snap.ReadBlocks(t.Context(), part, func(block uint64) bool { return chosen[block] }, gather(got)); err != nil {
				t.Fatal(err)
			}
			for name, n := range want {
				if got[name] != n {
					t.Errorf("%.100s came %d times of %d", name, got[name], n)
				}
			}
			for name := range got {
				if want[name] == 0 && len(got) != all { // where more than half of the blocks are wanted, the whole part is read
					t.Errorf("part %s: %.100s was not wanted", part, name)
				}
			}
		}
	}
}

func TestASieveForgetsNoneAndLetsFewOthersThrough(t *testing.T) {
	s := verify.NewSieve(1 << 16)
	r := rand.New(rand.NewPCG(1, 1))
	key := func(i int) (k [16]byte) {
		binary.BigEndian.PutUint64(k[8:], uint64(i)*0x9e3779b97f4a7c15)
		return k
	}
	for i := range 10_000 {
		s.Add(uint64(i%50), key(i))
	}
	through := 0
	for i := range 10_000 {
		if !s.Has(uint64(i%50), key(i)) {
			t.Fatalf("%d is not in block %d", i, i%50)
		}
		if s.Has(uint64(i%50)+1+r.Uint64N(40), key(i)) {
			through++
		}
	}
	if through > 40 { // four of a hundred bits are set
		t.Errorf("%d of 10,000 others pass", through)
	}
}
