//go:build e2e

package sandbox_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"migassist/internal/testcluster"
)

var running = flag.String("server", "", "URL of an empty OpenSearch 2.19.1 to ask instead of starting one")

func TestRealServerAnswersAsTheGoldenFileSays(t *testing.T) {
	url := *running
	if url == "" {
		server, err := testcluster.Start(t.Context(), testcluster.Spec{Product: testcluster.OpenSearch, Version: "2.19.1"})
		if err != nil {
			t.Fatal(err)
		}
		defer server.Stop()
		url = server.URL
	}
	got := converse(t, url)
	if *update {
		if err := os.WriteFile(answersFile, []byte(strings.Join(got, "\n\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	compareWithGolden(t, got)
}
