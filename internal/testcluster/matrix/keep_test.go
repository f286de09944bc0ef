//go:build e2e

package matrix

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"migassist/internal/testcluster"
)

// keep copies what a snapshot says of indices and of the cluster; the files of documents are left.
func keep(t *testing.T, repo string, spec testcluster.Spec) {
	t.Helper()
	spec.Full = false
	to := filepath.Join(rich, spec.String())
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(repo, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), "__") {
			return err
		}
		name, err := filepath.Rel(repo, path)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(filepath.Clean(path))
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(to, name)), 0o755); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), content, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}
