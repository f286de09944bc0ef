package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"migassist/cluster"
	"migassist/internal/sandbox"
)

// start is a running sandbox and a client of it that does not repeat.
func start(t *testing.T, options sandbox.Options) (*sandbox.Server, *cluster.Client) {
	t.Helper()
	server := sandbox.New(options)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	client, err := cluster.Connect(t.Context(), cluster.Options{
		URL: server.URL(), Username: options.Username, Password: options.Password, Retry: cluster.Retry{Attempts: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	return server, client
}

func bulkOf(index string, from, to int) []byte {
	var body strings.Builder
	for n := from; n < to; n++ {
		fmt.Fprintf(&body, "{\"index\":{\"_index\":%q,\"_id\":\"%d\",\"routing\":\"r%d\"}}\n{ \"n\" : %d }\n", index, n, n%7, n)
	}
	return []byte(body.String())
}

func TestDocumentsComeBackByteForByte(t *testing.T) {
	_, client := start(t, sandbox.Options{})
	if err := client.CreateIndex(t.Context(), "books", json.RawMessage(`{"settings":{"number_of_shards":3}}`)); err != nil {
		t.Fatal(err)
	}
	result, err := client.Bulk(t.Context(), bulkOf("books", 0, 2500))
	if err != nil || result.Errors {
		t.Fatalf("%+v, %v", result, err)
	}
	seen := map[string]bool{}
	for hit, err := range client.Documents(t.Context(), "books") {
		if err != nil {
			t.Fatal(err)
		}
		if want := "{ \"n\" : " + hit.ID + " }"; string(hit.Source) != want || hit.Index != "books" || hit.Routing == "" {
			t.Fatalf("%+v", hit)
		}
		seen[hit.ID] = true
	}
	count, err := client.Count(t.Context(), "books")
	if len(seen) != 2500 || count != 2500 || err != nil {
		t.Errorf("%d documents pulled, %d counted, %v", len(seen), count, err)
	}
}

func TestFaultsStrikeInTheirOrder(t *testing.T) {
	server, client := start(t, sandbox.Options{})
	body := bulkOf("books", 0, 4)
	server.FailBulks(1, sandbox.Fault{Status: http.StatusTooManyRequests, RetryAfter: "3"})
	server.FailBulks(1, sandbox.Fault{Status: http.StatusServiceUnavailable})
	server.FailBulks(1, sandbox.Fault{Status: http.StatusRequestEntityTooLarge})
	server.FailBulks(1, sandbox.Fault{Drop: true})
	server.FailBulks(1, sandbox.Fault{RejectEvery: 2})
	server.FailBulks(1, sandbox.Fault{DropAfter: true})

	_, err := client.Bulk(t.Context(), body)
	var refusal *cluster.Error
	if !errors.As(err, &refusal) || refusal.Status != 429 || refusal.RetryAfter != 3*time.Second || !cluster.Retryable(err) {
		t.Errorf("429: %v", err)
	}
	if _, err = client.Bulk(t.Context(), body); !cluster.Retryable(err) {
		t.Errorf("503: %v", err)
	}
	if _, err = client.Bulk(t.Context(), body); !cluster.TooLarge(err) {
		t.Errorf("413: %v", err)
	}
	var broken *cluster.ConnectionError
	if _, err = client.Bulk(t.Context(), body); !errors.As(err, &broken) || !cluster.Retryable(err) {
		t.Errorf("drop: %v", err)
	}
	result, err := client.Bulk(t.Context(), body)
	if err != nil || len(result.Items) != 4 || !result.Items[0].Retryable() || result.Items[1].Error != nil || !result.Items[2].Retryable() {
		t.Errorf("rejections: %+v, %v", result, err)
	}
	if count, err := client.Count(t.Context(), "books"); count != 2 || err != nil {
		t.Errorf("%d documents after rejections, %v", count, err)
	}
	if _, err = client.Bulk(t.Context(), body); !errors.As(err, &broken) {
		t.Errorf("drop after: %v", err)
	}
	if count, err := client.Count(t.Context(), "books"); count != 4 || err != nil {
		t.Errorf("%d documents after an answer was lost, %v", count, err)
	}
	if result, err = client.Bulk(t.Context(), body); err != nil || result.Errors {
		t.Errorf("no more faults: %+v, %v", result, err)
	}
}

func TestAStandingFaultIsLifted(t *testing.T) {
	server, client := start(t, sandbox.Options{})
	server.FailEveryBulk(&sandbox.Fault{Status: http.StatusServiceUnavailable})
	for range 3 {
		if _, err := client.Bulk(t.Context(), bulkOf("a", 0, 1)); !cluster.Retryable(err) {
			t.Errorf("%v", err)
		}
	}
	server.FailEveryBulk(nil)
	if _, err := client.Bulk(t.Context(), bulkOf("a", 0, 1)); err != nil {
		t.Error(err)
	}
	if got := server.Requests("POST /_bulk"); got != 1 {
		t.Errorf("%d bulks were worked on", got)
	}
}

func TestASlowServerCanBeLeft(t *testing.T) {
	server, client := start(t, sandbox.Options{})
	server.FailBulks(1, sandbox.Fault{Delay: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := client.Bulk(ctx, bulkOf("a", 0, 1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

func TestCredentialsAndPrefix(t *testing.T) {
	server, client := start(t, sandbox.Options{Username: "elastic", Password: "s3cret", Prefix: "/es"})
	if err := client.CreateIndex(t.Context(), "books", nil); err != nil {
		t.Error(err)
	}
	_, err := cluster.Connect(t.Context(), cluster.Options{URL: server.URL()})
	if !cluster.Unauthorized(err) {
		t.Errorf("without credentials: %v", err)
	}
	_, err = cluster.Connect(t.Context(), cluster.Options{URL: server.URL(), Username: "elastic", Password: "guess"})
	if !cluster.Unauthorized(err) || strings.Contains(err.Error(), "guess") {
		t.Errorf("with wrong credentials: %v", err)
	}
}

func TestLargeBodiesAreRefused(t *testing.T) {
	_, client := start(t, sandbox.Options{MaxContentLength: 1000})
	if _, err := client.Bulk(t.Context(), bulkOf("a", 0, 1000)); !cluster.TooLarge(err) {
		t.Errorf("%v", err)
	}
}

func TestScrollsExpire(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var mu sync.Mutex
	_, client := start(t, sandbox.Options{Now: func() time.Time { mu.Lock(); defer mu.Unlock(); return now }})
	if _, err := client.Bulk(t.Context(), bulkOf("books", 0, 2000)); err != nil {
		t.Fatal(err)
	}
	var last error
	hits := 0
	for _, err := range client.Documents(t.Context(), "books") {
		last = err
		hits++
		mu.Lock()
		now = now.Add(time.Hour)
		mu.Unlock()
	}
	if last == nil || !cluster.NotFound(last) || hits != 1001 {
		t.Errorf("after %d: %v", hits, last)
	}
}

func TestManyClientsAtOnce(t *testing.T) {
	_, client := start(t, sandbox.Options{})
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for n := range 10 {
				from := (worker*10 + n) * 20
				if result, err := client.Bulk(t.Context(), bulkOf("books", from, from+20)); err != nil || result.Errors {
					t.Errorf("%+v, %v", result, err)
				}
				for _, err := range client.Documents(t.Context(), "books") {
					if err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	group.Wait()
	if count, err := client.Count(t.Context(), "books"); count != 1600 || err != nil {
		t.Errorf("%d, %v", count, err)
	}
}

func TestTheWholeClientWorksAgainstIt(t *testing.T) {
	_, client := start(t, sandbox.Options{})
	ctx := t.Context()
	for what, err := range map[string]error{
		"put template":           client.PutTemplate(ctx, "old", json.RawMessage(`{"index_patterns":["logs-*"],"settings":{"number_of_replicas":0}}`)),
		"put component template": client.PutComponentTemplate(ctx, "part", json.RawMessage(`{"template":{"mappings":{"properties":{"p":{"type":"keyword"}}}}}`)),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := client.PutIndexTemplate(ctx, "new", json.RawMessage(`{"index_patterns":["data-*"],"composed_of":["part"]}`)); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"logs-1", "data-1"} {
		if err := client.CreateIndex(ctx, name, nil); err != nil {
			t.Error(err)
		}
	}
	if err := client.CreateIndex(ctx, "logs-1", nil); !cluster.Exists(err) {
		t.Errorf("%v", err)
	}
	if err := client.PutAlias(ctx, "logs-1", "logs", nil); err != nil {
		t.Error(err)
	}
	if err := client.UpdateAliases(ctx, json.RawMessage(`{"actions":[{"add":{"index":"data-1","alias":"data"}}]}`)); err != nil {
		t.Error(err)
	}
	made, err := client.Index(ctx, "data")
	if err != nil || string(made.Mappings) != `{"properties":{"p":{"type":"keyword"}}}` || string(made.Aliases) != `{"data":{}}` {
		t.Errorf("%s %s, %v", made.Mappings, made.Aliases, err)
	}
	made, err = client.Index(ctx, "logs-1")
	if err != nil || !strings.Contains(string(made.Settings), `"index.number_of_replicas":"0"`) {
		t.Errorf("%s, %v", made.Settings, err)
	}
	found, err := client.IndexExists(ctx, "logs-1", "logs", "nope")
	if err != nil || !found["logs-1"] || !found["logs"] || found["nope"] {
		t.Errorf("%v, %v", found, err)
	}
	list, err := client.List(ctx)
	if err != nil || len(list) != 2 || list[0].Name != "data-1" {
		t.Errorf("%+v, %v", list, err)
	}
	if err := errors.Join(client.Refresh(ctx), client.DeleteIndex(ctx, "logs-1", "data-1")); err != nil {
		t.Error(err)
	}
	for name, read := range map[string]func() (map[string]json.RawMessage, error){
		"old":  func() (map[string]json.RawMessage, error) { return client.Templates(ctx) },
		"part": func() (map[string]json.RawMessage, error) { return client.ComponentTemplates(ctx, "part") },
		"new":  func() (map[string]json.RawMessage, error) { return client.IndexTemplates(ctx, "") },
	} {
		if got, err := read(); err != nil || got[name] == nil || len(got) != 1 {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

// BenchmarkBulk is what the sandbox takes: fast tests and the demo wait for it.
func BenchmarkBulk(b *testing.B) {
	server := sandbox.New(sandbox.Options{})
	if err := server.Start(); err != nil {
		b.Fatal(err)
	}
	defer server.Close()
	client, err := cluster.Connect(b.Context(), cluster.Options{URL: server.URL()})
	if err != nil {
		b.Fatal(err)
	}
	body := bulkOf("books", 0, 10000)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.Bulk(b.Context(), body); err != nil {
			b.Fatal(err)
		}
	}
}
