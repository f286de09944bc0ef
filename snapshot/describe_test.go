package snapshot_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"migassist/snapshot"
)

var update = flag.Bool("update", false, "write golden files anew")

// TestDescribePrintsOffsetBytesAndMeaning: testdata/describe holds what must be printed. The blobs are
// handmade, so that they stay when fixtures are made anew, but for one of a real server.
func TestDescribePrintsOffsetBytesAndMeaning(t *testing.T) {
	h := newHandmade()
	h.addVirtual("segments_1", pattern(3))
	repo := h.build(t)
	served, err := os.ReadFile("testdata/deflate/snapshot.dat")
	if err != nil {
		t.Fatal(err)
	}
	repo["snap-real.dat"] = served
	repo["meta-broken.dat"] = served[:len(served)-3]
	repo["meta-badcrc.dat"] = slices.Clone(served)
	repo["meta-badcrc.dat"][60] ^= 1
	repo["index-1"] = []byte(`{"snapshots":[`)
	for name, data := range newHandmade().first(t, lzf) {
		if !strings.Contains(name, "/") {
			repo[name] = data
		}
	}
	repo["metadata-s"] = repo["metadata-s"][:20]
	for blobName, wantErr := range map[string]string{
		"index": "", "snapshot-s": "", "metadata-s": "corrupt metadata-s",
		"index-0": "", "index.latest": "", "snap-U.dat": "", "indices/I/0/snap-U.dat": "", "snap-real.dat": "",
		"meta-broken.dat": "corrupt meta-broken.dat", "meta-badcrc.dat": "CRC32", "index-1": "corrupt index-1",
	} {
		var out bytes.Buffer
		err := snapshot.Describe(t.Context(), repo.store(), blobName, &out)
		if (err == nil) != (wantErr == "") || err != nil && !strings.Contains(err.Error(), wantErr) {
			t.Errorf("%s: got error %v, want %q", blobName, err, wantErr)
		}
		golden(t, strings.ReplaceAll(blobName, "/", "_")+".txt", out.Bytes())
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	at := filepath.Join("testdata/describe", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(at), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(at)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (write anew with -update):\n%s", at, got)
	}
}

func TestDescribeTakesEveryMetadataBlobOfTheFixtures(t *testing.T) {
	for _, name := range fixtures(t) {
		repo := fixture(t, name)
		store := repo.store()
		for blobName := range repo {
			base := filepath.Base(blobName)
			if strings.HasPrefix(base, "__") {
				continue
			}
			var out bytes.Buffer
			if err := snapshot.Describe(t.Context(), store, blobName, &out); err != nil || out.Len() < 50 {
				t.Errorf("%s of %s: %d bytes, error %v", blobName, name, out.Len(), err)
			}
		}
	}
}

func TestDescribeTakesEveryMetadataBlobOfTheSmallRepositories(t *testing.T) {
	roots, err := filepath.Glob("testdata/repositories/*-*")
	if err != nil || len(roots) < 10 {
		t.Fatalf("%d repositories, error %v", len(roots), err)
	}
	for _, root := range roots {
		repo := treeOf(t, root)
		store := repo.store()
		for blobName := range repo {
			if strings.HasPrefix(filepath.Base(blobName), "__") {
				continue
			}
			var out bytes.Buffer
			if err := snapshot.Describe(t.Context(), store, blobName, &out); err != nil || out.Len() < 50 {
				t.Errorf("%s of %s: %d bytes, error %v", blobName, root, out.Len(), err)
			}
		}
	}
}

func TestDescribeRefusesWhatIsNoMetadata(t *testing.T) {
	repo := newHandmade().build(t)
	repo["indices/I/0/__0"] = pattern(1)
	if err := snapshot.Describe(t.Context(), repo.store(), "indices/I/0/__0", &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "INDEX/SHARD/FILE") {
		t.Errorf("got error %v", err)
	}
	if err := snapshot.Describe(t.Context(), repo.store(), "gone.dat", &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "describe gone.dat") {
		t.Errorf("got error %v", err)
	}
}
