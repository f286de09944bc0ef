//go:build e2e

package rewrite_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"

	"migassist/capture/capturetest"
	"migassist/internal/testcluster"
	"migassist/replay/effect"
	"migassist/replay/rewrite"
)

// target sends rewritten requests to a server.
type target struct {
	t   *testing.T
	url string
}

func (s *target) send(r *rewrite.Request) (status int, answer []byte) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), r.Method, s.url+r.Target, bytes.NewReader(r.Body))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, f := range r.Header {
		request.Header.Set(f.Name, f.Value)
	}
	if request.Header.Get("Content-Type") == "" && len(r.Body) > 0 {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	if answer, err = io.ReadAll(response.Body); err != nil {
		s.t.Fatal(err)
	}
	return response.StatusCode, answer
}

// ask sends what a test says.
func (s *target) ask(method, target, body string) []byte {
	s.t.Helper()
	status, answer := s.send(&rewrite.Request{Method: method, Target: target, Body: []byte(body)})
	if status >= 300 {
		s.t.Fatalf("%s %s: %d %s", method, target, status, answer)
	}
	return answer
}

func TestOnOpenSearch(t *testing.T) {
	server, err := testcluster.Start(t.Context(), testcluster.Spec{Product: testcluster.OpenSearch, Version: "2.19.1", Reindex: true})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	t.Run("captures in the order of the source", func(t *testing.T) { inOrder(t, server.URL) })
	t.Run("captures in any order, by version", func(t *testing.T) { inAnyOrder(t, server.URL) })
	t.Run("old routes", func(t *testing.T) { oldRoutes(t, server.URL) })
	t.Run("scrolls", func(t *testing.T) { scrolls(t, server.URL) })
}

// inOrder sends one capture; the sandbox gets both.
func inOrder(t *testing.T, url string) {
	s := &target{t, url}
	j := capturetest.ReadJava(t, root, 2)
	s.ask("PUT", "/"+toNew(j.Index), `{"settings":{"index.translog.durability":"async"}}`) // some thousand requests, one after the other
	r := rewrite.New(rewrite.Options{Index: toNew, RemoveAuth: true})
	for _, each := range steps(t, j) {
		got, _, err := r.Request(each.x, each.e, func(o *effect.Operation) bool { return o == each.o })
		if err != nil || got.Skip != "" {
			t.Fatalf("%v, %s", err, got.Skip)
		}
		s.deliver(&got, each.o)
	}
	s.equal(toNew(j.Index), j, func(string) bool { return true })
}

func (s *target) deliver(r *rewrite.Request, o *effect.Operation) {
	s.t.Helper()
	status, answer := s.send(r)
	wrong := status >= 300 && (o.Result != effect.NotFound || status != http.StatusNotFound)
	if wrong || bytes.Contains(answer, []byte(`"errors":true`)) {
		s.t.Fatalf("%s %s: %d %s", r.Method, r.Target, status, answer)
	}
}

// equal compares the documents of which asked says yes.
func (s *target) equal(index string, j *capturetest.Java, asked func(id string) bool) {
	s.t.Helper()
	s.ask("POST", "/"+index+"/_refresh", "")
	var found struct {
		Hits struct {
			Hits []struct {
				ID     string          `json:"_id"`
				Source json.RawMessage `json:"_source"`
			}
		}
	}
	if err := json.Unmarshal(s.ask("GET", "/"+index+"/_search?size=10000", ""), &found); err != nil {
		s.t.Fatal(err)
	}
	compared, want := 0, 0
	for id := range j.Final {
		if asked(id) {
			want++
		}
	}
	for _, hit := range found.Hits.Hits {
		if !asked(hit.ID) {
			continue
		}
		compared++
		var x, y any
		if err := errors.Join(json.Unmarshal(hit.Source, &x), json.Unmarshal(j.Final[hit.ID], &y)); err != nil || !reflect.DeepEqual(x, y) {
			s.t.Fatalf("%s: document %s is %s, want %s", index, hit.ID, hit.Source, j.Final[hit.ID])
		}
	}
	if compared != want || want < 500 {
		s.t.Errorf("%s: %d documents, want %d", index, compared, want)
	}
}

// inAnyOrder sends all whole documents and deletes, several at once, in no order: the newest wins. What was updated last is not compared.
func inAnyOrder(t *testing.T, url string) {
	s := &target{t, url}
	j := capturetest.ReadJava(t, root, 1)
	s.ask("PUT", "/any-"+j.Index, `{"settings":{"index.gc_deletes":"30d","index.translog.durability":"async"}}`)
	r := rewrite.New(rewrite.Options{Index: func(name string) string { return "any-" + name }, Versions: rewrite.SeqNo, RemoveAuth: true})
	all := steps(t, j)
	updated := map[string]bool{}
	for _, each := range all {
		updated[each.o.ID] = each.o.Action == effect.Update
	}
	rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	work := make(chan step)
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for each := range work {
				got, _, err := r.Request(each.x, each.e, func(o *effect.Operation) bool { return o == each.o })
				if err != nil || got.Skip != "" {
					t.Errorf("%v, %s", err, got.Skip)
					continue
				}
				// A conflict says that something newer is there.
				if status, answer := s.send(&got); status >= 300 && status != http.StatusNotFound && status != http.StatusConflict {
					t.Errorf("%s: %d %s", got.Target, status, answer)
				}
			}
		})
	}
	for _, each := range all {
		if each.o.Action != effect.Update {
			work <- each
		}
	}
	close(work)
	workers.Wait()
	s.equal("any-"+j.Index, j, func(id string) bool { return !updated[id] })
}

// oldRoutes sends what clients of older servers send: nothing of it is unknown to OpenSearch any more.
func oldRoutes(t *testing.T, url string) {
	s := &target{t, url}
	s.ask("PUT", "/old/_doc/0?refresh", `{"a":1}`)
	r := rewrite.New(rewrite.Options{Versions: rewrite.SeqNo})
	const answered = `{"_index":"old","_type":"o","_id":"made","_seq_no":7,"_primary_term":1,"result":"created"}`
	for _, c := range []struct{ line, body string }{
		{"PUT /old/o/1?parent=p", `{"a":1}`},
		{"PUT /old/o/1?routing=p&version=8", `{"a":1}`},
		{"POST /old/o?consistency=one", `{"a":1}`},
		{"PUT /old/o/2/_create", `{"a":1}`},
		{"POST /old/o/2/_update?_source_include=a", `{"doc":{"b":1}}`},
		{"POST /old/o/2/_update?fields=a", `{"doc":{"b":1},"fields":["a"]}`},
		{"PUT /old/_doc/1?ttl=1d&timestamp=1&replication=sync&require_data_stream=false&include_source_on_error=true&routing=p", `{"a":1}`},
		{"GET /old/_search?force_synthetic_source=true&min_compatible_shard_node=7.0.0", ""},
		{"PUT /old/_mapping/o?update_all_types=true", `{"o":{"properties":{"f":{"type":"long"}}}}`},
		{"POST /old/_doc/2/_update?refresh", `{"doc":{"b":2}}`},
		{"GET /old/o/2?_source_exclude=a", ""},
		{"GET /old/o/2/_source", ""},
		{"GET /old/o/2/_termvectors?fields=a", ""},
		{"POST /old/o/2/_explain", `{"query":{"match_all":{}}}`},
		{"POST /old/o/_search", `{}`},
		{"POST /old/o/_count", `{}`},
		{"POST /old/o/_msearch", "{\"type\":\"o\"}\n{}\n"},
		{"POST /_msearch", "{\"index\":\"old\",\"type\":[\"o\"]}\n{}\n"},
		{"POST /old/o/_mget", `{"docs":[{"_id":"2","_type":"o","_routing":"x"}]}`},
		{"POST /old/o/_validate/query", `{"query":{"match_all":{}}}`},
		{"PUT /old/_mapping/o", `{"o":{"properties":{"c":{"type":"long"}}}}`},
		{"PUT /old/o/_mapping?include_type_name=true", `{"o":{"properties":{"d":{"type":"long"}}}}`},
		{"PUT /old/_mapping/_doc?include_type_name=true", `{"_doc":{"properties":{"e":{"type":"long"}}}}`},
		{"GET /old/_mapping/o/field/c", ""},
		{"GET /old/_mapping/o", ""},
		{"PUT /older?include_type_name=true", `{"mappings":{"o":{"properties":{"c":{"type":"long"}}}}}`},
		{"PUT /_template/old?include_type_name=true", `{"index_patterns":["oldest"],"mappings":{"_default_":{},"o":{"properties":{}}}}`},
		{"POST /old/_optimize?max_num_segments=1", ""},
		{"DELETE /old/o/_query", `{"query":{"term":{"a":99}}}`},
		{"DELETE /old/o/1?parent=p", ""},
		{"POST /old/o/_update_by_query?conflicts=proceed", ``},
		{"POST /old/_pit?keep_alive=1m", ""},
	} {
		x := exchange(t, c.line, "", c.body, 200, answered)
		e, err := effect.Of(x)
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := r.Request(x, &e, nil)
		if err != nil || got.Skip != "" {
			t.Fatalf("%s: %v, %s", c.line, err, got.Skip)
		}
		if status, answer := s.send(&got); status >= 300 {
			t.Errorf("%s as %s %s %s: %d %s", c.line, got.Method, got.Target, got.Body, status, answer)
		}
	}
	lines := `{"index":{"_index":"old","_type":"o","_id":"b1","_parent":"p","_timestamp":1,"dynamic_templates":{},"require_data_stream":false,"list_executed_pipelines":true}}
{"a":2}
{"create":{"_index":"old","_type":"o","_id":"b2","_routing":"q"}}
{"a":2}
{"update":{"_index":"old","_type":"o","_id":"b2","_routing":"q","_retry_on_conflict":2}}
{"doc":{"a":3},"fields":["a"]}
{"delete":{"_index":"old","_type":"o","_id":"b1","_parent":"p","_version":4}}
{"index":{"_index":"old","_type":"o"}}
{"a":2}
`
	items := []string{}
	for i, item := range []string{`"index":{"_id":"b1"`, `"create":{"_id":"b2"`, `"update":{"_id":"b2"`, `"delete":{"_id":"b1"`, `"index":{"_id":"made2"`} {
		items = append(items, fmt.Sprintf(`{%s,"_seq_no":%d,"status":200}}`, item, 20+i))
	}
	x := exchange(t, "POST /_bulk", "", lines, 200, `{"errors":false,"items":[`+strings.Join(items, ",")+`]}`)
	e, err := effect.Of(x)
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := r.Request(x, &e, nil)
	if err != nil {
		t.Fatal(err)
	}
	if status, answer := s.send(&got); status >= 300 || bytes.Contains(answer, []byte(`"errors":true`)) {
		t.Errorf("%s: %d %s", got.Body, status, answer)
	}
	if !bytes.Contains(s.ask("GET", "/old/_doc/made2", ""), []byte(`"_version":25`)) {
		t.Error("the document that got its id from the source has another version")
	}
}

// scrolls pages through an index with the ids of a source that the target never saw.
func scrolls(t *testing.T, url string) {
	s := &target{t, url}
	s.ask("POST", "/paged/_bulk?refresh", strings.Repeat("{\"index\":{}}\n{\"a\":1}\n", 5))
	r := rewrite.New(rewrite.Options{IDs: rewrite.NewMemory(10)})
	for i, c := range []struct{ line, body, answer, want string }{
		{"POST /paged/_search?scroll=1m", `{"size":2}`, `{"_scroll_id":"s1"}`, `"hits":[{`},
		{"POST /_search/scroll", `{"scroll":"1m","scroll_id":"s1"}`, `{"_scroll_id":"s2"}`, `"hits":[{`},
		{"POST /_search/scroll?scroll=1m", `s2`, `{"_scroll_id":"s3"}`, `"hits":[{`},
		{"DELETE /_search/scroll", `{"scroll_id":["s3"]}`, `{}`, `"num_freed":1`},
		{"POST /paged/_pit?keep_alive=1m", ``, `{"id":"p1"}`, `"pit_id"`},
		{"POST /_search", `{"size":2,"pit":{"id":"p1"}}`, `{"pit_id":"p2"}`, `"hits":[{`},
		{"DELETE /_pit", `{"id":"p2"}`, `{"succeeded":true}`, `"successful":true`},
	} {
		x := exchange(t, c.line, "", c.body, 200, c.answer)
		e, err := effect.Of(x)
		if err != nil {
			t.Fatal(err)
		}
		got, notes, err := r.Request(x, &e, nil)
		if err != nil || len(notes) > 0 {
			t.Fatalf("%d %s: %v %v", i, c.line, err, notes)
		}
		status, answer := s.send(&got)
		if status >= 300 || !bytes.Contains(answer, []byte(c.want)) {
			t.Fatalf("%d %s as %s %s %s: %d %s", i, c.line, got.Method, got.Target, got.Body, status, answer)
		}
		r.Learn(x, &e, answer)
	}
}
