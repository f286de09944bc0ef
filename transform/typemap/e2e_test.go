//go:build e2e

package typemap_test

import (
	"strings"
	"testing"

	"migassist/internal/testcluster"
)

// TestRealServersTakeTheRequests sends what a client says to a server with mapping types to a real one, and, rewritten, to one without: both take
// every request, and in the end have the same documents.
func TestRealServersTakeTheRequests(t *testing.T) {
	start := func(product testcluster.Product, version string) *testcluster.Server {
		server, err := testcluster.Start(t.Context(), testcluster.Spec{Product: product, Version: version})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := server.Stop(); err != nil {
				t.Error(err)
			}
		})
		return server
	}
	source, target := start(testcluster.Elasticsearch, "5.6.16"), start(testcluster.OpenSearch, "2.19.1")
	for _, c := range []struct{ method, uri, body, says string }{
		{"PUT", "/shop", `{"settings":{"number_of_shards":1},"mappings":{"user":{"properties":{"n":{"type":"long"}}},"order":{"properties":{"n":{"type":"long"},"of":{"type":"keyword"}}}}}`, ``},
		{"PUT", "/shop/_mapping/user", `{"user":{"properties":{"name":{"type":"keyword"}}}}`, ``},
		{"PUT", "/shop/user/1", `{"n":1,"name":"ada"}`, `"_id":"1"`},
		{"PUT", "/shop/order/1?routing=r", `{"n":2,"of":"ada"}`, `"_id":"1"`},
		{"PUT", "/shop/user/2/_create", `{"n":3}`, ``},
		{"POST", "/shop/user/2/_update", `{"doc":{"name":"bob"}}`, ``},
		{"PUT", "/plain/doc/a%2Fb%20c", `{"n":4}`, ``},
		{"POST", "/shop/user/_bulk?refresh=true", `[{"index":{"_id":"3"}},{"n":5,"name":"eve"},{"index":{"_type":"order","_id":"2"}},{"n":6,"of":"bob"},{"delete":{"_id":"2"}}]`, `"errors":false`},
		{"POST", "/_bulk?refresh=true", `[{"update":{"_index":"shop","_type":"user","_id":"3"}},{"doc":{"n":7}},{"create":{"_index":"plain","_type":"doc","_id":"z"}},{"n":8}]`, `"errors":false`},
		{"GET", "/shop/user/3", ``, `"n":7`},
		{"HEAD", "/shop/user/3", ``, ``},
		{"GET", "/shop/user/3/_source", ``, `"name":"eve"`},
		{"GET", "/plain/doc/a%2Fb%20c", ``, `"n":4`},
		{"POST", "/shop/user/_search", `{"query":{"term":{"name":"eve"}}}`, `"_id":"3"`},
		{"POST", "/shop/user,order/_search", `{"query":{"term":{"of":"bob"}}}`, `"_id":"2"`},
		{"POST", "/shop/user/_count", `{"query":{"match_all":{}}}`, `"count":2`},
		{"GET", "/shop/user/3/_explain", `{"query":{"term":{"name":"eve"}}}`, `"matched":true`},
		{"GET", "/shop/user/_validate/query", `{"query":{"match_all":{}}}`, `"valid":true`},
		{"GET", "/shop/_mget", `{"docs":[{"_type":"user","_id":"3"},{"_type":"order","_id":"2"}]}`, `"of":"bob"`},
		{"GET", "/shop/user/_mget", `{"ids":["1","3"]}`, `"ada"`},
		{"GET", "/shop/user/_msearch", `[{},{"query":{"term":{"name":"eve"}}},{"index":["shop"],"type":"order"},{"query":{"term":{"of":"bob"}}}]`, `"of":"bob"`},
		{"GET", "/shop/_mapping/user", ``, `"name"`},
		{"GET", "/shop/_mapping/user/field/name", ``, `"keyword"`},
		{"DELETE", "/shop/user/1?refresh=true", ``, `"_id":"1"`},
	} {
		take(t, source, c.method, c.uri, c.body, c.says)
		rewritten, err := sent(t, rules, c.method, c.uri, c.body)
		if err != nil || len(rewritten) == 0 {
			t.Errorf("%s %s: %v", c.method, c.uri, err)
		}
		for _, one := range rewritten {
			parts := strings.SplitN(one, " ", 3)
			take(t, target, parts[0], parts[1], strings.Join(parts[2:], ""), c.says)
		}
	}
	for path, want := range map[string]string{"/people/_search": `"_id":"3"`, "/orders/_search": `"_id":"2"`, "/plain/_search": `"_id":"a/b c"`} {
		take(t, target, "GET", path, "", want)
	}
}

// take sends a request; a body of several lines is an array here.
func take(t *testing.T, server *testcluster.Server, method, uri, body, says string) {
	t.Helper()
	kind := "application/json"
	if strings.HasPrefix(body, "[") {
		kind = "application/x-ndjson"
		body = strings.NewReplacer("},{", "}\n{", "}}]", "}}\n", "}]", "}\n").Replace(body[1:])
	}
	answer, err := server.DoAs(t.Context(), method, uri, kind, []byte(body))
	if err != nil || !strings.Contains(string(answer), says) {
		t.Errorf("%s: %s %s %s: %v\n%.400s\nwithout %s", server.Spec.Version, method, uri, body, err, answer, says)
	}
}
