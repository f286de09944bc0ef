package snapshot_test

import (
	"path/filepath"
	"strings"
	"testing"

	"migassist/internal/blob"
	"migassist/snapshot"
)

// TestEveryRowOfTheTableReadsARealRepository: testdata/repositories holds small snapshots that real
// servers of other versions than the large fixtures' wrote: an index "books" in parts of 1 KB, a
// template of each kind.
func TestEveryRowOfTheTableReadsARealRepository(t *testing.T) {
	for name, want := range map[string]struct {
		layout, version string
		created         string
		createdID       int64
	}{
		"elasticsearch-7.8.1":   {"Elasticsearch 7.6 to 7.8", "7.8.1", "Elasticsearch 7.8.1", 7080199},
		"elasticsearch-7.17.28": {"Elasticsearch 7.9 to 9, OpenSearch 1 to 3", "7.17.28", "Elasticsearch 7.17.28", 7172899},
		"elasticsearch-8.19.0":  {"Elasticsearch 7.9 to 9, OpenSearch 1 to 3", "8.19.0", "Elasticsearch 8.19.0", 8536000},
		"opensearch-1.3.20":     {"Elasticsearch 7.9 to 9, OpenSearch 1 to 3", "1.3.20", "OpenSearch 1.3.20", 135249827},
		// shard_path_type: hashed_prefix
		"opensearch-2.19.1-hashed": {"Elasticsearch 7.9 to 9, OpenSearch 1 to 3", "2.19.1", "OpenSearch 2.19.1", 136407927},
		// compression_type: zstd
		"opensearch-2.19.1-zstd": {"Elasticsearch 7.9 to 9, OpenSearch 1 to 3", "2.19.1", "OpenSearch 2.19.1", 136407927},
	} {
		t.Run(name, func(t *testing.T) {
			r, s := small(t, name)
			product, _, _ := strings.Cut(name, "-")
			if r.Layout() != want.layout || s.Version != want.version || s.Product() != product || s.State != snapshot.Success {
				t.Errorf("layout %q, %s %s, %s", r.Layout(), s.Product(), s.Version, s.State)
			}
			x := checkBooks(t, s)
			if x.Created.String() != want.created || x.CreatedID != want.createdID {
				t.Errorf("created by %s, %d", x.Created, x.CreatedID)
			}
			checkSmallGlobal(t, s)
		})
	}
}

// small opens the one snapshot of a small repository.
func small(t *testing.T, name string) (*snapshot.Repository, *snapshot.Snapshot) {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("testdata/repositories", name))
	if err != nil {
		t.Fatal(err)
	}
	store, err := blob.Open(t.Context(), root, blob.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := snapshot.Open(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Snapshot(t.Context(), "small")
	if err != nil {
		t.Fatal(err)
	}
	return r, s
}

func checkBooks(t *testing.T, s *snapshot.Snapshot) *snapshot.Index {
	t.Helper()
	x, err := s.Index(t.Context(), "books")
	if err != nil {
		t.Fatal(err)
	}
	source := x.Source()
	if source.Mode != snapshot.SourceFiltered || strings.Join(source.Excludes, " ") != "secret" || x.Shards != 1 ||
		strings.Join(x.Lists["index.analysis.filter.st.stopwords"], " ") != "a b" || x.State != "open" || x.UUID == "" ||
		string(x.Aliases["reading"]) != `{"index_routing":"1","search_routing":"1"}` || !strings.Contains(string(x.Mappings["_doc"]), `"title":{"type":"text"}`) {
		t.Errorf("%+v", x)
	}
	shard, err := x.Shard(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	verifyShard(t, shard)
	return x
}

func checkSmallGlobal(t *testing.T, s *snapshot.Snapshot) {
	t.Helper()
	g, err := s.Global(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// Elasticsearch 8 has templates of its own besides.
	if !strings.Contains(string(g.Templates["legacy"]), `"mappings":{"_doc":{"properties":{"a":{"type":"keyword"}}}}`) {
		t.Errorf("legacy template %s", g.Templates["legacy"])
	}
	for want, raw := range map[string][]byte{`"c":{"type":"long"}`: g.ComponentTemplates["parts"], `"d":{"type":"date"}`: g.IndexTemplates["whole"]} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("composable template %s, want %s", raw, want)
		}
	}
}
