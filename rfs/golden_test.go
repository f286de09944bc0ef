package rfs_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"migassist/internal/blob"
	"migassist/rfs"
	"migassist/rfs/bulk"
	"migassist/selection"
	"migassist/snapshot"
)

var fixtures = flag.String("fixtures", "../testdata/snapshots", "repositories of real servers, with what those said; make e2e-versions takes new ones")

// fixtureSnapshots are all snapshots of the committed repositories, as repository/snapshot.
func fixtureSnapshots(t testing.TB) []string {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(*fixtures, "*", "expected", "*"))
	if err != nil || len(dirs) == 0 {
		t.Fatal("there are no fixtures", err)
	}
	var names []string
	for _, dir := range dirs {
		if name := filepath.Base(dir); name != "metadata" {
			names = append(names, filepath.Base(filepath.Dir(filepath.Dir(dir)))+"/"+name)
		}
	}
	return names
}

func openFixture(t testing.TB, name string) *snapshot.Snapshot {
	t.Helper()
	dir, snap, _ := strings.Cut(name, "/")
	return openSnapshot(t, filepath.Join(*fixtures, dir, "repository"), snap)
}

func openSnapshot(t testing.TB, folder, name string) *snapshot.Snapshot {
	t.Helper()
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

func planAll(t testing.TB, snap *snapshot.Snapshot) *rfs.Plan {
	t.Helper()
	chosen, _, err := rfs.Select(t.Context(), snap, selection.Allowlist{})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := rfs.NewPlan(t.Context(), snap, chosen.Chosen, rfs.Choices{MultiType: rfs.MultiTypeSplit, AllowPartialSource: true})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// doc is a document in the form of the fixtures. A source of more than 4 KiB stands there as its sum and length.
type doc struct {
	Index   string          `json:"_index"`
	Type    string          `json:"_type,omitempty"` // where it is not "_doc"
	ID      string          `json:"_id"`
	Routing string          `json:"_routing,omitempty"`
	Parent  string          `json:"_parent,omitempty"`
	Source  json.RawMessage `json:"_source"`
	SHA256  string          `json:"_source_sha256"`
	Length  int             `json:"_source_length"`
}

func (d doc) key() string { return fmt.Sprintf("%s/%q/%q", d.Index, d.ID, d.Routing) }

// longSource is the length from which fixtures have the sum of a source.
const longSource = 4 << 10

// summed is a source as fixtures have it.
func summed(source []byte) string {
	source = bytes.TrimSpace(source) // a fixture's JSON does not keep white space around a value
	if len(source) <= longSource {
		return string(source)
	}
	return sum(fmt.Sprintf("%x", sha256.Sum256(source)), len(source))
}

func sum(sha256 string, length int) string {
	return fmt.Sprintf("%d bytes, SHA-256 %s", length, sha256)
}

// expected reads what the server said of an index. Where it has several types, the documents of each are expected in
// an index of its own.
func expected(t testing.TB, name, index string) map[string]string {
	t.Helper()
	dir, snap, _ := strings.Cut(name, "/")
	f, err := os.Open(filepath.Join(*fixtures, dir, "expected", snap, index+".ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []doc
	types := map[string]bool{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var d doc
		if err := json.Unmarshal(lines.Bytes(), &d); err != nil {
			t.Fatal(err)
		}
		all, types[d.Type] = append(all, d), true
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	docs := map[string]string{}
	for _, d := range all {
		if d.Index = index; len(types) > 1 {
			d.Index += "_" + d.Type
		}
		d.Routing = cmp.Or(d.Routing, d.Parent)
		if _, twice := docs[d.key()]; twice {
			t.Fatalf("%s stands twice in the expectation", d.key())
		}
		docs[d.key()] = summed(d.Source)
		if d.SHA256 != "" {
			docs[d.key()] = sum(d.SHA256, d.Length)
		}
	}
	return docs
}

// keep is a sink that remembers documents.
type keep struct {
	t    testing.TB
	mu   sync.Mutex // batches come several at once
	docs map[string]string
}

// Write implements rfs.Sink.
func (k *keep) Write(_ context.Context, b *bulk.Batch, _ bulk.Permit) (bulk.Outcome, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.take(b)
	return bulk.Outcome{Written: b.Len()}, nil
}

func (k *keep) take(b *bulk.Batch) {
	for i := range b.Len() {
		action, source := b.Operation(i)
		var line struct {
			Index struct {
				Index   string `json:"_index"`
				ID      string `json:"_id"`
				Routing string `json:"routing"`
			} `json:"index"`
		}
		if err := json.Unmarshal(action, &line); err != nil {
			k.t.Errorf("action %s: %v", action, err)
		}
		key := doc{Index: line.Index.Index, ID: line.Index.ID, Routing: line.Index.Routing}.key()
		if _, twice := k.docs[key]; twice {
			k.t.Errorf("%s came twice", key)
		}
		if bytes.ContainsAny(source, "\r\n") {
			k.t.Errorf("%s is more than a line: %q", key, source)
		}
		k.docs[key] = summed(source)
	}
}

// TestFixturesComeOutExactly reads every snapshot that a real server wrote and compares with what that
// server said of its documents: none missing, none extra, none different in a byte.
func TestFixturesComeOutExactly(t *testing.T) {
	for _, name := range fixtureSnapshots(t) {
		t.Run(name, func(t *testing.T) {
			snap := openFixture(t, name)
			plan := planAll(t, snap)
			got := &keep{docs: map[string]string{}, t: t}
			summary := run(t, snap, plan, got, rfs.Options{})
			want := map[string]string{}
			for _, index := range plan.Indices() {
				maps.Copy(want, expected(t, name, index))
			}
			compare(t, want, got.docs)
			if summary.Total.Written != int64(len(want)) || summary.Total.Skipped+summary.Total.Refused != 0 || !summary.Complete {
				t.Errorf("the summary says %+v of %d documents", summary.Total, len(want))
			}
		})
	}
}

// encodings is the index whose documents were sent in other forms than JSON: the server's own JSON of them has other
// bytes, and the same values.
const encodings = "encodings/"

func sameValue(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}

func compare(t *testing.T, want, got map[string]string) {
	t.Helper()
	for key, source := range want {
		found, ok := got[key]
		switch {
		case !ok:
			t.Errorf("%s is missing", key)
		case found != source && (!strings.HasPrefix(key, encodings) || !sameValue(found, source)):
			t.Errorf("%s is\n%.300s\nwant\n%.300s", key, found, source)
		}
	}
	for key := range got {
		if _, ok := want[key]; !ok {
			t.Errorf("%s is extra", key)
		}
	}
}

// of is the source of a plan.
func of(snap *snapshot.Snapshot, plan *rfs.Plan) rfs.Source {
	return rfs.Source{
		Snapshot: snap, Repository: "repository", Choices: plan.Choices(),
		Plan: func(context.Context) (*rfs.Plan, error) { return plan, nil },
	}
}

func run(t testing.TB, snap *snapshot.Snapshot, plan *rfs.Plan, sink rfs.Sink, options rfs.Options) *rfs.Summary {
	t.Helper()
	if options.DeadLetterFile == "" {
		options.DeadLetterFile = filepath.Join(t.TempDir(), "dead-letters.ndjson")
	}
	summary, err := rfs.New(of(snap, plan), sink, options).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return summary
}
