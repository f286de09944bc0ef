package blob

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// ErrUnsupported is wrapped by the error for a store that this version cannot read.
var ErrUnsupported = errors.New("not in this version")

// schemes are the stores that are known and not supported yet, with the command that brings one into a
// folder; %s stands for its URI.
var schemes = map[string]struct{ store, fetch string }{
	"s3":    {"Amazon S3", "aws s3 sync %s FOLDER"},
	"gs":    {"Google Cloud Storage", "gcloud storage rsync --recursive %s FOLDER"},
	"az":    {"Azure Blob Storage", "azcopy copy --recursive %s FOLDER"},
	"hdfs":  {"HDFS", "hdfs dfs -get %s FOLDER"},
	"http":  {"a repository behind HTTP", "wget --mirror %s"},
	"https": {"a repository behind HTTP", "wget --mirror %s"},
}

// Open returns the store at uri: file:///absolute/path, or a bare absolute path. The folder must exist.
func Open(uri string) (Reader, error) {
	folder, err := folderOf(uri)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(folder)
	if err != nil {
		return nil, fmt.Errorf("open repository %s: %w", uri, err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("open repository %s: it is a file, a folder is needed", uri)
	}
	return FromFS(os.DirFS(folder), (&url.URL{Scheme: "file", Path: filepath.ToSlash(folder)}).String()), nil
}

// folderOf returns the folder that uri means.
func folderOf(uri string) (string, error) {
	if filepath.IsAbs(uri) {
		return filepath.Clean(uri), nil
	}
	if uri == "" {
		return "", errors.New("open repository: no URI given; write file:///absolute/path")
	}
	if scheme, _, ok := strings.Cut(uri, "://"); !ok || scheme == "" {
		return "", relative(uri)
	}
	u, err := url.Parse(uri)
	if err != nil {
		return "", fmt.Errorf("open repository: %w; write file:///absolute/path", err)
	}
	if u.Scheme != "file" {
		return "", refuse(u)
	}
	switch {
	case u.Host != "" && u.Host != "localhost":
		return "", fmt.Errorf("open repository %s: %q stands where a host would; write file:///%s%s with three slashes for a folder of this machine", uri, u.Host, u.Host, u.Path)
	case u.RawQuery != "" || u.Fragment != "":
		return "", fmt.Errorf("open repository %s: a folder has no query or fragment; write ? as %%3F and # as %%23", uri)
	case !filepath.IsAbs(u.Path):
		return "", fmt.Errorf("open repository %s: no path in it; write file:///absolute/path", uri)
	}
	return filepath.Clean(u.Path), nil
}

// relative is the error for a relative path, which would mean another folder from another place.
func relative(uri string) error {
	hint := "file:///absolute/path"
	if abs, err := filepath.Abs(uri); err == nil {
		hint = abs
	}
	return fmt.Errorf("open repository %s: a relative path; write %s", uri, hint)
}

func refuse(u *url.URL) error {
	known, ok := schemes[strings.ToLower(u.Scheme)]
	if !ok {
		return fmt.Errorf("open repository %s: scheme %q is %w; write file:///absolute/path", u.Redacted(), u.Scheme, ErrUnsupported)
	}
	return fmt.Errorf("open repository %s: reading %s is %w; copy the repository to a folder (%s) and give file:///that/folder",
		u.Redacted(), known.store, ErrUnsupported, fmt.Sprintf(known.fetch, u.Redacted()))
}
