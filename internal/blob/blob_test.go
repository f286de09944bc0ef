package blob_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"migassist/internal/blob"
	"migassist/internal/blob/blobtest"
)

func folder(t *testing.T, files map[string][]byte) string {
	t.Helper()
	root := t.TempDir()
	for name, data := range files {
		at := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func mapFS(files map[string][]byte) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, data := range files {
		fsys[name] = &fstest.MapFile{Data: data}
	}
	return fsys
}

func TestFolderConforms(t *testing.T) {
	blobtest.Run(t, func(t *testing.T, files map[string][]byte) blob.Reader {
		r, err := blob.Open(t.Context(), "file://"+folder(t, files), blob.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	})
}

func TestEmbeddedFileSystemConforms(t *testing.T) {
	blobtest.Run(t, func(_ *testing.T, files map[string][]byte) blob.Reader {
		return blob.FromFS(mapFS(files), "embed:test")
	})
}

func TestFileSystemThatOnlySeeksConforms(t *testing.T) {
	blobtest.Run(t, func(_ *testing.T, files map[string][]byte) blob.Reader {
		return blob.FromFS(seekOnly{mapFS(files)}, "embed:test")
	})
}

// TestStoreWithoutHandlesConforms: a store need not be an Opener.
func TestStoreWithoutHandlesConforms(t *testing.T) {
	blobtest.Run(t, func(_ *testing.T, files map[string][]byte) blob.Reader {
		return struct{ blob.Reader }{blob.FromFS(mapFS(files), "embed:test")}
	})
}

func TestFileSystemWithoutOffsetsIsRefused(t *testing.T) {
	r := blob.FromFS(streamOnly{mapFS(map[string][]byte{"a": []byte("a")})}, "embed:test")
	if _, err := r.ReadAt(t.Context(), "a", make([]byte, 1), 0); err == nil || !strings.Contains(err.Error(), "access by offset") {
		t.Errorf("got error %v", err)
	}
}

func TestFolderFollowsSymbolicLinks(t *testing.T) {
	elsewhere := folder(t, map[string][]byte{"data": []byte("linked"), "sub/x": []byte("x")})
	root := folder(t, map[string][]byte{"plain": []byte("plain")})
	for from, to := range map[string]string{"link": "data", "dir": "sub", "dangling": "gone"} {
		if err := os.Symlink(filepath.Join(elsewhere, to), filepath.Join(root, from)); err != nil {
			t.Fatal(err)
		}
	}
	r, err := blob.Open(t.Context(), root, blob.Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.List(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]blob.Entry{{Name: "link", Size: 6}, {Name: "plain", Size: 5}}, got); diff != "" {
		t.Error(diff)
	}
	if got, err := blob.ReadAll(t.Context(), r, "dir/x", 10); err != nil || string(got) != "x" {
		t.Errorf("through a linked folder: %q, %v", got, err)
	}
}

func TestFoldersAreListedForHints(t *testing.T) {
	r, ok := blob.FromFS(mapFS(map[string][]byte{"b/x/y": nil, "a/x": nil, "f": nil}), "embed:test").(blob.FolderLister)
	if !ok {
		t.Fatal("a file system lists folders")
	}
	got, err := r.Folders(t.Context(), "")
	if diff := cmp.Diff([]string{"a", "b"}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestReadAllNoticesABlobThatShrinks(t *testing.T) {
	r := shrinking{blob.FromFS(mapFS(map[string][]byte{"a": []byte("abc")}), "embed:test")}
	if _, err := blob.ReadAll(t.Context(), r, "a", 100); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got error %v", err)
	}
}

func TestOpenTellsWhatToWriteInstead(t *testing.T) {
	root := folder(t, map[string][]byte{"file": nil})
	for uri, want := range map[string]string{
		"":                         "file:///absolute/path",
		"repo":                     "a relative path; write /",
		"./repo":                   "a relative path; write /",
		"file:repo":                "a relative path; write /",
		"file://repo/x":            "file:///repo/x with three slashes",
		"file://":                  "file:///absolute/path",
		"file:///a?b":              "no query",
		"hdfs://namenode/path":     "hdfs dfs -get hdfs://namenode/path FOLDER",
		"https://u:secret@host/x":  "HTTP is not in this version",
		"ftp://host/x":             `scheme "ftp" is not in this version`,
		root + "/file":             "it is a file",
		root + "/gone":             "no such file",
		"file://" + root + "/gone": root + "/gone",
	} {
		_, err := blob.Open(t.Context(), uri, blob.Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("open %q: got error %v, want %q in it", uri, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("open %q shows a password: %v", uri, err)
		}
	}
	if _, err := blob.Open(t.Context(), "hdfs://bucket/x", blob.Options{}); !errors.Is(err, blob.ErrUnsupported) {
		t.Errorf("got error %v, want ErrUnsupported", err)
	}
}

func TestOpenTakesPathsAndURIs(t *testing.T) {
	root := folder(t, map[string][]byte{"a b/x": []byte("x")})
	for _, uri := range []string{root + "/a b", "file://" + root + "/a%20b", "file://localhost" + root + "/a%20b/", root + "/a b/../a b"} {
		r, err := blob.Open(t.Context(), uri, blob.Options{})
		if err != nil {
			t.Errorf("open %q: %v", uri, err)
			continue
		}
		if want := "file://" + root + "/a%20b"; r.URI() != want {
			t.Errorf("open %q: URI %q, want %q", uri, r.URI(), want)
		}
		if _, err := r.Stat(context.Background(), "x"); err != nil {
			t.Error(err)
		}
	}
}

// seekOnly hides io.ReaderAt of the files below.
type seekOnly struct{ fs.FS }

func (s seekOnly) Open(name string) (fs.File, error) {
	f, err := s.FS.Open(name)
	if seek, ok := f.(io.ReadSeeker); ok {
		return struct {
			fs.File
			io.Seeker
		}{f, seek}, err
	}
	return f, err
}

func (s seekOnly) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(s.FS, name) }

// streamOnly hides everything but reading front to back.
type streamOnly struct{ fs.FS }

func (s streamOnly) Open(name string) (fs.File, error) {
	f, err := s.FS.Open(name)
	return struct{ fs.File }{f}, err
}

// shrinking says that blobs are larger than they are.
type shrinking struct{ blob.Reader }

func (s shrinking) Stat(ctx context.Context, name string) (blob.Entry, error) {
	e, err := s.Reader.Stat(ctx, name)
	e.Size++
	return e, err
}
