//go:build e2e

package stores

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// program finds the server that a variable names, or that was built beside the others, or skips the test.
func program(t *testing.T, variable, built string) string {
	t.Helper()
	name := os.Getenv(variable)
	if name == "" {
		name, _ = filepath.Abs(filepath.Join("../../..", built))
	}
	if _, err := os.Stat(name); err != nil {
		t.Skipf("no server: %v; make e2e-stores builds it, %s names another", err, variable)
	}
	return name
}

// freePort is a port of loopback that nobody has now.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close()
	return l.Addr().String()
}

// start runs a server until the test ends, and waits until it answers at address.
func start(t *testing.T, address string, environment []string, name string, arguments ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	server := exec.CommandContext(ctx, name, arguments...)
	server.Env = append(os.Environ(), environment...)
	server.Dir = t.TempDir()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	check(t, err)
	server.Stdout, server.Stderr = log, log
	check(t, server.Start())
	t.Cleanup(func() {
		cancel()
		_ = server.Wait()
		_ = log.Close()
	})
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if c, err := net.Dial("tcp", address); err == nil {
			_ = c.Close()
			return
		}
		<-time.After(50 * time.Millisecond)
	}
	said, _ := os.ReadFile(log.Name())
	t.Fatalf("%s does not answer at %s:\n%s", name, address, said)
}

// counter stands before a server and counts what passes.
type counter struct {
	url             string
	requests, bytes atomic.Int64
}

func count(t *testing.T, address string) *counter {
	t.Helper()
	c := &counter{}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: address})
			r.Out.Host = r.In.Host // it is signed
		},
		ModifyResponse: func(r *http.Response) error {
			c.bytes.Add(max(0, r.ContentLength))
			return nil
		},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.requests.Add(1)
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

// The keys of the S3 server.
const (
	accessKey = "AKIAE2ESTORES"
	secretKey = "a-secret-that-is-only-here"
)

// versity serves a folder's subfolders as buckets.
func versity(t *testing.T, root string) *counter {
	t.Helper()
	return versityKeeping(t, root, "--nometa")
}

// versityKeeping does so, with how it keeps what a file has no room for, ETags for example.
func versityKeeping(t *testing.T, root string, how ...string) *counter {
	t.Helper()
	name := program(t, "VERSITYGW", "bin/versitygw")
	address := freePort(t)
	start(t, address, []string{"ROOT_ACCESS_KEY=" + accessKey, "ROOT_SECRET_KEY=" + secretKey}, name,
		slices.Concat([]string{"--port", address, "--region", "us-east-1", "--quiet", "posix"}, how, []string{root})...)
	return count(t, address)
}

// build makes the binary.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "migassist")
	c := exec.Command("go", "build", "-o", binary, "../../..")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return binary
}

// write puts files into a folder.
func write(t *testing.T, root string, files map[string][]byte) {
	t.Helper()
	for name, data := range files {
		at := filepath.Join(root, filepath.FromSlash(name))
		check(t, os.MkdirAll(filepath.Dir(at), 0o750))
		check(t, os.WriteFile(at, data, 0o600))
	}
}

// send makes a request that must succeed.
func send(t *testing.T, method, address, contentType string, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	check(t, err)
	r.Header.Set("Content-Type", contentType)
	answer, err := http.DefaultClient.Do(r)
	check(t, err)
	defer answer.Body.Close()
	if answer.StatusCode >= 300 {
		t.Fatalf("%s %s: %s", method, address, answer.Status)
	}
}

// String is for the log.
func (o outcome) String() string {
	return fmt.Sprintf("%d documents, %d MiB of memory at most, %.1f s of CPU", o.written, o.peak>>20, o.seconds)
}

// writtenIn reads the summary of a run.
func writtenIn(t *testing.T, summary []byte) int64 {
	t.Helper()
	var s struct {
		Total struct {
			Written int64 `json:"written"`
		} `json:"total"`
	}
	check(t, json.Unmarshal(summary, &s))
	return s.Total.Written
}
