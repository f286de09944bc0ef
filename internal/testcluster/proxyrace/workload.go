//go:build linux

package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// workload is requests that are sent over and over, in turn.
type workload struct {
	name     string
	requests []request
}

type request struct {
	method, path, kind, body string
}

// The two workloads: requests without a body, and with one of about a kilobyte.
const (
	reads  = "reads"
	writes = "writes"
)

// variants is how many requests a workload has: enough that a compressor does not see the same one each time.
const variants = 64

// workloads makes both, the same ones in every run.
func workloads() []workload {
	random := rand.New(rand.NewPCG(1, 2)) // the same in every run
	read, write := workload{name: reads}, workload{name: writes}
	for n := range variants {
		read.requests = append(read.requests, request{method: "GET", path: "/bench/_doc/" + strconv.Itoa(n+1)})
		write.requests = append(write.requests, request{method: "POST", path: "/_bulk", kind: "application/x-ndjson", body: bulk(random)})
	}
	return []workload{read, write}
}

const kilobyte = 1024

// bulk is a body of a kilobyte and a bit, of whole operations.
func bulk(random *rand.Rand) string {
	var b strings.Builder
	for b.Len() < kilobyte-documentSize/2 {
		fmt.Fprintf(&b, `{"index":{"_index":"bench","_id":"%d"}}`+"\n%s\n", random.IntN(1e9), document(random))
	}
	return b.String()
}

// documentSize is about how long a document is, its action line with it.
const documentSize = 300

// document is JSON with words and numbers, which compresses about as logs do.
func document(random *rand.Rand) string {
	words := make([]string, 20)
	for i := range words {
		words[i] = strconv.FormatInt(int64(random.IntN(1<<30)+1<<25), 36)
	}
	return fmt.Sprintf(`{"time":"2026-11-23T%02d:%02d:%02dZ","bytes":%d,"status":%d,"message":"%s"}`,
		random.IntN(24), random.IntN(60), random.IntN(60), random.IntN(1e6), 200+random.IntN(4), strings.Join(words, " "))
}

// readAnswer is what the upstream says to a read: a kilobyte.
func readAnswer() string {
	random := rand.New(rand.NewPCG(3, 4)) // the same in every run
	var documents []string
	for size := 0; size < kilobyte-documentSize; size += len(documents[len(documents)-1]) {
		documents = append(documents, document(random))
	}
	return `{"_index":"bench","_id":"1","_version":1,"_seq_no":7,"_primary_term":1,"found":true,"_source":{"events":[` + strings.Join(documents, ",") + `]}}`
}

// writeAnswer is what the upstream says to a bulk: a kilobyte.
func writeAnswer() string {
	var items []string
	for size := 0; size < kilobyte-documentSize/2; size += len(items[len(items)-1]) {
		items = append(items, fmt.Sprintf(`{"index":{"_index":"bench","_id":"%d","_version":1,"result":"created",`+
			`"_shards":{"total":2,"successful":1,"failed":0},"_seq_no":%d,"_primary_term":1,"status":201}}`, 100000+len(items), 7000+len(items)))
	}
	return `{"took":3,"errors":false,"items":[` + strings.Join(items, ",") + `]}`
}

// raw are the requests as they go over a connection.
func (w workload) raw(host string) [][]byte {
	var all [][]byte
	for _, r := range w.requests {
		head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\nAccept: application/json\r\n", r.method, r.path, host)
		if r.body != "" {
			head += fmt.Sprintf("Content-Type: %s\r\nContent-Length: %d\r\n", r.kind, len(r.body))
		}
		all = append(all, []byte(head+"\r\n"+r.body))
	}
	return all
}
