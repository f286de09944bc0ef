package cluster

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestServersReasonsAreUnderstood(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   Error
		text   string
	}{
		"an object": {
			400, `{"error":{"root_cause":[{"type":"a","reason":"b"}],"type":"a","reason":"b"},"status":400}`,
			Error{Type: "a", Reason: "b"},
			"PUT /books: 400 a: b",
		},
		"causes": {
			400, `{"error":{"root_cause":[{"type":"r","reason":"the root"}],"type":"mapper_parsing_exception","reason":"Failed to parse mapping: no x","caused_by":{"type":"i","reason":"no x","caused_by":{"type":"j","reason":"deeper"}}}}`,
			Error{
				Type: "mapper_parsing_exception", Reason: "Failed to parse mapping: no x", Root: Cause{"r", "the root"},
				Causes: []Cause{{"i", "no x"}, {"j", "deeper"}},
			},
			"PUT /books: 400 mapper_parsing_exception: Failed to parse mapping: no x: the root: deeper",
		},
		"plain text of 1.x":    {404, `{"error":"IndexMissingException[[x] missing]","status":404}`, Error{Reason: "IndexMissingException[[x] missing]"}, "PUT /books: 404 Not Found: IndexMissingException[[x] missing]"},
		"a gateway's message":  {400, `{"message":"no"}`, Error{Reason: "no"}, "PUT /books: 400 Bad Request: no"},
		"a gateway's Message":  {400, `{"Message":"no"}`, Error{Reason: "no"}, "PUT /books: 400 Bad Request: no"},
		"no body":              {503, "", Error{}, "PUT /books: 503 Service Unavailable"},
		"a page":               {504, "<h1>\n gone</h1>", Error{Reason: "<h1> gone</h1>"}, "PUT /books: 504 Gateway Timeout: <h1> gone</h1>"},
		"a long page":          {500, strings.Repeat("é", 500), Error{Reason: strings.Repeat("é", 100) + "..."}, ""},
		"JSON of another kind": {500, `{"a":1}`, Error{Reason: `{"a":1}`}, `PUT /books: 500 Internal Server Error: {"a":1}`},
		"a null error":         {500, `{"error":null}`, Error{}, "PUT /books: 500 Internal Server Error"},
	} {
		t.Run(name, func(t *testing.T) {
			got := Error{Status: c.status, Method: "PUT", Path: "/books"}
			got.explain([]byte(c.body))
			c.want.Status, c.want.Method, c.want.Path = c.status, "PUT", "/books"
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("want -, got +\n%s", diff)
			}
			if c.text != "" && got.Error() != c.text {
				t.Errorf("reads %q, want %q", got.Error(), c.text)
			}
		})
	}
}

func TestPredicates(t *testing.T) {
	type answers struct{ retryable, notFound, unauthorized, tooLarge, exists bool }
	for _, c := range []struct {
		err  error
		want answers
	}{
		{nil, answers{}},
		{errors.New("x"), answers{}},
		{&Error{Status: 400, Type: "mapper_parsing_exception"}, answers{}},
		{&Error{Status: 500}, answers{}},
		{&Error{Status: 429}, answers{retryable: true}},
		{&Error{Status: 502}, answers{retryable: true}},
		{&Error{Status: 503}, answers{retryable: true}},
		{&Error{Status: 504}, answers{retryable: true}},
		{&Error{Status: 500, Type: "es_rejected_execution_exception"}, answers{retryable: true}},
		{&Error{Status: 500, Type: "circuit_breaking_exception"}, answers{retryable: true}},
		{&Error{Status: 404}, answers{notFound: true}},
		{&Error{Status: 401}, answers{unauthorized: true}},
		{&Error{Status: 403}, answers{unauthorized: true}},
		{&Error{Status: 413}, answers{tooLarge: true}},
		{&Error{Status: 400, Type: "resource_already_exists_exception"}, answers{exists: true}},
		{&ConnectionError{Transient: true}, answers{retryable: true}},
		{&ConnectionError{}, answers{}},
		{fmt.Errorf("wrapped: %w", &Error{Status: 429}), answers{retryable: true}},
	} {
		got := answers{Retryable(c.err), NotFound(c.err), Unauthorized(c.err), TooLarge(c.err), Exists(c.err)}
		if got != c.want {
			t.Errorf("%v: %+v, want %+v", c.err, got, c.want)
		}
	}
}

func TestAdviceNamesTheFlags(t *testing.T) {
	client, _, _ := connected(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		switch r.URL.Path {
		case "/forbidden":
			refuseWith(w, 403, "security_exception", "no permissions")
		case "/blocked":
			refuseWith(w, 403, "cluster_block_exception", "index [blocked] blocked by: [FORBIDDEN/8/index write (api)];")
		default:
			w.WriteHeader(413)
		}
	})
	err := client.CreateIndex(t.Context(), "forbidden", nil)
	wantText(t, err, "PUT /forbidden: 403 security_exception: no permissions", "give --target-username")
	err = client.CreateIndex(t.Context(), "blocked", nil)
	wantText(t, err, "index write (api)")
	if strings.Contains(err.Error(), "username") {
		t.Errorf("a block is no matter of credentials: %v", err)
	}
	_, err = client.Bulk(t.Context(), []byte("{}\n"))
	wantText(t, err, "413 Request Entity Too Large", "http.max_content_length")
	if !TooLarge(err) {
		t.Error("TooLarge is false")
	}
}

func FuzzExplain(f *testing.F) {
	f.Add([]byte(`{"error":{"root_cause":[{"type":"a","reason":"b"}],"type":"a","reason":"b","caused_by":{"type":"c"}}}`))
	f.Add([]byte(`{"error":"x"}`))
	f.Add([]byte("<html>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		e := Error{Status: 500, Method: "GET", Path: "/"}
		e.explain(body)
		if len(e.Causes) > maxCauses {
			t.Errorf("%d causes are kept", len(e.Causes))
		}
		_ = e.Error()
	})
}

// TestTooLargeForever: the same status and type says "not now" and "never"; the numbers tell.
func TestTooLargeForever(t *testing.T) {
	const never = "rejected execution of coordinating operation [coordinating_and_primary_bytes=0, replica_bytes=0, all_bytes=0, " +
		"coordinating_operation_bytes=4179072, max_coordinating_and_primary_bytes=3145728]"
	notNow := strings.Replace(strings.Replace(never, "4179072", "1179072", 1), "primary_bytes=0", "primary_bytes=3000000", 1)
	for _, c := range []struct {
		status int
		reason string
		want   bool
	}{
		{413, "", true},
		{429, never, true},
		{429, notNow, false},
		{429, "rejected execution of primary operation [coordinating_and_primary_bytes=1, replica_bytes=0, all_bytes=1, " +
			"primary_operation_bytes=12, max_coordinating_and_primary_bytes=11]", true},
		{503, never, false},
		{429, "", false},
	} {
		err := fmt.Errorf("x: %w", &Error{Status: c.status, Type: "rejected_execution_exception", Reason: c.reason})
		if got := TooLarge(err); got != c.want {
			t.Errorf("%d %s: %t, want %t", c.status, c.reason, got, c.want)
		}
	}
	if TooLarge(nil) || TooLarge(fmt.Errorf("no answer")) {
		t.Error("what is no answer is too large")
	}
}
