//go:build e2e

package e2e

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/internal/testcluster"
)

// typedDocuments are how many documents of each type there are.
var typedDocuments = flag.Int("types.documents", 2000, "documents of each mapping type in an index that is united and split")

// typed is a living server whose index shop has two types, with the names that its version has for things.
type typed struct {
	*testcluster.Server
	text, exact string // types of fields
}

// load makes the index, a template for others like it, and a snapshot of all.
func (s typed) load(t *testing.T) {
	t.Helper()
	must(t, s.Server, "PUT", "/_template/shops", s.words(`{"template":"shop-*","settings":{"number_of_shards":1},"mappings":{"_default_":{"properties":{"at":{"type":"date"}}},"user":{"properties":{"name":EXACT}},"order":{"properties":{"n":{"type":"long"}}}}}`))
	must(t, s.Server, "PUT", "/shop", s.words(`{"settings":{"number_of_shards":3,"number_of_replicas":0,"refresh_interval":"5s"},
		"aliases":{"everything":{},"people":{"filter":{"type":{"value":"user"}}}},
		"mappings":{"user":{"properties":{"name":{"type":"TEXT","fields":{"raw":EXACT}},"at":{"type":"date"},"age":{"type":"integer"}}},
			"order":{"properties":{"name":{"type":"TEXT","fields":{"raw":EXACT}},"at":{"type":"date"},"lines":{"type":"nested","properties":{"sku":EXACT,"n":{"type":"integer"}}}}}}}`))
	must(t, s.Server, "PUT", "/shop-7/user/1", `{"name":"seven","at":"2017-07-07T07:07:07Z"}`) // made by the template
	const batch = 500
	for _, typ := range []string{"user", "order"} {
		for from := 0; from < *typedDocuments; from += batch {
			var body strings.Builder
			for i := from; i < min(from+batch, *typedDocuments); i++ {
				fmt.Fprintf(&body, "{\"index\":{\"_id\":\"%.1s%d\"}}\n", typ, i)
				name := []string{"Ada Lovelace", "Grace Hopper", "Emmy Noether", "Lise Meitner"}[i%4]
				if typ == "user" {
					fmt.Fprintf(&body, "{\"name\":%q,\"at\":\"2016-01-02T03:04:%02dZ\",\"age\":%d}\n", name, i%60, i%90)
				} else {
					fmt.Fprintf(&body, "{\"name\":%q,\"at\":\"2016-01-02T03:04:%02dZ\",\"lines\":[{\"sku\":\"s%d\",\"n\":%d}],\"dynamic\":\"d%d\"}\n", name, i%60, i%7, i, i%3)
				}
			}
			if err := s.Bulk(t.Context(), "/shop/"+typ+"/_bulk", []byte(body.String())); err != nil {
				t.Fatal(err)
			}
		}
	}
	must(t, s.Server, "POST", "/shop,shop-7/_refresh", "")
	if err := s.Snapshot(t.Context(), "typed", "typed", "shop,shop-7"); err != nil {
		t.Fatal(err)
	}
}

// words are a body as the version has it: TEXT for the type of analyzed text, EXACT for a field of one term.
func (s typed) words(body string) string {
	return strings.NewReplacer("TEXT", s.text, "EXACT", s.exact).Replace(body)
}

// scanned are the documents of an index by type and id, as the server itself says; where puts them under other names.
func scanned(t *testing.T, s *testcluster.Server, index string, where func(testcluster.Hit) string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := s.Scan(t.Context(), index, 0, 1, func(h testcluster.Hit) error {
		at := where(h)
		if _, twice := all[at]; twice {
			return fmt.Errorf("%s is there twice", at)
		}
		all[at] = string(h.Source)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// found is how many documents a query finds.
func found(t *testing.T, s *testcluster.Server, path, query string) int {
	t.Helper()
	var answer struct{ Count int }
	if err := json.Unmarshal(must(t, s, "GET", path+"/_count?q="+url.QueryEscape(query), ""), &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Count
}

// TestVerifyTypesOfLivingServers moves an index of two types from real servers of three generations: metadata makes the indices, rfs fills them, and
// what the target then says of documents, searches and new indices is what the source says.
func TestVerifyTypesOfLivingServers(t *testing.T) {
	const analyzed, exact = "string", `{"type":"string","index":"not_analyzed"}`
	for _, s := range []typed{
		{&testcluster.Server{Spec: testcluster.Spec{Version: "5.6.16"}}, "text", `{"type":"keyword"}`},
		{&testcluster.Server{Spec: testcluster.Spec{Version: "2.4.6"}}, analyzed, exact},
		{&testcluster.Server{Spec: testcluster.Spec{Version: "1.7.6"}}, analyzed, exact},
	} {
		t.Run(s.Spec.Version, func(t *testing.T) {
			server, err := testcluster.Start(t.Context(), testcluster.Spec{Product: testcluster.Elasticsearch, Version: s.Spec.Version})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := server.Stop(); err != nil {
					t.Error(err)
				}
			})
			s.Server = server
			s.load(t)
			for _, way := range []typesWay{
				{"split", []string{"--multi-type-resolution", "split"}, map[string]string{"user": "shop_user", "order": "shop_order"}, "shop-new_user"},
				{"united", []string{"--multi-type-resolution", "union"}, map[string]string{"user": "shop", "order": "shop"}, "shop-new"},
				{"mapped", []string{"--doc-transformer-config", typeMappings}, map[string]string{"user": "clients", "order": "order-of-shop"}, "user-of-shop-new"},
			} {
				t.Run(way.name, func(t *testing.T) { way.run(t, s) })
			}
		})
	}
}

// typesWay is one way to resolve types: what is given to all three tools, and where types go by it.
type typesWay struct {
	name    string
	choices []string
	to      map[string]string
	made    string // an index for which the template is, too
}

// typeMappings send the types of shop by name, and of others by expressions.
const typeMappings = `[{"TypeMappingSanitizationTransformerProvider":{"sourceProperties":{"version":{"major":5,"minor":6}},"staticMappings":{"shop":{"user":"clients","order":"order-of-shop"}},
	"regexMappings":[{"sourceIndexPattern":"(.*)","sourceTypePattern":"(.*)","targetIndexPattern":"$2-of-$1"}]}}]`

func (w typesWay) run(t *testing.T, s typed) {
	t.Helper()
	wipe(t, target)
	dir := t.TempDir()
	common := append([]string{"--repo-uri", "file://" + filepath.Join(s.Repo, "typed"), "--snapshot-name", "typed", "--target-host", target.URL, "--output", "json"}, w.choices...)
	migassist(t, dir, append([]string{"metadata", "migrate"}, common...)...).want(t, done, findings)
	made := indices(t, target)
	moved := migassist(t, dir, append([]string{"rfs"}, common...)...).want(t, done).summary(t)
	if after := indices(t, target); !slices.Equal(made, after) {
		t.Errorf("metadata made %q, and rfs needed %q", made, after)
	}
	v := migassist(t, dir, append([]string{"console", "verify"}, common...)...).want(t, done).verdict(t)
	if v.Total.Equal != moved.Total.Written || moved.Total.Written != 2**typedDocuments+1 {
		t.Errorf("%d moved, and %+v", moved.Total.Written, v.Total)
	}

	must(t, target, "POST", "/_refresh", "")
	names := slices.Compact(slices.Sorted(slices.Values([]string{w.to["user"], w.to["order"]})))
	want := scanned(t, s.Server, "shop", func(h testcluster.Hit) string { return w.to[h.Type] + "/" + h.ID })
	got := scanned(t, target, strings.Join(names, ","), func(h testcluster.Hit) string { return h.Index + "/" + h.ID })
	if diff := cmp.Diff(want, got); diff != "" || len(want) != 2**typedDocuments {
		t.Errorf("%d documents: %.2000s", len(want), diff)
	}
	for _, query := range []string{"name:lovelace", `name.raw:"Grace Hopper"`, "age:[10 TO 20]", "at:[2016-01-02T03:04:05Z TO 2016-01-02T03:04:15Z]", "dynamic:d1"} {
		everything := found(t, s.Server, "/shop", query)
		if here := found(t, target, "/everything", query); here != everything || everything == 0 {
			t.Errorf("%s finds %d on the source, and %d on the target", query, everything, here)
		}
		if w.to["user"] != w.to["order"] {
			if users, here := found(t, s.Server, "/people", query), found(t, target, "/people", query); users != here {
				t.Errorf("%s finds %d people on the source, and %d on the target", query, users, here)
			}
		}
	}
	w.newIndex(t)
}

// newIndex makes an index by the template that was brought.
func (w typesWay) newIndex(t *testing.T) {
	t.Helper()
	must(t, target, "PUT", "/"+w.made, "")
	mapping := string(must(t, target, "GET", "/"+w.made+"/_mapping", ""))
	united := w.to["user"] == w.to["order"]
	if !strings.Contains(mapping, `"name":{"type":"keyword"}`) || !strings.Contains(mapping, `"at":{"type":"date"`) || strings.Contains(mapping, `"n":`) != united {
		t.Errorf("the template gives %s the mapping %s", w.made, mapping)
	}
}
