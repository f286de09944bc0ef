//go:build e2e

package metadata_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/cluster"
	"migassist/internal/blob"
	"migassist/internal/testcluster"
	"migassist/internal/testcluster/corpus"
	"migassist/metadata"
	"migassist/metadata/rules"
	"migassist/snapshot"
)

// beside is what a server of a version is given beside the corpus: what each takes.
var beside = []struct {
	in           func(testcluster.Spec) bool
	method, path string
	body         string
}{
	{nil, "PUT", "/_cluster/settings", `{"persistent":{"cluster.routing.allocation.disk.threshold_enabled":"false","cluster.routing.allocation.node_concurrent_recoveries":"3"}}`},
	{nil, "PUT", "/shut", `{"settings":{"number_of_replicas":0,"index.refresh_interval":"7s"},"aliases":{"gone":{}}}`},
	{nil, "GET", "/_cluster/health/shut?wait_for_status=green&timeout=30s", ""},
	{nil, "POST", "/shut/_close", ""},
	{nil, "PUT", "/still", `{"settings":{"number_of_replicas":0,"number_of_shards":3},"aliases":{"by-two":{"index_routing":"a","search_routing":"a,b"}}}`},
	{nil, "PUT", "/still/_settings", `{"index.blocks.write":true}`},
	{nil, "PUT", "/_snapshot/spare", `{"type":"fs","settings":{"location":"spare"}}`},
	{es(5), "PUT", "/_ingest/pipeline/stamp", `{"description":"none of it runs","processors":[]}`},
	{either(es(5), not(es(6))), "PUT", "/_scripts/painless/old", `{"script":"doc['n'].value * 2"}`},
	{either(es(5), not(es(6))), "PUT", "/_scripts/new", `{"script":{"lang":"painless","source":"doc['n'].value * 3"}}`},
	{either(es(5), not(es(6))), "PUT", "/_search/template/find", `{"template":{"query":{"term":{"a":"{{a}}"}}}}`},
	{either(es(2), not(es(3))), "PUT", "/.scripts", `{"settings":{"number_of_replicas":0}}`},
	{either(es(6), not(es(8))), "PUT", "/_template/own?include_type_name=true", `{"index_patterns":["own-*"],"mappings":{"own":{"properties":{"a":{"type":"keyword"}}}},"settings":{"index":{"number_of_shards":2}}}`},
	{searching, "PUT", "/_search/pipeline/newest", `{"description":"none of it runs"}`},
}

func es(major int) func(testcluster.Spec) bool {
	return func(s testcluster.Spec) bool {
		return s.Product == testcluster.OpenSearch || s.AtLeast(testcluster.Elasticsearch, major)
	}
}

func not(f func(testcluster.Spec) bool) func(testcluster.Spec) bool {
	return func(s testcluster.Spec) bool { return !f(s) }
}

func either(from, below func(testcluster.Spec) bool) func(testcluster.Spec) bool {
	return func(s testcluster.Spec) bool { return from(s) && below(s) }
}

func searching(s testcluster.Spec) bool { return s.AtLeast(testcluster.OpenSearch, 2, 7) }

// TestSnapshotAndClusterAreReadAlike reads what a server has twice: from the server, and from a snapshot that it took. What is not the same has to
// be what only one of them can say.
func TestSnapshotAndClusterAreReadAlike(t *testing.T) {
	const elasticsearch, opensearch = testcluster.Elasticsearch, testcluster.OpenSearch
	for _, spec := range []testcluster.Spec{
		{Product: elasticsearch, Version: "1.7.6"},
		{Product: elasticsearch, Version: "2.4.6"},
		{Product: elasticsearch, Version: "5.6.16"},
		{Product: elasticsearch, Version: "6.8.23"},
		{Product: elasticsearch, Version: "7.10.2"},
		{Product: elasticsearch, Version: "7.17.28"},
		{Product: elasticsearch, Version: "8.17.0"},
		{Product: elasticsearch, Version: "8.19.0"},
		{Product: elasticsearch, Version: "9.1.0"},
		{Product: opensearch, Version: "1.3.20"},
		{Product: opensearch, Version: "2.19.1"},
		{Product: opensearch, Version: "3.0.0"},
		{Product: opensearch, Version: "3.3.0"},
	} {
		t.Run(spec.String(), func(t *testing.T) {
			server := filled(t, spec)
			live := readLive(t, server)
			kept := readSnapshot(t, server)
			if got, want := live.Origin.Version, kept.Origin.Version; got != want {
				t.Errorf("the cluster is %s, its snapshot of %s", got, want)
			}
			if diff := cmp.Diff(told(kept), told(live)); diff != "" {
				t.Errorf("what is no index (- snapshot, + cluster):\n%s", diff)
			}
			sameIndices(t, kept, live)
			if diff := cmp.Diff(withoutRepositories(kept.Gaps), withoutRepositories(live.Gaps)); diff != "" {
				t.Errorf("gaps (- snapshot, + cluster):\n%s", diff)
			}
			t.Logf("%d items, %d indices, gaps %v, notes %q", len(live.Items), len(live.Indices), live.Gaps, live.Notes)
			for _, item := range live.Items {
				if !strings.Contains(string(item.Kind), "template") {
					body, _ := json.Marshal(item.Rest)
					t.Logf("%s %s: %s", item.Kind, item.Name, body)
				}
			}
		})
	}
}

// filled is a server with the corpus, and all that is beside.
func filled(t *testing.T, spec testcluster.Spec) *testcluster.Server {
	t.Helper()
	server, err := testcluster.Start(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	some := corpus.New(server)
	if err := some.First(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := some.Second(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, one := range beside {
		if one.in != nil && !one.in(spec) {
			continue
		}
		var body []byte
		if one.body != "" {
			body = []byte(one.body)
		}
		if _, err := server.Do(t.Context(), one.method, one.path, body); err != nil {
			t.Error(err)
		}
	}
	return server
}

func readLive(t *testing.T, server *testcluster.Server) *metadata.Source {
	t.Helper()
	reader, err := cluster.ConnectReader(t.Context(), cluster.Options{URL: server.URL, Side: "source"})
	if err != nil {
		t.Fatal(err)
	}
	source, err := metadata.ReadCluster(t.Context(), reader)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func readSnapshot(t *testing.T, server *testcluster.Server) *metadata.Source {
	t.Helper()
	indices := "*"
	if !es(7)(server.Spec) {
		indices = strings.Join(openIndices(t, server), ",") // what is closed has no shards to take
	}
	if err := server.Snapshot(t.Context(), "all", "all", indices); err != nil {
		t.Fatal(err)
	}
	store, err := blob.Open(t.Context(), "file://"+filepath.Join(server.Repo, "all"), blob.Options{})
	if err != nil {
		t.Fatal(err)
	}
	repository, err := snapshot.Open(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	from, err := repository.Snapshot(t.Context(), "all")
	if err != nil {
		t.Fatal(err)
	}
	source, err := metadata.Read(t.Context(), from, "")
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// openIndices are those that an old server takes a snapshot of.
func openIndices(t *testing.T, server *testcluster.Server) (names []string) {
	t.Helper()
	reader, err := cluster.ConnectReader(t.Context(), cluster.Options{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	facts, err := reader.Facts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, fact := range facts {
		if fact.State == "open" {
			names = append(names, name)
		}
	}
	return names
}

// told are the items of a source by kind and name.
func told(source *metadata.Source) map[string]*rules.Item {
	items := map[string]*rules.Item{}
	for _, item := range source.Items {
		items[string(item.Kind)+" "+item.Name] = item
	}
	return items
}

// sameIndices compares every index of a snapshot with that of the cluster. What only the cluster has must be closed.
func sameIndices(t *testing.T, kept, live *metadata.Source) {
	t.Helper()
	names := map[string]string{}
	for _, index := range kept.Indices {
		names[index.Name] = index.DataStream
	}
	if len(names) < 10 {
		t.Errorf("these are not all indices: %v", names)
	}
	for _, index := range live.Indices {
		stream, there := names[index.Name]
		delete(names, index.Name)
		shown, err := live.Index(t.Context(), index.Name)
		if !there {
			if err != nil || shown.State != "close" {
				t.Errorf("index %s is not in the snapshot, and not closed (%v)", index.Name, err)
			}
			continue
		}
		if stream != index.DataStream {
			t.Errorf("index %s backs %q, in the snapshot %q", index.Name, index.DataStream, stream)
		}
		item, keptErr := kept.Index(t.Context(), index.Name)
		if err != nil || keptErr != nil {
			if err == nil || keptErr == nil || !strings.Contains(keptErr.Error(), "index.mode") || !strings.Contains(err.Error(), "index.mode") {
				t.Errorf("index %s: %v; in the snapshot %v", index.Name, err, keptErr)
			}
			continue
		}
		if diff := cmp.Diff(item, shown); diff != "" {
			t.Errorf("index %s (- snapshot, + cluster):\n%s", index.Name, diff)
		}
	}
	for name := range names {
		t.Errorf("the cluster does not tell of index %s", name)
	}
}

// withoutRepositories leaves out what a snapshot does not hold.
func withoutRepositories(gaps []metadata.Gap) (rest []metadata.Gap) {
	for _, gap := range gaps {
		if gap.Area != "repositories" {
			rest = append(rest, gap)
		}
	}
	return rest
}
