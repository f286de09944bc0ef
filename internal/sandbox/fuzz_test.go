package sandbox_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"migassist/internal/sandbox"
)

// ask sends a request to the handler itself: a panic ends the test.
func ask(t *testing.T, server *sandbox.Server, method, path string, body []byte) *httptest.ResponseRecorder {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, path, bytes.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	server.ServeHTTP(recorder, req)
	return recorder
}

func FuzzBulk(f *testing.F) {
	for _, body := range []string{
		"{\"index\":{\"_id\":\"1\"}}\n{\"a\":1,\"o.b\":[{\"c\":null}]}\n",
		"{\"create\":{\"_id\":\"1\",\"routing\":\"x\"}}\n{}\n{\"delete\":{\"_id\":\"1\"}}\n{\"update\":{\"_id\":\"1\"}}\n{\"doc\":{\"a\":{}}}\n",
		"{\"index\":{}}\n[1]\n", "\n", "{}\n", "{\"index\":5}\n{}\n", "{\"index\":{\"_id\":[]}}\n{\"d\":\"2020-01-01\",\"d\":1}\n",
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		server := sandbox.New(sandbox.Options{})
		for range 2 {
			got := ask(t, server, http.MethodPost, "/books/_bulk", body)
			if got.Code >= http.StatusInternalServerError || !json.Valid(got.Body.Bytes()) && got.Code == http.StatusOK {
				t.Fatalf("%d %s", got.Code, got.Body)
			}
		}
		if got := ask(t, server, http.MethodGet, "/books/_mapping", nil); got.Code >= http.StatusInternalServerError {
			t.Fatalf("%d %s", got.Code, got.Body)
		}
	})
}

func FuzzCreateIndex(f *testing.F) {
	for _, body := range []string{
		`{"settings":{"number_of_shards":2,"index":{"analysis":{"analyzer":{"a":{"type":"custom"}}}}},"mappings":{"dynamic":"strict","properties":{"a":{"type":"text","fields":{"b":{"type":"keyword"}}},"o":{"properties":{}}}},"aliases":{"x":{"routing":1}}}`,
		`{"mappings":{"properties":{"a.b":{"type":"long"},"a":{"type":"keyword"}}}}`, `{"mappings":{"properties":[]}}`, `{"settings":[]}`, `{"aliases":{"":null}}`, `x`, ``, ` `, `null`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		server := sandbox.New(sandbox.Options{})
		ask(t, server, http.MethodPut, "/books", body)
		ask(t, server, http.MethodPost, "/books/_bulk", []byte("{\"index\":{\"_id\":\"1\"}}\n{\"a\":{\"b\":1},\"o\":{\"x\":[1]}}\n"))
		for _, path := range []string{"/books", "/books/_doc/1", "/_cat/indices?format=json"} {
			if got := ask(t, server, http.MethodGet, path, nil); got.Code >= http.StatusInternalServerError {
				t.Fatalf("%s: %d %s", path, got.Code, got.Body)
			}
		}
	})
}
