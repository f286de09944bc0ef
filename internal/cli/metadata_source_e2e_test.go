//go:build e2e

package cli

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/internal/testcluster"
)

// TestNoCommandOfMetadataWritesToARealSource: real servers, the oldest and the newest too, are asked by GET and HEAD alone, and what they have
// is as it was.
func TestNoCommandOfMetadataWritesToARealSource(t *testing.T) {
	for _, version := range []string{"1.7.6", "7.10.2", "9.1.0"} {
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
			for path, body := range map[string]string{
				"/books":   `{"settings":{"number_of_shards":1,"number_of_replicas":0},"aliases":{"shelf":{}}}`,
				"/authors": `{"settings":{"number_of_shards":2,"number_of_replicas":0,"index.blocks.write":true}}`,
			} {
				if _, err := source.Do(t.Context(), http.MethodPut, path, []byte(body)); err != nil {
					t.Fatal(err)
				}
			}
			before := definitionsOf(t, source)
			onlyRead(t, source.URL)
			if diff := cmp.Diff(before, definitionsOf(t, source)); diff != "" {
				t.Errorf("the source changed (-before +after):\n%s", diff)
			}
		})
	}
}

// onlyRead runs each command of metadata with a proxy before a source.
func onlyRead(t *testing.T, source string) {
	t.Helper()
	target, between := startSandbox(t), record(t, source)
	both := []string{"--source-host", between.URL, "--target-host", target.URL()}
	for _, c := range []struct {
		words []string
		codes []int
	}{
		{[]string{"metadata", "evaluate"}, []int{exitDone, exitFindings}},
		{[]string{"metadata", "evaluate", "--probe"}, []int{exitDone, exitFindings}},
		{[]string{"metadata", "migrate"}, []int{exitDone, exitFindings}},
		{[]string{"metadata", "migrate", "--unattended", "--unattended-folder", filepath.Join(t.TempDir(), "runs")}, []int{exitNothing, exitFindings}},
		{[]string{"metadata", "finish"}, []int{exitDone, exitFindings}},
	} {
		asked := len(between.asked)
		if code, results, said := run(t, append(c.words, both...)...); !slices.Contains(c.codes, code) {
			t.Errorf("%v ended with %d:\n%s\n%s", c.words, code, results, said)
		}
		if len(between.asked) == asked {
			t.Errorf("%v did not ask the source", c.words)
		}
	}
	for _, request := range between.asked {
		if method, _, _ := strings.Cut(request, " "); method != http.MethodGet && method != http.MethodHead {
			t.Errorf("the source was asked %s", request)
		}
	}
	t.Logf("%d requests, all of them reading", len(between.asked))
}

// definitionsOf are the indices and templates of a server.
func definitionsOf(t *testing.T, server *testcluster.Server) map[string]any {
	t.Helper()
	all := map[string]any{}
	for _, path := range []string{"/_all", "/_template", "/_cluster/settings"} {
		answer, err := server.Do(t.Context(), http.MethodGet, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		var has any
		if err := json.Unmarshal(answer, &has); err != nil {
			t.Fatal(err)
		}
		all[path] = has
	}
	return all
}
