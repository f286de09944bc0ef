package route

import (
	"net/url"
	"strings"
	"testing"
)

func TestRequestsAreClassifiedByRoute(t *testing.T) {
	for _, c := range []struct {
		request string
		changes bool
		kind    Kind
		index   string
		typ, id string
	}{
		{"GET /", false, Info, "", "", ""},
		{"POST /_search", false, Search, "", "", ""},
		{"POST /a,b*/_search?scroll=1m", false, Search, "a,b*", "", ""},
		{"POST /shop/order/_search", false, Search, "shop", "order", ""},
		{"POST /_all/_search", false, Search, "_all", "", ""},
		{"POST /_msearch", false, Search, "", "", ""},
		{"POST /shop/_count", false, Search, "shop", "", ""},
		{"POST /shop/_mget", false, Get, "shop", "", ""},
		{"DELETE /_search/scroll", false, Scroll, "", "", ""},
		{"DELETE /_search/scroll/abc==", false, Scroll, "", "", ""},
		{"POST /_search/scroll", false, Scroll, "", "", ""},
		{"DELETE /_pit", false, PIT, "", "", ""},
		{"POST /shop/_search/point_in_time?keep_alive=1m", false, PIT, "shop", "", ""},
		{"POST /shop/_async_search", false, AsyncSearch, "shop", "", ""},
		{"DELETE /_async_search/x", false, AsyncSearch, "", "", ""},
		{"POST /shop/_refresh", false, Maintenance, "shop", "", ""},
		{"POST /_forcemerge", false, Maintenance, "", "", ""},
		{"POST /shop/_analyze", false, Info, "shop", "", ""},
		{"POST /_ingest/pipeline/_simulate", false, Info, "", "", ""},
		{"POST /_ingest/pipeline/p/_simulate", false, Info, "", "", ""},
		{"PUT /_ingest/pipeline/p", true, Pipeline, "", "", ""},
		{"POST /_scripts/painless/_execute", false, Info, "", "", ""},
		{"POST /_scripts/mine", true, Script, "", "", ""},
		{"POST /_index_template/_simulate/t", false, Info, "", "", ""},
		{"PUT /_index_template/t", true, Template, "", "", ""},
		{"PUT /shop/_doc/7", true, Document, "shop", "", "7"},
		{"GET /shop/_doc/7", false, Document, "shop", "", "7"},
		{"HEAD /shop/_doc/7", false, Document, "shop", "", "7"},
		{"POST /shop/_doc", true, Create, "shop", "", ""},
		{"POST /shop/_doc/", true, Create, "shop", "", ""},
		{"PUT /shop/_create/7?routing=a", true, Document, "shop", "", "7"},
		{"POST /shop/_update/_x%2Fy", true, Update, "shop", "", "_x/y"},
		{"POST /shop/_doc/7/_update", true, Update, "shop", "_doc", "7"},
		{"PUT /shop/_doc/7/_create", true, Document, "shop", "_doc", "7"},
		{"POST /shop/_doc/_search", false, Search, "shop", "_doc", ""},
		{"POST /shop/_doc/_bulk", true, Bulk, "shop", "_doc", ""},
		{"PUT /shop/_mapping/_doc", true, Mapping, "shop", "_doc", ""},
		{"PUT /shop/_doc/_x", true, Document, "shop", "", "_x"},
		{"PUT /shop/order/7", true, Document, "shop", "order", "7"},
		{"POST /shop/order", true, Create, "shop", "order", ""},
		{"POST /shop/order/7/_update", true, Update, "shop", "order", "7"},
		{"GET /shop/order/7/_source", false, Document, "shop", "order", "7"},
		{"PUT /shop/order/7/_create", true, Document, "shop", "order", "7"},
		{"DELETE /shop/order/_query", true, ByQuery, "shop", "order", ""},
		{"POST /_bulk", true, Bulk, "", "", ""},
		{"PUT /shop/_bulk?refresh=true", true, Bulk, "shop", "", ""},
		{"POST /shop/order/_bulk", true, Bulk, "shop", "order", ""},
		{"POST /shop/_delete_by_query", true, ByQuery, "shop", "", ""},
		{"POST /_reindex", true, ByQuery, "", "", ""},
		{"PUT /%3Clogs-%7Bnow%2Fd%7D%3E", true, Index, "<logs-{now/d}>", "", ""},
		{"DELETE /a,b", true, Index, "a,b", "", ""},
		{"PUT /shop/_mapping", true, Mapping, "shop", "", ""},
		{"PUT /shop/_mapping/order", true, Mapping, "shop", "order", ""},
		{"PUT /shop/order/_mapping", true, Mapping, "shop", "order", ""},
		{"DELETE /shop/order", true, Mapping, "shop", "order", ""},
		{"POST /_aliases", true, Alias, "", "", ""},
		{"PUT /shop/_alias/a", true, Alias, "shop", "", ""},
		{"PUT /_template/t", true, Template, "", "", ""},
		{"PUT /_cluster/settings", true, Cluster, "", "", ""},
		{"POST /_cluster/reroute", true, Cluster, "", "", ""},
		{"POST /_cluster/allocation/explain", false, Info, "", "", ""},
		{"GET /_cluster/health", false, Info, "", "", ""},
		{"GET /_cat/indices?v", false, Info, "", "", ""},
		{"GET /_nodes/stats/jvm", false, Info, "", "", ""},
		{"PUT /_snapshot/r/s", true, Snapshot, "", "", ""},
		{"GET /_snapshot/r/s", false, Snapshot, "", "", ""},
		{"POST /_tasks/n:1/_cancel", true, Task, "", "", ""},
		{"PUT /_plugins/_ism/policies/p", true, Policy, "", "", ""},
		{"PUT /_plugins/_security/api/roles/r", true, Security, "", "", ""},
		{"POST /_plugins/_sql", false, Search, "", "", ""},
		{"POST /_something/new", true, Other, "", "", ""},
		{"GET /_something/new", false, Other, "", "", ""},
		{"POST //shop///_search", false, Search, "shop", "", ""},
		{"POST http://host:9200/shop/_search?q=a", false, Search, "shop", "", ""},
		{"POST http://host:9200", true, Other, "", "", ""},
		{"PATCH /shop/_doc/1/2/3/4/5/6/7/8/9/10", true, Other, "", "", ""},
	} {
		method, target, _ := strings.Cut(c.request, " ")
		got := Classify(method, target)
		if c.request == "POST http://host:9200" { // the root: known, and nothing that changes
			c.changes, c.kind = false, Info
		}
		if got.Changes != c.changes || got.Kind != c.kind || got.Index != c.index || got.Type != c.typ || got.ID != c.id {
			t.Errorf("%s: %+v", c.request, got)
		}
	}
}

func TestEveryRowIsFoundByItsPath(t *testing.T) {
	for _, r := range rows {
		path := strings.NewReplacer("{index}", "i", "{type}", "t", "{id}", "1", "{", "", "}", "").Replace(r.path)
		if got := Classify("POST", path); got.Name != r.path || got.Kind != r.kind && r.path != "/{index}/{type}" || got.Changes != r.changes {
			t.Errorf("%s: %+v", r.path, got)
		}
		if got := Classify("GET", path); got.Changes {
			t.Errorf("GET %s changes something", r.path)
		}
	}
}

func TestQueriesAreRead(t *testing.T) {
	for _, c := range []struct{ target, name, want string }{
		{"/a?routing=x&refresh", "routing", "x"}, {"/a?refresh", "refresh", ""}, {"/a?r%6futing=a%20b", "routing", "a b"}, {"/a?x=1&x=2", "x", "2"},
	} {
		if got, ok := Query(c.target, c.name); !ok || got != c.want {
			t.Errorf("%s of %s: %q, %v", c.name, c.target, got, ok)
		}
	}
	if _, ok := Query("/a?xrouting=1", "routing"); ok {
		t.Error("a parameter was found that is not there")
	}
}

func FuzzClassify(f *testing.F) {
	f.Add("PUT", "/a/_doc/1?routing=x")
	f.Add("POST", "/%3Ca%2F%3E/t/_bulk")
	f.Fuzz(func(t *testing.T, method, target string) {
		r := Classify(method, target)
		if r.Kind == "" {
			t.Fatalf("%s %s has no kind", method, target)
		}
		if r.Index == "" || r.Type != "" {
			return
		}
		first, _, _ := strings.Cut(strings.TrimLeft(Path(target), "/"), "/")
		if strings.HasPrefix(r.Name, "/{index}") {
			if want, err := url.PathUnescape(first); err == nil && r.Index != want {
				t.Fatalf("index %q of %q, want %q", r.Index, target, want)
			}
		}
		Query(target, "routing")
	})
}

func BenchmarkClassify(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if !Classify("POST", "/shop/_bulk?refresh=true").Changes {
			b.Fatal()
		}
	}
}
