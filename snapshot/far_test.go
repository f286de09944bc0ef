package snapshot_test

import (
	"bytes"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"migassist/internal/awsauth"
	"migassist/internal/blob"
	"migassist/internal/blob/blobtest"
	stores "migassist/internal/blob/object"
	"migassist/lucene/input"
	"migassist/snapshot"
)

// farFile opens a file of a handmade repository, in parts of 100 bytes, in S3, where change was done to its blobs.
func farFile(t *testing.T, data []byte, change func(tree)) (input.File, *blobtest.Server, error) {
	t.Helper()
	h := newHandmade()
	h.add("_0.fdt", data, 100)
	files := h.build(t)
	if change != nil {
		change(files)
	}
	server := blobtest.NewS3(t, files)
	store, err := blob.Open(t.Context(), "s3://"+blobtest.Bucket, blob.Options{S3: stores.S3Options{
		Endpoint: server.URL, Options: awsauth.Options{Region: "us-east-1", AccessKey: "a", SecretKey: "b"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	repository, err := snapshot.Open(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	snap, err := repository.Snapshot(t.Context(), repository.Snapshots()[0].Name)
	if err != nil {
		t.Fatal(err)
	}
	x, err := snap.Index(t.Context(), snap.IndexNames()[0])
	if err != nil {
		t.Fatal(err)
	}
	shard, err := x.Shard(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	server.Reset()
	f, err := shard.Directory().Open(t.Context(), "_0.fdt")
	if err == nil {
		t.Cleanup(func() { _ = f.Close() })
	}
	return f, server, err
}

func TestOpeningAFarFileAsksNothing(t *testing.T) {
	data := pattern(1000)
	f, server, err := farFile(t, data, nil)
	if err != nil || len(server.Requests()) != 0 {
		t.Fatal(err, server.Requests())
	}
	input.WillRead(f, 150, 200) // parts 1 (from 50 on), 2, and 3 (to 50)
	got := make([]byte, 200)
	if err := input.ReadFull(f, got, 150); err != nil || !bytes.Equal(got, data[150:350]) {
		t.Error(err)
	}
	if n := len(server.Requests()); n != 3 || server.Bytes() != 200 {
		t.Errorf("%d bytes in %d requests: %v", server.Bytes(), n, server.Requests())
	}
}

// TestDamagedFarFilesAreNamedWhenRead: the same errors as of a folder, where opening finds them.
func TestDamagedFarFilesAreNamedWhenRead(t *testing.T) {
	data := pattern(1000)
	for name, c := range map[string]struct {
		change func(tree)
		want   string
	}{
		"a part that is cut":       {func(r tree) { cutPart(r, "part3", func(b []byte) []byte { return b[:40] }) }, "100 bytes as the snapshot recorded"},
		"a part that is longer":    {func(r tree) { cutPart(r, "part3", func(b []byte) []byte { return append(bytes.Clone(b), 'x') }) }, "100 bytes as the snapshot recorded"},
		"an empty part":            {func(r tree) { cutPart(r, "part3", func([]byte) []byte { return nil }) }, "100 bytes as the snapshot recorded"},
		"another file's footer":    {func(r tree) { cutPart(r, "part9", func([]byte) []byte { return pattern(2000)[1900:] }) }, "as the snapshot recorded"},
		"a part that is not there": {func(r tree) { cutPart(r, "part3", nil) }, "part3"},
	} {
		f, _, err := farFile(t, data, c.change)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		_, err = input.ReadWhole(f)
		var corrupt *input.CorruptError
		if named := errors.As(err, &corrupt) || errors.Is(err, fs.ErrNotExist); !named || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want %s", name, err, c.want)
		}
	}
}

// cutPart changes, or removes, the one blob whose name ends so.
func cutPart(r tree, end string, f func([]byte) []byte) {
	for name, data := range r {
		if !strings.HasSuffix(name, end) {
			continue
		}
		if delete(r, name); f != nil {
			r[name] = f(data)
		}
	}
}
