//go:build e2e

package stores

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"migassist/internal/awsauth"
	"migassist/internal/blob"
	"migassist/internal/blob/object"
	"migassist/rfs/lease"
	"migassist/rfs/lease/leasetest"
	"migassist/rfs/lease/objectlease"
)

// session opens two views of the state of a run.
func session(t *testing.T, uri string, o blob.Options) (a, b lease.Store) {
	t.Helper()
	first, err := objectlease.Open(t.Context(), uri, o, t.Name())
	check(t, err)
	second, err := objectlease.Open(t.Context(), uri, o, t.Name())
	check(t, err)
	return first, second
}

// TestVersityKeepsLeases: a server over a folder that checks conditions under a lock. It keeps ETags as attributes of the files; with
// files beside them (--sidecar) it answers 500 now and then where many write at once.
func TestVersityKeepsLeases(t *testing.T) {
	leasetest.Run(t, func(t *testing.T) (a, b lease.Store) {
		root := t.TempDir()
		check(t, os.MkdirAll(filepath.Join(root, "bucket"), 0o750))
		server := versityKeeping(t, root)
		return session(t, "s3://bucket/runs", versityOptions(server.url))
	})
}

func versityOptions(endpoint string) blob.Options {
	return blob.Options{S3: object.S3Options{
		Endpoint: endpoint, Options: awsauth.Options{Region: "us-east-1", AccessKey: accessKey, SecretKey: secretKey},
	}}
}

// TestAStoreWithoutETagsIsRefused: the same server without a place for ETags cannot compare.
func TestAStoreWithoutETagsIsRefused(t *testing.T) {
	root := t.TempDir()
	check(t, os.MkdirAll(filepath.Join(root, "bucket"), 0o750))
	server := versity(t, root)
	s, err := objectlease.Open(t.Context(), "s3://bucket/runs", versityOptions(server.url), "s")
	check(t, err)
	if _, err := s.Put(t.Context(), lease.Record{Key: "k", Body: []byte("{}")}); !errors.Is(err, objectlease.ErrUnfit) {
		t.Errorf("got error %v", err)
	}
}

// TestFakeGCSServerKeepsLeases: fake-gcs-server.
func TestFakeGCSServerKeepsLeases(t *testing.T) {
	name := program(t, "FAKE_GCS_SERVER", "bin/fake-gcs-server")
	leasetest.Run(t, func(t *testing.T) (a, b lease.Store) {
		address := freePort(t)
		host, port, _ := strings.Cut(address, ":")
		start(t, address, nil, name, "-scheme", "http", "-host", host, "-port", port, "-backend", "memory", "-public-host", address)
		send(t, "POST", "http://"+address+"/storage/v1/b?project=p", "application/json", `{"name":"bucket"}`)
		return session(t, "gs://bucket/runs", blob.Options{GCS: object.GCSOptions{Endpoint: "http://" + address}})
	})
}

// TestAzuriteKeepsLeases: Microsoft's emulator.
func TestAzuriteKeepsLeases(t *testing.T) {
	name := program(t, "AZURITE_BLOB", "bin/azurite/node_modules/.bin/azurite-blob")
	leasetest.Run(t, func(t *testing.T) (a, b lease.Store) {
		address := freePort(t)
		host, port, _ := strings.Cut(address, ":")
		start(t, address, nil, name, "--blobHost", host, "--blobPort", port, "--location", t.TempDir(), "--silent", "--skipApiVersionCheck", "--disableTelemetry")
		o := object.AzureOptions{Account: azuriteAccount, Endpoint: "http://" + address + "/" + azuriteAccount, Key: azuriteKey}
		fill(t, o, nil)
		return session(t, "az://bucket/runs", blob.Options{Azure: o})
	})
}

// TestAProxyThatDropsConditionsIsRefused: the same real server, behind something that takes the conditions off.
func TestAProxyThatDropsConditionsIsRefused(t *testing.T) {
	root := t.TempDir()
	check(t, os.MkdirAll(filepath.Join(root, "bucket"), 0o750))
	server := versityKeeping(t, root)
	behind, err := url.Parse(server.url)
	check(t, err)
	for _, header := range []string{"If-Match", "If-None-Match"} {
		proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(behind)
			r.Out.Host = r.In.Host
			r.Out.Header.Del(header)
		}}
		before := httptest.NewServer(http.Handler(proxy))
		t.Cleanup(before.Close)
		s, err := objectlease.Open(t.Context(), "s3://bucket/runs", versityOptions(before.URL), "s")
		check(t, err)
		_, err = s.Put(t.Context(), lease.Record{Key: "k", Body: []byte("{}")})
		t.Logf("without %s: %v", header, err)
		if err == nil {
			t.Errorf("without %s: no error", header)
		}
	}
}
