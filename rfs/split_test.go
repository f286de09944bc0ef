package rfs_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"migassist/rfs"
	"migassist/rfs/bulk"
	"migassist/rfs/lease"
	"migassist/rfs/lease/leasetest"
	"migassist/snapshot"
)

// TestSplitShardsComeOutExactly splits every shard of every fixture as finely as its chunks allow, for two workers, and wants what
// the server said: none missing, none twice, none different.
func TestSplitShardsComeOutExactly(t *testing.T) {
	split := 0
	for _, name := range fixtureSnapshots(t) {
		snap := openFixture(t, name)
		plan := planAll(t, snap)
		want := map[string]string{}
		for _, index := range plan.Indices() {
			maps.Copy(want, expected(t, name, index))
		}
		got := &keep{docs: map[string]string{}, t: t}
		options := rfs.Options{Store: leasetest.NewMemory(), ItemBytes: 1, BatchDocs: 13, LeaseDuration: 20 * time.Second, DeadLetterFile: filepath.Join(t.TempDir(), "dead")}
		var all sync.WaitGroup
		var summaries [2]*rfs.Summary
		for i := range summaries {
			all.Go(func() {
				var err error
				if summaries[i], err = rfs.New(of(snap, plan), got, options).Run(t.Context()); err != nil {
					t.Error(name, err)
				}
			})
		}
		all.Wait()
		if t.Failed() {
			return
		}
		compare(t, want, got.docs)
		for _, s := range summaries {
			if s.Total.Written != int64(len(want)) || !s.Complete || s.Failed() {
				t.Errorf("%s: the summary says %+v of %d documents, findings %v", name, s.Total, len(want), s.Findings)
			}
		}
		split += summaries[0].Items - len(plan.Items)
	}
	if split < 50 {
		t.Errorf("only %d parts", split)
	}
}

// watched is a sink that calls before for each batch.
type watched struct {
	keep
	before func()
}

func (w *watched) Write(_ context.Context, b *bulk.Batch, _ bulk.Permit) (bulk.Outcome, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.before()
	w.take(b)
	return bulk.Outcome{Written: b.Len()}, nil
}

// TestAKilledPartIsGoneOnWith kills at every batch of shards that are split, as [TestAKilledWorkIsGoneOnWith] does of whole ones: the
// sums that the killed worker left have to fit to those of the next.
func TestAKilledPartIsGoneOnWith(t *testing.T) {
	const name = "opensearch-2.19.1-chunked/chunked"
	snap := openFixture(t, name)
	plan := planAll(t, snap)
	want := map[string]string{}
	for _, index := range plan.Indices() {
		maps.Copy(want, expected(t, name, index))
	}
	options := func(store lease.Store) rfs.Options {
		return rfs.Options{
			BatchDocs: 7, InFlight: 2, Store: store, Now: ticking(), DeadLetterFile: filepath.Join(t.TempDir(), "dead"), ItemBytes: 1,
			LeaseDuration: 300 * time.Millisecond, BulkTimeout: 100 * time.Millisecond,
		}
	}
	store := leasetest.NewMemory()
	var images []image
	sink := &watched{keep: keep{t: t, docs: map[string]string{}}}
	sink.before = func() { images = append(images, image{store: copyOf(t, store), docs: maps.Clone(sink.docs)}) }
	complete := run(t, snap, plan, sink, options(store))
	if complete.Items < len(plan.Items)+3 {
		t.Fatalf("only %d items of %d shards", complete.Items, len(plan.Items))
	}
	for i := 1; i < len(images); i += 1 + len(images)/8 {
		second := &keep{t: t, docs: map[string]string{}}
		summary := run(t, snap, plan, second, options(images[i].store))
		if summary.Total != complete.Total || !summary.Complete || summary.Failed() {
			t.Errorf("killed before batch %d: %+v, want %+v, findings %v", i, summary.Total, complete.Total, summary.Findings)
		}
		maps.Copy(images[i].docs, second.docs)
		compare(t, want, images[i].docs)
	}
}

// TestDamageInASplitSegmentIsFoundByItsSum flips bytes of stored fields that several items read in parts: what still decodes is found
// when the parts' sums are joined.
func TestDamageInASplitSegmentIsFoundByItsSum(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "repository")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(*fixtures, "elasticsearch-7.10.2", "repository"))); err != nil {
		t.Fatal(err)
	}
	open := func() (*snapshot.Snapshot, *rfs.Plan) {
		snap := openSnapshot(t, dir, "second")
		plan, err := rfs.NewPlan(t.Context(), snap, []string{"tiny"}, rfs.Choices{}) // of more than one chunk
		if err != nil {
			t.Fatal(err)
		}
		return snap, plan
	}
	intact := &keep{t: t, docs: map[string]string{}}
	snap, plan := open()
	run(t, snap, plan, intact, rfs.Options{ItemBytes: 1})
	index, err := snap.Index(t.Context(), "tiny")
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := filepath.Glob(filepath.Join(dir, "indices", index.ID, "*", "__*"))
	if err != nil {
		t.Fatal(err)
	}
	joined := 0
	for _, name := range blobs {
		whole, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for percent := 2; percent < 100; percent += 4 {
			data := slices.Clone(whole)
			data[len(data)*percent/100] ^= 0x01
			if err := os.WriteFile(name, data, 0o600); err != nil {
				t.Fatal(err)
			}
			snap, plan := open()
			nowhere, err := rfs.NewFileSink(os.DevNull, nil, false)
			if err != nil {
				t.Fatal(err)
			}
			summary := run(t, snap, plan, nowhere, rfs.Options{ItemBytes: 1})
			if !summary.Failed() {
				got := &keep{t: t, docs: map[string]string{}}
				run(t, snap, plan, got, rfs.Options{ItemBytes: 1})
				compare(t, intact.docs, got.docs) // the byte lay in a file that nobody reads
			}
			for _, finding := range summary.Findings {
				if strings.Contains(finding.Reason, "in parts") && strings.Contains(finding.Reason, "shard ") && strings.Contains(finding.Reason, "segment _") {
					joined++
				}
			}
		}
		if err := os.WriteFile(name, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if joined == 0 {
		t.Error("no damage was found by the sum of parts")
	}
	t.Logf("%d damages were found by joined sums", joined)
}
