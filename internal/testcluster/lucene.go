package testcluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// Lucene returns the class path of Apache Lucene in that version, "9.12.1", through Maven, and the java to run it with.
func Lucene(ctx context.Context, version string) (java, classPath string, err error) {
	home, err := javaHome(ctx, 17)
	if err != nil {
		return "", "", err
	}
	java = filepath.Join(home, "bin", "java")
	cache, err := cacheDir()
	if err != nil {
		return "", "", err
	}
	core := artifact{group: "org.apache.lucene", name: "lucene-core", version: version, kind: "jar"}
	classPath = filepath.Join(cache, core.file())
	if _, err := os.Stat(classPath); err == nil {
		return java, classPath, nil
	}
	work, err := os.MkdirTemp(cache, "fetch-")
	if err != nil {
		return "", "", fmt.Errorf("make a folder in the cache: %w", err)
	}
	defer os.RemoveAll(work) //nolint:errcheck // what is left of a download is only in the way
	if err := fetch(ctx, work, []artifact{core}); err != nil {
		return "", "", err
	}
	return java, classPath, os.Rename(filepath.Join(work, "files", core.file()), classPath)
}
