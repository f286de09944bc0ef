package rewrite_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/capture"
	"migassist/capture/httpwire"
	"migassist/replay/effect"
	"migassist/replay/rewrite"
)

// exchange makes one out of "METHOD target", header lines, a body, a status (0: no answer), and what was answered.
func exchange(tb testing.TB, line, headers, body string, status int, answer string) *capture.Exchange {
	tb.Helper()
	x := &capture.Exchange{}
	raw := fmt.Appendf(nil, "%s HTTP/1.1\r\nHost: source\r\n%sContent-Length: %d\r\n\r\n", line, headers, len(body))
	head, err := httpwire.ParseRequest(raw)
	if err != nil {
		tb.Fatal(err)
	}
	x.Request = capture.Message{Head: head, Raw: append(raw, body...), Body: []byte(body), Whole: true}
	if status == 0 {
		return x
	}
	raw = fmt.Appendf(nil, "HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n", status, len(answer))
	if head, err = httpwire.ParseResponse(raw, x.Request.Head.Method); err != nil {
		tb.Fatal(err)
	}
	x.Response = &capture.Message{Head: head, Raw: append(raw, answer...), Body: []byte(answer), Whole: true}
	return x
}

const made = `{"_index":"i","_id":"s 1","_version":1,"result":"created","_seq_no":4,"_primary_term":1}`

func toNew(name string) string { return "new-" + name }

func known() rewrite.IDs {
	m := rewrite.NewMemory(10)
	m.Learn(rewrite.ScrollID, "s==", "t==")
	m.Learn(rewrite.PITID, "p", "q")
	m.Learn(rewrite.AsyncSearchID, "a", "b")
	m.Learn(rewrite.TaskID, "n:1", "m:2")
	return m
}

// Every case is "METHOD target", body -> "METHOD target", body, notes; "same" stands for the captured body.
func TestRequestsBecomeThoseOfTheTarget(t *testing.T) {
	plain := rewrite.Options{}
	versions := rewrite.Options{Versions: rewrite.SeqNo}
	mapped := rewrite.Options{Index: toNew}
	ids := rewrite.Options{IDs: known()}
	for _, c := range []struct {
		options    rewrite.Options
		line, body string
		status     int
		answer     string
		want       string
		wantBody   string
		notes      string
	}{
		{plain, "PUT /i/_doc/1?refresh", `{}`, 200, made, "PUT /i/_doc/1?refresh", "same", ""},
		{plain, "PUT http://h:1//i/_doc/1", `{}`, 200, made, "PUT //i/_doc/1", "same", ""},
		{plain, "POST /i/_doc?refresh=true", `{}`, 201, made, "PUT /i/_doc/s%201?refresh=true", "same", ""},
		{plain, "POST /i/_doc?op_type=create", `{}`, 201, made, "PUT /i/_doc/s%201?op_type=create", "same", ""},
		{versions, "POST /logs/_doc", `{}`, 201, `{"_index":".ds-logs-000001","_id":"1","_seq_no":2}`, "PUT /logs/_doc/1?op_type=create", "same", "unversioned a document of a data stream"},
		{rewrite.Options{TargetIDs: true, Versions: rewrite.SeqNo}, "POST /i/_doc", `{}`, 201, made, "POST /i/_doc", "same", "unversioned a document whose id the target makes"},
		{rewrite.Options{TargetIDs: true}, "POST /i/_doc", `{}`, 201, made, "POST /i/_doc", "same", ""},
		{plain, "POST /i/_doc", `{}`, 0, "", "", "no_id", "left_out no_id"},
		{plain, "POST /i/_doc", `{}`, 400, `{"error":{"type":"x"}}`, "", "not_applied", "left_out not_applied"},
		{rewrite.Options{Refused: true}, "POST /i/_doc", `{}`, 400, `{"error":{"type":"x"}}`, "POST /i/_doc", "same", ""},
		{plain, "PUT /i/_doc/1", `{}`, 0, "", "PUT /i/_doc/1", "same", ""},
		{plain, "PUT /i/_mapping", `{}`, 400, `{"error":{"type":"x"}}`, "", "not_applied", "left_out not_applied"},
		{plain, "PUT /i/_doc/1?if_seq_no=3&if_primary_term=1", `{}`, 200, made, "PUT /i/_doc/1", "same", ""},
		{rewrite.Options{Conditions: true}, "PUT /i/_doc/1?if_seq_no=3&if_primary_term=1", `{}`, 200, made, "PUT /i/_doc/1?if_seq_no=3&if_primary_term=1", "same", ""},
		{plain, "PUT /i/_doc/1?version=3", `{}`, 200, made, "PUT /i/_doc/1", "same", ""},
		{plain, "PUT /i/_doc/1?version=3&version_type=external", `{}`, 200, made, "PUT /i/_doc/1?version=3&version_type=external", "same", ""},
		{versions, "PUT /i/_doc/1?refresh", `{}`, 200, made, "PUT /i/_doc/1?refresh&version=5&version_type=external_gte", "same", ""},
		{versions, "PUT /i/_create/1", `{}`, 201, made, "PUT /i/_doc/1?version=5&version_type=external_gte", "same", ""},
		{versions, "POST /i/_doc?op_type=create", `{}`, 201, made, "PUT /i/_doc/s%201?version=5&version_type=external_gte", "same", ""},
		{versions, "DELETE /i/_doc/1", ``, 404, `{"result":"not_found","_seq_no":0}`, "DELETE /i/_doc/1?version=1&version_type=external_gte", "same", ""},
		{versions, "POST /i/_update/1", `{"doc":{}}`, 200, made, "POST /i/_update/1", "same", "unversioned an update"},
		{versions, "PUT /i/_doc/1", `{}`, 0, ``, "PUT /i/_doc/1", "same", "unversioned no sequence number was captured"},
		{versions, "PUT /i/_doc/1?version=3&version_type=external", `{}`, 200, made, "PUT /i/_doc/1?version=5&version_type=external_gte", "same", "unversioned its own external version is replaced"},

		{plain, "PUT /i/order/a%2Fb?parent=p&ttl=1d", `{}`, 200, made, "PUT /i/_doc/a%2Fb?routing=p", "same", "no_equivalent parameter ttl"},
		{plain, "POST /i/order", `{}`, 201, made, "PUT /i/_doc/s%201", "same", ""},
		{plain, "PUT /i/order/1/_create", `{}`, 201, made, "PUT /i/_create/1", "same", ""},
		{versions, "PUT /i/order/1/_create", `{}`, 201, made, "PUT /i/_doc/1?version=5&version_type=external_gte", "same", ""},
		{plain, "POST /i/order/1/_update", `{"doc":{}}`, 200, made, "POST /i/_update/1", "same", ""},
		{plain, "POST /i/_doc/1/_update", `{"doc":{}}`, 200, made, "POST /i/_update/1", "same", ""},
		{plain, "POST /i/_update/1?fields=a", `{"fields":["a"],"doc":{"fields":1}}`, 200, made, "POST /i/_update/1", `{"doc":{"fields":1}}`, "no_equivalent parameter fields,no_equivalent fields of an update"},
		{
			plain, "GET /i/_search?search_type=count&fields=a&force_synthetic_source=true", ``, 200, `{}`, "GET /i/_search?search_type=count&fields=a", "same",
			"no_equivalent parameter force_synthetic_source,no_equivalent parameter fields,no_equivalent search_type=count",
		},
		{plain, "PUT /i/_doc/1?require_data_stream=false", `{}`, 200, made, "PUT /i/_doc/1", "same", "no_equivalent parameter require_data_stream"},
		{mapped, "PUT /_index_template/t", `{"index_patterns":["a*"]}`, 200, `{}`, "PUT /_index_template/t", "same", "expression index patterns of a template"},
		{plain, "DELETE /i/order/1", ``, 200, `{"result":"deleted"}`, "DELETE /i/_doc/1", "same", ""},
		{plain, "GET /i/order/1/_source", ``, 200, `{}`, "GET /i/_source/1", "same", ""},
		{plain, "GET /i/order/1?_source_include=a", ``, 200, `{}`, "GET /i/_doc/1?_source_includes=a", "same", ""},
		{plain, "POST /i/order/_search?size=1", `{}`, 200, `{}`, "POST /i/_search?size=1", "same", "types order"},
		{plain, "POST /i/_doc/_search", `{}`, 200, `{}`, "POST /i/_search", "same", ""},
		{plain, "POST /i/order/_count", `{}`, 200, `{}`, "POST /i/_count", "same", "types order"},
		{plain, "PUT /i/_mapping/order?include_type_name=true", `{"order":{"properties":{"a":{"type":"long"}}}}`, 200, `{}`, "PUT /i/_mapping", `{"properties":{"a":{"type":"long"}}}`, ""},
		{plain, "PUT /i/order/_mapping", `{"properties":{}}`, 200, `{}`, "PUT /i/_mapping", "same", ""},
		{plain, "PUT /i?include_type_name=true", `{"settings":{},"mappings":{"order":{"properties":{}}}}`, 200, `{}`, "PUT /i", `{"settings":{},"mappings":{"properties":{}}}`, ""},
		{plain, "PUT /i", `{"mappings":{"a":{},"b":{}}}`, 200, `{}`, "PUT /i", "same", "no_equivalent a mapping of several types"},
		{plain, "PUT /_template/t", `{"mappings":{"_default_":{},"o":{"dynamic":false}}}`, 200, `{}`, "PUT /_template/t", `{"mappings":{"dynamic":false}}`, ""},
		{plain, "GET /i/_mapping/order/field/a", ``, 200, `{}`, "GET /i/_mapping/field/a", "same", ""},
		{plain, "DELETE /i/order/_query", `{"query":{}}`, 200, `{}`, "POST /i/_delete_by_query", "same", "types order"},
		{plain, "POST /i/order/_percolate", `{}`, 200, `{}`, "POST /i/_percolate", "same", "no_equivalent /{index}/{type}/_percolate,types order"},
		{rewrite.Options{Types: true}, "PUT /i/order/1", `{}`, 200, made, "PUT /i/order/1", "same", ""},
		{rewrite.Options{Types: true}, "POST /i/order", `{}`, 200, made, "PUT /i/order/s%201", "same", ""},
		{plain, "POST /_mget", `{"docs":[{"_index":"i","_type":"o","_id":"1","_routing":"r"}]}`, 200, `{}`, "POST /_mget", `{"docs":[{"_index":"i","_id":"1","routing":"r"}]}`, ""},
		{
			mapped, "POST /_msearch", "{\"index\":[\"a\",\"b*\"],\"type\":\"o\"}\n{\"size\":1}\n{}\n{}\n", 200, `{}`, "POST /_msearch",
			"{\"index\":[\"new-a\",\"b*\"]}\n{\"size\":1}\n{}\n{}\n", `types "o",expression b*`,
		},
		{
			mapped, "POST /_reindex", `{"source":{"index":"a","type":"o"},"dest":{"index":"b","type":"o"}}`, 200, `{}`, "POST /_reindex",
			`{"source":{"index":"new-a"},"dest":{"index":"new-b"}}`, `types "o"`,
		},
		{
			mapped, "POST /_aliases", `{"actions":[{"add":{"index":"a","alias":"x"}},{"remove_index":{"indices":["a"]}}]}`, 200, `{}`, "POST /_aliases",
			`{"actions":[{"add":{"index":"new-a","alias":"new-x"}},{"remove_index":{"indices":["new-a"]}}]}`, "",
		},
		{mapped, "PUT /a/_alias/x", ``, 200, `{}`, "PUT /new-a/_alias/new-x", "same", ""},
		{mapped, "POST /a,-b,c*/_search", `{}`, 200, `{}`, "POST /new-a%2C-new-b%2Cc%2A/_search", "same", "expression c*"},
		{mapped, "DELETE /_all", ``, 200, `{}`, "DELETE /_all", "same", ""},
		{rewrite.Options{Prefix: "/es"}, "GET /_cat/indices?v", ``, 200, ``, "GET /es/_cat/indices?v", "same", ""},
		{plain, "POST /_unknown/x?y", `{}`, 200, `{}`, "POST /_unknown/x?y", "same", ""},

		{ids, "POST /_search/scroll", `{"scroll":"1m","scroll_id":"s=="}`, 200, `{}`, "POST /_search/scroll", `{"scroll":"1m","scroll_id":"t=="}`, ""},
		{ids, "POST /_search/scroll", `{"scroll_id":"u=="}`, 200, `{}`, "POST /_search/scroll", "same", "unknown_id scroll u=="},
		{ids, "POST /_search/scroll?scroll=1m", `s==`, 200, `{}`, "POST /_search/scroll?scroll=1m", `{"scroll_id":"t=="}`, ""},
		{ids, "DELETE /_search/scroll", `{"scroll_id":["s=="]}`, 200, `{}`, "DELETE /_search/scroll", `{"scroll_id":["t=="]}`, ""},
		{ids, "DELETE /_search/scroll/s%3D%3D", ``, 200, `{}`, "DELETE /_search/scroll/t==", "same", ""},
		{ids, "GET /_search/scroll?scroll_id=s%3D%3D&scroll=1m", ``, 200, `{}`, "GET /_search/scroll?scroll=1m&scroll_id=t%3D%3D", "same", ""},
		{ids, "POST /_search", `{"pit":{"id":"p","keep_alive":"1m"}}`, 200, `{}`, "POST /_search", `{"pit":{"id":"q","keep_alive":"1m"}}`, ""},
		{ids, "POST /i/_pit?keep_alive=1m", ``, 200, `{}`, "POST /i/_search/point_in_time?keep_alive=1m", "same", ""},
		{ids, "DELETE /_pit", `{"id":"p"}`, 200, `{}`, "DELETE /_search/point_in_time", `{"pit_id":["q"]}`, ""},
		{ids, "GET /_async_search/a", ``, 200, `{}`, "GET /_plugins/_asynchronous_search/b", "same", ""},
		{ids, "POST /i/_async_search?size=1", `{}`, 200, `{}`, "POST /_plugins/_asynchronous_search?size=1&index=i", "same", ""},
		{ids, "GET /_tasks/n:1", ``, 200, `{}`, "GET /_tasks/m:2", "same", ""},
	} {
		x := exchange(t, c.line, "", c.body, c.status, c.answer)
		e, err := effect.Of(x)
		if err != nil {
			t.Errorf("%s: %v", c.line, err)
		}
		got, notes, err := rewrite.New(c.options).Request(x, &e, nil)
		if err != nil {
			t.Errorf("%s: %v", c.line, err)
			continue
		}
		if text := told(notes); text != c.notes {
			t.Errorf("%s: notes %q, want %q", c.line, text, c.notes)
		}
		if c.want == "" {
			if string(got.Skip) != c.wantBody {
				t.Errorf("%s: %+v", c.line, got)
			}
			continue
		}
		if c.wantBody == "same" {
			if c.wantBody = c.body; len(c.body) > 0 && &got.Body[0] != &x.Request.Body[0] {
				t.Errorf("%s: a copy of the body", c.line)
			}
		}
		if diff := cmp.Diff([]string{c.want, c.wantBody}, []string{got.Method + " " + got.Target, string(got.Body)}); diff != "" || got.Skip != "" {
			t.Errorf("%s: %s %s", c.line, got.Skip, diff)
		}
	}
}

func told(notes []rewrite.Note) string {
	var text []string
	for _, n := range notes {
		item := ""
		if n.Item >= 0 {
			item = fmt.Sprintf("%d ", n.Item)
		}
		text = append(text, item+string(n.Kind)+" "+n.What)
	}
	return strings.Join(text, ",")
}

const bulk = `{"index":{"_index":"a","_type":"o","_id":"1","_parent":"p"}}
{"n":1}
{"create":{"_index":"a","_id":"2"}}
{"n":2}
{"index":{"_index":"a"}}
{"n":3}
{"delete":{"_index":"a","_id":"4","if_seq_no":3,"if_primary_term":1}}
{"create":{"_index":"a","_id":"5"}}
{"n":5}
`

const bulkAnswer = `{"errors":true,"items":[
{"index":{"_index":"a","_id":"1","_seq_no":1,"status":200}},
{"create":{"_index":"a","_id":"2","status":409,"error":{"type":"version_conflict_engine_exception"}}},
{"index":{"_index":"a","_id":"x3","_seq_no":2,"status":201}},
{"delete":{"_index":"a","_id":"4","_seq_no":3,"result":"deleted","status":200}},
{"create":{"_index":"a","_id":"5","_seq_no":4,"status":201}}]}`

func TestBulksBecomeThoseOfTheTarget(t *testing.T) {
	const untouched = "{\"index\":{\"_index\":\"a\",\"_id\":\"1\"}}\n{}\n\n{\"delete\":{\"_index\":\"a\",\"_id\":\"2\"}}\n"
	for _, c := range []struct {
		name    string
		options rewrite.Options
		body    string
		status  int
		answer  string
		decide  rewrite.Decide
		want    string
		sent    []int
		notes   string
	}{
		{"by default", rewrite.Options{}, bulk, 200, bulkAnswer, nil, `{"index":{"_index":"a","_id":"1","routing":"p"}}
{"n":1}
{"index":{"_index":"a","_id":"x3"}}
{"n":3}
{"delete":{"_index":"a","_id":"4"}}
{"create":{"_index":"a","_id":"5"}}
{"n":5}
`, []int{0, 2, 3, 4}, "1 left_out not_applied"},
		{
			"with versions, mapped, of a choice",
			rewrite.Options{Versions: rewrite.SeqNo, Index: toNew},
			bulk, 200, bulkAnswer,
			func(o *effect.Operation) bool { return o.ID != "1" && o.ID != "x3" }, `{"delete":{"_index":"new-a","_id":"4","version":4,"version_type":"external_gte"}}
{"index":{"_index":"new-a","_id":"5","version":5,"version_type":"external_gte"}}
{"n":5}
`,
			[]int{3, 4},
			"0 left_out decided,1 left_out not_applied,2 left_out decided",
		},
		{
			"refused ones too",
			rewrite.Options{Refused: true, TargetIDs: true, Types: true, Conditions: true},
			strings.ReplaceAll(bulk, "_parent", "routing"), 200, bulkAnswer, nil,
			strings.ReplaceAll(bulk, "_parent", "routing"), nil, "",
		},
		{
			"fields",
			rewrite.Options{},
			"{\"update\":{\"_index\":\"a\",\"_id\":\"1\",\"dynamic_templates\":{}}}\n{\"fields\":[],\"doc\":{}}\n", 0, "", nil,
			"{\"update\":{\"_index\":\"a\",\"_id\":\"1\"}}\n{\"doc\":{}}\n", nil, "0 no_equivalent metadata dynamic_templates,0 no_equivalent fields of an update",
		},
		{"nothing to do", rewrite.Options{}, untouched, 200, `{"errors":false,"items":[{"index":{"status":200}},{"delete":{"status":200}}]}`, nil, "same", nil, ""},
		{
			"the end left out",
			rewrite.Options{},
			untouched, 200, `{"errors":true,"items":[{"index":{"status":200}},{"delete":{"status":429,"error":{"type":"x"}}}]}`, nil,
			"{\"index\":{\"_index\":\"a\",\"_id\":\"1\"}}\n{}\n\n",
			[]int{0},
			"1 left_out not_applied",
		},
		{
			"all refused",
			rewrite.Options{},
			untouched, 200, `{"errors":true,"items":[{"index":{"status":400,"error":{"type":"x"}}},{"delete":{"status":429,"error":{"type":"x"}}}]}`, nil,
			"not_applied", nil, "0 left_out not_applied,1 left_out not_applied,left_out not_applied",
		},
		{"refused as a whole", rewrite.Options{}, untouched, 413, ``, nil, "not_applied", nil, "left_out not_applied"},
		{"no answer", rewrite.Options{}, bulk, 0, ``, nil, `{"index":{"_index":"a","_id":"1","routing":"p"}}
{"n":1}
{"create":{"_index":"a","_id":"2"}}
{"n":2}
{"delete":{"_index":"a","_id":"4"}}
{"create":{"_index":"a","_id":"5"}}
{"n":5}
`, []int{0, 1, 3, 4}, "2 left_out no_id"},
		{"not understood", rewrite.Options{}, "{\"x\":{}}\n", 0, "", nil, "unread", nil, "left_out unread"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := exchange(t, "POST /_bulk", "", c.body, c.status, c.answer)
			e, _ := effect.Of(x)
			got, notes, err := rewrite.New(c.options).Request(x, &e, c.decide)
			if err != nil {
				t.Fatal(err)
			}
			want := c.want
			if want == "same" {
				if want = c.body; &got.Body[0] != &x.Request.Body[0] {
					t.Error("a copy of the body")
				}
			}
			body := string(got.Body)
			if got.Skip != "" {
				body = string(got.Skip)
			}
			if diff := cmp.Diff(want, body); diff != "" || told(notes) != c.notes || !cmp.Equal(got.Operations, c.sent) {
				t.Errorf("notes %q, sent %v\n%s", told(notes), got.Operations, diff)
			}
		})
	}
}

func TestRoutesOfBulksAreTypeless(t *testing.T) {
	x := exchange(t, "POST /i/order/_bulk?refresh", "", "{\"index\":{\"_id\":\"1\"}}\n{}\n", 0, "")
	e, _ := effect.Of(x)
	got, _, err := rewrite.New(rewrite.Options{Index: toNew}).Request(x, &e, nil)
	if err != nil || got.Target != "/new-i/_bulk?refresh" || &got.Body[0] != &x.Request.Body[0] {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestHeadersAreThoseOfTheTarget(t *testing.T) {
	const captured = "Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\nAuthorization: Basic c291cmNl\r\nContent-Type: application/vnd.elasticsearch+x-ndjson; compatible-with=8\r\n" +
		"X-Opaque-Id: 7\r\nExpect: 100-continue\r\nTransfer-Encoding: \r\n"
	for _, c := range []struct {
		options rewrite.Options
		want    string
	}{
		{rewrite.Options{}, "Authorization: Basic c291cmNl|Content-Type: application/x-ndjson|X-Opaque-Id: 7"},
		{rewrite.Options{RemoveAuth: true}, "Content-Type: application/x-ndjson|X-Opaque-Id: 7"},
		{rewrite.Options{Authorization: "ApiKey k", Headers: []rewrite.Field{{Name: "x-opaque-id", Value: "8"}}}, "Content-Type: application/x-ndjson|Authorization: ApiKey k|x-opaque-id: 8"},
	} {
		x := exchange(t, "PUT /i/_doc/1", strings.Replace(captured, "Transfer-Encoding: \r\n", "", 1), "{}", 200, made)
		e, _ := effect.Of(x)
		got, _, err := rewrite.New(c.options).Request(x, &e, nil)
		if err != nil {
			t.Fatal(err)
		}
		head := string(got.AppendHead(nil, "target:9200"))
		want := "PUT /i/_doc/1 HTTP/1.1\r\nHost: target:9200\r\n" + strings.ReplaceAll(c.want, "|", "\r\n") + "\r\nContent-Length: 2\r\n\r\n"
		if diff := cmp.Diff(want, head); diff != "" {
			t.Error(diff)
		}
	}
}

func TestCompressedBodiesStayOrAreSentPlain(t *testing.T) {
	const action = `{"index":{"_id":"1","_type":"o"}}`
	for _, c := range []struct {
		name    string
		options rewrite.Options
		body    string
		packed  bool
		want    string
	}{
		{"untouched", rewrite.Options{Types: true}, "{\"delete\":{\"_id\":\"1\"}}\n", true, "{\"delete\":{\"_id\":\"1\"}}\n"},
		{"untouched, unpacked", rewrite.Options{Unpack: true}, "{\"delete\":{\"_id\":\"1\"}}\n", false, "{\"delete\":{\"_id\":\"1\"}}\n"},
		{"changed", rewrite.Options{}, action + "\n{}\n", true, "{\"index\":{\"_id\":\"1\"}}\n{}\n"},
		{"changed, unpacked", rewrite.Options{Unpack: true}, action + "\n{}\n", false, "{\"index\":{\"_id\":\"1\"}}\n{}\n"},
	} {
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		z.Write([]byte(c.body))
		z.Close()
		x := exchange(t, "POST /i/_bulk", "Content-Encoding: gzip\r\n", packed.String(), 0, "")
		e, err := effect.Of(x)
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := rewrite.New(c.options).Request(x, &e, nil)
		if err != nil {
			t.Fatal(err)
		}
		body := string(got.Body)
		if isPacked := len(got.Header) == 1 && got.Header[0].Name == "Content-Encoding"; isPacked != c.packed {
			t.Errorf("%s: %v", c.name, got.Header)
		} else if isPacked {
			body = unzip(t, got.Body)
		}
		if body != c.want {
			t.Errorf("%s: %q", c.name, body)
		}
	}
}

func unzip(t *testing.T, packed []byte) string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

func TestIDsAreLearnedFromPairsOfAnswers(t *testing.T) {
	ids := rewrite.NewMemory(2)
	r := rewrite.New(rewrite.Options{IDs: ids})
	for _, c := range []struct{ line, source, target, kind, id, want string }{
		{"POST /i/_search?scroll=1m", `{"_scroll_id":"s1","hits":{}}`, `{"_scroll_id":"t1"}`, rewrite.ScrollID, "s1", "t1"},
		{"POST /i/_pit?keep_alive=1m", `{"id":"p1"}`, `{"pit_id":"q1"}`, rewrite.PITID, "p1", "q1"},
		{"POST /_search", `{"pit_id":"p2"}`, `{"pit_id":"q2"}`, rewrite.PITID, "p2", "q2"},
		{"POST /i/_async_search", `{"id":"a1"}`, `{"id":"b1"}`, rewrite.AsyncSearchID, "a1", "b1"},
		{"POST /_reindex?wait_for_completion=false", `{"task":"n:1"}`, `{"task":"m:9"}`, rewrite.TaskID, "n:1", "m:9"},
	} {
		x := exchange(t, c.line, "", "{}", 200, c.source)
		e, _ := effect.Of(x)
		r.Learn(x, &e, []byte(c.target))
		if got, ok := ids.Target(c.kind, c.id); !ok || got != c.want {
			t.Errorf("%s: %q, %v", c.line, got, ok)
		}
	}
	if _, ok := ids.Target(rewrite.ScrollID, "s1"); ok {
		t.Error("the memory has no bound")
	}
	x := exchange(t, "POST /i/_search?scroll=1m", "", "{}", 200, "<html>")
	e, _ := effect.Of(x)
	r.Learn(x, &e, []byte("{"))
}

func BenchmarkRequest(b *testing.B) {
	var body, answer strings.Builder
	for i := range 8 {
		fmt.Fprintf(&body, "{\"index\":{\"_index\":\"shop\"}}\n{\"n\":%d,\"t\":\"some text of a document that is not long, but not empty\"}\n", i)
		fmt.Fprintf(&answer, `,{"index":{"_index":"shop","_id":"id-%d","_seq_no":%d,"status":201}}`, i, i)
	}
	for name, x := range map[string]*capture.Exchange{
		"document": exchange(b, "PUT /shop/_doc/1?refresh", "Accept: */*\r\nContent-Type: application/json\r\n", `{"n":1}`, 200, made),
		"bulk":     exchange(b, "POST /_bulk", "Content-Type: application/json\r\n", body.String(), 200, `{"errors":false,"items":[`+answer.String()[1:]+`]}`),
	} {
		b.Run(name, func(b *testing.B) {
			r := rewrite.New(rewrite.Options{})
			e, err := effect.Of(x)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.SetBytes(int64(len(x.Request.Raw)))
			for b.Loop() {
				if got, _, err := r.Request(x, &e, nil); err != nil || got.Skip != "" {
					b.Fatal(err)
				}
			}
		})
	}
}
