package snapshot_test

import (
	"path/filepath"
	"strings"
	"testing"

	"migassist/cluster/version"
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
		"elasticsearch-1.1.2":   {"Elasticsearch 1", "1.1.2", "Elasticsearch 1.1.2", 1010299},          // LZF, Lucene without checksums
		"elasticsearch-5.0.0":   {"Elasticsearch 5.0 to 7.5", "5.0.0", "Elasticsearch 5.0.0", 5000099}, // objects in place of UUIDs, no states
		"elasticsearch-7.2.0":   {"Elasticsearch 5.0 to 7.5", "7.2.0", "Elasticsearch 7.2.0", 7020099},
		"elasticsearch-7.8.1":   {"Elasticsearch 7.6 to 7.8", "7.8.1", "Elasticsearch 7.8.1", 7080199},
		"elasticsearch-7.17.28": {latestLayout, "7.17.28", "Elasticsearch 7.17.28", 7172899},
		"elasticsearch-8.11.0":  {latestLayout, "8.11.0", "Elasticsearch 8.11.0", 8500003}, // the first with index versions
		"elasticsearch-8.19.0":  {latestLayout, "8.19.0", "Elasticsearch 8.19.0", 8536000},
		"opensearch-1.3.20":     {latestLayout, "1.3.20", "OpenSearch 1.3.20", 135249827},
		// shard_path_type: hashed_prefix
		"opensearch-2.19.1-hashed": {latestLayout, "2.19.1", "OpenSearch 2.19.1", 136407927},
		// compression_type: zstd
		"opensearch-2.19.1-zstd": {latestLayout, "2.19.1", "OpenSearch 2.19.1", 136407927},
		// base_path: the shards lie beside the repository
		"opensearch-3.3.0-base_path/deep/base": {latestLayout, "3.3.0", "OpenSearch 3.3.0", 137247827},
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

const latestLayout = "Elasticsearch 7.9 to 9, OpenSearch 1 to 3"

// small opens the one snapshot of a small repository.
func small(t *testing.T, name string) (*snapshot.Repository, *snapshot.Snapshot) {
	t.Helper()
	r := openSmall(t, name)
	s, err := r.Snapshot(t.Context(), "small")
	if err != nil {
		t.Fatal(err)
	}
	return r, s
}

// openSmall opens a small repository.
func openSmall(t *testing.T, name string) *snapshot.Repository {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("testdata/repositories", filepath.FromSlash(name)))
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
	return r
}

func checkBooks(t *testing.T, s *snapshot.Snapshot) *snapshot.Index {
	t.Helper()
	x, err := s.Index(t.Context(), "books")
	if err != nil {
		t.Fatal(err)
	}
	source := x.Source()
	stopwords := strings.Join(x.Lists["index.analysis.filter.st.stopwords"], " ")
	if stopwords == "" { // before Elasticsearch 6
		stopwords = x.Settings["index.analysis.filter.st.stopwords.0"] + " " + x.Settings["index.analysis.filter.st.stopwords.1"]
	}
	mappingType, text := "_doc", "text"
	if s.Release().Flavor == version.Elasticsearch && s.Release().Major < 7 {
		mappingType = "doc"
	}
	if s.Release().Flavor == version.Elasticsearch && s.Release().Major < 5 {
		text = "string"
	}
	if source.Mode != snapshot.SourceFiltered || strings.Join(source.Excludes, " ") != "secret" || x.Shards != 1 ||
		stopwords != "a b" || x.State != "open" || x.UUID == "" ||
		string(x.Aliases["reading"]) != `{"index_routing":"1","search_routing":"1"}` || !strings.Contains(string(x.Mappings[mappingType]), `"title":{"type":"`+text+`"}`) {
		t.Errorf("%+v", x)
	}
	shard, err := x.Shard(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if !s.Release().AtLeast(1, 2) && s.Release().Flavor == version.Elasticsearch {
		return x // Lucene 4.7 has no footers
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
	if legacy := string(g.Templates["legacy"]); !strings.Contains(legacy, `"mappings":{"_doc":{"properties":{"a":{"type":"keyword"}}}}`) &&
		!strings.Contains(legacy, `"mappings":{"doc":{"properties":{"a":{"type":"keyword"}}}}`) && !strings.Contains(legacy, `"mappings":{"doc":{"properties":{"a":{"type":"string"}}}}`) {
		t.Errorf("legacy template %s", g.Templates["legacy"])
	}
	if v := s.Release(); v.Flavor == version.Elasticsearch && !v.AtLeast(7, 8) {
		return // no composable templates yet
	}
	for want, raw := range map[string][]byte{`"c":{"type":"long"}`: g.ComponentTemplates["parts"], `"d":{"type":"date"}`: g.IndexTemplates["whole"]} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("composable template %s, want %s", raw, want)
		}
	}
}
