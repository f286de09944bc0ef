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
	"testing"
	"time"

	"migassist/cluster"
	"migassist/rfs"
	"migassist/rfs/bulk"
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

// ticking is a clock that moves two seconds at each look, so that the state is saved after every batch.
func ticking() func() time.Time {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return func() time.Time {
		now = now.Add(2 * time.Second)
		return now
	}
}

// deadLettersOf reads the ids in a dead-letter file and checks that none stands twice.
func deadLettersOf(t *testing.T, name string) map[string]bool {
	t.Helper()
	data, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var letter struct {
			Index   string `json:"targetIndex"`
			ID      string `json:"documentId"`
			Routing string `json:"routing"`
		}
		if err := json.Unmarshal(lines.Bytes(), &letter); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		key := doc{Index: letter.Index, ID: letter.ID, Routing: letter.Routing}.key()
		if ids[key] {
			t.Errorf("dead letter %s stands twice", key)
		}
		ids[key] = true
	}
	return ids
}

// imageOf copies what a kill would leave in a folder: the state, and dead letters that are at least as many as it counts.
func imageOf(t *testing.T, dir string) (image string, err error) {
	image = t.TempDir()
	read := func(name string) []byte {
		data, readErr := os.ReadFile(filepath.Join(dir, name))
		if !errors.Is(readErr, os.ErrNotExist) {
			err = errors.Join(err, readErr)
		}
		return data
	}
	state := read("state.json")
	letters := read("dead.ndjson")
	for again := read("state.json"); !bytes.Equal(state, again); again = read("state.json") { // saved in between
		state, letters = again, read("dead.ndjson")
	}
	for name, data := range map[string][]byte{"state.json": state, "dead.ndjson": letters} {
		if data != nil {
			err = errors.Join(err, os.WriteFile(filepath.Join(image, name), data, 0o600))
		}
	}
	return image, err
}

// TestAKilledRunGoesOnWhereItWas takes, before each batch, an image of what a kill would leave on disk and of what the
// target has by then, and lets a second run go on from each: nothing is lost, nothing counted twice.
func TestAKilledRunGoesOnWhereItWas(t *testing.T) {
	const name = "elasticsearch-7.10.2/second"
	snap := openFixture(t, name)
	plan := planAll(t, snap)
	want := map[string]string{}
	for _, index := range plan.Indices() {
		maps.Copy(want, expected(t, name, index))
	}
	options := func(dir string) rfs.Options {
		return rfs.Options{
			BatchDocs: 100, InFlight: 3, StateFile: filepath.Join(dir, "state.json"), DeadLetterFile: filepath.Join(dir, "dead.ndjson"),
			Now: ticking(), Target: "t",
		}
	}
	first := t.TempDir()
	images, after := []string{}, []map[string]string{}
	sink := &picky{keep: keep{t: t, docs: map[string]string{}}}
	sink.before = func() error {
		image, err := imageOf(t, first)
		if err != nil {
			return err
		}
		docs := maps.Clone(sink.docs)
		images, after = append(images, image), append(after, docs)
		return nil
	}
	complete := run(t, snap, plan, sink, options(first))
	if len(images) < 20 {
		t.Fatalf("only %d batches: nothing to kill", len(images))
	}
	letters := deadLettersOf(t, filepath.Join(first, "dead.ndjson"))
	if len(letters) == 0 || int64(len(letters)) != complete.Total.Refused {
		t.Fatalf("%d dead letters, the summary says %d", len(letters), complete.Total.Refused)
	}
	for i := 0; i < len(images); i += 1 + len(images)/7 {
		if err := errors.Join(os.RemoveAll(first), os.CopyFS(first, os.DirFS(images[i]))); err != nil {
			t.Fatal(err)
		}
		second := &picky{keep: keep{t: t, docs: map[string]string{}}}
		summary := run(t, snap, plan, second, options(first))
		if summary.Total != complete.Total || !summary.Complete {
			t.Errorf("killed before batch %d: %+v, want %+v", i, summary.Total, complete.Total)
		}
		all := after[i]
		maps.Copy(all, second.docs)
		for key := range letters {
			all[key] = want[key]
		}
		compare(t, want, all)
		again := deadLettersOf(t, filepath.Join(first, "dead.ndjson"))
		if len(again) != len(letters) {
			t.Errorf("killed before batch %d: %d dead letters, want %d", i, len(again), len(letters))
		}
	}
}

func TestASinkThatFailsEndsTheRunAndKeepsTheState(t *testing.T) {
	snap := openFixture(t, "demo/nightly")
	plan := planAll(t, snap)
	dir := t.TempDir()
	options := rfs.Options{BatchDocs: 50, InFlight: 2, StateFile: filepath.Join(dir, "state.json"), DeadLetterFile: filepath.Join(dir, "dead.ndjson"), Target: "t"}
	batches := 0
	sink := &picky{keep: keep{t: t, docs: map[string]string{}}, before: func() error {
		if batches++; batches > 5 {
			return errors.New("the target is gone")
		}
		return nil
	}}
	backfill, err := rfs.New(snap, plan, sink, "repository", options)
	if err != nil {
		t.Fatal(err)
	}
	summary, err := backfill.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "the target is gone") || summary.Complete || !summary.Failed() {
		t.Fatalf("%+v, %v", summary, err)
	}
	if summary.Total.Read == 0 || !summary.Total.Balanced() {
		t.Errorf("five batches of 50 were taken, the summary says %+v", summary.Total)
	}
	if err := backfill.Close(); err != nil {
		t.Fatal(err)
	}
	rest := &picky{keep: keep{t: t, docs: map[string]string{}}}
	end := run(t, snap, plan, rest, options)
	if !end.Complete || end.Total.Read != 1438 || int64(len(rest.docs)) >= end.Total.Written {
		t.Errorf("the second run sent %d of %+v", len(rest.docs), end.Total)
	}
}

func TestAFinishedBackfillHasNothingLeft(t *testing.T) {
	snap := openFixture(t, "demo/nightly")
	plan := planAll(t, snap)
	dir := t.TempDir()
	options := rfs.Options{StateFile: filepath.Join(dir, "state.json"), DeadLetterFile: filepath.Join(dir, "dead.ndjson"), Target: "t"}
	run(t, snap, plan, &keep{t: t, docs: map[string]string{}}, options)
	backfill, err := rfs.New(snap, plan, &keep{t: t, docs: map[string]string{}}, "repository", options)
	if err != nil {
		t.Fatal(err)
	}
	if backfill.Pending() != 0 || !backfill.Resumed() {
		t.Errorf("%d items are pending", backfill.Pending())
	}
	if err := backfill.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestNewRefusesAStateThatIsNotItsOwn(t *testing.T) {
	snap := openFixture(t, "demo/nightly")
	plan := planAll(t, snap)
	ours := func(items string) string {
		return fmt.Sprintf(`{"format":1,"source":{"repository":"repository","snapshot":"nightly","uuid":%q},"target":"t","items":%s}`, snap.UUID, items)
	}
	cases := map[string]struct{ state, want string }{
		"of a newer version":       {`{"format":99}`, "format 99"},
		"of another snapshot":      {`{"format":1,"source":{"repository":"repository","snapshot":"other","uuid":"x"},"target":"t"}`, "another backfill: snapshot other"},
		"of another target":        {fmt.Sprintf(`{"format":1,"source":{"repository":"repository","snapshot":"nightly","uuid":%q},"target":"elsewhere"}`, snap.UUID), "to elsewhere"},
		"cut off":                  {`{"format":1,"sou`, "not a state file"},
		"of nothing":               {`{}`, "not a state file"},
		"with an empty item":       {ours(`[null]`), "changed or damaged"},
		"with an item twice":       {ours(`[{"index":"a"},{"index":"a"}]`), "changed or damaged"},
		"that does not add up":     {ours(`[{"index":"a","read":2,"written":1}]`), "changed or damaged"},
		"before the begin":         {ours(`[{"index":"a","segment":"_0","doc":-5}]`), "changed or damaged"},
		"without its segment":      {ours(`[{"index":"a","doc":5,"walked":5}]`), "changed or damaged"},
		"without its dead letters": {fmt.Sprintf(`{"format":1,"source":{"repository":"repository","snapshot":"nightly","uuid":%q},"target":"t","dead_letters":{"file":"elsewhere","bytes":7}}`, snap.UUID), "--dead-letter-file"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "state.json")
			if err := os.WriteFile(file, []byte(c.state), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := rfs.New(snap, plan, &keep{}, "repository", rfs.Options{StateFile: file, DeadLetterFile: file + ".dead", Target: "t"})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if got, err := os.ReadFile(file); err != nil || string(got) != c.state {
				t.Errorf("the file was touched: %s, %v", got, err)
			}
		})
	}
}

// TestARunLeavesTheDeadLettersOfAnotherAlone has two backfills with states of their own name the same dead-letter file.
func TestARunLeavesTheDeadLettersOfAnotherAlone(t *testing.T) {
	snap := openFixture(t, "demo/nightly")
	plan := planAll(t, snap)
	dir := t.TempDir()
	letters := filepath.Join(dir, "dead.ndjson")
	options := func(state string) rfs.Options {
		return rfs.Options{StateFile: filepath.Join(dir, state), DeadLetterFile: letters}
	}
	run(t, snap, plan, &keep{t: t, docs: map[string]string{}}, options("clean.json"))
	run(t, snap, plan, &picky{keep: keep{t: t, docs: map[string]string{}}}, options("picky.json"))
	want := deadLettersOf(t, letters)
	if len(want) == 0 {
		t.Fatal("nothing was refused")
	}
	if _, err := rfs.New(snap, plan, &keep{}, "repository", options("clean.json")); err == nil || !strings.Contains(err.Error(), "another run") {
		t.Errorf("the first run came again: %v", err)
	}
	if got := deadLettersOf(t, letters); len(got) != len(want) {
		t.Errorf("%d of %d dead letters are left", len(got), len(want))
	}

	early, err := rfs.New(snap, plan, &picky{keep: keep{t: t, docs: map[string]string{}}}, "repository",
		rfs.Options{StateFile: filepath.Join(dir, "early.json"), DeadLetterFile: filepath.Join(dir, "shared.ndjson")})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "shared.ndjson"), []byte("of a run that began later\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := early.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "another run") {
		t.Errorf("a file that came in between was taken: %v", err)
	}
	if err := early.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "shared.ndjson")); err != nil || string(got) != "of a run that began later\n" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestTwoRunsNeverShareAState(t *testing.T) {
	snap := openFixture(t, "demo/nightly")
	plan := planAll(t, snap)
	options := rfs.Options{StateFile: filepath.Join(t.TempDir(), "state.json"), DeadLetterFile: filepath.Join(t.TempDir(), "dead.ndjson")}
	first, err := rfs.New(snap, plan, &keep{}, "repository", options)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rfs.New(snap, plan, &keep{}, "repository", options); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("a second run took the state: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	third, err := rfs.New(snap, plan, &keep{}, "repository", options)
	if err != nil {
		t.Fatalf("after the first has ended: %v", err)
	}
	if err := third.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestStateThatCantBeSavedIsFoundBeforeTheFirstDocument(t *testing.T) {
	snap := openFixture(t, "demo/nightly")
	_, err := rfs.New(snap, planAll(t, snap), &keep{}, "repository", rfs.Options{StateFile: filepath.Join(t.TempDir(), "no", "such", "folder", "state.json")})
	if err == nil || !strings.Contains(err.Error(), "state file") {
		t.Errorf("got %v", err)
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
	if !summary.Failed() || len(summary.Findings) != 1 || !strings.Contains(summary.Findings[0].Reason, "--memory") || !strings.Contains(summary.Findings[0].Reason, "large") {
		t.Errorf("findings %+v", summary.Findings)
	}
	if !summary.Total.Balanced() || summary.Total.Written < 242 {
		t.Errorf("the other index was to go on: %+v", summary.Total)
	}
}
