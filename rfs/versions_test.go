package rfs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"migassist/cluster/version"
	"migassist/internal/blob"
	"migassist/lucene"
	"migassist/snapshot"
)

// eachShard calls visit for the shards of every fixture's snapshots.
func eachShard(t *testing.T, visit func(t *testing.T, snap *snapshot.Snapshot, index *snapshot.Index, shard int)) {
	t.Helper()
	folders, err := filepath.Glob("../testdata/snapshots/*/repository")
	if err != nil || len(folders) == 0 {
		t.Fatalf("%d fixtures, %v", len(folders), err)
	}
	for _, folder := range folders {
		repository, err := snapshot.Open(t.Context(), blob.FromFS(os.DirFS(folder), folder))
		if err != nil {
			continue // of a kind that other tests refuse by name
		}
		for _, summary := range repository.Snapshots() {
			snap, err := repository.Snapshot(t.Context(), summary.Name)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range snap.IndexNames() {
				index, err := snap.Index(t.Context(), name)
				if err != nil {
					continue
				}
				for shard := range index.Shards {
					visit(t, snap, index, shard)
				}
			}
		}
	}
}

// Of every fixture since 6.0, each document has a sequence number, which no other of its shard has.
func TestSequenceNumbersOfEveryFixture(t *testing.T) {
	documents, refused := map[string]int{}, 0
	eachShard(t, func(t *testing.T, snap *snapshot.Snapshot, index *snapshot.Index, shard int) {
		look := NewLook(snap, index, false, 0)
		if findings := look.reading.chooseVersions(index, VersionsSeqNo); len(findings) > 0 {
			if index.Created.Flavor == version.OpenSearch || index.Created.AtLeast(6, 0) {
				t.Errorf("%s of %s: %v", index.Name, index.Created, findings)
			}
			refused++
			return
		}
		at := map[int64]string{}
		for entry, err := range look.Documents(t.Context(), shard) {
			if _, known := Refusal(index.Name, err); known || errors.Is(err, fs.ErrNotExist) {
				return
			}
			if err != nil {
				t.Errorf("%s[%d] of %s: %v", index.Name, shard, snap.Release(), err)
				return
			}
			if entry.Problem != "" && !strings.Contains(entry.Problem, fieldSeqNo) {
				continue // it would not be sent anyway
			}
			if other, twice := at[entry.Version]; twice || entry.Version < 1 {
				t.Errorf("%s[%d] of %s: document %s has version %d, as %q (%s)", index.Name, shard, snap.Release(), entry.ID, entry.Version, other, entry.Problem)
			}
			at[entry.Version] = string(entry.ID)
			documents[snap.Release().String()]++
		}
	})
	if len(documents) < 10 || refused == 0 {
		t.Errorf("documents by release: %v; %d shards without numbers", documents, refused)
	}
}

// A pilot ends after so many documents of users, wherever nested and deleted ones lie between.
func TestAPilotEndsAfterItsDocuments(t *testing.T) {
	ended := 0
	eachShard(t, func(t *testing.T, snap *snapshot.Snapshot, index *snapshot.Index, shard int) {
		if index.Name != "nested" && index.Name != "merged" && index.Name != "hard-deletes" {
			return
		}
		commit, err := openShard(t.Context(), index, shard)
		if err != nil {
			return
		}
		for _, n := range []int{1, 7, 1 << 20} {
			segment, doc, err := pilotEnd(t.Context(), commit, n, 64<<20)
			if err != nil {
				t.Fatal(err)
			}
			before, all := 0, 0
			past := false
			for _, s := range commit.Segments {
				for _, number := range rootsOf(t, s) {
					all++
					if past = past || s.Name == segment && number >= doc; !past {
						before++
					}
				}
				past = past || s.Name == segment
			}
			if segment == "" && all >= n || segment != "" && before != n {
				t.Errorf("%s[%d] of %s: %d of %d documents before %d of %q, want %d", index.Name, shard, snap.Release(), before, all, doc, segment, n)
			}
			if segment != "" {
				ended++
			}
		}
	})
	if ended < 20 {
		t.Errorf("only %d pilots ended within a shard", ended)
	}
}

// rootsOf returns the numbers of a segment's documents of users.
func rootsOf(t *testing.T, s *lucene.Segment) (roots []int) {
	t.Helper()
	docs, err := s.Open(t.Context(), storedFields...)
	if err != nil {
		t.Fatal(err)
	}
	defer docs.Close()
	for span, err := range docs.Spans(t.Context(), 0, nil) {
		if err != nil {
			t.Fatal(err)
		}
		err := new(lucene.Decoder).Decode(span, 0, func(doc *lucene.Doc) error {
			if _, ok, _ := identify(doc, nil); ok {
				roots = append(roots, doc.Number)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return roots
}
