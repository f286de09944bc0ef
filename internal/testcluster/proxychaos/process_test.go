//go:build e2e && linux

package proxychaos

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"migassist/internal/testcluster"
)

// Ten processes take over from each other, by descriptors, while 10,000 connections are made: none is refused or cut.
func TestTenProcessesRefuseNobody(t *testing.T) {
	s := newSource(t, false)
	folder, socket := filepath.Join(t.TempDir(), "capture"), filepath.Join(t.TempDir(), "next")
	p := newProxied(t, s, "--capture-folder", folder, "--handover-socket", socket, "--node-id", "first")
	const connections = 10_000
	var made atomic.Int64
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}
			for made.Add(1) <= connections {
				answer, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d/a", p.port))
				if err != nil {
					t.Error(err)
					continue
				}
				if _, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode != http.StatusOK {
					t.Error(answer.StatusCode, err)
				}
				_ = answer.Body.Close()
			}
		})
	}
	for n := range 10 {
		for made.Load() < int64(n)*connections/11 {
			<-time.After(time.Millisecond)
		}
		before := p.cmd
		for i, a := range p.arguments {
			if a == "--node-id" {
				p.arguments[i+1] = "node-" + strconv.Itoa(n)
			}
			if a == "--admin-address" {
				p.arguments[i+1] = strconv.Itoa(freePort(t))
			}
		}
		p.start()
		if err := before.Wait(); err != nil {
			t.Errorf("process %d ended with %v", n, err)
		}
	}
	clients.Wait()
	p.stop()
}

// systemd's way to hand a socket over.
func TestASocketFromSystemd(t *testing.T) {
	s := newSource(t, false)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	file, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" proxy --listen-port 1 --no-capture --destination-uri "$1" --log-level warn`,
		binary, "http://"+s.listener.Addr().String())
	cmd.ExtraFiles, cmd.Stderr = []*os.File{file}, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = file.Close()
	address := listener.Addr().String()
	_ = listener.Close()
	answer, err := http.Get("http://" + address + "/a")
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	_ = cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil || answer.StatusCode != http.StatusOK {
		t.Error(answer.StatusCode, err)
	}
}

// TLS on both sides, with certificates of clients, and new files while it runs.
func TestTLSOnBothSides(t *testing.T) {
	certificates, err := testcluster.NewCertificates(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	secured := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, r.TLS.PeerCertificates[0].Subject.CommonName)
	}))
	secured.TLS = certificates.Server()
	secured.TLS.ClientAuth = tls.RequireAndVerifyClientCert
	secured.StartTLS()
	defer secured.Close()
	front := filepath.Join(t.TempDir(), "front.pem")
	key := filepath.Join(t.TempDir(), "front.key")
	install(t, certificates.ServerCert, front)
	install(t, certificates.ServerKey, key)
	at := "https://" + strings.Replace(secured.Listener.Addr().String(), "127.0.0.1", "localhost", 1)
	p := newProxied(t, nil, "--destination-uri", at, "--destination-cacert", certificates.CA,
		"--destination-client-cert", certificates.ClientCert, "--destination-client-cert-key", certificates.ClientKey,
		"--ssl-cert-chain-file", front, "--ssl-key-file", key, "--ssl-trust-cert-file", certificates.CA, "--require-client-auth", "--no-capture")
	own, err := tls.LoadX509KeyPair(certificates.ClientCert, certificates.ClientKey)
	if err != nil {
		t.Fatal(err)
	}
	get := func(config *tls.Config, http2 bool) (string, *x509.Certificate, error) {
		config.RootCAs = certificates.Pool()
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: http2, DisableKeepAlives: true}, Timeout: 10 * time.Second}
		answer, err := client.Get(fmt.Sprintf("https://localhost:%d/a", p.port))
		if err != nil {
			return "", nil, err
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		return string(body), answer.TLS.PeerCertificates[0], err
	}
	var first *x509.Certificate
	for _, http2 := range []bool{false, true} {
		body, certificate, err := get(&tls.Config{Certificates: []tls.Certificate{own}}, http2)
		if err != nil || body != "client" {
			t.Errorf("HTTP/2 %v: %q %v", http2, body, err)
		}
		first = certificate
	}
	if _, _, err := get(&tls.Config{}, false); err == nil {
		t.Error("a client without a certificate got through")
	}
	install(t, certificates.ClientCert, front) // of the same CA, and for localhost as well
	install(t, certificates.ClientKey, key)
	for deadline := time.Now().Add(10 * time.Second); ; {
		_, certificate, err := get(&tls.Config{Certificates: []tls.Certificate{own}}, false)
		if err == nil && !certificate.Equal(first) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the new certificate is not used: %v", err)
		}
		<-time.After(100 * time.Millisecond)
	}
	p.stop()
}

func install(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// What can't work is said at the start, in a second, with what to do.
func TestWhatCantWorkIsSaidAtTheStart(t *testing.T) {
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	secured := httptest.NewTLSServer(http.NotFoundHandler())
	defer secured.Close()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	certificates, err := testcluster.NewCertificates(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	free := strconv.Itoa(freePort(t))
	for name, c := range map[string]struct {
		arguments []string
		says      string
	}{
		"port in use":      {[]string{"--listen-port", strconv.Itoa(taken.Addr().(*net.TCPAddr).Port), "--destination-uri", "http://127.0.0.1:1"}, "address already in use"},
		"unknown CA":       {[]string{"--listen-port", free, "--destination-uri", secured.URL}, "--destination-cacert"},
		"another CA":       {[]string{"--listen-port", free, "--destination-uri", secured.URL, "--destination-cacert", certificates.CA}, "--destination-cacert"},
		"key of another":   {[]string{"--listen-port", free, "--destination-uri", "http://127.0.0.1:1", "--ssl-cert-chain-file", certificates.ServerCert, "--ssl-key-file", certificates.ClientKey}, "private key does not match"},
		"folder is a file": {[]string{"--listen-port", free, "--destination-uri", "http://127.0.0.1:1", "--capture-folder", certificates.CA}, "not a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			began := time.Now()
			cmd := exec.CommandContext(ctx, binary, append([]string{"proxy", "--listen-address", "127.0.0.1"}, c.arguments...)...)
			cmd.Dir = t.TempDir()
			said, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(said), c.says) || time.Since(began) > 5*time.Second {
				t.Errorf("%v after %s: %s", err, time.Since(began), said)
			}
		})
	}
}
