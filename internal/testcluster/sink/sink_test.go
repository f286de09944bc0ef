package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"migassist/cluster"
	"migassist/rfs/bulk"
)

const body = `{"index":{"_index":"a","_id":"1"}}
{"x":"{\"index\":{"}
{"create":{"_index":"b","_id":"2"}}
{}
{"delete":{"_index":"a","_id":"3"}}
{"index":{"_id":"4"}}
{"y":1}
`

func TestTallyCountsOperationsHoweverTheyCome(t *testing.T) {
	for name, size := range map[string]int{"byte by byte": 1, "in sevens": 7, "at once": 1000} {
		tally := tally{index: "c", counts: map[string]int{}}
		if err := tally.read(iotest.DataErrReader(strings.NewReader(body)), make([]byte, size)); err != nil {
			t.Fatal(err)
		}
		tally.note()
		if tally.all != 4 || tally.counts["a"] != 2 || tally.counts["b"] != 1 || tally.counts["c"] != 1 {
			t.Errorf("%s: %d operations, %v", name, tally.all, tally.counts)
		}
	}
	for _, broken := range []string{"{}\n{}\n", `{"index":{}}`, "{\"index\":{}}\n"} {
		tally := tally{counts: map[string]int{}}
		if err := tally.read(strings.NewReader(broken), make([]byte, 5)); err == nil {
			t.Errorf("%q is taken", broken)
		}
	}
}

// TestSinkIsATargetToOurClient: with and without items, by the client and the writer that send to real ones.
func TestSinkIsATargetToOurClient(t *testing.T) {
	for _, items := range []bool{false, true} {
		sink := newServer(items)
		server := httptest.NewServer(http.Handler(sink))
		defer server.Close()
		if err := renew(t.Context(), server.URL+"/bench"); err != nil {
			t.Fatal(err)
		}
		client, err := cluster.Connect(t.Context(), cluster.Options{URL: server.URL})
		if err != nil {
			t.Fatal(err)
		}
		var b bulk.Batch
		b.Add(append(b.Grow(), "{\"index\":{\"_index\":\"bench\",\"_id\":\"1\"}}\n{}\n"...))
		if out, err := bulk.NewWriter(client, bulk.Patience{}).Write(t.Context(), &b, nil); err != nil || out.Written != 1 {
			t.Errorf("%+v, %v", out, err)
		}
		if n, err := client.Count(t.Context(), "bench"); err != nil || n != 1 {
			t.Errorf("%d documents, %v", n, err)
		}
	}
}

func TestMedianIsTheMiddle(t *testing.T) {
	for want, of := range map[float64][]float64{0: nil, 2: {3, 1, 2}, 1.5: {2, 1}} {
		if got := median(of); got != want {
			t.Errorf("%v: %v", of, got)
		}
	}
}
