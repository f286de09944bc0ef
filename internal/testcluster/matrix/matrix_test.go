//go:build e2e

package matrix

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"migassist/internal/testcluster"
)

var (
	onlySources = flag.String("matrix.sources", "", "sources to take, such as elasticsearch-5.6.16,elasticsearch-7.10.2; all where it is empty")
	onlyTargets = flag.String("matrix.targets", "", "targets to take, such as opensearch-2.19.1")
)

// sources and targets of the matrix.
var (
	sourceSpecs = []testcluster.Spec{
		{Product: testcluster.Elasticsearch, Version: "1.7.6"},
		{Product: testcluster.Elasticsearch, Version: "2.4.6"},
		{Product: testcluster.Elasticsearch, Version: "5.6.16"},
		{Product: testcluster.Elasticsearch, Version: "6.8.23"},
		{Product: testcluster.Elasticsearch, Version: "7.10.2"},
		{Product: testcluster.Elasticsearch, Version: "7.17.28"},
		{Product: testcluster.Elasticsearch, Version: "8.17.0"},
		{Product: testcluster.Elasticsearch, Version: "9.1.0"},
		{Product: testcluster.OpenSearch, Version: "1.3.20"},
		{Product: testcluster.OpenSearch, Version: "2.19.1", Full: true},
	}
	targetSpecs = []testcluster.Spec{
		{Product: testcluster.OpenSearch, Version: "1.3.20"}, {Product: testcluster.OpenSearch, Version: "2.19.1", Full: true}, {Product: testcluster.OpenSearch, Version: "3.3.0", Full: true},
	}
)

func chosen(specs []testcluster.Spec, only string) []testcluster.Spec {
	if only == "" {
		return specs
	}
	return slices.DeleteFunc(slices.Clone(specs), func(s testcluster.Spec) bool { return !slices.Contains(strings.Split(only, ","), s.String()) })
}

// upgrade tells whether the target is no older version of the source.
func upgrade(from, to testcluster.Spec) bool {
	return from.Product == testcluster.Elasticsearch || from.Version != to.Version && to.AtLeast(testcluster.OpenSearch, digits(from.Version)...)
}

func digits(version string) []int {
	var parts [3]int
	if _, err := fmt.Sscanf(version, "%d.%d.%d", &parts[0], &parts[1], &parts[2]); err != nil {
		panic(err) // a row of ours
	}
	return parts[:]
}

// TestMatrix brings the metadata of a rich source of each version to each target, and its documents after it.
func TestMatrix(t *testing.T) {
	binary, folder := build(t), t.TempDir()
	if err := os.Chmod(filepath.Dir(folder), 0o755); err != nil { // the servers are another user
		t.Fatal(err)
	}
	sources := make([]*source, len(chosen(sourceSpecs, *onlySources)))
	const atOnce = 2
	slots := make(chan struct{}, atOnce)
	t.Run("source", func(t *testing.T) {
		for i, spec := range chosen(sourceSpecs, *onlySources) {
			t.Run(spec.String(), func(t *testing.T) {
				t.Parallel()
				slots <- struct{}{}
				defer func() { <-slots }()
				sources[i] = load(t, spec, folder)
			})
		}
	})
	t.Run("to", func(t *testing.T) {
		for _, spec := range chosen(targetSpecs, *onlyTargets) {
			t.Run(spec.String(), func(t *testing.T) {
				t.Parallel()
				slots <- struct{}{}
				defer func() { <-slots }()
				server, err := testcluster.Start(t.Context(), spec)
				if err != nil {
					t.Fatal(err)
				}
				defer func() {
					if err := server.Stop(); err != nil {
						t.Error(err)
					}
				}()
				for _, from := range sources {
					if from != nil && upgrade(from.spec, spec) {
						t.Run("from "+from.spec.String(), func(t *testing.T) {
							(&run{binary: binary, from: from, target: server, dir: t.TempDir()}).all(t)
						})
					}
				}
			})
		}
	})
}

// build builds the binary as it is given out: static.
func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "migassist")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", path, ".")
	cmd.Dir = filepath.Join("..", "..", "..")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build migassist: %v\n%s", err, out)
	}
	return path
}
