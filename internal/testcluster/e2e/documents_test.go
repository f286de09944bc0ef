//go:build e2e

package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"migassist/internal/testcluster"
)

// slicesOfScan is how many cursors read one index at once.
const slicesOfScan = 2

// identity tells documents of an index apart: routing may put one id on several shards.
type identity struct{ id, routing string }

// contents are the documents of an index: the hash of the source of each.
type contents map[identity][sha256.Size]byte

// read reads every document of an index. Line breaks outside strings count as spaces:
// a bulk request cannot carry them. A document met twice is an error.
func read(ctx context.Context, server *testcluster.Server, index string) (contents, error) {
	if _, err := server.Do(ctx, "POST", "/"+index+"/_refresh", nil); err != nil {
		return nil, err
	}
	all := contents{}
	var lock sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	for slice := range slicesOfScan {
		group.Go(func() error {
			return server.Scan(ctx, index, slice, slicesOfScan, func(hit testcluster.Hit) error {
				lock.Lock()
				defer lock.Unlock()
				key := identity{hit.ID, hit.Routing}
				if _, twice := all[key]; twice {
					return fmt.Errorf("%s has document %q with routing %q twice", index, hit.ID, hit.Routing)
				}
				source, err := inAgreement(index, hit.Source)
				all[key] = sha256.Sum256(source)
				return err
			})
		})
	}
	return all, group.Wait()
}

// inAgreement is a source in the form in which source and target must agree: its bytes, but for the index whose documents
// were sent in other forms than JSON. Of those the servers write JSON each in its own way, and the values must agree.
func inAgreement(index string, source []byte) ([]byte, error) {
	if index != "encodings" {
		return testcluster.OneLine(source), nil
	}
	var value any
	if err := json.Unmarshal(source, &value); err != nil {
		return nil, err
	}
	return json.Marshal(value)
}

// sameDocuments compares an index of source and target, document by document, and
// returns how many there are.
func sameDocuments(t *testing.T, index string) int {
	t.Helper()
	var want, got contents
	var group errgroup.Group
	group.Go(func() (err error) { want, err = read(t.Context(), source, index); return err })
	group.Go(func() (err error) { got, err = read(t.Context(), target, index); return err })
	if err := group.Wait(); err != nil {
		t.Errorf("compare %s: %v", index, err)
		return 0
	}
	report(t, index, "is missing", slices.Collect(maps.Keys(want)), func(key identity) bool { _, found := got[key]; return !found })
	report(t, index, "was not in the source", slices.Collect(maps.Keys(got)), func(key identity) bool { _, found := want[key]; return !found })
	report(t, index, "has another source", slices.Collect(maps.Keys(got)), func(key identity) bool {
		hash, found := want[key]
		return found && hash != got[key]
	})
	return len(want)
}

// report names the first documents to which something happened, and counts them.
func report(t *testing.T, index, what string, keys []identity, happened func(identity) bool) {
	t.Helper()
	found := slices.DeleteFunc(keys, func(key identity) bool { return !happened(key) })
	if len(found) > 0 {
		t.Errorf("%s: %d documents: %s: %q …", index, len(found), what, found[:min(len(found), 5)])
	}
}

// indices lists the names of a server's indices, hidden ones too.
func indices(t *testing.T, server *testcluster.Server) []string {
	t.Helper()
	var rows []struct {
		Index string `json:"index"`
	}
	if err := server.Get(t.Context(), "/_cat/indices?format=json&expand_wildcards=all", &rows); err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, row := range rows {
		names = append(names, row.Index)
	}
	slices.Sort(names)
	return names
}

// wipe removes every index and template from a server, so that a test starts on bare ground.
func wipe(t *testing.T, server *testcluster.Server) {
	t.Helper()
	must(t, server, "PUT", "/_cluster/settings", `{"transient":{"action.destructive_requires_name":false}}`)
	must(t, server, "DELETE", "/*?expand_wildcards=all", "")
	must(t, server, "DELETE", "/_template/*", "")
	must(t, server, "DELETE", "/_index_template/*", "")
	must(t, server, "DELETE", "/_component_template/*", "")
}

// must sends a request that has to succeed.
func must(t *testing.T, server *testcluster.Server, method, path, body string) []byte {
	t.Helper()
	answer, err := server.Do(t.Context(), method, path, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return answer
}
