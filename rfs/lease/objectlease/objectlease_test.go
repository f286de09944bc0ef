package objectlease_test

import (
	"encoding/base64"
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
