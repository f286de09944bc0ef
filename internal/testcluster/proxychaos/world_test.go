//go:build e2e

package proxychaos

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"migassist/capture"
)

// built is the binary, made once.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "migassist-proxychaos-")
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "migassist")
	cmd := exec.CommandContext(context.Background(), "go", "build", "-o", name, "migassist")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return name, nil
})

// source is what the proxy forwards to: it takes writes, slowly at times, and breaks off some of its answers.
type source struct {
	listener net.Listener
	breaks   bool

	mu    sync.Mutex
	taken map[string]bool // writes that came whole
}

func newSource(t *testing.T, breaks bool) *source {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &source{listener: listener, breaks: breaks, taken: map[string]bool{}}
	server := &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return s
}

// ServeHTTP takes a write, whose first word is its name.
func (s *source) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.breaks && rand.IntN(100) == 0 { // as servers do that have no room for it
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	name, _, _ := strings.Cut(string(body), " ")
	s.mu.Lock()
	s.taken[name] = true
	s.mu.Unlock()
	if rand.IntN(50) == 0 {
		<-time.After(time.Duration(rand.IntN(30)) * time.Millisecond)
	}
	if s.breaks && rand.IntN(100) == 0 {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, "only this")
		panic(http.ErrAbortHandler)
	}
	_, _ = io.WriteString(w, `{"result":"created"}`)
}

func (s *source) took(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken[name]
}

// proxied is the proxy as a process, which is started again after each kill.
type proxied struct {
	t         *testing.T
	binary    string
	arguments []string
	port      int
	admin     int
	dir       string
	cmd       *exec.Cmd
	kills     int
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func newProxied(t *testing.T, s *source, more ...string) *proxied {
	t.Helper()
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	p := &proxied{t: t, binary: binary, port: freePort(t), admin: freePort(t), dir: t.TempDir()}
	p.arguments = append([]string{
		"proxy", "--listen-address", "127.0.0.1", "--listen-port", strconv.Itoa(p.port), "--admin-address", strconv.Itoa(p.admin), "--log-level", "warn",
		"--capture-timeout", "1s",
	}, more...)
	if s != nil {
		p.arguments = append(p.arguments, "--destination-uri", "http://"+s.listener.Addr().String())
	}
	p.start()
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	return p
}

func (p *proxied) start() {
	p.t.Helper()
	log, err := os.OpenFile(filepath.Join(p.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		p.t.Fatal(err)
	}
	defer log.Close()
	p.cmd = exec.Command(p.binary, p.arguments...)
	p.cmd.Dir, p.cmd.Stderr = p.dir, log
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	for deadline := time.Now().Add(30 * time.Second); ; {
		c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", p.port), time.Second)
		if err == nil {
			_ = c.Close()
			return
		}
		if time.Now().After(deadline) {
			said, _ := os.ReadFile(log.Name())
			p.t.Fatalf("the proxy does not listen: %s", said)
		}
		<-time.After(10 * time.Millisecond)
	}
}

// kill ends the process at once, and starts another.
func (p *proxied) kill() {
	p.t.Helper()
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	p.kills++
	p.start()
}

// stop ends it as an operator does.
func (p *proxied) stop() {
	p.t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	if err := p.cmd.Wait(); err != nil {
		said, _ := os.ReadFile(filepath.Join(p.dir, "log"))
		p.t.Errorf("the proxy ended with %v: %.2000s", err, said)
	}
}

// metric reads one number of /metrics; without it it is 0.
func (p *proxied) metric(name string) float64 {
	answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/metrics", p.admin))
	if err != nil {
		return -1
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			v, _ := strconv.ParseFloat(text, 64)
			return v
		}
	}
	return 0
}

// settled waits until the log has what was kept aside.
func (p *proxied) settled() {
	p.t.Helper()
	for deadline := time.Now().Add(60 * time.Second); p.metric("migassist_proxy_log_away") != 0; {
		if time.Now().After(deadline) {
			p.t.Fatal("the log does not come back")
		}
		<-time.After(50 * time.Millisecond)
	}
}

// write is what a client knows of one of its writes.
type write struct {
	body       string
	sent, seen time.Time
	status     int // 0 where the connection failed
}

// crowd is clients that write without end.
type crowd struct {
	stop   chan struct{}
	all    sync.WaitGroup
	mu     sync.Mutex
	writes map[string]write
}

func newCrowd(port, size int) *crowd {
	c := &crowd{stop: make(chan struct{}), writes: map[string]write{}}
	for n := range size {
		c.all.Go(func() { c.client(port, n) })
	}
	return c
}

func (c *crowd) client(port, number int) {
	client := &http.Client{Transport: &http.Transport{}, Timeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	for i := 0; ; i++ {
		select {
		case <-c.stop:
			return
		case <-time.After(time.Duration(rand.IntN(5)) * time.Millisecond):
		}
		name := fmt.Sprintf("%d-%d", number, i)
		size := rand.IntN(2000)
		if rand.IntN(200) == 0 {
			size = 1 << 20
		}
		w := write{body: name + " " + strings.Repeat("x", size), sent: time.Now()}
		w.status = c.send(client, port, w.body)
		w.seen = time.Now()
		c.mu.Lock()
		c.writes[name] = w
		c.mu.Unlock()
	}
}

// send writes, at times in chunks with a stall between them.
func (c *crowd) send(client *http.Client, port int, body string) (status int) {
	var from io.Reader = strings.NewReader(body)
	if rand.IntN(20) == 0 {
		from = &stalling{Reader: strings.NewReader(body)}
	}
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPut, fmt.Sprintf("http://127.0.0.1:%d/i/_doc/1", port), from)
	if err != nil {
		return 0
	}
	answer, err := client.Do(request)
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return 0
	}
	return answer.StatusCode
}

// stalling gives half of what there is, and after a while the rest.
type stalling struct {
	*strings.Reader
	stalled bool
}

// Read stalls once.
func (s *stalling) Read(p []byte) (int, error) {
	if !s.stalled {
		s.stalled = true
		return s.Reader.Read(p[:1+len(p)/2])
	}
	<-time.After(time.Duration(rand.IntN(50)) * time.Millisecond)
	return s.Reader.Read(p)
}

func (c *crowd) end() map[string]write {
	close(c.stop)
	c.all.Wait()
	return c.writes
}

// kept is what is in a log: bodies of whole requests by their names, and gaps.
type kept struct {
	bodies map[string]string
	gaps   []capture.Gap
	faults map[capture.FaultKind]int
}

func readAll(t *testing.T, from capture.Source) kept {
	t.Helper()
	k := kept{bodies: map[string]string{}, faults: map[capture.FaultKind]int{}}
	a := capture.Assembler{
		Exchange: func(e *capture.Exchange) {
			if e.Request.Whole {
				name, _, _ := bytes.Cut(e.Request.Body, []byte{' '})
				k.bodies[string(name)] = string(e.Request.Body)
			}
		},
		Fault: func(f capture.Fault) {
			k.faults[f.Kind]++
			if f.Gap != nil {
				k.gaps = append(k.gaps, *f.Gap)
			}
		},
	}
	var s capture.Stream
	for {
		entry, err := from.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = capture.Decode(entry.Value, &s)
		}
		if err != nil {
			t.Fatal(err)
		}
		a.Add(&s)
	}
	a.End()
	if err := from.Close(); err != nil {
		t.Error(err)
	}
	return k
}
