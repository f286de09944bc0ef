package effect_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/capture"
	"migassist/capture/httpwire"
	"migassist/replay/effect"
)

// exchange makes one out of "METHOD target", extra header lines, a body, a status (0: no answer), and what was answered.
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
	raw = fmt.Appendf(nil, "HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", status, len(answer))
	if head, err = httpwire.ParseResponse(raw, x.Request.Head.Method); err != nil {
		tb.Fatal(err)
	}
	x.Response = &capture.Message{Head: head, Raw: append(raw, answer...), Body: []byte(answer), Whole: true}
	return x
}

// short is an operation in a line.
func short(o *effect.Operation) string {
	text := fmt.Sprintf("%s %s/%s/%s", o.Action, o.Index, o.Type, o.ID)
	if o.Routing != "" {
		text += " routing=" + o.Routing
	}
	for _, flag := range []struct {
		set  bool
		name string
	}{{o.AutoID, "auto"}, {o.Scripted, "scripted"}, {o.Upsert, "upsert"}, {o.Overlays, "overlays"}, {o.Conditional, "conditional"}, {!o.Idempotent(), "once"}} {
		if flag.set {
			text += " " + flag.name
		}
	}
	text += " " + o.Applied.String()
	if o.HasSeqNo {
		text += fmt.Sprintf(" seq=%d", o.SeqNo)
	}
	if o.HasVersion {
		text += fmt.Sprintf(" v=%d", o.Version)
	}
	if o.ErrorType != "" {
		text += " " + o.ErrorType
	}
	return text
}

func TestRequestsForOneDocument(t *testing.T) {
	const made = `{"_index":"i","_id":"s1","_version":1,"result":"created","_seq_no":4,"_primary_term":1}`
	const conflict = `{"error":{"root_cause":[{"type":"x"}],"type":"version_conflict_engine_exception","reason":"r"},"status":409}`
	for _, c := range []struct {
		line, body string
		status     int
		answer     string
		want       string
	}{
		{"PUT /i/_doc/1?routing=a", `{"n":1}`, 201, made, "index i//1 routing=a yes seq=4 v=1"},
		{"POST /i/_doc", `{"n":1}`, 201, made, "index i//s1 auto yes seq=4 v=1"},
		{"POST /i/_doc", `{"n":1}`, 0, "", "index i// auto once unknown"},
		{"POST /i/_doc", `{"n":1}`, 400, `{"error":{"type":"mapper_parsing_exception"},"status":400}`, "index i// auto once no mapper_parsing_exception"},
		{"POST /i/_doc?op_type=create", `{"n":1}`, 201, made, "create i//s1 auto conditional once yes seq=4 v=1"},
		{"PUT /i/_create/1", `{"n":1}`, 409, conflict, "create i//1 conditional once no version_conflict_engine_exception"},
		{"PUT /i/_doc/1?op_type=create", `{"n":1}`, 201, made, "create i//1 conditional once yes seq=4 v=1"},
		{"PUT /i/_doc/1?if_seq_no=3&if_primary_term=1", `{"n":1}`, 200, made, "index i//1 conditional yes seq=4 v=1"},
		{"PUT /i/_doc/1?version=3&version_type=external", `{"n":1}`, 200, made, "index i//1 conditional yes seq=4 v=1"},
		{"POST /i/_update/1", `{"doc":{"n":1}}`, 200, made, "update i//1 yes seq=4 v=1"},
		{"POST /i/_update/1", `{"doc":{"n":1},"doc_as_upsert":true}`, 200, made, "update i//1 upsert yes seq=4 v=1"},
		{"POST /i/_update/1", `{"doc":{"n":1},"upsert":{}}`, 200, made, "update i//1 upsert overlays once yes seq=4 v=1"},
		{"POST /i/_update/1", `{"script":"ctx._source.n++"}`, 200, made, "update i//1 scripted once yes seq=4 v=1"},
		{"POST /i/_update/1", `{"script":"x"}`, 0, "", "update i//1 scripted once unknown"},
		{"POST /i/_update/1", `{"doc":{}}`, 200, `{"result":"noop","_seq_no":4,"_version":9}`, "update i//1 yes v=9"},
		{"POST /i/t/1/_update?script=x", "", 200, `{"_version":2}`, "update i/t/1 scripted once yes v=2"},
		{"POST /i/_doc/1/_update", `{"doc":{}}`, 200, made, "update i/_doc/1 yes seq=4 v=1"},
		{"DELETE /i/_doc/1", "", 200, `{"result":"deleted","_seq_no":5}`, "delete i//1 yes seq=5"},
		{"DELETE /i/_doc/1", "", 404, `{"result":"not_found","_seq_no":5}`, "delete i//1 yes seq=5"},
		{"DELETE /i/_doc/1", "", 404, `{"error":{"type":"index_not_found_exception"},"status":404}`, "delete i//1 no index_not_found_exception"},
		{"DELETE /i/t/1", "", 404, `{"found":false,"_version":1}`, "delete i/t/1 yes v=1"},
		{"PUT /i/t/1?parent=p", `{}`, 201, `{"created":true,"_version":1}`, "index i/t/1 routing=p yes v=1"},
		{
			"PUT /i/t/1/_create", `{}`, 409, `{"error":"DocumentAlreadyExistsException[[i][2] [t][1]: document already exists]","status":409}`,
			"create i/t/1 conditional once no DocumentAlreadyExistsException",
		},
		{"POST /i/t", `{}`, 201, `{"_index":"i","_type":"t","_id":"AV1","_version":1,"created":true}`, "index i/t/AV1 auto yes v=1"},
		{"PUT /i/_doc/%C3%A9%2F1", `{}`, 201, made, "index i//é/1 yes seq=4 v=1"},
		{"PUT /i/_doc/1", `{}`, 504, "<html>gateway</html>", "index i//1 unknown"},
		{"PUT /i/_doc/1", `{}`, 503, `{"error":{"type":"unavailable_shards_exception"}}`, "index i//1 no unavailable_shards_exception"},
		{"PUT /i/_doc/1", `{}`, 503, `{"error":{"type":"process_cluster_event_timeout_exception"}}`, "index i//1 unknown process_cluster_event_timeout_exception"},
		{"PUT /i/_doc/1", `{}`, 429, `{"error":{"type":"es_rejected_execution_exception"}}`, "index i//1 no es_rejected_execution_exception"},
		{"PUT /i/_doc/1", `{}`, 401, ``, "index i//1 no"},
	} {
		x := exchange(t, c.line, "", c.body, c.status, c.answer)
		e, err := effect.Of(x)
		if err != nil || len(e.Operations) != 1 || e.Scope.Barrier() {
			t.Errorf("%s %s: %v, %+v", c.line, c.body, err, e)
			continue
		}
		o := &e.Operations[0]
		if got := short(o); got != c.want || e.Applied != o.Applied || e.Idempotent != o.Idempotent() {
			t.Errorf("%s %s: got  %s\nwant %s", c.line, c.body, got, c.want)
		}
		if o.Action != effect.Delete && string(o.Source.Of(e.Body)) != c.body {
			t.Errorf("%s: source %q", c.line, o.Source.Of(e.Body))
		}
	}
}

const bulk = `{"index":{"_index":"a","_id":"1","routing":"r"}}
{"n":1}
{ "create" : {"_id":7} }

{"delete":{"_type":"t","_id":"é\n"}}` + "\r" + `
{"update":{"_id":"u","retry_on_conflict":3,"if_seq_no":2,"if_primary_term":1}}
{"script":{"source":"x"},"upsert":{"n":1}}

{"index":{"_index":"a","pipeline":"p","require_alias":true,"unknown":{"x":[1,{}]}}}
{"n":2}
{"index":{"op_type":"create"}}
{}
`

func TestBulks(t *testing.T) {
	answer := `{"took":1,"errors":true,"items":[
		{"index":{"_index":"a-1","_id":"1","_version":3,"result":"updated","_shards":{"total":2},"_seq_no":10,"_primary_term":2,"status":200}},
		{"create":{"_index":"i","_id":"7","status":409,"error":{"type":"version_conflict_engine_exception","reason":"[7]: \"x\"","index":"i"}}},
		{"delete":{"_index":"i","_id":"é\n","result":"not_found","_seq_no":11,"status":404}},
		{"update":{"_index":"i","_id":"u","status":404,"error":{"type":"document_missing_exception"}}},
		{"index":{"_index":"a-1","_id":"new1","_seq_no":12,"status":201}},
		{"create":{"_index":"i","_id":"new2","_seq_no":13,"status":201}}]}`
	for _, c := range []struct {
		name   string
		x      *capture.Exchange
		kind   effect.ErrorKind
		scoped bool
		want   []string
	}{
		{"answered", exchange(t, "POST /i/_bulk?routing=d", "", bulk, 200, answer), "", false, []string{
			"index a//1 routing=r yes seq=10 v=3", "create i//7 routing=d conditional once no version_conflict_engine_exception",
			"delete i/t/é\n routing=d yes seq=11", "update i//u routing=d scripted upsert overlays conditional once no document_missing_exception",
			"index a//new1 routing=d auto yes seq=12", "create i//new2 routing=d auto conditional once yes seq=13",
		}},
		{"answer cut off", cut(exchange(t, "POST /i/_bulk", "", bulk, 200, answer[:450])), "", false, []string{
			"index a//1 routing=r yes seq=10 v=3", "create i//7 conditional once no version_conflict_engine_exception", "delete i/t/é\n yes seq=11",
			"update i//u scripted upsert overlays conditional once unknown", "index a// auto once unknown", "create i// auto conditional once unknown",
		}},
		{"no answer", exchange(t, "POST /i/_bulk", "", line("index", "1"), 0, ""), "", false, []string{"index i//1 unknown"}},
		{
			"all refused", exchange(t, "POST /i/_bulk", "", line("index", "1"), 429, `{"error":{"type":"circuit_breaking_exception"},"status":429}`), "", false,
			[]string{"index i//1 no circuit_breaking_exception"},
		},
		{"no JSON", exchange(t, "POST /i/_bulk", "", line("index", "1"), 200, `<html>`), effect.Answer, true, []string{"index i//1 unknown"}},
		{
			"too few items", exchange(t, "POST /i/_bulk", "", line("index", "1")+line("index", "2"), 200, `{"errors":false,"items":[{"index":{"_id":"1","status":201}}]}`),
			effect.Items, true,
			[]string{"index i//1 unknown", "index i//2 unknown"},
		},
		{
			"items of others", exchange(t, "POST /i/_bulk", "", line("index", "1")+line("index", "2"), 200,
				`{"errors":false,"items":[{"index":{"_id":"2","status":201}},{"index":{"_id":"1","status":201}}]}`),
			effect.Items, true,
			[]string{"index i//1 unknown", "index i//2 unknown"},
		},
		{
			"too many items", exchange(t, "POST /i/_bulk", "", line("index", "1"), 200, `{"errors":false,"items":[{"index":{"status":201}},{"index":{"status":201}}]}`),
			effect.Items, true,
			[]string{"index i//1 unknown"},
		},
		{"filtered, without errors", exchange(t, "POST /i/_bulk?filter_path=errors", "", line("index", "1"), 200, `{"errors":false}`), "", false, []string{"index i//1 yes"}},
		{"filtered, with errors", exchange(t, "POST /i/_bulk?filter_path=errors,items.*.error", "", line("index", "1")+line("index", "2"), 200,
			`{"errors":true,"items":[{"index":{"error":{"type":"x"}}}]}`), "", false, []string{"index i//1 unknown", "index i//2 unknown"}},
		{
			"bad line, refused", exchange(t, "POST /_bulk", "", line("index", "1")+"{\"x\":{}}\n", 400, `{"error":{"type":"illegal_argument_exception"}}`), effect.BadLine, false,
			[]string{"index //1 no illegal_argument_exception"},
		},
		{"no line end", exchange(t, "POST /i/_bulk", "", line("delete", "1")+`{"delete":{"_id":"2"}}`, 0, ""), effect.BadLine, true, []string{"delete i//1 unknown"}},
		{"CBOR", exchange(t, "POST /i/_bulk", "Content-Type: application/cbor\r\n", "\xbf\xff\xff", 0, ""), effect.Encoding, true, nil},
		{"zstd", exchange(t, "POST /i/_bulk", "Content-Encoding: zstd\r\n", "x", 0, ""), effect.Encoding, true, nil},
		{"gzip", exchange(t, "POST /i/_bulk", "Content-Encoding: gzip\r\n", zip(line("delete", "1")), 0, ""), "", false, []string{"delete i//1 unknown"}},
		{"gzip cut off", exchange(t, "POST /i/_bulk", "Content-Encoding: gzip\r\n", zip(line("delete", "1"))[:20], 0, ""), effect.Encoding, true, nil},
		{"empty", exchange(t, "POST /_bulk", "", "", 400, `{"error":{"type":"parse_exception"}}`), "", false, nil},
	} {
		e, err := effect.Of(c.x)
		var wrong *effect.Error
		if errors.As(err, &wrong); (wrong == nil) != (c.kind == "") || wrong != nil && wrong.Kind != c.kind || e.Scope.All != c.scoped {
			t.Errorf("%s: %v, %+v", c.name, err, e.Scope)
		}
		var got []string
		for i := range e.Operations {
			got = append(got, short(&e.Operations[i]))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
	e, _ := effect.Of(exchange(t, "POST /i/_bulk?routing=d", "", bulk, 200, answer))
	if o := e.Operations[4]; string(o.Source.Of(e.Body)) != `{"n":2}` || !strings.HasPrefix(string(o.Line.Of(e.Body)), `{"index":{"_index":"a","pi`) || o.Written != "a-1" || o.Item != 4 {
		t.Errorf("lines of %+v", o)
	}
}

func line(action, id string) string {
	text := `{"` + action + `":{"_id":"` + id + `"}}` + "\n"
	if action != "delete" {
		text += "{}\n"
	}
	return text
}

func cut(x *capture.Exchange) *capture.Exchange {
	x.Response.Whole = false
	return x
}

func zip(text string) string {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte(text))
	_ = z.Close()
	return packed.String()
}

// SMILE of {"index":{"_id":"1"}}, {"n":1}, each with the separator behind it.
func TestBulksInSMILE(t *testing.T) {
	body := ":)\n\x00\xfa\x84index\xfa\x82_id\x401\xfb\xfb\xff" + ":)\n\x00\xfa\x80n\xc2\xfb\xff"
	e, err := effect.Of(exchange(t, "POST /i/_bulk", "Content-Type: application/smile\r\n", body, 0, ""))
	if err != nil || len(e.Operations) != 1 || short(&e.Operations[0]) != "index i//1 unknown" || string(e.Operations[0].Source.Of(e.Body)) != `{"n":1}` {
		t.Fatalf("%v: %+v of %q", err, e.Operations, e.Body)
	}
}

func TestRequestsWithoutDocuments(t *testing.T) {
	for _, c := range []struct {
		line, body string
		scope      string
		once       bool
	}{
		{"POST /a,b*/_delete_by_query", `{}`, "a,b*", true},
		{"POST /a/_update_by_query", ``, "a", true},
		{"POST /_reindex", `{"source":{"index":["a","b"]},"dest":{"index":"c"}}`, "c,a,b", true},
		{"POST /_reindex", `{"source":{"index":"a","remote":{"host":"x"}},"dest":{"index":"c"}}`, "c", true},
		{"POST /_reindex", `{"source":`, "*", true},
		{"PUT /a", `{"settings":{}}`, "a", false},
		{"PUT /a", `{"aliases":{"x":{}}}`, "*", false},
		{"DELETE /a", ``, "a", false},
		{"DELETE /_all", ``, "*", false},
		{"PUT /a/_mapping", `{}`, "a", false},
		{"PUT /a/_doc/_mapping", `{}`, "a", false},
		{"PUT /a/_settings", `{}`, "a", false},
		{"PUT /_settings", `{}`, "*", false},
		{"POST /_aliases", `{}`, "*", false},
		{"PUT /a/_alias/b", ``, "a,b", false},
		{"POST /a/_shrink/b", ``, "a,b", false},
		{"PUT /a/_block/write", ``, "a", false},
		{"POST /a/_rollover", ``, "*", true},
		{"PUT /_template/t", `{}`, "*", false},
		{"PUT /_ingest/pipeline/p", `{}`, "*", false},
		{"POST /_something", `{}`, "*", true},
	} {
		e, err := effect.Of(exchange(t, c.line, "", c.body, 200, `{"acknowledged":true}`))
		got := e.Scope.Indices
		if e.Scope.All {
			got = "*"
		}
		if err != nil || got != c.scope || e.Idempotent == c.once || e.Applied != effect.Yes || e.Reads {
			t.Errorf("%s %s: %q, %v, %+v", c.line, c.body, got, err, e)
		}
	}
	for _, c := range []struct {
		line, answer string
		status       int
		want         effect.Applied
	}{
		{"PUT /a", `{"error":{"type":"resource_already_exists_exception"},"status":400}`, 400, effect.No},
		{"PUT /a/_mapping", `{"error":{"type":"process_cluster_event_timeout_exception"},"status":503}`, 503, effect.Unknown},
		{"POST /a/_delete_by_query", `{"deleted":3,"failures":[{"status":409}]}`, 409, effect.Unknown},
		{"PUT /a", "", 0, effect.Unknown},
	} {
		e, err := effect.Of(exchange(t, c.line, "", "", c.status, c.answer))
		if err != nil || e.Applied != c.want {
			t.Errorf("%s answered %s: %v, %s", c.line, c.answer, err, e.Applied)
		}
	}
	for _, line := range []string{"POST /a/_search", "GET /a/_doc/1", "POST /_mget", "POST /a/_refresh", "DELETE /_search/scroll"} {
		e, err := effect.Of(exchange(t, line, "", "{", 200, ""))
		if err != nil || !e.Reads || !e.Idempotent || e.Scope.Barrier() || len(e.Operations) != 0 {
			t.Errorf("%s: %v, %+v", line, err, e)
		}
	}
}

func TestRequestsCutOffAreErrors(t *testing.T) {
	x := exchange(t, "PUT /a/_doc/1", "", `{"n"`, 0, "")
	x.Request.Whole = false
	e, err := effect.Of(x)
	var wrong *effect.Error
	if !errors.As(err, &wrong) || wrong.Kind != effect.CutOff || !e.Scope.All {
		t.Errorf("%v, %+v", err, e)
	}
}

func FuzzBulk(f *testing.F) {
	f.Add([]byte(bulk))
	f.Add([]byte("{\"delete\":{\"_id\":\"\\ud800\"}}\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		b := effect.NewBulk(body, "i", "t", "r")
		var o effect.Operation
		for n, at := 0, 0; ; n++ {
			more, err := b.Next(&o)
			if err != nil && o.Line.To > len(body) {
				t.Fatal(err)
			}
			if !more {
				return
			}
			if o.Item != n || o.Line.From < at || o.Line.To > len(body) || o.Source.To > len(body) || o.Line.Empty() {
				t.Fatalf("item %d: %+v after %d of %d", n, o, at, len(body))
			}
			at = max(o.Line.To, o.Source.To)
		}
	})
}

func FuzzOf(f *testing.F) {
	f.Add("POST", "/i/_bulk?filter_path=x", []byte(bulk), []byte(`{"errors":true,"items":[{"index":{"_id":"1","error":"X[y]"}}]}`), 200, "gzip")
	f.Add("POST", "/i/_update/1", []byte(`{"script":1}`), []byte(`{"error":{"type":"x"}}`), 500, "")
	f.Add("POST", "/_reindex", []byte(`{"source":{}}`), []byte(`{`), 409, "deflate")
	f.Fuzz(func(t *testing.T, method, target string, body, answer []byte, status int, coding string) {
		raw := fmt.Appendf(nil, "%s %s HTTP/1.1\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n", method, target, coding, len(body))
		head, err := httpwire.ParseRequest(raw)
		if err != nil {
			return
		}
		x := &capture.Exchange{Request: capture.Message{Head: head, Body: body, Whole: true}}
		x.Response = &capture.Message{Head: httpwire.Head{Status: status}, Body: answer, Whole: true}
		e, err := effect.Of(x)
		if err != nil && e.Applied != effect.No && !e.Scope.Barrier() && !e.Reads {
			t.Fatalf("%v, and no barrier: %+v", err, e)
		}
		if !e.Reads && err == nil && len(e.Operations) == 0 && !e.Scope.Barrier() && e.Route.Kind != "bulk" {
			t.Fatalf("a write without operations and scope: %+v", e)
		}
		for i := range e.Operations {
			short(&e.Operations[i])
		}
	})
}

func BenchmarkOf(b *testing.B) {
	var body, answer bytes.Buffer
	answer.WriteString(`{"took":1,"errors":false,"items":[`)
	for i := range 8 {
		fmt.Fprintf(&body, "{\"index\":{\"_index\":\"shop\",\"_id\":\"%d\"}}\n{\"n\":%d,\"t\":\"some text of a document that is not long, but not empty\"}\n", i, i)
		fmt.Fprintf(&answer, `{"index":{"_index":"shop","_type":"_doc","_id":"%d","_version":1,"result":"created","_shards":{"total":2,"successful":1,"failed":0},"_seq_no":%d,"_primary_term":1,"status":201}},`, i, i)
	}
	answer.Truncate(answer.Len() - 1)
	answer.WriteString("]}")
	x := exchange(b, "POST /_bulk", "", body.String(), 200, answer.String())
	b.SetBytes(int64(body.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if e, err := effect.Of(x); err != nil || len(e.Operations) != 8 {
			b.Fatal(err)
		}
	}
}
