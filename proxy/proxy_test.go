package proxy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"migassist/capture"
	"migassist/proxy/spool"
)

// What could be read in two ways, or is no HTTP, is refused, and no byte of it reaches the upstream.
func TestBadFramingIsRefused(t *testing.T) {
	r := newRig(t, nil)
	for _, c := range []struct {
		ask    string
		status int
	}{
		{"POST /a HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
		{"POST /a HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400},
		{"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
		{"hello\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nA : b\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nA: " + strings.Repeat("x", 70<<10) + "\r\n\r\n", 431},
	} {
		client, err := net.Dial("tcp", r.address)
		if err != nil {
			t.Fatal(err)
		}
		_ = client.SetDeadline(time.Now().Add(10 * time.Second))
		send(t, client, c.ask)
		answer, err := http.ReadResponse(bufio.NewReader(client), nil)
		if err != nil {
			t.Fatalf("%.40q: %v", c.ask, err)
		}
		var said struct {
			Status int
			Error  struct{ Reason string }
		}
		if err := json.NewDecoder(answer.Body).Decode(&said); err != nil || answer.StatusCode != c.status || said.Status != c.status || said.Error.Reason == "" || !answer.Close {
			t.Errorf("%.40q: %d, %+v, %v", c.ask, answer.StatusCode, said, err)
		}
		_ = client.Close()
	}
	_ = r.upstream.(*net.TCPListener).SetDeadline(time.Now().Add(50 * time.Millisecond))
	if c, err := r.upstream.Accept(); err == nil {
		_ = c.SetReadDeadline(time.Now().Add(time.Second))
		if got, _ := io.ReadAll(c); strings.Contains(string(got), "zz") {
			t.Errorf("the upstream got %q", got)
		}
	}
}

func TestUnreachableUpstreamIs502AndCaptured(t *testing.T) {
	r := newRig(t, nil)
	_ = r.upstream.Close()
	client, err := net.Dial("tcp", r.address)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	send(t, client, "PUT /i/_doc/1 HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
	answer, err := http.ReadResponse(bufio.NewReader(client), nil)
	if err != nil || answer.StatusCode != http.StatusBadGateway {
		t.Fatalf("%+v, %v", answer, err)
	}
	body, _ := io.ReadAll(answer.Body)
	if !strings.Contains(string(body), "refused") {
		t.Errorf("no reason: %s", body)
	}
	_ = client.Close()
	exchanges, _, _ := r.assembled(t)
	if len(exchanges) != 1 || exchanges[0].Response == nil || exchanges[0].Response.Head.Status != 502 {
		t.Errorf("captured %+v", exchanges)
	}
}

// playing answers each connection to the upstream by a handler of net/http.
func playing(t *testing.T, r *rig, handler http.HandlerFunc) {
	t.Helper()
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(r.upstream) }()
	t.Cleanup(func() { _ = server.Close() })
}

func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("X-Method", r.Method)
	w.Header().Set("X-Path", r.RequestURI)
	w.Header().Set("X-Sent", r.Header.Get("X-Sent"))
	w.Header().Set("X-Sum", r.Trailer.Get("X-Sum"))
	w.Header().Set("Trailer", "X-After")
	_, _ = w.Write(body)
	w.Header().Set("X-After", "done")
}

// Both ways to speak HTTP/2: method, path, headers, body and trailers arrive, and each stream is a connection in the capture.
func TestHTTP2IsTranslatedAndCaptured(t *testing.T) {
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	r := newRig(t, nil)
	playing(t, r, echo)
	client := &http.Client{Transport: &http.Transport{Protocols: &protocols}, Timeout: 20 * time.Second}
	var all sync.WaitGroup
	for n := range 20 {
		all.Go(func() {
			body := strings.Repeat("x", n*5000)
			request, err := http.NewRequest(http.MethodPut, "http://"+r.address+"/i/_doc/"+string(rune('a'+n))+"?routing=%20", io.MultiReader(strings.NewReader(body)))
			if err != nil {
				t.Error(err)
				return
			}
			request.Header.Set("X-Sent", "yes")
			request.Trailer = http.Header{"X-Sum": {"17"}}
			answer, err := client.Do(request)
			if err != nil {
				t.Error(err)
				return
			}
			defer answer.Body.Close()
			got, err := io.ReadAll(answer.Body)
			if err != nil || string(got) != body || answer.ProtoMajor != 2 {
				t.Errorf("%d bytes of %d by HTTP/%d, %v", len(got), len(body), answer.ProtoMajor, err)
			}
			h := answer.Header
			if h.Get("X-Method") != "PUT" || h.Get("X-Path") != request.URL.RequestURI() || h.Get("X-Sent") != "yes" || h.Get("X-Sum") != "17" || answer.Trailer.Get("X-After") != "done" {
				t.Errorf("%v %v", h, answer.Trailer)
			}
		})
	}
	all.Wait()
	r.stop()
	ids, exchanges := map[string]bool{}, 0
	a := capture.Assembler{Exchange: func(e *capture.Exchange) {
		exchanges++
		ids[e.Connection] = true
		if e.Response == nil || string(e.Response.Body) != string(e.Request.Body) || !strings.Contains(e.Connection, ".h2.") {
			t.Errorf("captured %s: %q", e.Connection, e.Request.Head.Raw)
		}
	}, Fault: func(f capture.Fault) { t.Error(f) }}
	for _, record := range r.log.take() {
		var s capture.Stream
		if err := capture.Decode(record.Value, &s); err != nil {
			t.Fatal(err)
		}
		a.Add(&s)
	}
	if exchanges != 20 || len(ids) != 20 {
		t.Errorf("%d exchanges on %d connections", exchanges, len(ids))
	}
}

func TestHTTP2ByTLS(t *testing.T) {
	r := newRig(t, nil)
	playing(t, r, echo)
	from := httptest.NewUnstartedServer(nil)
	from.EnableHTTP2 = true
	from.StartTLS()
	defer from.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- r.proxy.Run(ctx, listener, &tls.Config{Certificates: from.TLS.Certificates, NextProtos: []string{"h2", "http/1.1"}})
	}()
	for _, http2 := range []bool{true, false} {
		transport := from.Client().Transport.(*http.Transport).Clone()
		transport.ForceAttemptHTTP2 = http2
		if !http2 {
			transport.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
			transport.TLSClientConfig.NextProtos = nil
		}
		answer, err := (&http.Client{Transport: transport}).Post("https://"+listener.Addr().String()+"/_bulk", "application/json", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if string(got) != "{}" || (answer.ProtoMajor == 2) != http2 {
			t.Errorf("%q by HTTP/%d", got, answer.ProtoMajor)
		}
		transport.CloseIdleConnections()
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestOffersOfHTTP2AreTakenOutAndHeadersSet(t *testing.T) {
	r := newRig(t, func(o *Options) { o.Headers = [][2]string{{"X-Added", "1"}, {"Host", "source"}} })
	client, err := net.Dial("tcp", r.address)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ask := "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nx-added: 0\r\nA: b\r\n\r\n"
	send(t, client, ask)
	upstream, err := r.upstream.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer upstream.Close()
	want := "GET / HTTP/1.1\r\nA: b\r\nX-Added: 1\r\nHost: source\r\n\r\n"
	if got := receive(t, upstream, len(want)); got != want {
		t.Errorf("forwarded %q", got)
	}
	_ = client.Close()
	_ = upstream.Close()
	if _, read, _ := r.assembled(t); read != ask {
		t.Errorf("captured %q", read)
	}
}

func TestSecretsAreNotCaptured(t *testing.T) {
	r := newRig(t, func(o *Options) {
		email, err := ParsePath("user.email")
		if err != nil {
			t.Fatal(err)
		}
		o.Privacy = Privacy{Hash: []string{"Authorization", "Set-Cookie"}, Remove: []string{"X-Trace"}, Salt: []byte("s"), Redact: []Path{email}}
	})
	playing(t, r, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Set-Cookie", "session=secret3")
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"user":{"email":"secret4","n":1}}`)
	})
	request, _ := http.NewRequest(http.MethodPut, "http://"+r.address+"/i/_doc/1", strings.NewReader(`{"user":{"email":"secret1","name":"kept"}}`))
	request.SetBasicAuth("user", "secret2")
	request.Header.Set("X-Trace", "secret5")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if !strings.Contains(string(body), "secret4") || answer.Header.Get("Set-Cookie") != "session=secret3" {
		t.Errorf("the client got %q", body)
	}
	http.DefaultClient.CloseIdleConnections()
	_, read, written := r.assembled(t)
	if all := read + written; strings.Contains(all, "secret") || strings.Contains(all, "dXNlcjpz") || !strings.Contains(all, "kept") || !strings.Contains(all, "Basic sha256-") {
		t.Errorf("captured %s", all)
	}
}

// What is suppressed is forwarded, and leaves a mark in the capture.
func TestSuppressedRequestsLeaveAMark(t *testing.T) {
	r := newRig(t, func(o *Options) {
		o.Privacy = Privacy{WritesOnly: true, Path: regexp.MustCompile("^(?:/hidden.*)$"), Header: []HeaderMatch{{"User-Agent", regexp.MustCompile("^(?:probe)$")}}}
	})
	playing(t, r, echo)
	for _, c := range []struct{ method, path, agent string }{{"GET", "/a", ""}, {"PUT", "/hidden/1", ""}, {"PUT", "/b", "probe"}, {"PUT", "/c", ""}} {
		request, _ := http.NewRequest(c.method, "http://"+r.address+c.path, strings.NewReader("{}"))
		request.Header.Set("User-Agent", c.agent)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if body, _ := io.ReadAll(answer.Body); string(body) != "{}" {
			t.Errorf("%s %s: %q", c.method, c.path, body)
		}
		_ = answer.Body.Close()
	}
	http.DefaultClient.CloseIdleConnections()
	exchanges, read, written := r.assembled(t)
	if len(exchanges) != 1 || string(exchanges[0].Request.Head.Target) != "/c" || exchanges[0].Index != 3 || strings.Contains(read+written, "hidden") {
		t.Errorf("%d exchanges, read %q", len(exchanges), read)
	}
	if n := r.proxy.stats.Suppressed.Load(); n != 3 {
		t.Errorf("%d were suppressed", n)
	}
}

// away is a log that takes nothing.
type away struct{ memory }

func (*away) Append(context.Context, []capture.Record) error { return errors.New("the disk is full") }

func TestWithoutACaptureWritesPassOrAreRejected(t *testing.T) {
	for _, reject := range []bool{false, true} {
		log := &away{}
		s, err := spool.Open(spool.Options{Log: log, Node: "n", Reject: reject, Logger: zerolog.Nop()})
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = s.Run(context.Background()) }()
		r := newRig(t, func(o *Options) { o.Spool, o.Reject = s, reject })
		playing(t, r, echo)
		for method, want := range map[string]int{"PUT": 503, "GET": 200} {
			if !reject {
				want = 200
			}
			body := bytes.Repeat([]byte("x"), 1<<20) // in many pieces
			request, _ := http.NewRequest(method, "http://"+r.address+"/i/_doc/1", bytes.NewReader(body))
			answer, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
			if answer.StatusCode != want {
				t.Errorf("reject %v, %s: %d", reject, method, answer.StatusCode)
			}
		}
		if lost := s.Stats().LostRequests.Load(); reject && lost != 0 || !reject && lost != 1 {
			t.Errorf("reject %v: %d requests count as lost", reject, lost)
		}
		r.stop()
		s.Close()
	}
}

func TestTheEndWaitsForAnswers(t *testing.T) {
	r := newRig(t, nil)
	arrived, answer := make(chan struct{}), make(chan struct{})
	playing(t, r, func(w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-answer
		_, _ = io.WriteString(w, "late")
	})
	got := make(chan string, 1)
	go func() {
		answer, err := http.Get("http://" + r.address + "/a")
		if err != nil {
			got <- err.Error()
			return
		}
		body, _ := io.ReadAll(answer.Body)
		got <- string(body)
	}()
	<-arrived
	ended := make(chan struct{})
	go func() { defer close(ended); r.stop() }()
	<-time.After(100 * time.Millisecond)
	close(answer)
	if body := <-got; body != "late" {
		t.Errorf("the client got %q", body)
	}
	<-ended
	if _, err := net.DialTimeout("tcp", r.address, time.Second); err == nil {
		t.Error("connections are accepted after the end")
	}
}

func TestSeveralUpstreamsAreTriedInTurn(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := gone.Addr().String()
	_ = gone.Close()
	r := newRig(t, func(o *Options) {
		o.Upstreams = append(o.Upstreams, &url.URL{Scheme: "http", Host: address})
		o.PoolSize = 3
	})
	playing(t, r, echo)
	for range 10 {
		answer, err := http.Post("http://"+r.address+"/a", "text/plain", strings.NewReader("x"))
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%v, %v", answer, err)
		}
		_ = answer.Body.Close()
		http.DefaultClient.CloseIdleConnections()
	}
}

func urls(l net.Listener) []*url.URL { return []*url.URL{{Scheme: "http", Host: l.Addr().String()}} }
