//go:build e2e

package verify_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"migassist/cluster"
	"migassist/internal/blob"
	"migassist/internal/testcluster"
	"migassist/internal/testcluster/corpus"
	"migassist/rfs"
	"migassist/rfs/verify"
	"migassist/snapshot"
)

var many = flag.Int("verify.documents", 100_000, "documents of 2 KB that the real server gets")

// snapshotOf takes a snapshot of all of a server, and returns it as a source.
func snapshotOf(t *testing.T, server *testcluster.Server, name, indices string) *verify.Snapshot {
	t.Helper()
	if err := server.Snapshot(t.Context(), name, name, indices); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(server.Repo, name)
	repository, err := snapshot.Open(t.Context(), blob.FromFS(os.DirFS(folder), folder))
	if err != nil {
		t.Fatal(err)
	}
	snap, err := repository.Snapshot(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	source, _ := sourceOf(t, snap, rfs.Choices{})
	return verify.NewSnapshot(source, rfs.Options{})
}

func fill(t *testing.T, server *testcluster.Server, index string, n int) {
	t.Helper()
	writer := corpus.NewWriter()
	for from := 0; from < n; from += 2000 {
		var body []byte
		for i := from; i < min(n, from+2000); i++ {
			body = fmt.Appendf(body, `{"index":{"_index":%q,"_id":"doc-%d"}}`+"\n", index, i)
			body = append(writer.Append(body, i, 2000), '\n')
		}
		if err := server.Bulk(t.Context(), "/_bulk", body); err != nil {
			t.Fatal(err)
		}
	}
}

// TestOneOfEachKindIsFoundOnRealServers alters, removes and adds one document each, after a snapshot, and measures what a verification costs.
func TestOneOfEachKindIsFoundOnRealServers(t *testing.T) {
	for _, spec := range []testcluster.Spec{
		{Product: testcluster.OpenSearch, Version: "2.19.1", HeapMiB: 1024},
		{Product: testcluster.OpenSearch, Version: "1.3.20"},
		{Product: testcluster.OpenSearch, Version: "3.3.0"},
		{Product: testcluster.Elasticsearch, Version: "7.10.2"},
		{Product: testcluster.Elasticsearch, Version: "8.19.0"},
		{Product: testcluster.Elasticsearch, Version: "9.1.0"},
	} {
		documents := 3000
		if spec.HeapMiB > 0 {
			documents = *many
		}
		t.Run(spec.String(), func(t *testing.T) {
			server, err := testcluster.Start(t.Context(), spec)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := server.Stop(); err != nil {
					t.Error(err)
				}
			})
			do := func(method, path, body string) {
				t.Helper()
				if _, err := server.Do(t.Context(), method, path, []byte(body)); err != nil {
					t.Fatal(err)
				}
			}
			do("PUT", "/events", `{"settings":{"number_of_shards":2,"number_of_replicas":0,"refresh_interval":-1},"mappings":{"dynamic":false}}`)
			do("PUT", "/few", `{"mappings":{"properties":{"c":{"type":"nested"}}}}`)
			fill(t, server, "events", documents)
			do("PUT", "/few/_doc/1?routing=r", `{"a": 1.0 , "c":[{"x":1},{"x":2}]}`)
			do("PUT", "/few/_doc/2", `{"a":2}`)
			do("PUT", "/few/_doc/3", `{"a":3}`)
			do("DELETE", "/few/_doc/3", ``)
			do("POST", "/_flush", ``)
			do("POST", "/_refresh", ``)
			source := snapshotOf(t, server, "all", "events,few")
			client, err := cluster.Connect(t.Context(), cluster.Options{URL: server.URL})
			if err != nil {
				t.Fatal(err)
			}

			plainReads(t, source, client, "events", "few") // into the caches
			plain := plainReads(t, source, client, "events", "few")
			got, summary := found(t, source, client, verify.Options{})
			if len(got) > 0 || !summary.Same() || summary.Total.Source != int64(documents)+2 {
				t.Errorf("of the same: %v, %+v", got, summary)
			}
			t.Logf("both sides alike: %.2f s, %.2f of reading each side once, in bytes %.2f and %.2f", summary.Seconds, summary.Seconds/plain.Seconds(), summary.SourceReads, summary.TargetReads)

			do("PUT", "/few/_doc/1?routing=r", `{"c":[{"x":1.0e0},{"x":2}],"a":1}`) // the same value
			do("POST", "/events/_update/doc-"+strconv.Itoa(documents/2), `{"doc":{"took":-1}}`)
			do("DELETE", "/events/_doc/doc-17", ``)
			do("PUT", "/events/_doc/more?routing=x", `{"more":true}`)
			got, summary = found(t, source, client, verify.Options{})
			want := []finding{
				{verify.Different, verify.Key{Index: "events", ID: "doc-" + strconv.Itoa(documents/2)}, "took", 1},
				{verify.Extra, verify.Key{Index: "events", ID: "more", Routing: "x"}, "", 1},
				{verify.Missing, verify.Key{Index: "events", ID: "doc-17"}, "", 1},
			}
			order(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			plain = min(plain, plainReads(t, source, client, "events", "few"))
			t.Logf("one of each: %.2f s, %.2f of reading each side once, in bytes %.2f and %.2f", summary.Seconds, summary.Seconds/plain.Seconds(), summary.SourceReads, summary.TargetReads)
		})
	}
}

// plainReads reads one side after the other, and does nothing with it.
func plainReads(t *testing.T, source *verify.Snapshot, client *cluster.Client, indices ...string) time.Duration {
	t.Helper()
	began := time.Now()
	parts, err := source.Parts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range parts {
		if _, err := source.Read(t.Context(), part, func([]verify.Document) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	snapshotTook := time.Since(began)
	for _, index := range indices {
		for _, err := range client.Scan(t.Context(), index, "", []byte(`{"size":1000,"sort":["_doc"]}`)) {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	took := time.Since(began)
	t.Logf("reading each side once: %.2f s, of which the snapshot %.2f s", took.Seconds(), snapshotTook.Seconds())
	return took
}
