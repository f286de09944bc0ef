//go:build e2e

package e2e

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"testing"

	"migassist/internal/blob/blobtest"
	"migassist/internal/testcluster"
)

// snapshots are the fixtures: repositories that real servers wrote, with what those said of them.
var snapshots = filepath.Join("..", "..", "..", "testdata", "snapshots")

// TestOldestAndNewestFromAnObjectStore moves documents that the oldest, a middle and the newest server wrote out of an S3 store into
// a real target, and reads them back from there: every one, with its id, its routing and its source.
func TestOldestAndNewestFromAnObjectStore(t *testing.T) {
	for _, from := range []struct {
		fixture, snapshot string
	}{
		{"elasticsearch-1.7.6", "second"},
		{"elasticsearch-5.6.16", "second"},
		{"elasticsearch-9.1.0", "second"},
	} {
		t.Run(from.fixture, func(t *testing.T) {
			wipe(t, target)
			store := blobtest.NewS3(t, repositoryFiles(t, from.fixture))
			dir := t.TempDir()
			repository := []string{"--repo-uri", "s3://" + blobtest.Bucket + "/repo", "--s3-endpoint", store.URL, "--s3-region", "us-east-1", "--s3-anonymous"}
			indices := chosen(t, dir, from.fixture, from.snapshot, repository)
			shards := shardsOf(t, from.fixture, from.snapshot)
			for _, index := range indices {
				// What becomes of old mappings is another test's matter: here nothing is parsed, so that nothing is refused.
				// As many shards as on the source: two documents of one id, with routing, are told apart by their shards.
				must(t, target, "PUT", "/"+index, `{"settings":{"number_of_replicas":0,"number_of_shards":`+shards[index]+`},"mappings":{"enabled":false}}`)
			}
			args := append([]string{
				"rfs", "--snapshot-name", from.snapshot, "--target-host", target.URL, "--output", "json",
				"--state-file", filepath.Join(dir, "state.json"), "--dead-letter-file", filepath.Join(dir, "refused.ndjson"),
			}, repository...)
			s := migassist(t, dir, args...).want(t, done, findings).summary(t)
			compared := 0
			for _, index := range indices {
				compared += sameAsFixture(t, filepath.Join(snapshots, from.fixture, "expected", from.snapshot, index+".ndjson"), index)
			}
			if compared == 0 || compared != s.Total.Written {
				t.Errorf("%d documents compared, %d written, of indices %q", compared, s.Total.Written, indices)
			}
			t.Logf("%d documents of %d indices, %d requests", compared, len(indices), len(store.Requests()))
		})
	}
}

// repositoryFiles is the content of a fixture's repository by its key in a bucket.
func repositoryFiles(t *testing.T, fixture string) map[string][]byte {
	t.Helper()
	root, files := filepath.Join(snapshots, fixture, "repository"), map[string][]byte{}
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(root, name))
		files[path.Join("repo", name)] = content
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// chosen are the indices that take part, as a run into a file tells.
func chosen(t *testing.T, dir, fixture, snapshot string, repository []string) []string {
	t.Helper()
	args := append([]string{
		"rfs", "--snapshot-name", snapshot, "--target-file", filepath.Join(dir, "all.ndjson"), "--output", "json",
		"--state-file", filepath.Join(dir, "first.json"), "--dead-letter-file", filepath.Join(dir, "first-refused.ndjson"),
	}, repository...)
	var names []string
	for _, index := range migassist(t, dir, args...).want(t, done, findings).summary(t).Indices {
		names = append(names, index.Index)
	}
	if len(names) == 0 {
		t.Fatalf("nothing of %s takes part", fixture)
	}
	return names
}

// shardsOf tells how many shards each index had.
func shardsOf(t *testing.T, fixture, snapshot string) map[string]string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(snapshots, fixture, "expected", "metadata", snapshot, "settings.json"))
	if err != nil {
		t.Fatal(err)
	}
	var indices map[string]struct {
		Settings struct {
			Index struct {
				Shards string `json:"number_of_shards"`
			} `json:"index"`
		} `json:"settings"`
	}
	if err := json.Unmarshal(content, &indices); err != nil {
		t.Fatal(err)
	}
	shards := map[string]string{}
	for name, index := range indices {
		shards[name] = index.Settings.Index.Shards
	}
	return shards
}

// expectation is a line of a fixture: a long source is told by its sum alone.
type expectation struct {
	testcluster.Hit
	Sum string `json:"_source_sha256"`
}

// UnmarshalJSON implements json.Unmarshaler; the embedded hit would hide the sum.
func (e *expectation) UnmarshalJSON(data []byte) error {
	var sum struct {
		Sum string `json:"_source_sha256"`
	}
	if err := json.Unmarshal(data, &sum); err != nil {
		return err
	}
	e.Sum = sum.Sum
	return e.Hit.UnmarshalJSON(data)
}

// sameAsFixture compares an index of the target with what the source's server had said, and returns how many documents that are.
func sameAsFixture(t *testing.T, file, index string) int {
	t.Helper()
	want := expectations(t, file)
	must(t, target, "POST", "/"+index+"/_refresh", "")
	met := 0
	err := target.Scan(t.Context(), index, 0, 1, func(hit testcluster.Hit) error {
		expected, ok := want[identity{hit.ID, hit.Routing}]
		if !ok {
			t.Errorf("%s: document %q with routing %q was not in the source", index, hit.ID, hit.Routing)
			return nil
		}
		met++
		if err := expected.same(hit.Source); err != nil {
			t.Errorf("%s: document %q: %v", index, hit.ID, err)
		}
		return nil
	})
	if err != nil || met != len(want) {
		t.Errorf("%s: %d of %d documents, %v", index, met, len(want), err)
	}
	return met
}

func expectations(t *testing.T, file string) map[identity]expectation {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want := map[identity]expectation{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var e expectation
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		want[identity{e.ID, e.Routing}] = e
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return want
}

// same tells whether a source is the expected one, byte for byte, or as a value where it was kept in another encoding than JSON.
func (e expectation) same(source []byte) error {
	sum := sha256.Sum256(testcluster.OneLine(source))
	if e.Sum != "" {
		if got := hex.EncodeToString(sum[:]); got != e.Sum {
			return fmt.Errorf("its source has the sum %s, want %s", got, e.Sum)
		}
		return nil
	}
	if sum == sha256.Sum256(testcluster.OneLine(e.Source)) {
		return nil
	}
	var got, want any
	if json.Unmarshal(source, &got) != nil || json.Unmarshal(e.Source, &want) != nil || !reflect.DeepEqual(got, want) {
		return fmt.Errorf("its source is %.300s, want %.300s", source, e.Source)
	}
	return nil
}
