package chaos

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Fault is what the proxy does to a bulk.
type Fault int

// The faults.
const (
	None       Fault = iota
	Busy             // 429, and nothing is done
	Away             // 503, and nothing is done
	CutRequest       // the connection ends before the whole request was read, and nothing is done
	CutAnswer        // the target does it, and the connection ends in the middle of its answer
)

func (f Fault) String() string {
	return [...]string{"passed", "429", "503", "cut in the request", "cut in the answer"}[f]
}

// Proxy stands before a target. Its address stays while the target's changes.
type Proxy struct {
	URL     string
	Journal *Journal
	// Audit says what is wrong with a worker that writes these documents now; "" is nothing. It may be nil.
	Audit func(worker string, documents []string) string

	backend atomic.Pointer[string]
	delay   atomic.Int64 // nanoseconds that each bulk is held
	trouble atomic.Bool
	client  *http.Client
	server  *http.Server

	mu     sync.Mutex
	random *rand.Rand
	burst  Fault
	until  time.Time
}

// Start listens on loopback, before the server at backend.
func Start(backend string, seed uint64) (*Proxy, error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{
		URL: "http://" + listener.Addr().String(), Journal: NewJournal(),
		client: &http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64}},
		random: rand.New(rand.NewPCG(seed, 1)),
	}
	p.Before(backend)
	p.server = &http.Server{Handler: p, ReadHeaderTimeout: time.Minute}
	go func() { _ = p.server.Serve(listener) }() // ends with Close
	return p, nil
}

// Before changes the server that requests go to.
func (p *Proxy) Before(backend string) { p.backend.Store(&backend) }

// Trouble switches the faults on or off.
func (p *Proxy) Trouble(on bool) { p.trouble.Store(on) }

// Slow holds every bulk for so long before it is passed on.
func (p *Proxy) Slow(by time.Duration) { p.delay.Store(int64(by)) }

// Close ends all connections.
func (p *Proxy) Close() error { return p.server.Close() }

// How often there is trouble, and how long a burst of refusals lasts.
const (
	burstShare = 0.01 // of bulks begin one
	cutShare   = 0.04 // of bulks are cut
	burstTime  = 500 * time.Millisecond
)

// fault draws what becomes of the next bulk.
func (p *Proxy) fault() Fault {
	if !p.trouble.Load() {
		return None
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Now().Before(p.until) {
		return p.burst
	}
	switch draw := p.random.Float64(); {
	case draw < burstShare:
		p.burst, p.until = Busy+Fault(p.random.IntN(2)), time.Now().Add(burstTime)
		return p.burst
	case draw < burstShare+cutShare:
		return CutRequest + Fault(p.random.IntN(2))
	}
	return None
}

// ServeHTTP passes a request on, or spoils it.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/_bulk") {
		p.plain(w, r)
		return
	}
	p.bulk(w, r, p.fault())
}

func (p *Proxy) plain(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	answer, err := p.pass(r, body)
	if err != nil {
		panic(http.ErrAbortHandler) // the target is away: so is its port
	}
	answer.write(w)
}

func (p *Proxy) bulk(w http.ResponseWriter, r *http.Request, fault Fault) {
	worker := r.Header.Get("X-Opaque-Id")
	if fault == CutRequest {
		_, _ = io.CopyN(io.Discard, r.Body, r.ContentLength/2)
		p.end(fault.String())
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		p.end("given up by the worker")
	}
	switch fault {
	case Busy:
		p.refuse(w, fault, http.StatusTooManyRequests, `{"error":{"type":"rejected_execution_exception","reason":"chaos"},"status":429}`)
		return
	case Away:
		p.refuse(w, fault, http.StatusServiceUnavailable, `{"error":{"type":"cluster_block_exception","reason":"chaos"},"status":503}`)
		return
	}
	documents, err := actions(body)
	if err != nil {
		p.Journal.violation("a bulk of %s is not one: %v", worker, err)
	}
	time.Sleep(time.Duration(p.delay.Load())) //nolint:forbidigo // slowness is what this is for
	p.audit(worker, documents)
	p.carry(w, r, bulk{worker, body, documents, fault})
}

// bulk is one that goes to the target.
type bulk struct {
	worker    string
	body      []byte
	documents []string
	fault     Fault
}

// carry passes the bulk on and writes down what the target took.
func (p *Proxy) carry(w http.ResponseWriter, r *http.Request, b bulk) {
	answer, err := p.pass(r, b.body)
	if err != nil {
		p.end("the target is away")
	}
	if answer.status == http.StatusOK {
		written, err := taken(b.documents, answer.body)
		if err != nil {
			p.Journal.violation("the target's answer to %s: %v", b.worker, err)
		}
		p.Journal.wrote(b.worker, written)
	}
	if b.fault == CutAnswer {
		w.Header().Set("Content-Length", strconv.Itoa(len(answer.body)))
		w.WriteHeader(answer.status)
		_, _ = w.Write(answer.body[:len(answer.body)/2])
		_ = http.NewResponseController(w).Flush()
		p.end(b.fault.String())
	}
	p.Journal.outcome("answered " + strconv.Itoa(answer.status))
	answer.write(w)
}

func (p *Proxy) audit(worker string, documents []string) {
	if p.Audit == nil || len(documents) == 0 {
		return
	}
	if wrong := p.Audit(worker, documents); wrong != "" {
		p.Journal.violation("%s wrote %d documents, the first %s: %s", worker, len(documents), documents[0], wrong)
	}
}

// end breaks the worker's connection off.
func (p *Proxy) end(why string) {
	p.Journal.outcome(why)
	panic(http.ErrAbortHandler)
}

func (p *Proxy) refuse(w http.ResponseWriter, fault Fault, status int, body string) {
	p.Journal.outcome(fault.String())
	answered{status, http.Header{"Content-Type": {"application/json"}}, []byte(body)}.write(w)
}

// answered is a whole answer.
type answered struct {
	status int
	header http.Header
	body   []byte
}

func (a answered) write(w http.ResponseWriter) {
	for name, values := range a.header {
		if name != "Connection" && name != "Transfer-Encoding" {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

// pass sends a request to the server. It is sent once: what it was cannot be known where the connection breaks. It goes on when the worker
// gives up, as a server does that has read the request.
func (p *Proxy) pass(r *http.Request, body []byte) (answered, error) {
	ctx := context.WithoutCancel(r.Context())
	out, err := http.NewRequestWithContext(ctx, r.Method, *p.backend.Load()+r.URL.RequestURI(), io.NopCloser(bytes.NewReader(body)))
	if err != nil {
		return answered{}, err
	}
	out.ContentLength = int64(len(body))
	out.Header = r.Header.Clone()
	out.Header.Del("Accept-Encoding") // the answer is to be read
	response, err := p.client.Do(out)
	if err != nil {
		return answered{}, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return answered{}, errors.Join(errors.New("read the target's answer"), err)
	}
	return answered{response.StatusCode, response.Header, content}, nil
}
