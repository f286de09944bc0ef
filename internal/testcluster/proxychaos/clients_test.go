//go:build e2e

package proxychaos

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migassist/capture"
	"migassist/capture/filelog"
	"migassist/internal/testcluster"
)

// venv makes a Python with the official clients.
func venv(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, line := range [][]string{
		{"python3", "-m", "venv", dir},
		{filepath.Join(dir, "bin", "pip"), "install", "-q", "--disable-pip-version-check", "elasticsearch==7.13.4", "urllib3<2", "opensearch-py==2.8.0"},
	} {
		if out, err := exec.CommandContext(t.Context(), line[0], line[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v (Debian: apt-get install python3-venv python3-pip)\n%s", strings.Join(line, " "), err, out)
		}
	}
	return filepath.Join(dir, "bin", "python")
}

func startServer(t *testing.T, spec testcluster.Spec) *testcluster.Server {
	t.Helper()
	server, err := testcluster.Start(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// inFrontOf puts a proxy in front of a real server.
func inFrontOf(t *testing.T, server *testcluster.Server, more ...string) (p *proxied, folder string) {
	t.Helper()
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	folder = filepath.Join(t.TempDir(), "capture")
	listener := &source{listener: named{at.Host}}
	return newProxied(t, listener, append([]string{"--capture-folder", folder}, more...)...), folder
}

// named is a listener that is somewhere else.
type named struct{ at string }

func (n named) Accept() (net.Conn, error) { return nil, net.ErrClosed }
func (n named) Close() error              { return nil }
func (n named) Addr() net.Addr            { return n }
func (n named) Network() string           { return "tcp" }
func (n named) String() string            { return n.at }

// The official clients see through the proxy what they see without it, and all of it is in the capture.
func TestOfficialClientsNoticeNothing(t *testing.T) {
	python := venv(t)
	for _, c := range []struct {
		product testcluster.Product
		version string
	}{{testcluster.Elasticsearch, "7.10.2"}, {testcluster.OpenSearch, "3.3.0"}} {
		t.Run(string(c.product), func(t *testing.T) {
			server := startServer(t, testcluster.Spec{Product: c.product, Version: c.version})
			p, folder := inFrontOf(t, server)
			through := fmt.Sprintf("http://127.0.0.1:%d", p.port)
			operate := func(at, index string) string {
				cmd := exec.CommandContext(t.Context(), python, "testdata/operations.py", string(c.product), at, index)
				var talk bytes.Buffer
				cmd.Stderr = &talk
				out, err := cmd.Output()
				if err != nil {
					t.Fatalf("%v\n%s\n%s", err, out, talk.Bytes())
				}
				return string(out)
			}
			if diff := cmp.Diff(operate(server.URL, "direct"), operate(through, "through")); diff != "" {
				t.Errorf("(-direct +through the proxy)\n%s", diff)
			}
			curls(t, server.URL, through)
			p.stop()
			exchanges, faults := exchangesIn(t, folder)
			if exchanges < 70 || len(faults) > 0 {
				t.Errorf("%d exchanges in the capture, faults %v", exchanges, faults)
			}
		})
	}
}

var changing = regexp.MustCompile(`"(took|_seq_no|_version|_primary_term)":\d+|\b(Date|date):[^\r\n]*|HTTP/[0-9.]+ `)

// curls has curl do what clients of other kinds do; what it prints is the same through the proxy.
func curls(t *testing.T, direct, through string) {
	t.Helper()
	body := filepath.Join(t.TempDir(), "bulk")
	var bulk strings.Builder
	for n := range 20_000 {
		fmt.Fprintf(&bulk, "{\"index\":{\"_index\":\"curl\",\"_id\":\"%d\"}}\n{\"t\":\"%s\"}\n", n, strings.Repeat("x", 900))
	}
	if err := os.WriteFile(body, []byte(bulk.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	const json = "content-type: application/json"
	for _, arguments := range [][]string{
		{"-XPUT", "URL/curl", "-H", json, "-d", `{"settings":{"number_of_replicas":0}}`},
		{"--data-binary", "@" + body, "-H", json, "URL/_bulk?filter_path=errors"},
		{"--data-binary", "@" + body, "-H", json, "-H", "Transfer-Encoding: chunked", "URL/_bulk?filter_path=errors"},
		{"--expect100-timeout", "10", "-H", "Expect: 100-continue", "-XPUT", "-d", `{"a":1}`, "-H", json, "URL/curl/_doc/1?refresh=true"},
		{"-I", "URL/curl/_doc/1"},
		{"-i", "URL/curl/_doc/1"},
		{"--compressed", "URL/curl/_search?q=_id:1"},
		{"-i", "URL/curl/_doc/none"},
		{"-i", "-XPOST", "-d", "{not json", "-H", json, "URL/curl/_doc"},
		{"-i", "URL/curl/_doc/1", "--next", "-s", "-i", "URL/curl/_doc/2", "--next", "-s", "-i", "URL/curl/_count"},
		{"-XDELETE", "URL/curl"},
	} {
		both := [2]string{}
		for i, at := range []string{direct, through} {
			line := append([]string{"-s", "--max-time", "60"}, arguments...)
			for j := range line {
				line[j] = strings.ReplaceAll(line[j], "URL", at)
			}
			out, err := exec.CommandContext(t.Context(), "curl", line...).CombinedOutput()
			if err != nil {
				t.Fatalf("curl %v: %v\n%s", line, err, out)
			}
			both[i] = changing.ReplaceAllString(string(out), "")
			if at == direct && (arguments[0] == "-XPUT" || arguments[0] == "-XDELETE") { // the index is made and removed once for each
				_, _ = exec.CommandContext(t.Context(), "curl", "-s", undo(arguments[0]), at+"/curl").Output()
			}
		}
		if both[0] != both[1] && arguments[0] != "-XDELETE" {
			t.Errorf("curl %v:\ndirect  %s\nthrough %s", arguments, both[0], both[1])
		}
	}
	// HTTP/2 is the proxy's own: what it answers is what the server does to HTTP/1.1.
	out, err := exec.CommandContext(t.Context(), "curl", "-s", "--http2-prior-knowledge", "--max-time", "60", "-w", "%{http_version} %{http_code}", "-o", "/dev/null", "-XPUT", "-H", json, "-d", `{"a":1}`, through+"/curl2/_doc/1").Output()
	if err != nil || string(out) != "2 201" {
		t.Errorf("by HTTP/2: %q, %v", out, err)
	}
}

func undo(verb string) string {
	if verb == "-XPUT" {
		return "-XDELETE"
	}
	return "-XPUT"
}

// exchangesIn counts what is in a capture folder.
func exchangesIn(t *testing.T, folder string) (exchanges int, faults map[capture.FaultKind]int) {
	t.Helper()
	from, err := filelog.Read(folder, filelog.Reading{})
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	faults = map[capture.FaultKind]int{}
	a := capture.Assembler{Exchange: func(e *capture.Exchange) {
		if e.Request.Whole && e.Response != nil && e.Response.Whole {
			exchanges++
		}
	}, Fault: func(f capture.Fault) { faults[f.Kind]++ }}
	var s capture.Stream
	for {
		entry, err := from.Next(t.Context())
		if err != nil {
			break
		}
		if err := capture.Decode(entry.Value, &s); err != nil {
			t.Fatal(err)
		}
		a.Add(&s)
	}
	a.End()
	return exchanges, faults
}

// Go's client, many connections at once, on a real server: what it saw is what the capture has, request by request.
func TestWhatAClientSawIsInTheCapture(t *testing.T) {
	server := startServer(t, testcluster.Spec{Product: testcluster.Elasticsearch, Version: "7.10.2"})
	p, folder := inFrontOf(t, server)
	saw := map[string]string{}
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}} // it would take it off before one sees it
	for n := range 300 {
		path := fmt.Sprintf("/go/_doc/%d", n)
		request, err := http.NewRequestWithContext(context.Background(), http.MethodPut, fmt.Sprintf("http://127.0.0.1:%d%s", p.port, path), strings.NewReader(fmt.Sprintf(`{"n":%d}`, n)))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		answer, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		var body bytes.Buffer
		_, _ = body.ReadFrom(answer.Body)
		_ = answer.Body.Close()
		if !json.Valid(body.Bytes()) {
			t.Fatalf("%s", body.Bytes())
		}
		saw[path] = fmt.Sprint(answer.StatusCode) + body.String()
	}
	client.CloseIdleConnections()
	p.stop()
	from, err := filelog.Read(folder, filelog.Reading{})
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	a := capture.Assembler{Fault: func(f capture.Fault) { t.Errorf("%+v", f) }, Exchange: func(e *capture.Exchange) {
		path := string(e.Request.Head.Target)
		if got := fmt.Sprint(e.Response.Head.Status) + string(e.Response.Body); got != saw[path] {
			t.Errorf("%s: captured %s, seen %s", path, got, saw[path])
		}
		delete(saw, path)
	}}
	var s capture.Stream
	for {
		entry, err := from.Next(t.Context())
		if err != nil {
			break
		}
		if err := capture.Decode(entry.Value, &s); err != nil {
			t.Fatal(err)
		}
		a.Add(&s)
	}
	if len(saw) > 0 {
		t.Errorf("%d requests are not in the capture", len(saw))
	}
}
