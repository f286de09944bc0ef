package rfs_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"migassist/cluster"
	"migassist/rfs"
	"migassist/rfs/bulk"
	"migassist/rfs/lease"
	"migassist/rfs/lease/leasetest"
)

// picky is a sink that refuses some documents, always the same ones, and calls before for each batch.
type picky struct {
	keep
	before func() error
}

func refuses(id string) bool { return crc32.ChecksumIEEE([]byte(id))%11 == 0 }

func (p *picky) Write(_ context.Context, b *bulk.Batch, _ bulk.Permit) (bulk.Outcome, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.before != nil {
		if err := p.before(); err != nil {
			return bulk.Outcome{}, err
		}
	}
	var out bulk.Outcome
	var taken bulk.Batch
	for i := range b.Len() {
		action, source := b.Operation(i)
		var line struct {
			Index struct {
				ID string `json:"_id"`
			} `json:"index"`
		}
		if err := json.Unmarshal(action, &line); err != nil {
			return out, err
		}
		if refuses(line.Index.ID) {
			out.Refused = append(out.Refused, bulk.Refusal{Operation: i, Status: 400, Reason: cluster.ItemError{Type: "mapper_parsing_exception", Reason: "picky"}})
			continue
		}
		taken.Add(fmt.Appendf(taken.Grow(), "%s\n%s\n", action, source))
		out.Written++
	}
	p.take(&taken)
	return out, nil
}

// ticking is a clock that moves on at each look, so that cursors are saved after every batch.
func ticking() func() time.Time {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return func() time.Time {
		now = now.Add(10 * time.Second)
		return now
	}
}

// letter is a record of the dead letters, as far as tests look.
type letter struct {
	Run     string       `json:"run"`
	Index   string       `json:"targetIndex"`
	Item    string       `json:"workItemId"`
	Place   rfs.Position `json:"place"`
	ID      string       `json:"documentId"`
	Routing string       `json:"routing"`
}

// deadLettersOf reads the documents in a dead-letter file, and how many records stand there twice.
func deadLettersOf(t *testing.T, name string) (docs map[string]bool, twice int) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	docs = map[string]bool{}
	places := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var l letter
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		key, place := doc{Index: l.Index, ID: l.ID, Routing: l.Routing}.key(), fmt.Sprint(l.Item, l.Place)
		switch was, again := places[place]; {
		case again && was != key:
			t.Errorf("%s and %s have the same place %s", was, key, place)
		case again:
			twice++
		case docs[key]:
			t.Errorf("dead letter %s has two places", key)
		}
		docs[key], places[place] = true, key
	}
	return docs, twice
}

// copyOf is what the store has at the moment.
func copyOf(t *testing.T, store lease.Store) *leasetest.Memory {
	t.Helper()
	records, err := store.List(t.Context(), "", "", false, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	image := leasetest.NewMemory()
	for _, r := range records {
		if r, err = store.Get(t.Context(), r.Key); err != nil {
			t.Fatal(err)
		}
		r.Version = ""
		if _, err := image.Put(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	return image
}

// image is what a kill would leave: the store, the dead letters, and what the target has by then.
type image struct {
	store   *leasetest.Memory
	letters []byte
	docs    map[string]string
}

// TestAKilledWorkIsGoneOnWith takes, before each batch, an image of what a kill would leave, and lets another worker go on from
// some: nothing is lost, nothing counted twice.
func TestAKilledWorkIsGoneOnWith(t *testing.T) {
	const name = "elasticsearch-7.10.2/second"
	snap := openFixture(t, name)
	plan := planAll(t, snap)
	want := map[string]string{}
	for _, index := range plan.Indices() {
		maps.Copy(want, expected(t, name, index))
	}
	options := func(store lease.Store, letters string) rfs.Options {
		return rfs.Options{
			BatchDocs: 100, InFlight: 3, Store: store, DeadLetterFile: letters, Now: ticking(), Target: "t",
			LeaseDuration: 300 * time.Millisecond, BulkTimeout: 100 * time.Millisecond,
		}
	}
	store, letters := leasetest.NewMemory(), filepath.Join(t.TempDir(), "dead.ndjson")
	var images []image
	sink := &picky{keep: keep{t: t, docs: map[string]string{}}}
	sink.before = func() error {
		at := image{store: copyOf(t, store), docs: maps.Clone(sink.docs)}
		var err error
		if at.letters, err = os.ReadFile(letters); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		images = append(images, at)
		return nil
	}
	complete := run(t, snap, plan, sink, options(store, letters))
	if len(images) < 20 {
		t.Fatalf("only %d batches: nothing to kill", len(images))
	}
	refused, twice := deadLettersOf(t, letters)
	if len(refused) == 0 || int64(len(refused)) != complete.Total.Refused || twice > 0 {
		t.Fatalf("%d dead letters, %d twice, the summary says %d", len(refused), twice, complete.Total.Refused)
	}
	for i := 0; i < len(images); i += 1 + len(images)/7 {
		again := filepath.Join(t.TempDir(), "dead.ndjson")
		if images[i].letters != nil {
			// A kill may tear the last record.
			if err := os.WriteFile(again, append(images[i].letters, images[i].letters[:40]...), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		second := &picky{keep: keep{t: t, docs: map[string]string{}}}
		summary := run(t, snap, plan, second, options(images[i].store, again))
		if summary.Total != complete.Total || !summary.Complete {
			t.Errorf("killed before batch %d: %+v, want %+v", i, summary.Total, complete.Total)
		}
		if summary.Redone == 0 && i > 0 {
			t.Errorf("killed before batch %d: nothing was taken up again", i)
		}
		all := images[i].docs
		maps.Copy(all, second.docs)
		for key := range refused {
			all[key] = want[key]
		}
		compare(t, want, all)
		if got, _ := deadLettersOf(t, again); len(got) != len(refused) {
			t.Errorf("killed before batch %d: %d dead letters, want %d", i, len(got), len(refused))
		}
	}
}

// meeting is one worker's way to a sink that several share. Its first batch waits until all of them have one.
type meeting struct {
	*picky
	once sync.Once
	met  *sync.WaitGroup
}

func (m *meeting) Write(ctx context.Context, b *bulk.Batch, permit bulk.Permit) (bulk.Outcome, error) {
	m.once.Do(func() {
		m.met.Done()
		m.met.Wait()
	})
	return m.picky.Write(ctx, b, permit)
}

// TestWorkersShareARun has several workers on one store: each document is sent once, and all say the same of it.
func TestWorkersShareARun(t *testing.T) {
	const name = "elasticsearch-7.10.2/second"
	snap := openFixture(t, name)
	plan := planAll(t, snap)
	store, letters := leasetest.NewMemory(), filepath.Join(t.TempDir(), "dead.ndjson")
	sink := &picky{keep: keep{t: t, docs: map[string]string{}}}
	const workers = 4
	var summaries [workers]*rfs.Summary
	var all, met sync.WaitGroup
	met.Add(workers)
	for i := range workers {
		all.Go(func() {
			var err error
			summaries[i], err = rfs.New(of(snap, plan), &meeting{picky: sink, met: &met}, rfs.Options{BatchDocs: 20, Store: store, DeadLetterFile: letters}).Run(t.Context())
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	refused, twice := deadLettersOf(t, letters)
	for _, s := range summaries {
		if s == nil || !s.Complete || s.Total != summaries[0].Total || s.Redone > 0 {
			t.Fatalf("%+v, another has %+v", s, summaries[0])
		}
	}
	s := summaries[0]
	if s.Workers != workers || s.Items != len(plan.Items) {
		t.Errorf("%d workers moved %d items, want %d and %d", s.Workers, s.Items, workers, len(plan.Items))
	}
	if int64(len(sink.docs)) != s.Total.Written || int64(len(refused)) != s.Total.Refused || twice > 0 {
		t.Errorf("%d documents arrived, %d were refused, %d records twice; the summary says %+v", len(sink.docs), len(refused), twice, s.Total)
	}
}

func TestASinkThatFailsEndsTheWorkerAndKeepsTheState(t *testing.T) {
	snap := openFixture(t, "demo/nightly")
	plan := planAll(t, snap)
	options := rfs.Options{BatchDocs: 50, InFlight: 2, Store: leasetest.NewMemory(), DeadLetterFile: filepath.Join(t.TempDir(), "dead.ndjson"), Target: "t"}
	batches := 0
	sink := &picky{keep: keep{t: t, docs: map[string]string{}}, before: func() error {
		if batches++; batches > 5 {
			return errors.New("the target is gone")
		}
		return nil
	}}
	summary, err := rfs.New(of(snap, plan), sink, options).Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "the target is gone") || summary.Complete || !summary.Failed() || !summary.Resumable {
		t.Fatalf("%+v, %v", summary, err)
	}
	if summary.Total.Read == 0 || !summary.Total.Balanced() {
		t.Errorf("five batches of 50 were taken, the summary says %+v", summary.Total)
	}
	rest := &picky{keep: keep{t: t, docs: map[string]string{}}}
	end := run(t, snap, plan, rest, options)
	if !end.Complete || end.Total.Read != 1438 || int64(len(rest.docs)) >= end.Total.Written {
		t.Errorf("the second run sent %d of %+v", len(rest.docs), end.Total)
	}
}

func TestAFinishedRunHasNothingLeft(t *testing.T) {
	snap := openFixture(t, "demo/nightly")
	plan := planAll(t, snap)
	options := rfs.Options{Store: leasetest.NewMemory(), DeadLetterFile: filepath.Join(t.TempDir(), "dead.ndjson"), Target: "t"}
	first := run(t, snap, plan, &keep{t: t, docs: map[string]string{}}, options)
	got := &keep{t: t, docs: map[string]string{}}
	again := rfs.New(of(snap, plan), got, options)
	summary, err := again.Run(t.Context())
	if err != nil || !again.Idle() || len(got.docs) > 0 || summary.Total != first.Total || !summary.Complete {
		t.Errorf("idle %v, %d documents sent, %+v, %v", again.Idle(), len(got.docs), summary, err)
	}
}

func TestARunIsNotGoneOnWithToAnotherTarget(t *testing.T) {
	snap := openFixture(t, "demo/nightly")
	plan := planAll(t, snap)
	options := rfs.Options{Store: leasetest.NewMemory(), DeadLetterFile: filepath.Join(t.TempDir(), "dead.ndjson"), Target: "t"}
	run(t, snap, plan, &keep{t: t, docs: map[string]string{}}, options)
	options.Target = "elsewhere"
	if _, err := rfs.New(of(snap, plan), &keep{t: t}, options).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "another backfill") {
		t.Error(err)
	}
}

// TestAPlanThatIsRefusedLeavesNothing looks into the store after a run that never began.
func TestAPlanThatIsRefusedLeavesNothing(t *testing.T) {
	snap := openFixture(t, "demo/nightly")
	plan := planAll(t, snap)
	empty, err := rfs.NewPlan(t.Context(), snap, nil, rfs.Choices{})
	if err != nil {
		t.Fatal(err)
	}
	refusal := errors.New("the target has no index")
	for _, c := range []struct {
		plan *rfs.Plan
		want error
	}{{plan, refusal}, {empty, nil}} {
		store := leasetest.NewMemory()
		_, err := rfs.New(of(snap, c.plan), &keep{t: t}, rfs.Options{Store: store, Check: func(context.Context, *rfs.Plan) error { return refusal }}).Run(t.Context())
		if !errors.Is(err, c.want) {
			t.Errorf("got %v, want %v", err, c.want)
		}
		if records, err := store.List(t.Context(), "", "", false, 1); len(records) > 0 || err != nil {
			t.Errorf("%v, %v", records, err)
		}
	}
}

// TestASignalEndsAWorkerInTime stops a worker in the middle: the batch in flight counts, its items are given back at once, and
// another goes on after what was saved.
func TestASignalEndsAWorkerInTime(t *testing.T) {
	snap := openFixture(t, "elasticsearch-7.10.2/second")
	plan := planAll(t, snap)
	options := rfs.Options{BatchDocs: 50, InFlight: 2, Store: leasetest.NewMemory(), DeadLetterFile: filepath.Join(t.TempDir(), "dead.ndjson")}
	ctx, cancel := context.WithCancelCause(t.Context())
	signal := errors.New("stopped by a signal")
	sink := &picky{keep: keep{t: t, docs: map[string]string{}}}
	batches := 0
	sink.before = func() error {
		if batches++; batches == 5 {
			cancel(signal)
		}
		return nil
	}
	begun := time.Now()
	summary, err := rfs.New(of(snap, plan), sink, options).Run(ctx)
	if !errors.Is(err, signal) || summary == nil || summary.Complete || time.Since(begun) > 10*time.Second {
		t.Fatalf("%v after %s, %+v", err, time.Since(begun), summary)
	}
	refused, _ := deadLettersOf(t, options.DeadLetterFile)
	if got := int64(len(sink.docs) + len(refused)); got != summary.Total.Read {
		t.Errorf("%d documents have a fate, the state says %d", got, summary.Total.Read)
	}
	// The same sink finds documents that come twice. The lease time is five minutes: it does not matter.
	sink.before = nil
	rest := run(t, snap, plan, sink, options)
	refused, twice := deadLettersOf(t, options.DeadLetterFile)
	if !rest.Complete || rest.Redone > 0 || twice > 0 || rest.Total.Written != int64(len(sink.docs)) || rest.Total.Refused != int64(len(refused)) {
		t.Errorf("%+v, %d arrived, %d were refused", rest, len(sink.docs), len(refused))
	}
}

// TestARunLeavesTheDeadLettersOfAnotherAlone has two runs name the same dead-letter file.
func TestARunLeavesTheDeadLettersOfAnotherAlone(t *testing.T) {
	snap := openFixture(t, "demo/nightly")
	plan := planAll(t, snap)
	letters := filepath.Join(t.TempDir(), "dead.ndjson")
	clean := rfs.Options{Store: leasetest.NewMemory(), DeadLetterFile: letters}
	run(t, snap, plan, &keep{t: t, docs: map[string]string{}}, clean)
	run(t, snap, plan, &picky{keep: keep{t: t, docs: map[string]string{}}}, rfs.Options{DeadLetterFile: letters})
	want, err := os.ReadFile(letters)
	if err != nil || len(want) == 0 {
		t.Fatal("nothing was refused", err)
	}
	for name, o := range map[string]rfs.Options{"the first run": clean, "a new one": {DeadLetterFile: letters}} {
		if _, err := rfs.New(of(snap, plan), &keep{t: t}, o).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "another run") {
			t.Errorf("%s came again: %v", name, err)
		}
	}
	foreign := filepath.Join(t.TempDir(), "shared.ndjson")
	sink := &picky{keep: keep{t: t, docs: map[string]string{}}, before: func() error {
		return os.WriteFile(foreign, []byte("of a run that began later\n"), 0o600)
	}}
	if _, err := rfs.New(of(snap, plan), sink, rfs.Options{DeadLetterFile: foreign}).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "another run") {
		t.Errorf("a file that came in between was taken: %v", err)
	}
	for name, want := range map[string]string{letters: string(want), foreign: "of a run that began later\n"} {
		if got, err := os.ReadFile(name); err != nil || string(got) != want {
			t.Errorf("%s was touched: %v", name, err)
		}
	}
}

// TestADamagedBlobEndsItsShardAndNamesThePlace flips one byte in the middle of each data blob in turn.
func TestADamagedBlobEndsItsShardAndNamesThePlace(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "repository")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(*fixtures, "demo", "repository"))); err != nil {
		t.Fatal(err)
	}
	blobs, err := filepath.Glob(filepath.Join(dir, "indices", "*", "*", "__*"))
	if err != nil || len(blobs) == 0 {
		t.Fatal("no blobs", err)
	}
	intact := &keep{t: t, docs: map[string]string{}}
	snap := openSnapshot(t, dir, "nightly")
	run(t, snap, planAll(t, snap), intact, rfs.Options{})
	caught := 0
	for _, name := range blobs {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		data[len(data)/2] ^= 0x10
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		got := &keep{t: t, docs: map[string]string{}}
		summary := run(t, snap, planAll(t, snap), got, rfs.Options{})
		if summary.Failed() {
			caught++
			reason := summary.Findings[0].Reason
			if !strings.Contains(reason, "offset") || !strings.Contains(reason, "shard") {
				t.Errorf("%s: %s", filepath.Base(name), reason)
			}
		} else {
			compare(t, intact.docs, got.docs) // the byte lay in a file that nobody reads
		}
		if !summary.Total.Balanced() {
			t.Errorf("%s: %+v", filepath.Base(name), summary.Total)
		}
		data[len(data)/2] ^= 0x10
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if caught == 0 {
		t.Error("no damage was noticed")
	}
	t.Logf("%d of %d damaged blobs were read, and noticed", caught, len(blobs))
}

func TestFileSinkKeepsWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "out.ndjson")
	if err := os.WriteFile(name, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := rfs.NewFileSink(name, nil, false); err == nil || !strings.Contains(err.Error(), "--overwrite") {
		t.Errorf("got %v", err)
	}
	if _, err := rfs.NewFileSink(dir, nil, false); err == nil || !strings.Contains(err.Error(), "folder") {
		t.Errorf("got %v", err)
	}
	sink, err := rfs.NewFileSink(name, nil, true)
	if err != nil {
		t.Fatal(err)
	}
	var b bulk.Batch
	b.Add(append(b.Grow(), "{}\n{}\n"...))
	if _, err := sink.Write(t.Context(), &b, nil); err != nil {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(name); string(data) != "precious" {
		t.Errorf("replaced before it was complete: %s", data)
	}
	if err := sink.Close(true); err != nil {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(name); string(data) != "{}\n{}\n" {
		t.Errorf("got %q", data)
	}
}

// TestADocumentLargerThanTheMemoryIsNamed reads documents of hundreds of kilobytes with a budget below that.
func TestADocumentLargerThanTheMemoryIsNamed(t *testing.T) {
	snap := openFixture(t, "elasticsearch-7.10.2-chunked/chunked")
	got := &keep{t: t, docs: map[string]string{}}
	summary := run(t, snap, planAll(t, snap), got, rfs.Options{Memory: 128 << 10})
	if len(summary.Findings) != 1 || !strings.Contains(summary.Findings[0].Reason, "6 documents could not be sent") {
		t.Errorf("findings %+v", summary.Findings)
	}
	if total := summary.Total; !total.Balanced() || total.Skipped != 6 || total.Written < 242 {
		t.Errorf("the other documents were to go on: %+v", summary.Total)
	}
}
