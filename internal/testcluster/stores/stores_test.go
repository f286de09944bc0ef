//go:build e2e

package stores

import (
	"cmp"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"migassist/internal/awsauth"
	"migassist/internal/blob"
	"migassist/internal/blob/blobtest"
	"migassist/internal/blob/object"
)

// TestVersityConforms: a server that verifies signatures, over a folder.
func TestVersityConforms(t *testing.T) {
	blobtest.Run(t, func(t *testing.T, files map[string][]byte) blob.Reader {
		root := t.TempDir()
		write(t, filepath.Join(root, "bucket", "some/prefix"), files)
		server := versity(t, root)
		r, err := blob.Open(t.Context(), "s3://bucket/some/prefix", blob.Options{S3: object.S3Options{
			Endpoint: server.url, Options: awsauth.Options{Region: "us-east-1", AccessKey: accessKey, SecretKey: secretKey},
		}})
		check(t, err)
		return r
	})
}

// TestAWrongSecretIsNamed: the signature is verified, and the error says what is wrong.
func TestAWrongSecretIsNamed(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "bucket"), map[string][]byte{"x": nil})
	server := versity(t, root)
	for want, o := range map[string]awsauth.Options{
		"the secret key is not that of the access key": {Region: "us-east-1", AccessKey: accessKey, SecretKey: "wrong"},
		"No user exists with the provided access key":  {Region: "us-east-1", AccessKey: "unknown", SecretKey: "wrong"},
	} {
		r, err := blob.Open(t.Context(), "s3://bucket", blob.Options{S3: object.S3Options{Endpoint: server.url, Options: o}})
		check(t, err)
		if _, err := r.List(t.Context(), ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want %s", err, want)
		}
	}
}

// TestFakeGCSServerConforms: fake-gcs-server over a folder.
func TestFakeGCSServerConforms(t *testing.T) {
	name := program(t, "FAKE_GCS_SERVER", "bin/fake-gcs-server")
	blobtest.Run(t, func(t *testing.T, files map[string][]byte) blob.Reader {
		address := freePort(t)
		host, port, _ := strings.Cut(address, ":")
		start(t, address, nil, name, "-scheme", "http", "-host", host, "-port", port, "-backend", "memory", "-public-host", address)
		base := "http://" + address
		send(t, "POST", base+"/storage/v1/b?project=p", "application/json", `{"name":"bucket"}`)
		for key, data := range files {
			send(t, "POST", base+"/upload/storage/v1/b/bucket/o?uploadType=media&name="+url.QueryEscape("some/prefix/"+key), "application/octet-stream", string(data))
		}
		r, err := blob.Open(t.Context(), "gs://bucket/some/prefix", blob.Options{GCS: object.GCSOptions{Endpoint: base}})
		check(t, err)
		return r
	})
}

// The account that Azurite has, and says so.
const (
	azuriteAccount = "devstoreaccount1"
	azuriteKey     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// TestAzuriteConforms: Microsoft's emulator, which verifies signatures.
func TestAzuriteConforms(t *testing.T) {
	name := program(t, "AZURITE_BLOB", "bin/azurite/node_modules/.bin/azurite-blob")
	blobtest.Run(t, func(t *testing.T, files map[string][]byte) blob.Reader {
		address := freePort(t)
		host, port, _ := strings.Cut(address, ":")
		start(t, address, nil, name, "--blobHost", host, "--blobPort", port, "--location", t.TempDir(), "--silent", "--skipApiVersionCheck", "--disableTelemetry")
		o := object.AzureOptions{Account: azuriteAccount, Endpoint: "http://" + address + "/" + azuriteAccount, Key: azuriteKey}
		fill(t, o, files)
		r, err := blob.Open(t.Context(), "az://bucket/some/prefix", blob.Options{Azure: o})
		check(t, err)
		wrong := o
		wrong.Key = "d3Jvbmc="
		other, err := blob.Open(t.Context(), "az://bucket", blob.Options{Azure: wrong})
		check(t, err)
		if _, err := other.List(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "the key is not one of the account's") {
			t.Errorf("with a wrong key: got error %v", err)
		}
		return r
	})
}

// fill makes a container with files.
func fill(t *testing.T, o object.AzureOptions, files map[string][]byte) {
	t.Helper()
	key, err := container.NewSharedKeyCredential(o.Account, o.Key)
	check(t, err)
	client, err := container.NewClientWithSharedKeyCredential(o.Endpoint+"/bucket", key, nil)
	check(t, err)
	_, err = client.Create(t.Context(), nil)
	check(t, err)
	for name, data := range files {
		_, err := client.NewBlockBlobClient("some/prefix/"+name).UploadBuffer(t.Context(), data, nil)
		check(t, err)
	}
}

// TestLargeShardInS3 reads a large shard with the program itself, from a server that verifies signatures, and measures from
// outside: requests, bytes, memory, and what was left on disk. Settings: STORES_REPOSITORY, STORES_SNAPSHOT and STORES_INDEX
// (default a fixture's), STORES_SHARD_BYTES (default 64 MiB; 5 GiB takes a minute or two), STORES_MEMORY.
func TestLargeShardInS3(t *testing.T) {
	from := cmp.Or(os.Getenv("STORES_REPOSITORY"), "../../../testdata/snapshots/elasticsearch-7.10.2/repository")
	snap, index := cmp.Or(os.Getenv("STORES_SNAPSHOT"), "second"), cmp.Or(os.Getenv("STORES_INDEX"), "large")
	memory := cmp.Or(os.Getenv("STORES_MEMORY"), "256MiB")
	size := int64(64 << 20)
	if given := os.Getenv("STORES_SHARD_BYTES"); given != "" {
		var err error
		size, err = strconv.ParseInt(given, 10, 64)
		check(t, err)
	}
	root := t.TempDir()
	folder := multiply(t, from, snap, index, size)
	check(t, os.Rename(folder, filepath.Join(root, "bucket")))
	server := versity(t, root)
	binary := build(t)

	near := runRFS(t, binary, memory, index, snap, filepath.Join(root, "bucket"))
	far := runRFS(t, binary, memory, index, snap, "s3://bucket", "--s3-endpoint", server.url, "--s3-region", "us-east-1", "--s3-access-key", accessKey, "--s3-secret-key", secretKey)
	t.Logf("from the folder: %s", near)
	t.Logf("from S3:         %s; %d requests, %d bytes", far, server.requests.Load(), server.bytes.Load())
	t.Logf("one request per %.2f MiB", float64(server.bytes.Load())/float64(server.requests.Load())/(1<<20))
	if near.written == 0 || near.written != far.written {
		t.Errorf("%d documents from S3, %d from the folder", far.written, near.written)
	}
	budget, _ := strconv.Atoi(strings.TrimSuffix(memory, "MiB"))
	if far.peak > int64(budget)<<20 {
		t.Errorf("%d bytes of memory at most, with --memory %s", far.peak, memory)
	}
	if len(far.left) > 0 {
		t.Errorf("left on disk: %v", far.left)
	}
}

// outcome is a run of the program, seen from outside.
type outcome struct {
	written int64
	peak    int64 // most resident memory, in bytes
	seconds float64
	left    []string // files
}

func runRFS(t *testing.T, binary, memory, index, snap, uri string, more ...string) outcome {
	t.Helper()
	dir := t.TempDir()
	arguments := append([]string{
		"rfs", "--output", "json", "--log-level", "warn", "--memory", memory, "--repo-uri", uri,
		"--snapshot-name", snap, "--index-allowlist", index, "--target-file", "/dev/null",
	}, more...)
	c := exec.CommandContext(t.Context(), binary, arguments...)
	c.Dir = dir
	c.Env = append(os.Environ(), "TMPDIR="+dir, "HOME="+dir)
	var talk strings.Builder
	c.Stderr = &talk
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %s\n%s", err, talk.String(), out)
	}
	o := outcome{written: writtenIn(t, out), peak: c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10}
	o.seconds = c.ProcessState.UserTime().Seconds() + c.ProcessState.SystemTime().Seconds()
	entries, err := os.ReadDir(dir)
	check(t, err)
	for _, e := range entries {
		o.left = append(o.left, e.Name())
	}
	return o
}
