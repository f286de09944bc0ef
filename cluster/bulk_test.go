package cluster

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestBulkGoesPastPipelinesAndKeepsPositions(t *testing.T) {
	client, server, _ := connected(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		// as a real OpenSearch 2.19.1 answers with this filter
		fmt.Fprint(w, `{"took":9,"errors":true,"items":[{"index":{"status":200}},{"index":{"status":400,"error":{"type":"mapper_parsing_exception","reason":"failed to parse field [n]","caused_by":{"type":"number_format_exception","reason":"For input string: \"x\""}}}},{"delete":{"status":404}},{"create":{"status":409,"error":{"type":"version_conflict_engine_exception","reason":"[1]: exists","index":"t1","shard":"0"}}},{"index":{"status":429,"error":{"type":"rejected_execution_exception","reason":"full"}}}]}`)
	})
	body := []byte("{\"index\":{\"_index\":\"a\"}}\n{}\n")
	got, err := client.Bulk(t.Context(), body)
	if err != nil {
		t.Fatal(err)
	}
	want := BulkResult{Took: 9, Errors: true, Items: []BulkItem{
		{Action: "index", Status: 200},
		{Action: "index", Status: 400, Error: &ItemError{
			Type: "mapper_parsing_exception", Reason: "failed to parse field [n]",
			CausedBy: &ItemError{Type: "number_format_exception", Reason: `For input string: "x"`},
		}},
		{Action: "delete", Status: 404},
		{Action: "create", Status: 409, Error: &ItemError{Type: "version_conflict_engine_exception", Reason: "[1]: exists"}},
		{Action: "index", Status: 429, Error: &ItemError{Type: "rejected_execution_exception", Reason: "full"}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
	if text := got.Items[1].Error.Error(); text != `mapper_parsing_exception: failed to parse field [n]: For input string: "x"` {
		t.Errorf("reads %q", text)
	}
	for i, want := range []bool{false, false, false, false, true} {
		if got.Items[i].Retryable() != want {
			t.Errorf("item %d retryable: %t", i, !want)
		}
	}
	seen := server.asked()
	if last := seen[len(seen)-1]; last != "POST /_bulk?filter_path=took%2Cerrors%2Citems.%2A.status%2Citems.%2A.error&pipeline=_none" {
		t.Errorf("asked %s", last)
	}
	if sent := server.bodies[len(server.bodies)-1]; sent != string(body) {
		t.Errorf("sent %q", sent)
	}
	if kind := server.headers[len(server.headers)-1].Get("Content-Type"); kind != "application/x-ndjson" {
		t.Errorf("content type %s", kind)
	}
}

func TestBulkAnswersAreReadStrictly(t *testing.T) {
	for name, c := range map[string]struct {
		answer string
		want   string // of the error; "" is none
		items  int
	}{
		"all well, items unread":  {`{"took":1,"errors":false,"items":[{"garbage`, "", 0},
		"all well, late":          {`{"took":1,"items":[{"index":{"status":200}}],"errors":false}`, "", 0},
		"ingest took":             {`{"took":1,"ingest_took":2,"errors":true,"items":[{"index":{"status":400,"error":{"type":"a"}}}]}`, "", 1},
		"text errors of 1.x":      {`{"took":1,"errors":true,"items":[{"index":{"status":400,"error":"MapperParsingException[x]"}}]}`, "", 1},
		"nothing said of errors":  {`{"took":1}`, "does not say", 0},
		"an empty object":         {`{}`, "does not say", 0},
		"a list":                  {`[]`, "[ where {", 0},
		"nothing":                 {``, "EOF", 0},
		"cut off":                 {`{"took":1,"errors":true,"items":[{"index":{"status":400`, "EOF", 0},
		"an item without actions": {`{"took":1,"errors":true,"items":[{}]}`, "item 0 has no action", 0},
		"an item without status":  {`{"took":1,"errors":true,"items":[{"index":{}}]}`, "item 0 has no status", 0},
		"items that are no list":  {`{"took":1,"errors":true,"items":{}}`, "cannot unmarshal", 0},
		"two actions":             {`{"took":1,"errors":true,"items":[{"index":{"status":200},"create":{"status":200}}]}`, "item 0 has more than one action", 0},
		"an item of another kind": {`{"took":1,"errors":true,"items":[5]}`, "cannot unmarshal", 0},
	} {
		result, err := decodeBulk(json.NewDecoder(strings.NewReader(c.answer)))
		switch {
		case c.want == "" && (err != nil || len(result.Items) != c.items):
			t.Errorf("%s: %d items, %v", name, len(result.Items), err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func FuzzBulkAnswer(f *testing.F) {
	f.Add([]byte(`{"took":9,"errors":true,"items":[{"index":{"status":200}},{"index":{"status":400,"error":{"type":"m","reason":"r","caused_by":{"type":"n"}}}}]}`))
	f.Add([]byte(`{"took":1,"errors":false}`))
	f.Add([]byte(`{"errors":true,"items":[{"index":{"status":400,"error":"text"}}]}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		result, err := decodeBulk(json.NewDecoder(bytes.NewReader(answer)))
		if err == nil && !result.Errors && result.Items != nil {
			t.Error("items without errors")
		}
		if len(result.Items) > len(answer) {
			t.Errorf("%d items from %d bytes", len(result.Items), len(answer))
		}
	})
}

func TestBulkBodiesAreCompressedWhereItPays(t *testing.T) {
	client, server, _ := connected(t, func(w http.ResponseWriter, _ *http.Request, _ int) { fmt.Fprint(w, `{"errors":false}`) })
	if client.gzip.use() != off {
		t.Error("bodies to loopback are compressed")
	}
	client.gzip.set(untried)
	large := bytes.Repeat([]byte("{\"index\":{}}\n{\"a\":1}\n"), 1000)
	for _, body := range [][]byte{large, large[:100], large} {
		if _, err := client.Bulk(t.Context(), body); err != nil {
			t.Fatal(err)
		}
		sent, header := server.bodies[len(server.bodies)-1], server.headers[len(server.headers)-1]
		if len(body) < worthCompressing {
			if sent != string(body) || header.Get("Content-Encoding") != "" {
				t.Error("a small body was compressed")
			}
			continue
		}
		unzip, err := gzip.NewReader(strings.NewReader(sent))
		if err != nil || header.Get("Content-Encoding") != "gzip" {
			t.Fatalf("%v, encoding %q", err, header.Get("Content-Encoding"))
		}
		got, err := io.ReadAll(unzip)
		if err != nil || !bytes.Equal(got, body) {
			t.Errorf("the body came out different: %v", err)
		}
	}
}

func TestCompressionFollowsTheServersSetting(t *testing.T) {
	for body, want := range map[string]bool{
		`{}`: true,

		`{"defaults":{"http.compression":"true"}}`:            true,
		`{"defaults":{"http.compression":"false"}}`:           false,
		`{"persistent":{"http_compression.enabled":"false"}}`: false,

		`{"defaults":{"http.compression":"false"},"transient":{"http.compression":"true"}}`: true,

		`{"defaults":{"http.host":["a"],"http.compression":"true"},"persistent":{"a.b":["c"]}}`: true,

		`{"error":"forbidden"}`: true,
	} {
		client, _, _ := connected(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
			if strings.Contains(body, "forbidden") {
				w.WriteHeader(403)
			}
			fmt.Fprint(w, body)
		})
		if got := client.takesCompression(t.Context()); got != want {
			t.Errorf("%s: %t, want %t", body, got, want)
		}
	}
}

// The caller overwrites the body as soon as Bulk returns: a server that answers before it has read
// everything, or too late, must not get to see that. The race detector watches too.
func TestTheBodyMayBeReusedAtOnce(t *testing.T) {
	var mu sync.Mutex
	var mixed int
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/":
			fmt.Fprint(w, mainOpenSearch)
			return
		case rand.IntN(2) == 0:
			w.WriteHeader(429) // without reading
			return
		}
		read, _ := io.ReadAll(r.Body)
		mu.Lock()
		if bytes.Contains(read, []byte("b")) {
			mixed++
		}
		mu.Unlock()
		fmt.Fprint(w, `{"errors":false}`)
	}))
	defer server.Close()
	client, err := Connect(t.Context(), Options{URL: server.URL, BulkTimeout: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	body := make([]byte, 4<<20)
	for range 30 {
		for i := range body {
			body[i] = 'a'
		}
		_, _ = client.Bulk(t.Context(), body)
		for i := range body {
			body[i] = 'b'
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if mixed > 0 {
		t.Errorf("%d bodies were changed while they were sent", mixed)
	}
}

func TestBulksInParallel(t *testing.T) {
	client, _, _ := connected(t, func(w http.ResponseWriter, r *http.Request, _ int) { fmt.Fprint(w, `{"errors":false}`) })
	client.gzip.set(untried)
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			for range 20 {
				if _, err := client.Bulk(t.Context(), bytes.Repeat([]byte("{}\n"), 2000)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

// BenchmarkBulk sends bodies of 10 MiB over loopback to a server that reads and unpacks them: what gzip
// costs against sending plain.
func BenchmarkBulk(b *testing.B) {
	var body bytes.Buffer
	random := rand.New(rand.NewPCG(1, 2))
	for body.Len() < 10<<20 {
		fmt.Fprintf(&body, "{\"index\":{\"_index\":\"logs\",\"_id\":\"%x\"}}\n{\"time\":%d,\"host\":\"web-%d\",\"message\":\"GET /items/%d took %d ms, agent Mozilla/5.0\"}\n",
			random.Uint64(), random.Uint32(), random.IntN(50), random.IntN(100000), random.IntN(1000))
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			fmt.Fprint(w, mainOpenSearch)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, `{"took":1,"errors":false,"items":[]}`)
	}))
	defer server.Close()
	for _, compress := range []bool{false, true} {
		b.Run(fmt.Sprintf("gzip=%t", compress), func(b *testing.B) {
			client, err := Connect(b.Context(), Options{URL: server.URL})
			if err != nil {
				b.Fatal(err)
			}
			if compress {
				client.gzip.set(proven)
			}
			b.SetBytes(int64(body.Len()))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := client.Bulk(b.Context(), body.Bytes()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	runtime.KeepAlive(server)
}

// BenchmarkBulkAnswer reads the answer to a bulk of 10,000 documents, one of which was refused.
func BenchmarkBulkAnswer(b *testing.B) {
	for _, failed := range []bool{false, true} {
		answer := fmt.Appendf(nil, `{"took":9,"errors":%t,"items":[{"index":{"status":400,"error":{"type":"a","reason":"b"}}}`, failed)
		answer = append(answer, bytes.Repeat([]byte(`,{"index":{"status":201}}`), 9999)...)
		answer = append(answer, "]}"...)
		b.Run(fmt.Sprintf("errors=%t", failed), func(b *testing.B) {
			b.SetBytes(int64(len(answer)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := decodeBulk(json.NewDecoder(bytes.NewReader(answer))); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestBulkGoesPlainWhereTheTargetRefusesGzip: found out once, with the first body; a refusal later is about what is in it.
func TestBulkGoesPlainWhereTheTargetRefusesGzip(t *testing.T) {
	body := []byte(strings.Repeat("{}\n", worthCompressing))
	for _, status := range []int{400, 406, 415, 501} {
		var sent []string
		client, _, _ := connected(t, func(w http.ResponseWriter, r *http.Request, _ int) {
			sent = append(sent, r.Header.Get("Content-Encoding"))
			if r.Header.Get("Content-Encoding") != "" {
				refuseWith(w, status, "media_type", "no gzip here")
				return
			}
			fmt.Fprint(w, `{"errors":false}`)
		})
		client.gzip.set(untried)
		for range 2 {
			if _, err := client.Bulk(t.Context(), body); err != nil {
				t.Error(err)
			}
		}
		if want := []string{"gzip", "", ""}; !slices.Equal(sent, want) {
			t.Errorf("%d: bodies were encoded %q, want %q", status, sent, want)
		}
	}
	requests := 0
	client, _, _ := connected(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		if requests++; requests == 1 {
			fmt.Fprint(w, `{"errors":false}`)
			return
		}
		refuseWith(w, 400, "illegal_argument_exception", "Malformed action/metadata line")
	})
	client.gzip.set(untried)
	for range 2 {
		_, _ = client.Bulk(t.Context(), body)
	}
	if requests != 2 {
		t.Errorf("%d requests: what gzip was proven with was sent plain", requests)
	}
}

func TestBulkHasATimeoutOfItsOwn(t *testing.T) {
	for _, o := range []Options{{URL: "http://h:1"}, {URL: "http://h:1", RequestTimeout: time.Hour}} {
		if e, err := o.resolve(); err != nil || e.options.BulkTimeout != 2*time.Minute {
			t.Errorf("%v, %v", e, err)
		}
	}
}
