//go:build e2e

package e2e

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"migassist/internal/testcluster"
)

// joining is a transform of documents that says in the join field what _type and _parent said.
const joining = `[{"JsonJqTransformerProvider": ".document.join = (if .operation._type == \"blog\" then \"blog\" else {name: .operation._type, parent: .operation.routing} end)"}]`

// TestParentsAndChildren unites parents and children of real servers: metadata makes the join field, and queries by it find what they found.
func TestParentsAndChildren(t *testing.T) {
	for _, version := range []string{"2.4.6", "5.6.16"} {
		t.Run(version, func(t *testing.T) {
			source, err := testcluster.Start(t.Context(), testcluster.Spec{Product: testcluster.Elasticsearch, Version: version})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := source.Stop(); err != nil {
					t.Error(err)
				}
			})
			must(t, source, "PUT", "/blogs", `{"settings":{"number_of_shards":3,"number_of_replicas":0},"mappings":{
				"blog":{"properties":{"year":{"type":"integer"}}},"post":{"_parent":{"type":"blog"},"properties":{"stars":{"type":"integer"}}}}}`)
			for id, year := range map[string]string{"a": "2001", "b": "2002", "c": "2003"} {
				must(t, source, "PUT", "/blogs/blog/"+id, `{"year":`+year+`}`)
				must(t, source, "PUT", "/blogs/post/1"+id+"?parent="+id, `{"stars":1}`)
			}
			must(t, source, "PUT", "/blogs/post/2b?parent=b", `{"stars":5}`)
			must(t, source, "POST", "/_refresh", "")
			if err := source.Snapshot(t.Context(), "family", "family", "blogs"); err != nil {
				t.Fatal(err)
			}
			wipe(t, target)
			dir := t.TempDir()
			common := []string{
				"--repo-uri", "file://" + filepath.Join(source.Repo, "family"), "--snapshot-name", "family", "--target-host", target.URL, "--output", "json",
				"--multi-type-resolution", "union",
			}
			migassist(t, dir, append([]string{"metadata", "migrate"}, common...)...).want(t, findings)
			migassist(t, dir, append([]string{"rfs", "--doc-transformer-config", joining}, common...)...).want(t, done)
			must(t, target, "POST", "/_refresh", "")
			for _, query := range []struct{ old, now string }{
				{`{"has_child":{"type":"post","query":{"term":{"stars":5}}}}`, `{"has_child":{"type":"post","query":{"term":{"stars":5}}}}`},
				{`{"has_child":{"type":"post","min_children":2,"query":{"match_all":{}}}}`, `{"has_child":{"type":"post","min_children":2,"query":{"match_all":{}}}}`},
				{`{"has_parent":{"parent_type":"blog","query":{"term":{"year":2002}}}}`, `{"has_parent":{"parent_type":"blog","query":{"term":{"year":2002}}}}`},
			} {
				before, after := counted(t, source, query.old), counted(t, target, query.now)
				if before != after || before == 0 {
					t.Errorf("%s finds %d on the source, and %d on the target", query.old, before, after)
				}
			}
		})
	}
}

// counted is how many documents of blogs a query finds.
func counted(t *testing.T, s *testcluster.Server, query string) int {
	t.Helper()
	var answer struct{ Count int }
	if err := json.Unmarshal(must(t, s, "POST", "/blogs/_count", `{"query":`+query+`}`), &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Count
}
