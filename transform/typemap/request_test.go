package typemap_test

import (
	"strings"
	"testing"

	"migassist/transform"
	"migassist/transform/typemap"
	"migassist/xcontent/tree"
)

// rules send types of shop to indices of their own, unite those of both, drop those of gone, and leave all others.
const rules = `{"staticMappings":{"shop":{"user":"people","order":"orders"},"both":{"a":"both","b":"both"},"gone":{}},"regexMappings":[["time-(.*)","(cpu|net)","$2-$1"],["(.+)","(.+)","$1"]]}`

// sent are the requests that one becomes, "METHOD URI body".
func sent(t *testing.T, config, method, uri, body string) (all []string, err error) {
	t.Helper()
	program, err := typemap.Parse([]byte(config))
	if err != nil {
		t.Fatal(err)
	}
	message := `{"method":"` + method + `","URI":"` + uri + `","protocol":"HTTP/1.1","headers":{"Host":"h"}`
	switch {
	case strings.HasPrefix(body, "["):
		message += `,"payload":{"inlinedJsonSequenceBodies":` + body + `}`
	case body != "":
		message += `,"payload":{"inlinedJsonBody":` + body + `}`
	}
	value, err := tree.Parse([]byte(message + "}"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := program.New().Transform(t.Context(), nil, transform.NewValue(transform.Request, value))
	for _, m := range out {
		v, err := m.Value()
		if err != nil {
			t.Fatal(err)
		}
		line := v.Get("method").Text() + " " + v.Get("URI").Text()
		for _, form := range []string{"inlinedJsonSequenceBodies", "inlinedJsonBody"} {
			if b := v.Path("payload", form); b != nil {
				line += " " + b.String()
			}
		}
		if v.Path("headers", "Host").Text() != "h" || m.Kind != transform.Request {
			t.Errorf("the rest of the request is gone: %s", v)
		}
		all = append(all, line)
	}
	return all, err
}

func TestRequestsGoWhereTheirTypesGo(t *testing.T) {
	for _, c := range []struct{ method, uri, body, want string }{
		// one document
		{"PUT", "/shop/user/1", `{"a" : 1.0}`, `PUT /people/_doc/1 {"a" : 1.0}`},
		{"PUT", "/shop/user/1?routing=r&refresh=true", `{}`, `PUT /people/_doc/1?routing=r&refresh=true {}`},
		{"PUT", "/shop/order/1?parent=7&include_type_name=true", `{}`, `PUT /orders/_doc/1?routing=7 {}`},
		{"PUT", "/shop/order/1?parent=7&routing=8", `{}`, `PUT /orders/_doc/1?routing=8 {}`},
		{"PUT", "/shop/user/1/_create", `{}`, `PUT /people/_create/1 {}`},
		{"PUT", "/shop/user/a%2Fb%20c", `{}`, `PUT /people/_doc/a%2Fb%20c {}`},
		{"POST", "/shop/user", `{}`, `POST /people/_doc {}`},
		{"POST", "/shop/user/", `{}`, `POST /people/_doc {}`},
		{"POST", "/shop/user/1/_update?retry_on_conflict=3", `{"doc":{}}`, `POST /people/_update/1?retry_on_conflict=3 {"doc":{}}`},
		{"GET", "/shop/user/1", ``, `GET /people/_doc/1`},
		{"HEAD", "/shop/user/1/_source", ``, `HEAD /people/_source/1`},
		{"DELETE", "/shop/order/1", ``, `DELETE /orders/_doc/1`},
		{"GET", "/shop/order/1/_explain", `{}`, `GET /orders/_explain/1 {}`},
		{"GET", "/time-7/cpu/1", ``, `GET /cpu-7/_doc/1`},
		{"PUT", "/plain/_doc/1", `{}`, `PUT /plain/_doc/1 {}`},
		{"POST", "/plain/_update/1", `{}`, `POST /plain/_update/1 {}`},
		{"PUT", "/gone/x/1", `{}`, ``},
		{"PUT", "/shop/_doc/1", `{}`, ``},
		// searches
		{"POST", "/shop/user/_search?size=3", `{"query":{}}`, `POST /people/_search?size=3 {"query":{}}`},
		{"POST", "/shop/user,order/_search", `{}`, `POST /people,orders/_search {}`},
		{"POST", "/shop,plain/order,user/_count", `{}`, `POST /orders,people,plain/_count {}`},
		{"POST", "/both/a,b/_search", `{}`, `POST /both/_search {}`},
		{"GET", "/shop/_search", ``, `GET /orders,people/_search`},
		{"GET", "/plain/_search", ``, `GET /plain/_search`},
		{"GET", "/time-*/net/_search/template", `{}`, `GET /net-*/_search/template {}`},
		{"POST", "/gone/x/_search", `{}`, ``},
		{"GET", "/_search", `{}`, `GET /_search {}`},
		{"HEAD", "/shop/user", ``, `HEAD /people`},
		// bodies with addresses
		{
			"POST", "/_bulk", `[{"index":{"_index":"shop","_type":"user","_id":"1","parent":"p"}},{"a":1e400},{"delete":{"_index":"shop","_type":"order","_id":"2"}},{"create":{"_index":"gone","_type":"x"}},{"b":2},{"update":{"_index":"plain","_id":"3"}},{"doc":{}}]`,
			`POST /_bulk [{"index":{"_index":"people","_id":"1","routing":"p"}},{"a":1e400},{"delete":{"_index":"orders","_id":"2"}},{"update":{"_index":"plain","_id":"3"}},{"doc":{}}]`,
		},
		{
			"POST", "/shop/user/_bulk?refresh=true", `[{"index":{"_id":"1"}},{"a":1},{"index":{"_type":"order"}},{"b":1}]`,
			`POST /_bulk?refresh=true [{"index":{"_id":"1","_index":"people"}},{"a":1},{"index":{"_index":"orders"}},{"b":1}]`,
		},
		{"POST", "/plain/_bulk", `[{"index":{}},{"a":1}]`, `POST /plain/_bulk [{"index":{}},{"a":1}]`},
		{"POST", "/gone/_bulk", `[{"index":{"_type":"x"}},{"a":1}]`, ``},
		{"GET", "/shop/user/_mget", `{"ids":["1","2"]}`, `GET /people/_mget {"ids":["1","2"]}`},
		{
			"GET", "/shop/_mget", `{"docs":[{"_type":"user","_id":"1"},{"_type":"x","_id":"2"},{"_index":"plain","_type":"t","_id":"3"}]}`,
			`GET /_mget {"docs":[{"_id":"1","_index":"people"},{"_index":"plain","_id":"3"}]}`,
		},
		{
			"GET", "/shop/user/_msearch", `[{},{"query":{}},{"index":["shop","plain"],"type":"order"},{"size":1},{"index":"gone","type":"x"},{}]`,
			`GET /_msearch [{"index":"people"},{"query":{}},{"index":["orders","plain"]},{"size":1}]`,
		},
		{"GET", "/_msearch/template", `[{},{"id":"x"}]`, `GET /_msearch/template [{},{"id":"x"}]`},
		// mappings
		{"GET", "/shop/_mapping/user", ``, `GET /people/_mapping`},
		{"GET", "/shop/_mapping/user/field/name", ``, `GET /people/_mapping/field/name`},
		{"GET", "/shop/_mapping/field/name", ``, `GET /orders,people/_mapping/field/name`},
		{"PUT", "/shop/_mapping/user", `{"user":{"properties":{"n":{"type":"long"}}}}`, `PUT /people/_mapping {"properties":{"n":{"type":"long"}}}`},
		{"PUT", "/shop/user/_mapping", `{"properties":{"n":{"type":"long"}}}`, `PUT /people/_mapping {"properties":{"n":{"type":"long"}}}`},
		{"PUT", "/plain/_mapping?include_type_name=false", `{"properties":{}}`, `PUT /plain/_mapping {"properties":{}}`},
		// making indices
		{
			"PUT", "/shop", `{"settings":{"x":1},"mappings":{"user":{"properties":{"n":{"type":"long"}}},"order":{},"other":{}}}`,
			`PUT /people {"settings":{"x":1},"mappings":{"properties":{"n":{"type":"long"}}}}; PUT /orders {"settings":{"x":1},"mappings":{}}`,
		},
		{
			"PUT", "/both?timeout=1s&include_type_name=true", `{"mappings":{"a":{"dynamic":false,"properties":{"o":{"properties":{"n":{"type":"long"}}},"t":{"type":"text","fields":{"r":{"type":"ip"}}}}},"b":{"properties":{"o":{"properties":{"m":{"type":"ip"}}},"t":{"type":"text","fields":{"s":{"type":"ip"}}}}}}}`,
			`PUT /both?timeout=1s {"mappings":{"dynamic":false,"properties":{"o":{"properties":{"n":{"type":"long"},"m":{"type":"ip"}}},"t":{"type":"text","fields":{"r":{"type":"ip"},"s":{"type":"ip"}}}}}}`,
		},
		{"PUT", "/shop", `{"settings":{}}`, `PUT /orders {"settings":{}}; PUT /people {"settings":{}}`},
		{"PUT", "/plain", `{"mappings":{"properties":{}}}`, `PUT /plain {"mappings":{"properties":{}}}`},
		{"PUT", "/plain", ``, `PUT /plain`},
		// what types have no part in
		{"GET", "/", ``, `GET /`},
		{"DELETE", "/shop", ``, `DELETE /shop`},
		{"POST", "/shop/_refresh", ``, `POST /shop/_refresh`},
		{"GET", "/_cluster/health?level=shards", ``, `GET /_cluster/health?level=shards`},
	} {
		got, err := sent(t, rules, c.method, c.uri, c.body)
		if all := strings.Join(got, "; "); err != nil || all != c.want {
			t.Errorf("%s %s %s: %v\ngot  %s\nwant %s", c.method, c.uri, c.body, err, all, c.want)
		}
	}
}

func TestRequestsThatNoTargetUnderstandsAreNamed(t *testing.T) {
	for _, c := range []struct{ method, uri, body, want string }{
		{"PUT", "/both", `{"mappings":{"a":{"properties":{"o":{"properties":{"n":{"type":"long"}}}}},"b":{"properties":{"o":{"properties":{"n":{"type":"ip"}}}}}}}`, "PUT /both: type b goes to index both, where others go: field o.n is long and ip"},
		{"PUT", "/both", `{"mappings":{"a":{"dynamic":true},"b":{"dynamic":false}}}`, "dynamic is true and false"},
		{"DELETE", "/shop/user", ``, "DELETE /shop/user: it is about the mapping type user as a whole"},
		{"POST", "/_bulk", `{}`, "payload.inlinedJsonSequenceBodies"},
		{"POST", "/_bulk", `[{"oops":{}},{}]`, `line 1: {"oops":{}} is no action`},
		{"GET", "/_mget", `{}`, "has no docs"},
		{"GET", "/_msearch", ``, "payload.inlinedJsonSequenceBodies"},
	} {
		if got, err := sent(t, rules, c.method, c.uri, c.body); err == nil || !strings.Contains(err.Error(), c.want) || len(got) > 0 {
			t.Errorf("%s %s: %v, %q, want %q", c.method, c.uri, err, got, c.want)
		}
	}
}

func TestDefaultRulesOnlyTakeTypesAway(t *testing.T) {
	for uri, want := range map[string]string{"/i/t/1": "GET /i/_doc/1", "/i/_doc/1": "GET /i/_doc/1", "/i/t/_search": "GET /i/_search", "/i,j/t/_search": "GET /i,j/_search", "/i*/_search": "GET /i*/_search"} {
		if got, err := sent(t, `{}`, "GET", uri, ""); err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%s: %v, %q", uri, err, got)
		}
	}
}
