//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"migassist/internal/testcluster/corpus"
)

// TestMigratesMetadataAndEveryDocument is the main job: everything awkward that the
// corpus has, from a snapshot into an empty cluster.
func TestMigratesMetadataAndEveryDocument(t *testing.T) {
	wipe(t, source)
	wipe(t, target)
	dir := t.TempDir()
	awkward := corpus.New(source)
	if err := awkward.First(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := source.Snapshot(t.Context(), "awkward", "first", "*"); err != nil {
		t.Fatal(err)
	}
	if err := awkward.Second(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := source.Take(t.Context(), "awkward", "second", "*"); err != nil {
		t.Fatal(err)
	}

	migassist(t, dir, metadataArgs("evaluate", "awkward", "second")...).want(t, done, findings).says(t, "routed", "legacy-metrics", "common-settings", "events")
	if made := indices(t, target); len(made) > 0 {
		t.Fatalf("evaluate made indices: %q", made)
	}
	migassist(t, dir, metadataArgs("migrate", "awkward", "second")...).want(t, done, findings)

	run := migassist(t, dir, rfsArgs(dir, "awkward", "second", "--allow-partial-source")...).want(t, findings).says(t, "no-source")
	s := run.summary(t)
	if s.Total.Skipped+s.Total.Refused > 0 {
		t.Errorf("documents were skipped or refused: %+v\n%s", s.Total, readFile(t, filepath.Join(dir, "refused.ndjson")))
	}
	// Named explicitly, an index whose name begins with a dot takes part too.
	migassist(t, dir, metadataArgs("migrate", "awkward", "second", "--index-allowlist", ".hidden-notes")...).want(t, done, findings)
	hidden := t.TempDir()
	migassist(t, hidden, rfsArgs(hidden, "awkward", "second", "--index-allowlist", ".hidden-notes")...).want(t, done)

	must(t, source, "POST", "/closed/_open", "")
	compared := 0
	for _, index := range indices(t, source) {
		switch {
		case strings.HasPrefix(index, "no-source"): // cannot be read, and was named as a finding
		case !slices.Contains(indices(t, target), index):
			t.Errorf("index %s is missing on the target", index)
		default:
			if index == "closed" {
				must(t, target, "POST", "/closed/_open", "")
			}
			compared += sameDocuments(t, index)
		}
	}
	if want := s.Total.Written + 5; compared != want { // 5 of .hidden-notes, by the second run
		t.Errorf("%d documents compared, %d written", compared, want)
	}
	t.Logf("%d documents compared", compared)
	sameMetadata(t)
}

// TestMigratesTheEarlierOfTwoSnapshots reads a snapshot that a later, incremental one
// shares its blobs with.
func TestMigratesTheEarlierOfTwoSnapshots(t *testing.T) {
	wipe(t, source)
	wipe(t, target)
	dir := t.TempDir()
	if err := corpus.Shop(t.Context(), source); err != nil {
		t.Fatal(err)
	}
	if err := source.Snapshot(t.Context(), "shop", "before", "*"); err != nil {
		t.Fatal(err)
	}
	for _, index := range []string{"products", "customers"} {
		must(t, source, "POST", "/"+index+"/_forcemerge?max_num_segments=1", "")
	}
	must(t, source, "DELETE", "/orders-2020", "")
	must(t, source, "DELETE", "/products/_doc/P-0001", "")
	must(t, source, "PUT", "/products/_doc/P-0002", `{"name":"changed"}`)
	if _, err := source.Take(t.Context(), "shop", "after", "*"); err != nil {
		t.Fatal(err)
	}
	migassist(t, dir, metadataArgs("migrate", "shop", "before")...).want(t, done, findings)
	total := migassist(t, dir, rfsArgs(dir, "shop", "before")...).want(t, done).summary(t).Total

	// The source is set back to what the snapshot holds; the server's own restore is the judge.
	must(t, source, "DELETE", "/*", "")
	must(t, source, "POST", "/_snapshot/shop/before/_restore?wait_for_completion=true", `{"include_global_state":false}`)
	compared := 0
	for _, index := range indices(t, source) {
		compared += sameDocuments(t, index)
	}
	if compared == 0 || compared != total.Written {
		t.Errorf("%d documents compared, %d written", compared, total.Written)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Log(err)
	}
	return strings.ToValidUTF8(string(content[:min(len(content), 4000)]), "?")
}
