package blob_test

import (
	"testing"

	"migassist/internal/awsauth"
	"migassist/internal/blob"
	"migassist/internal/blob/blobtest"
	"migassist/internal/blob/object"
)

// s3Options are those of a test server.
func s3Options(url string) object.S3Options {
	return object.S3Options{Endpoint: url, Options: awsauth.Options{Region: "eu-west-1", AccessKey: "AKIATEST", SecretKey: "secret-of-the-test"}}
}

// below puts files under a prefix, beside others.
func below(prefix string, files map[string][]byte) map[string][]byte {
	moved := map[string][]byte{"other/index-0": []byte("not ours"), prefix + "2/index-0": []byte("not ours"), prefix + "/": nil}
	for name, data := range files {
		moved[prefix+"/"+name] = data
	}
	return moved
}

func TestS3Conforms(t *testing.T) {
	blobtest.Run(t, func(t *testing.T, files map[string][]byte) blob.Reader {
		server := blobtest.NewS3(t, below("some/prefix", files))
		r, err := blob.Open(t.Context(), "s3://"+blobtest.Bucket+"/some/prefix/", blob.Options{S3: s3Options(server.URL)})
		if err != nil {
			t.Fatal(err)
		}
		return r
	})
}

func TestS3WithoutPrefixConforms(t *testing.T) {
	blobtest.Run(t, func(t *testing.T, files map[string][]byte) blob.Reader {
		server := blobtest.NewS3(t, files)
		r, err := blob.Open(t.Context(), "s3://"+blobtest.Bucket, blob.Options{S3: s3Options(server.URL)})
		if err != nil {
			t.Fatal(err)
		}
		return r
	})
}
