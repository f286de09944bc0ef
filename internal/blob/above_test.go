package blob_test

import (
	"path/filepath"
	"strings"
	"testing"

	"migassist/internal/blob"
	"migassist/internal/blob/blobtest"
)

// TestAboveOpensTheStoreTheRootLiesIn: of a folder and of a bucket, with the names in between as they should be.
func TestAboveOpensTheStoreTheRootLiesIn(t *testing.T) {
	files := map[string][]byte{"HASH/deep/base/x": []byte("beside"), "deep/base/index-0": []byte("{}")}
	root := folder(t, files)
	server := blobtest.NewS3(t, files)
	for uri, above := range map[string]string{
		filepath.Join(root, "deep/base"):              "file://" + root,
		"s3://" + blobtest.Bucket + "/deep/base":      "s3://" + blobtest.Bucket,
		"s3://" + blobtest.Bucket + "/HASH/deep/base": "s3://" + blobtest.Bucket + "/HASH",
	} {
		r, err := blob.Open(t.Context(), uri, blob.Options{S3: s3Options(server.URL)})
		if err != nil {
			t.Fatal(err)
		}
		up, err := blob.Above(r, []string{"deep", "base"})
		if err != nil {
			t.Errorf("above %s: %v", uri, err)
			continue
		}
		if up.URI() != above {
			t.Errorf("above %s: %s, want %s", uri, up.URI(), above)
		}
		name := "HASH/deep/base/x"
		if strings.HasSuffix(above, "/HASH") {
			name = "deep/base/x"
		}
		if got, err := blob.ReadAll(t.Context(), up, name, 100); err != nil || string(got) != "beside" {
			t.Errorf("above %s: %q, error %v", uri, got, err)
		}
		if _, err := blob.Above(r, []string{"other", "base"}); err == nil || !strings.Contains(err.Error(), "should end in other/base") {
			t.Errorf("above %s, by another name: error %v", uri, err)
		}
	}
	if _, err := blob.Above(blob.FromFS(mapFS(files), "embed:test"), []string{"a"}); err == nil {
		t.Error("an embedded file system has nothing above")
	}
}
