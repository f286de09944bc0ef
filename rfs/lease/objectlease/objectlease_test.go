package objectlease_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"migassist/internal/awsauth"
	"migassist/internal/blob"
	"migassist/internal/blob/blobtest"
	"migassist/internal/blob/object"
	"migassist/internal/retry"
	"migassist/rfs/lease"
	"migassist/rfs/lease/leasetest"
	"migassist/rfs/lease/objectlease"
)

// stores are the object stores, each with a server in this process.
var stores = map[string]struct {
	scheme string
	start  func(testing.TB, map[string][]byte) *blobtest.Server
}{
	"s3":    {"s3", blobtest.NewS3},
	"gcs":   {"gs", blobtest.NewGCS},
	"azure": {"az", blobtest.NewAzure},
}

// reach has the options for all test servers, and repeats at once.
func reach(url string) blob.Options {
	return blob.Options{
		S3:    object.S3Options{Endpoint: url, Options: awsauth.Options{Region: "us-east-1", AccessKey: "key", SecretKey: "secret"}},
		GCS:   object.GCSOptions{Endpoint: url},
		Azure: object.AzureOptions{Account: blobtest.Account, Endpoint: url, Key: base64.StdEncoding.EncodeToString([]byte("secret-of-the-test"))},
		Retry: retry.Policy{First: time.Millisecond, Ceiling: 2 * time.Millisecond},
		Stall: 5 * time.Second,
	}
}

func open(t *testing.T, scheme, url, session string) *objectlease.Store {
	t.Helper()
	s, err := objectlease.Open(t.Context(), scheme+"://"+blobtest.Bucket+"/some/prefix", reach(url), session)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStores(t *testing.T) {
	for name, store := range stores {
		t.Run(name, func(t *testing.T) {
			leasetest.Run(t, func(t *testing.T) (a, b lease.Store) {
				server := store.start(t, nil)
				return open(t, store.scheme, server.URL, "a session"), open(t, store.scheme, server.URL, "a session")
			})
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	server := blobtest.NewS3(t, nil)
	for want, c := range map[string]struct{ uri, session string }{
		"the session has no name":    {"s3://bucket/p", ""},
		"directory bucket":           {"s3://fast--use1-az4--x-s3/p", "s"},
		"write s3://BUCKET/PREFIX":   {"file:///tmp/x", "s"},
		"is no name of a bucket":     {"s3://user:secret@bucket/p", "s"},
		"check the name \"missing\"": {"s3://missing/p", "s"},
	} {
		_, err := objectlease.Open(t.Context(), c.uri, reach(server.URL), c.session)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "repo") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got error %v, want %s", c.uri, err, want)
		}
	}
}

func TestForeignObjectsAreNamed(t *testing.T) {
	server := blobtest.NewS3(t, map[string][]byte{"some/prefix/s/k": []byte("not ours"), "some/prefix/s/.DS_Store": []byte("x")})
	s := open(t, "s3", server.URL, "s")
	if _, err := s.Get(t.Context(), "k"); err == nil || !strings.Contains(err.Error(), "none of migassist's") {
		t.Errorf("got error %v", err)
	}
	if list, err := s.List(t.Context(), "", "", false, 10); err != nil || len(list) != 1 {
		t.Errorf("got %v, %v; want only the object that has the name of a record", list, err)
	}
}
