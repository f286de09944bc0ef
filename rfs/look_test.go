package rfs_test

import (
	"bufio"
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"migassist/rfs"
	"migassist/snapshot"
)

// TestLookShowsEveryDocumentWithItsType compares what comes out of each index, one after the other and with no regard to
// what a backfill would refuse, with what the server said: type, id, routing and source of every document.
func TestLookShowsEveryDocumentWithItsType(t *testing.T) {
	for _, name := range fixtureSnapshots(t) {
		t.Run(name, func(t *testing.T) {
			snap := openFixture(t, name)
			for _, index := range snap.IndexNames() {
				x, err := snap.Index(t.Context(), index)
				if err != nil {
					continue // what is refused by name has tests of its own
				}
				if mode := x.SourceMode(); mode == snapshot.SourceStored || mode == snapshot.SourceFiltered {
					compare(t, typed(t, name, index), look(t, snap, x, untyped(name)))
				}
			}
		})
	}
}

// typed reads what the server said of an index, by index, type, id and routing.
func typed(t *testing.T, name, index string) map[string]string {
	dir, snap, _ := strings.Cut(name, "/")
	f, err := os.Open(filepath.Join(*fixtures, dir, "expected", snap, index+".ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	docs := map[string]string{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var d doc
		if err := json.Unmarshal(lines.Bytes(), &d); err != nil {
			t.Fatal(err)
		}
		d.Index, d.Routing = index, cmp.Or(d.Routing, d.Parent)
		key := d.key() + "/" + d.Type
		if docs[key] = summed(d.Source); d.SHA256 != "" {
			docs[key] = sum(d.SHA256, d.Length)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return docs
}

// untyped are fixtures that were written before they told types.
func untyped(name string) bool { return strings.HasPrefix(name, "demo/") }

func look(t *testing.T, snap *snapshot.Snapshot, x *snapshot.Index, untyped bool) map[string]string {
	docs := map[string]string{}
	l := rfs.NewLook(snap, x, false, 0)
	for shard := range x.Shards {
		for e, err := range l.Documents(t.Context(), shard) {
			if err != nil {
				if snap.State == snapshot.Partial {
					break // the missing shard
				}
				t.Fatal(err)
			}
			d := doc{Index: x.Name, ID: string(e.ID), Routing: string(e.Routing)}
			if !untyped && string(e.Type) != "_doc" {
				d.Type = string(e.Type)
			}
			key := d.key() + "/" + d.Type
			if _, twice := docs[key]; twice {
				t.Errorf("%s came twice", key)
			}
			docs[key] = summed(rfs.AppendLine(nil, e.Source))
			if e.Problem != "" {
				t.Errorf("%s: %s", key, e.Problem)
			}
		}
	}
	return docs
}

// forgetful is the server that leaves indexed vectors out of some of its answers; another of its versions has them all.
const forgetful = "elasticsearch-8.17.0/"

// withoutVector drops what the forgetful server may have forgotten.
func withoutVector(t *testing.T, name, source string) string {
	t.Helper()
	if !strings.HasPrefix(name, forgetful) || source == "" {
		return source
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(source), &fields); err != nil {
		t.Fatal(err)
	}
	delete(fields, "vector")
	kept, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return string(kept)
}

// TestWhatTheServerMakesAgainComesOutOfTheWholePipeline rebuilds the indices whose source the server makes again itself, by
// several decoders at once, and wants the server's own documents.
func TestWhatTheServerMakesAgainComesOutOfTheWholePipeline(t *testing.T) {
	rebuilt := 0
	for _, name := range fixtureSnapshots(t) {
		snap := openFixture(t, name)
		var indices []string
		for _, index := range snap.IndexNames() {
			x, err := snap.Index(t.Context(), index)
			if err == nil && (x.SourceMode() == snapshot.SourceSynthetic || x.SourceMode() == snapshot.SourceDerived) {
				indices = append(indices, index)
			}
		}
		plan, err := rfs.NewPlan(t.Context(), snap, indices, rfs.Choices{RebuildSource: true})
		if err != nil {
			t.Fatal(err)
		}
		lossy := map[string]bool{}
		for _, finding := range plan.Findings {
			lossy[finding.Index] = true
		}
		got := &keep{docs: map[string]string{}, t: t}
		summary := run(t, snap, plan, got, rfs.Options{Workers: 4, BatchDocs: 7})
		for _, index := range indices {
			if lossy[index] {
				continue
			}
			for key, want := range expected(t, name, index) {
				rebuilt++
				found, want := withoutVector(t, name, got.docs[key]), withoutVector(t, name, want)
				if found != want && !sameValue(found, want) {
					t.Errorf("%s: %s is\n%.300s\nwant\n%.300s", name, key, found, want)
				}
			}
		}
		if summary.Total.Skipped+summary.Total.Refused > 0 || !summary.Complete {
			t.Errorf("%s: %+v", name, summary.Total)
		}
	}
	if rebuilt < 100 {
		t.Errorf("only %d documents", rebuilt)
	}
}
