package proxy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"migassist/capture"
	"migassist/proxy/spool"
)

// turn is what the client says, and what the upstream answers when it has heard all of it.
type turn struct{ ask, answer string }

// conversation is what happens on a connection.
type conversation struct {
	name      string
	turns     []turn
	halfClose bool // the client ends its direction after the last thing it says
	upClose   bool // the upstream ends the connection after its last answer
	exchanges int
	unwhole   bool // what was captured has parts that are not whole
}

const ok = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"

var conversations = []conversation{
	{name: "keep-alive", turns: []turn{{"GET /a HTTP/1.1\r\nHost: x\r\n\r\n", ok}, {"PUT /i/_doc/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r\n{\"a\":1}", ok}}, exchanges: 2},
	{name: "pipelined", turns: []turn{{"GET /a HTTP/1.1\r\n\r\nPOST /_bulk HTTP/1.1\r\nContent-Length: 3\r\n\r\n{}\nGET /b HTTP/1.1\r\n\r\n", ok + ok + ok}}, exchanges: 3},
	{name: "chunked with trailers", turns: []turn{{"POST /_bulk HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n3;n=1\r\n{}\n\r\nA\r\n0123456789\r\n0\r\nx-sum: 1\r\n\r\n", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nx-t: 1\r\n\r\n"}}, exchanges: 1},
	{name: "100-continue", turns: []turn{{"PUT /i/_doc/1 HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n"}, {"{}", ok}}, exchanges: 1},
	{name: "head", turns: []turn{{"HEAD /a HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 512\r\n\r\n"}, {"GET /b HTTP/1.1\r\n\r\n", ok}}, exchanges: 2},
	{name: "204 and 304", turns: []turn{{"DELETE /a HTTP/1.1\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n"}, {"GET /b HTTP/1.1\r\nIf-None-Match: \"1\"\r\n\r\n", "HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n"}, {"GET /c HTTP/1.1\r\n\r\n", ok}}, exchanges: 3},
	{name: "103 before the answer", turns: []turn{{"GET /a HTTP/1.1\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + ok}}, exchanges: 1},
	{name: "body to the end of the connection", turns: []turn{{"GET /a HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\nall of this"}}, upClose: true, exchanges: 1},
	{name: "half-close", turns: []turn{{"POST /i/_doc HTTP/1.1\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}", ok}}, halfClose: true, upClose: true, exchanges: 1},
	{name: "answer before the request is whole", turns: []turn{{"PUT /i/_doc/1 HTTP/1.1\r\nContent-Length: 10\r\n\r\n{\"a\"", "HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"}}, upClose: true, exchanges: 1, unwhole: true},
	{name: "request without an end", turns: []turn{{"PUT /i/_doc/1 HTTP/1.1\r\nContent-Length: 10\r\n\r\n{\"a\"", ""}}, halfClose: true, upClose: true, exchanges: 1, unwhole: true},
	{name: "answer cut off", turns: []turn{{"GET /a HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this"}}, upClose: true, exchanges: 1, unwhole: true},
	{name: "upgrade", turns: []turn{{"GET /a HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n"}, {"\x00\x01anything", "\xff\xfeback"}}, exchanges: 1},
	{name: "line feeds, empty lines, odd names", turns: []turn{{"\r\nGET /%zz?q=a%20b&c HTTP/1.1\nX-odd_name!: \xe4 \t v\n\n", ok}, {"\r\n\r\nGET /b HTTP/1.1\r\n\r\n", ok}}, exchanges: 2},
	{name: "answer that is no HTTP", turns: []turn{{"GET /a HTTP/1.1\r\n\r\n", "*** hello, this is no HTTP ***\r\n"}}, upClose: true, exchanges: 1, unwhole: true},
	{name: "answers in one piece, bodies of all kinds", turns: []turn{{"GET /a HTTP/1.1\r\n\r\nHEAD /b HTTP/1.1\r\n\r\nGET /c HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nHTTP/1.1 404 Not Found\r\ncontent-length: 1\r\n\r\nx"}}, exchanges: 3},
}

// memory is a log in memory.
type memory struct {
	mu      sync.Mutex
	records []capture.Record
}

func (m *memory) Append(_ context.Context, records []capture.Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range records {
		m.records = append(m.records, capture.Record{Key: bytes.Clone(r.Key), Value: bytes.Clone(r.Value)})
	}
	return nil
}

func (m *memory) Sync(context.Context) error { return nil }
func (m *memory) Close() error               { return nil }

// take gives what was recorded since the last time.
func (m *memory) take() []capture.Record {
	m.mu.Lock()
	defer m.mu.Unlock()
	taken := m.records
	m.records = nil
	return taken
}

// rig is a proxy between a test and an upstream that the test plays.
type rig struct {
	t        *testing.T
	proxy    *Proxy
	address  string
	upstream net.Listener
	log      *memory
	stop     func()
}

func mutates(method, _ string) bool { return method != "GET" && method != "HEAD" }

func newRig(t *testing.T, change func(*Options)) *rig {
	t.Helper()
	upstream, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = upstream.Close() })
	r := &rig{t: t, upstream: upstream, log: &memory{}}
	s, err := spool.Open(spool.Options{Log: r.log, Node: "node", Linger: time.Millisecond, Logger: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Upstreams: []*url.URL{{Scheme: "http", Host: upstream.Addr().String()}}, Spool: s, Node: "node", Changes: mutates, Logger: zerolog.Nop(),
		Limits: Limits{Drain: time.Second},
	}
	if change != nil {
		change(&o)
	}
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	r.proxy = p
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.address = listener.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		if err := p.Run(ctx, listener, nil); err != nil {
			t.Error(err)
		}
		s.Close()
	})
	all.Go(func() { _ = s.Run(context.Background()) })
	var once sync.Once
	r.stop = func() { once.Do(func() { cancel(); all.Wait() }) }
	t.Cleanup(r.stop)
	return r
}

// Whatever is said, and wherever it is cut, both sides get the bytes that the other one sent, and the capture has the same exchanges.
func TestConversationsPassByteByByte(t *testing.T) {
	r := newRig(t, nil)
	for _, c := range conversations {
		t.Run(c.name, func(t *testing.T) {
			asks, answers := 0, 0
			for _, turn := range c.turns {
				asks, answers = max(asks, len(turn.ask)), max(answers, len(turn.answer))
			}
			for at := range asks + 1 {
				r.converse(t, c, at, -1)
			}
			for at := range answers {
				r.converse(t, c, -1, at+1)
			}
		})
	}
}

// converse plays a conversation, with what the client says cut at one place, or what the upstream answers at another.
func (r *rig) converse(t *testing.T, c conversation, askAt, answerAt int) {
	t.Helper()
	before := r.proxy.stats.BytesRead.Load()
	client, err := net.Dial("tcp", r.address)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	deadline := time.Now().Add(10 * time.Second)
	_ = client.SetDeadline(deadline)
	var upstream net.Conn
	var said, heard string
	for i, turn := range c.turns {
		said += turn.ask
		first, second := cut(turn.ask, askAt)
		send(t, client, first)
		if second != "" {
			r.seen(before + int64(len(said)-len(second)))
			send(t, client, second)
		}
		if c.halfClose && i == len(c.turns)-1 {
			_ = client.(*net.TCPConn).CloseWrite()
		}
		if upstream == nil {
			if upstream, err = r.upstream.Accept(); err != nil {
				t.Fatal(err)
			}
			defer upstream.Close()
			_ = upstream.SetDeadline(deadline)
		}
		if got := receive(t, upstream, len(turn.ask)); got != turn.ask {
			t.Fatalf("cut at %d: the upstream got %q of %q", askAt, got, turn.ask)
		}
		if c.halfClose && i == len(c.turns)-1 {
			if n, err := upstream.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
				t.Fatalf("the upstream does not see the client's end: %d, %v", n, err)
			}
		}
		heard += turn.answer
		first, second = cut(turn.answer, answerAt)
		send(t, upstream, first)
		if second != "" {
			if got := receive(t, client, len(first)); got != first {
				t.Fatalf("answer cut at %d: the client got %q of %q", answerAt, got, first)
			}
			send(t, upstream, second)
			first = second
		}
		if got := receive(t, client, len(first)); got != first {
			t.Fatalf("the client got %q of %q", got, first)
		}
	}
	if c.upClose {
		_ = upstream.Close()
		if n, err := client.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
			t.Fatalf("the client does not see the upstream's end: %d, %v", n, err)
		}
	}
	_ = client.Close()
	_ = upstream.Close()
	r.captured(t, c, said, heard)
}

func cut(text string, at int) (first, second string) {
	if at <= 0 || at >= len(text) {
		return text, ""
	}
	return text[:at], text[at:]
}

func send(t *testing.T, to net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(to, text); err != nil {
		t.Fatal(err)
	}
}

func receive(t *testing.T, from net.Conn, n int) string {
	t.Helper()
	p := make([]byte, n)
	got, err := io.ReadFull(from, p)
	if err != nil {
		t.Fatalf("%v after %d of %d bytes: %q", err, got, n, p[:got])
	}
	return string(p)
}

// seen waits until the proxy has read so many bytes.
func (r *rig) seen(bytes int64) {
	for deadline := time.Now().Add(5 * time.Second); r.proxy.stats.BytesRead.Load() < bytes && time.Now().Before(deadline); {
		<-time.After(20 * time.Microsecond)
	}
}

// captured waits for the last record of the connection, and holds its exchanges against what was said.
func (r *rig) captured(t *testing.T, c conversation, said, heard string) {
	t.Helper()
	exchanges, read, written := r.assembled(t)
	if c.name == "upgrade" {
		said, heard = c.turns[0].ask, c.turns[0].answer
	}
	if read != said || written != heard {
		t.Fatalf("captured %q and %q of\n%q and %q", read, written, said, heard)
	}
	if len(exchanges) != c.exchanges {
		t.Fatalf("%d exchanges were captured, want %d", len(exchanges), c.exchanges)
	}
	var asked, answered strings.Builder
	for _, e := range exchanges {
		asked.Write(e.Request.Raw)
		if e.Response == nil {
			if !c.unwhole {
				t.Fatalf("an exchange without an answer")
			}
			continue
		}
		answered.Write(e.Response.Raw)
		if !c.unwhole && (!e.Request.Whole || !e.Response.Whole) {
			t.Fatalf("an exchange is not whole")
		}
	}
	if asked.String() != said {
		t.Fatalf("the exchanges have the requests %q of %q", asked.String(), said)
	}
	interim := strings.NewReplacer("HTTP/1.1 100 Continue\r\n\r\n", "", "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n", "")
	if c.name != "answer that is no HTTP" && answered.String() != interim.Replace(heard) {
		t.Fatalf("the exchanges have the answers %q of %q", answered.String(), heard)
	}
}

// assembled waits for the end of a connection in the log, and gives what is there of it.
func (r *rig) assembled(t *testing.T) (exchanges []*capture.Exchange, read, written string) {
	t.Helper()
	a := capture.Assembler{
		Exchange: func(e *capture.Exchange) { exchanges = append(exchanges, e) },
		Fault:    func(capture.Fault) {},
	}
	deadline := time.Now().Add(10 * time.Second)
	for last := false; !last; {
		if time.Now().After(deadline) {
			t.Fatal("the end of the connection is not in the log")
		}
		for _, record := range r.log.take() {
			var s capture.Stream
			if err := capture.Decode(record.Value, &s); err != nil {
				t.Fatal(err)
			}
			for _, o := range s.Observations {
				switch o.Kind {
				case capture.Read, capture.ReadSegment:
					read += string(o.Data)
				case capture.Write, capture.WriteSegment:
					written += string(o.Data)
				}
			}
			last = last || s.Last
			a.Add(&s)
		}
		if !last {
			<-time.After(100 * time.Microsecond)
		}
	}
	return exchanges, read, written
}
