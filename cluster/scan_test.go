package cluster

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

type flatHit struct{ ID, Routing, Parent, Source string }

func scanned(t *testing.T, c *Client) (hits []flatHit, err error) {
	t.Helper()
	for group, e := range c.Scan(t.Context(), "books", "_shards:1", json.RawMessage(`{"size":2,"sort":["_doc"]}`)) {
		if e != nil {
			return hits, e
		}
		for _, h := range group.Hits {
			hits = append(hits, flatHit{string(h.ID), string(h.Routing), string(h.Parent), string(h.Source)})
		}
	}
	return hits, nil
}

// pages answers a scroll of so many pages.
func pages(t *testing.T, bodies ...string) *Client {
	client, _, _ := connected(t, func(w http.ResponseWriter, r *http.Request, _ int) {
		if r.URL.Path == "/" {
			fmt.Fprint(w, mainOpenSearch)
			return
		}
		fmt.Fprint(w, bodies[0])
		bodies = bodies[1:]
	})
	return client
}

func TestScanGivesSourcesByteForByte(t *testing.T) {
	large := strings.Repeat("x", 3<<20)
	client := pages(t,
		`{"_scroll_id":"a","took":1,"timed_out":false,"_shards":{"total":1,"failed":0},"hits":{"total":{"value":3},"hits":[
		  {"_index":"books","_id":"q\"ä","_score":null,"_routing":"r","_source": { "a" : 1.0, "s":"}\\\"]" },"sort":[0]},
		  {"_index":"books","_id":"2","_source":{"x":"`+large+`"},"sort":[1]}]}}`,
		`{"_scroll_id":"b","timed_out":false,"_shards":{"failed":0},"hits":{"hits":[{"_id":"3","_parent":"p","fields":{"_routing":"old","_x":[1]},"_source":{}},{"_id":"4","fields":{"_routing":["no"]}}]}}`,
		`{"_scroll_id":"c","timed_out":false,"_shards":{"failed":0},"hits":{"hits":[]}}`)
	got, err := scanned(t, client)
	if err != nil {
		t.Fatal(err)
	}
	want := []flatHit{
		{`q"ä`, "r", "", `{ "a" : 1.0, "s":"}\\\"]" }`},
		{"2", "", "", `{"x":"` + large + `"}`},
		{"3", "old", "p", `{}`},
		{"4", "", "", ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAPageThatIsNotCompleteIsAnError(t *testing.T) {
	const hit = `{"_id":"1","_source":{}}`
	for name, body := range map[string]string{
		"shards failed":   `{"_scroll_id":"a","_shards":{"failed":1,"failures":[{"reason":"gone"}]},"hits":{"hits":[` + hit + `]}}`,
		"timed out":       `{"_scroll_id":"a","timed_out":true,"_shards":{"failed":0},"hits":{"hits":[` + hit + `]}}`,
		"cut off":         `{"_scroll_id":"a","_shards":{"failed":0},"hits":{"hits":[` + hit,
		"not an object":   `<html>sign in</html>`,
		"hits of no form": `{"_scroll_id":"a","hits":{"hits":{"_id":1}}}`,
		"no scroll":       `{"timed_out":false,"hits":{"hits":[` + hit + `]}}`,
	} {
		if _, err := scanned(t, pages(t, body, body)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzScannerReadsWhatJSONReads(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":"}\"\\"}],"c":null, "d" : -1e5}`))
	f.Add([]byte(` "x" `))
	f.Fuzz(func(t *testing.T, text []byte) {
		s := newScanner(iotest.OneByteReader(bytes.NewReader(append(bytes.Clone(text), ' '))))
		raw, err := s.raw()
		if !json.Valid(text) {
			return // it must not panic
		}
		if err != nil || !bytes.Equal(raw, bytes.TrimSpace(text)) {
			t.Errorf("raw(%q) = %q, %v", text, raw, err)
		}
	})
}
