package testcluster

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMissingToolsAreErrorsThatSayWhatToInstall(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if err := fetch(t.Context(), t.TempDir(), []artifact{{"g", "a", "1", "jar"}}); err == nil || !strings.Contains(err.Error(), "install Maven") {
		t.Errorf("without mvn: %v", err)
	}
	if _, err := javaHome(t.Context(), 3); err == nil || !strings.Contains(err.Error(), "no Java 3 found") {
		t.Errorf("without Java 3: %v", err)
	}
}

func TestStartRefusesAServerItDoesNotKnow(t *testing.T) {
	_, err := Start(t.Context(), Spec{Product: OpenSearch, Version: "0.1"})
	if err == nil || !strings.Contains(err.Error(), "opensearch-0.1") || !strings.Contains(err.Error(), "elasticsearch-7.10.2") {
		t.Errorf("got %v", err)
	}
}

func TestUnzipStaysInItsFolder(t *testing.T) {
	dir := t.TempDir()
	for name, fits := range map[string]bool{"a/b": true, "../b": false, "/b": false} {
		var content bytes.Buffer
		archive := zip.NewWriter(&content)
		if _, err := archive.Create(name); err != nil {
			t.Fatal(err)
		}
		if err := archive.Close(); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, "test.zip")
		if err := os.WriteFile(file, content.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := unzip(file, filepath.Join(dir, "out")); (err == nil) != fits {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRootsServersCanReadTheCache(t *testing.T) {
	cache := filepath.Join(t.TempDir(), "cache")
	t.Setenv("TESTCLUSTER_CACHE", cache)
	if got, err := cacheDir(); err != nil || got != cache {
		t.Errorf("got %s, %v", got, err)
	}
	t.Setenv("TESTCLUSTER_CACHE", "")
	t.Setenv("HOME", "")
	t.Setenv("XDG_CACHE_HOME", "")
	got, err := cacheDir()
	if err != nil || !filepath.IsAbs(got) {
		t.Errorf("without a home: %s, %v", got, err)
	}
}
