package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDocumentsArePulledPageByPage(t *testing.T) {
	client, server, _ := connected(t, func(w http.ResponseWriter, r *http.Request, n int) {
		switch {
		case r.URL.Path == "/books/_search":
			fmt.Fprint(w, `{"_scroll_id":"one","hits":{"hits":[{"_index":"books","_id":"1","_routing":"r","_source":{ "a" : "\u2028<&>" }},{"_index":"books","_id":"2"}]}}`)
		case n == 1:
			fmt.Fprint(w, `{"_scroll_id":"two","hits":{"hits":[{"_index":"books","_id":"3","_type":"t","_source":{"b":1.0}}]}}`)
		default:
			fmt.Fprint(w, `{"_scroll_id":"two","hits":{"hits":[]}}`)
		}
	})
	var got []Hit
	for hit, err := range client.Documents(t.Context(), "books") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, hit)
	}
	want := []Hit{
		{Index: "books", ID: "1", Routing: "r", Source: json.RawMessage(`{ "a" : "\u2028<&>" }`)},
		{Index: "books", ID: "2"},
		{Index: "books", Type: "t", ID: "3", Source: json.RawMessage(`{"b":1.0}`)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
	if last := server.bodies[len(server.bodies)-1]; last != `{"scroll":"1m","scroll_id":"two"}` {
		t.Errorf("the last page was asked for with %s", last)
	}
}

// An answer that is lost may have been the page: to ask again would leave it out unseen.
func TestALostPageEndsTheStream(t *testing.T) {
	client, server, _ := connected(t, func(w http.ResponseWriter, r *http.Request, n int) {
		if r.URL.Path == "/_search/scroll" {
			panic(http.ErrAbortHandler)
		}
		fmt.Fprint(w, `{"_scroll_id":"one","hits":{"hits":[{"_id":"1"}]}}`)
	})
	var hits, failures int
	for _, err := range client.Documents(t.Context(), "books") {
		if err != nil {
			failures++
			wantText(t, err, "documents of books")
			continue
		}
		hits++
	}
	if hits != 1 || failures != 1 {
		t.Errorf("%d hits, %d failures", hits, failures)
	}
	asked := 0
	for _, request := range server.asked() {
		if strings.Contains(request, "scroll") && !strings.Contains(request, "books") {
			asked++
		}
	}
	if asked != 1 {
		t.Errorf("the page was asked for %d times", asked)
	}
}

func TestAPageWithFailedShardsIsAnError(t *testing.T) {
	for body, want := range map[string]string{
		`{"_shards":{"failed":1,"failures":[{"reason":{"reason":"shard is gone"}}]},"hits":{"hits":[{"_id":"1"}]}}`: "shard is gone",
		`{"timed_out":true,"hits":{"hits":[{"_id":"1"}]}}`:                                                          "timed out",
	} {
		client, _, _ := connected(t, func(w http.ResponseWriter, _ *http.Request, _ int) { fmt.Fprint(w, body) })
		for _, err := range client.Documents(t.Context(), "books") {
			wantText(t, err, "not complete", want)
		}
	}
}

func TestAStreamMayBeLeft(t *testing.T) {
	client, server, _ := connected(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		fmt.Fprint(w, `{"_scroll_id":"one","hits":{"hits":[{"_id":"1"},{"_id":"2"}]}}`)
	})
	before := len(server.asked())
	for range client.Documents(t.Context(), "books") {
		break
	}
	if asked := len(server.asked()) - before; asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

func TestIndicesAreLookedUpManyAtOnce(t *testing.T) {
	client, server, _ := connected(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		if len(r.URL.RequestURI()) > 4000 {
			t.Errorf("a path of %d bytes", len(r.URL.RequestURI()))
		}
		fmt.Fprint(w, `{"index-0007":{"aliases":{}},"other":{"aliases":{"index-0008":{}}}}`)
	})
	var names []string
	for i := range 1000 {
		names = append(names, fmt.Sprintf("index-%04d", i))
	}
	before := len(server.asked())
	found, err := client.IndexExists(t.Context(), names...)
	if err != nil {
		t.Fatal(err)
	}
	if !found["index-0007"] || !found["index-0008"] || found["index-0009"] || len(found) != 1000 {
		t.Errorf("7: %t, 8 (an alias): %t, 9: %t, %d names", found["index-0007"], found["index-0008"], found["index-0009"], len(found))
	}
	if asked := len(server.asked()) - before; asked > 5 {
		t.Errorf("asked %d times", asked)
	}
	if found, err := client.IndexExists(t.Context()); err != nil || len(found) != 0 {
		t.Errorf("nothing asked gives %v, %v", found, err)
	}
}

func TestNoTemplatesAreNoError(t *testing.T) {
	client, _, _ := connected(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.WriteHeader(404)
		fmt.Fprint(w, `{}`)
	})
	legacy, err1 := client.Templates(t.Context(), "a")
	components, err2 := client.ComponentTemplates(t.Context())
	index, err3 := client.IndexTemplates(t.Context(), "")
	if err := errors.Join(err1, err2, err3); err != nil || len(legacy)+len(components)+len(index) > 0 {
		t.Errorf("%v %v %v, %v", legacy, components, index, err)
	}
}

func TestACountOfSomeShardsIsNoCount(t *testing.T) {
	client, _, _ := connected(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		fmt.Fprint(w, `{"count":5,"_shards":{"failed":2}}`)
	})
	_, err := client.Count(t.Context(), "books")
	wantText(t, err, "count of books: 2 shards did not answer")
}

func TestClosedIndicesHaveNoCounts(t *testing.T) {
	client, _, _ := connected(t, func(w http.ResponseWriter, _ *http.Request, _ int) {
		fmt.Fprint(w, `[{"index":"a","health":"green","status":"open","docs.count":"5","store.size":"208"},{"index":"b","health":null,"status":"close","docs.count":null,"store.size":null}]`)
	})
	got, err := client.List(t.Context())
	want := []IndexSummary{{Name: "a", Health: "green", Status: "open", Docs: 5, Bytes: 208}, {Name: "b", Status: "close"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, want -, got +\n%s", err, diff)
	}
}

func TestAChangeThatIsNotAcknowledgedIsAnError(t *testing.T) {
	client, _, _ := connected(t, func(w http.ResponseWriter, _ *http.Request, _ int) { fmt.Fprint(w, `{"acknowledged":false}`) })
	err := client.CreateIndex(t.Context(), "books", nil)
	if !errors.Is(err, ErrNotAcknowledged) {
		t.Errorf("%v", err)
	}
	wantText(t, err, "create index books")
}

func TestOnlyWholeNamesAreDeleted(t *testing.T) {
	client, server, _ := connected(t, nil)
	before := len(server.asked())
	for _, name := range []string{"*", "a*", "_all", "a,b", "", "-a"} {
		if err := client.DeleteIndex(t.Context(), "fine", name); err == nil {
			t.Errorf("%q was taken", name)
		}
	}
	if asked := server.asked(); len(asked) > before {
		t.Errorf("sent %v", asked[before:])
	}
}
