//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"migassist/internal/testcluster"
)

// The demo's fixture is the source here: what the documents must be is in its folder.
const shop = "../../../testdata/snapshots/demo"

// TestSecureTarget migrates over TLS with a private CA and basic authentication, and
// is told clearly what is wrong where credentials, trust or permission are missing.
func TestSecureTarget(t *testing.T) {
	secured := secureTarget(t)
	const password = "Str0ng-and-Secret-42!"
	user := `{"password":"` + password + `","opendistro_security_roles":["all_access"]}`
	must(t, secured, "PUT", "/_plugins/_security/api/internalusers/mover", user)
	must(t, secured, "PUT", "/_plugins/_security/api/internalusers/reader", strings.Replace(user, "all_access", "readall", 1))
	repository, err := filepath.Abs(filepath.Join(shop, "repository"))
	if err != nil {
		t.Fatal(err)
	}
	args := func(words ...string) []string {
		return append(words, "--repo-uri", repository, "--snapshot-name", "nightly", "--target-host", secured.URL)
	}
	rfs := func(dir string) []string {
		return args("rfs", "--output", "json", "--state-file", filepath.Join(dir, "state.json"), "--dead-letter-file", filepath.Join(dir, "refused.ndjson"))
	}
	trusted := []string{"--target-cacert", secured.CAFile}
	as := func(user, password string) []string {
		return []string{"--target-username", user, "--target-password", password}
	}

	for name, c := range map[string]struct {
		flags []string
		says  string
	}{
		"no credentials":         {trusted, "401"},
		"wrong password":         {append(as("mover", "wrong"), trusted...), "401"},
		"unknown authority":      {as("mover", password), "--target-cacert"},
		"no permission to write": {append(as("reader", password), trusted...), "403"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for _, command := range [][]string{args("metadata", "migrate"), rfs(dir)} {
				run := migassist(t, dir, append(command, c.flags...)...).want(t, failed).says(t, c.says)
				if strings.Contains(run.stdout+run.stderr, password) {
					t.Errorf("the password is printed:\n%s%s", run.stdout, run.stderr)
				}
			}
		})
	}

	dir := t.TempDir()
	flags := append(as("mover", password), trusted...)
	migassist(t, dir, append(args("metadata", "migrate"), flags...)...).want(t, done, findings)
	total := migassist(t, dir, append(rfs(dir), flags...)...).want(t, done).summary(t).Total
	if compared := sameAsExpected(t, secured); compared == 0 || total.Written != compared {
		t.Errorf("%d documents compared, the summary says %+v", compared, total)
	}
	again := t.TempDir()
	migassist(t, again, append(rfs(again), append(as("mover", password), "--target-insecure")...)...).want(t, done)
	sameAsExpected(t, secured)
}

// secureTarget starts a target with the security plugin in place of the other one:
// three servers are more than two cores need.
func secureTarget(t *testing.T) *testcluster.Server {
	t.Helper()
	plain := target.Spec
	if err := target.Stop(); err != nil {
		t.Fatal(err)
	}
	secured, err := testcluster.Start(t.Context(), testcluster.Spec{Product: testcluster.OpenSearch, Version: "2.19.1", Secure: true, HeapMiB: 768})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := secured.Stop(); err != nil {
			t.Error(err)
		}
		var err error
		if target, err = testcluster.Start(context.Background(), plain); err != nil { // the test's own context has ended
			t.Fatal(err)
		}
	})
	return secured
}

// sameAsExpected compares a server with what the source had said of the shop's snapshot.
func sameAsExpected(t *testing.T, server *testcluster.Server) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(shop, "expected", "nightly", "*.ndjson"))
	if err != nil || len(files) == 0 {
		t.Fatalf("the fixture has no documents: %v", err)
	}
	compared := 0
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want := contents{}
		for line := range bytes.Lines(content) {
			var hit testcluster.Hit
			if err := json.Unmarshal(line, &hit); err != nil {
				t.Fatal(err)
			}
			want[identity{hit.ID, hit.Routing}] = sha256.Sum256(hit.Source)
		}
		index := strings.TrimSuffix(filepath.Base(file), ".ndjson")
		got, err := read(t.Context(), server, index)
		if err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(want, got) {
			t.Errorf("%s: %d documents, want %d with the same sources", index, len(got), len(want))
		}
		compared += len(want)
	}
	return compared
}
