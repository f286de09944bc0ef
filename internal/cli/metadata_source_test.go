package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"migassist/cluster"
	"migassist/internal/sandbox"
)

// recorder is a proxy before a source that writes down what it is asked.
type recorder struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
}

func record(t *testing.T, source string) *recorder {
	t.Helper()
	at, err := url.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(at)
	r := &recorder{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		r.mu.Lock()
		r.asked = append(r.asked, request.Method+" "+request.URL.RequestURI())
		r.mu.Unlock()
		proxy.ServeHTTP(w, request)
	}))
	t.Cleanup(r.Close)
	return r
}

// startSandbox is a cluster to read from or to write to.
func startSandbox(t *testing.T) *sandbox.Server {
	t.Helper()
	server := sandbox.New(sandbox.Options{})
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// fillSource gives a cluster an index and templates.
func fillSource(t *testing.T, at string) {
	t.Helper()
	client, err := cluster.Connect(t.Context(), cluster.Options{URL: at})
	if err != nil {
		t.Fatal(err)
	}
	put := func(put func(context.Context, string, json.RawMessage) error, name, body string) {
		if err := put(t.Context(), name, json.RawMessage(body)); err != nil {
			t.Fatal(err)
		}
	}
	put(client.PutComponentTemplate, "common", `{"template":{"settings":{"number_of_shards":"2"}}}`)
	put(client.PutIndexTemplate, "logs", `{"index_patterns":["logs-*"],"composed_of":["common"]}`)
	put(client.PutTemplate, "old", `{"index_patterns":["old-*"],"mappings":{"properties":{"a":{"type":"keyword"}}}}`)
	put(client.CreateIndex, "books", `{"settings":{"index.blocks.write":"true"},"mappings":{"properties":{"title":{"type":"text"}}},"aliases":{"shelf":{}}}`)
	put(client.CreateIndex, "authors", `{"mappings":{"properties":{"name":{"type":"keyword"}}}}`)
}

// run is migassist with these words; its results and what it says.
func run(t *testing.T, words ...string) (code int, results, said string) {
	t.Helper()
	var out, talk bytes.Buffer
	code = Main(t.Context(), Streams{Out: &out, Err: &talk}, words, nil)
	return code, out.String(), talk.String()
}

// TestNoCommandOfMetadataWritesToTheSource puts a proxy before a living source, that writes down each request: none is one that changes anything.
func TestNoCommandOfMetadataWritesToTheSource(t *testing.T) {
	source, target := startSandbox(t), startSandbox(t)
	fillSource(t, source.URL())
	between := record(t, source.URL())
	both := []string{"--source-host", between.URL, "--target-host", target.URL()}
	kept := filepath.Join(t.TempDir(), "plan.json")
	for _, c := range []struct {
		words []string
		code  int
		tells string
	}{
		{[]string{"metadata", "evaluate"}, exitDone, "books"},
		{[]string{"metadata", "evaluate", "--output", "json"}, exitDone, `"authors"`},
		{[]string{"metadata", "evaluate", "--probe"}, exitDone, "were tried on the target"},
		{[]string{"metadata", "migrate", "--report", kept}, exitDone, "5 created"},
		{[]string{"metadata", "migrate"}, exitNothing, ""},
		{[]string{"metadata", "migrate", "--unattended", "--unattended-folder", filepath.Join(t.TempDir(), "runs")}, exitNothing, ""},
		{[]string{"metadata", "finish"}, exitDone, ""},
	} {
		asked := len(between.asked)
		code, results, said := run(t, append(c.words, both...)...)
		if code != c.code || !strings.Contains(results, c.tells) {
			t.Errorf("%v ended with %d:\n%s\n%s", c.words, code, results, said)
		}
		if len(between.asked) == asked {
			t.Errorf("%v did not ask the source", c.words)
		}
	}
	for _, request := range between.asked {
		method, uri, _ := strings.Cut(request, " ")
		acts := slices.ContainsFunc([]string{"_refresh", "_flush", "_forcemerge", "_close", "_open", "_cache"}, func(word string) bool { return strings.Contains(uri, word) })
		if method != http.MethodGet && method != http.MethodHead || acts {
			t.Errorf("the source was asked %s", request)
		}
	}
}
