package verify_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/cluster"
	"migassist/internal/sandbox"
	"migassist/rfs/verify"
)

// inMemory is a source in memory: documents by their names, in parts.
type inMemory struct {
	docs   map[verify.Key]string
	parts  int
	twice  []verify.Document // beside docs
	noIDs  bool
	empty  string // an index without documents
	failAt int    // read that fails; 0: none
	reads  int
}

var errFailed = errors.New("the source failed")

func (c *inMemory) Targets(context.Context) ([]string, error) {
	names := map[string]bool{}
	var all []string
	if c.empty != "" {
		all = append(all, c.empty)
	}
	for key := range c.docs {
		if !names[key.Index] {
			names[key.Index] = true
			all = append(all, key.Index)
		}
	}
	slices.Sort(all)
	return all, nil
}

func (c *inMemory) Parts(context.Context) ([]string, error) {
	var names []string
	for i := range c.parts {
		names = append(names, fmt.Sprint("part ", i))
	}
	return names, nil
}

func (c *inMemory) Read(_ context.Context, part string, visit func([]verify.Document) error) (verify.Reading, error) {
	if c.reads++; c.reads == c.failAt {
		return verify.Reading{}, errFailed
	}
	var some []verify.Document
	for _, key := range c.keys() {
		if fmt.Sprint("part ", len(key.ID)*7%c.parts) != part {
			continue
		}
		doc := verify.Document{Index: key.Index, Source: []byte(c.docs[key]), Action: []byte(`{"index":{}}`)}
		if !c.noIDs {
			doc.ID, doc.Routing = []byte(key.ID), []byte(key.Routing)
		}
		some = append(some, doc)
	}
	if part == "part 0" {
		some = append(some, c.twice...)
	}
	for group := range slices.Chunk(some, 100) {
		if err := visit(group); err != nil {
			return verify.Reading{}, err
		}
	}
	return verify.Reading{}, nil
}

func (c *inMemory) keys() []verify.Key {
	var keys []verify.Key
	for key := range c.docs {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b verify.Key) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return keys
}

// newTarget is a sandbox with these indices, of three shards each.
func newTarget(t *testing.T, indices ...string) (*sandbox.Server, *cluster.Client) {
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
	client, err := cluster.Connect(t.Context(), cluster.Options{URL: server.URL()})
	if err != nil {
		t.Fatal(err)
	}
	for _, index := range indices {
		if err := client.CreateIndex(t.Context(), index, json.RawMessage(`{"settings":{"number_of_shards":3},"mappings":{"enabled":false}}`)); err != nil {
			t.Fatal(err)
		}
	}
	return server, client
}

// put writes documents to the target.
func put(t *testing.T, client *cluster.Client, docs map[verify.Key]string) {
	t.Helper()
	var body []byte
	for key, source := range docs {
		operation := map[string]string{"_index": key.Index, "routing": key.Routing, "_id": key.ID}
		if key.Routing == "" {
			delete(operation, "routing")
		}
		line, err := json.Marshal(map[string]any{"index": operation})
		if err != nil {
			t.Fatal(err)
		}
		body = append(append(body, line...), '\n')
		body = append(append(body, source...), '\n')
	}
	if len(body) == 0 {
		return
	}
	result, err := client.Bulk(t.Context(), body)
	if err != nil || result.Errors {
		t.Fatal(err, result)
	}
}

// finding is a difference as tests compare it.
type finding struct {
	Kind  verify.Kind
	Key   verify.Key
	Paths string
	Count int64
}

// found runs a verification, and returns what it found.
func found(t *testing.T, source verify.Source, client *cluster.Client, options verify.Options) ([]finding, *verify.Summary) {
	t.Helper()
	all, summary := foundOnly(t, source, client, options)
	if !summary.Total.Balanced() {
		t.Errorf("the summary does not add up: %+v", summary.Total)
	}
	return all, summary
}

// foundOnly is found where the target changes meanwhile.
func foundOnly(t *testing.T, source verify.Source, client *cluster.Client, options verify.Options) ([]finding, *verify.Summary) {
	t.Helper()
	var all []finding
	options.Find = verify.FinderFunc(func(_ context.Context, d verify.Difference) error {
		all = append(all, finding{d.Kind, d.Key, strings.Join(d.Paths, " "), d.Count})
		return nil
	})
	summary, err := verify.New(source, verify.NewTarget(client), options).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	order(all)
	return all, summary
}

func order(all []finding) {
	slices.SortFunc(all, func(a, b finding) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
}

// random makes documents in two indices, some with routing. Within an index no id is there twice, for on one shard that is one document.
func random(r *rand.Rand, n int) map[verify.Key]string {
	docs := map[verify.Key]string{}
	ids := map[string]bool{}
	for i := range n {
		key := verify.Key{Index: []string{"books", "films"}[r.IntN(2)], ID: fmt.Sprintf("%x", r.Uint32N(1<<20)>>r.IntN(16))}
		if r.IntN(4) == 0 {
			key.Routing = fmt.Sprint("r", r.IntN(5))
		}
		if r.IntN(50) == 0 {
			key.ID += strings.Repeat("long", 40)
		}
		if ids[key.Index+key.ID] {
			continue
		}
		ids[key.Index+key.ID] = true
		docs[key] = fmt.Sprintf(`{"n":%d,"a":{"b":[%d,%d],"c":"ä\u00e4"}}`, i, r.IntN(3), r.IntN(3))
	}
	return docs
}

// TestExactlyTheEditsAreFound edits random documents of random corpora: from none over one to many.
func TestExactlyTheEditsAreFound(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 1))
			source := &inMemory{docs: random(r, 200+r.IntN(6000)), parts: 1 + r.IntN(3)}
			_, client := newTarget(t, "books", "films")
			there := map[verify.Key]string{}
			var want []finding
			each := []int{1 << 30, 1000, 20, 2}[seed%4]
			for _, key := range source.keys() {
				there[key] = source.docs[key]
				if r.IntN(each) != 0 {
					continue
				}
				switch r.IntN(4) {
				case 0:
					delete(there, key)
					want = append(want, finding{verify.Missing, key, "", 1})
				case 1:
					there[key] = strings.Replace(there[key], `[`, `[7`, 1)
					want = append(want, finding{verify.Different, key, "a.b.0", 1})
				case 2:
					moved := key
					moved.Routing += "elsewhere"
					delete(there, key)
					there[moved] = source.docs[key]
					want = append(want, finding{verify.Missing, key, "", 1}, finding{verify.Extra, moved, "", 1})
				case 3:
					more := key
					more.ID += " more"
					there[more] = `{}`
					want = append(want, finding{verify.Extra, more, "", 1})
				}
			}
			put(t, client, there)
			got, summary := found(t, source, client, verify.Options{})
			order(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if !summary.Complete || summary.Same() != (len(want) == 0) || summary.Total.Source != int64(len(source.docs)) || summary.Total.Target != int64(len(there)) {
				t.Errorf("summary %+v for %d and %d documents", summary, len(source.docs), len(there))
			}
		})
	}
}
