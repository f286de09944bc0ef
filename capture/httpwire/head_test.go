package httpwire

import (
	"errors"
	"strings"
	"testing"
)

func TestRequestsAreReadStrictly(t *testing.T) {
	for _, c := range []struct {
		name, raw string
		framing   Framing
		length    int64
		err       error
	}{
		{"nothing", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", NoBody, 0, nil},
		{"only line feeds", "GET / HTTP/1.1\nHost: a\n\n", NoBody, 0, nil},
		{"empty lines before", "\r\n\r\nGET / HTTP/1.1\r\n\r\n", NoBody, 0, nil},
		{"length", "PUT /a HTTP/1.1\r\ncontent-length:  12 \r\n\r\n", Length, 12, nil},
		{"length of nothing", "PUT /a HTTP/1.1\r\nContent-Length: 0\r\n\r\n", NoBody, 0, nil},
		{"chunked", "PUT /a HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n", Chunked, 0, nil},
		{"both", "PUT /a HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 0, 0, ErrAmbiguous},
		{"two lengths", "PUT /a HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 0, 0, ErrAmbiguous},
		{"one length twice", "PUT /a HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 0, 0, ErrAmbiguous},
		{"a list of lengths", "PUT /a HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n", 0, 0, ErrAmbiguous},
		{"a signed length", "PUT /a HTTP/1.1\r\nContent-Length: +1\r\n\r\n", 0, 0, ErrAmbiguous},
		{"an empty length", "PUT /a HTTP/1.1\r\nContent-Length:\r\n\r\n", 0, 0, ErrAmbiguous},
		{"a length beyond all", "PUT /a HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", 0, 0, ErrAmbiguous},
		{"two codings", "PUT /a HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 0, 0, ErrAmbiguous},
		{"coding twice", "PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 0, 0, ErrAmbiguous},
		{"chunks in 1.0", "PUT /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 0, 0, ErrAmbiguous},
		{"blank before the colon", "PUT /a HTTP/1.1\r\nContent-Length : 1\r\n\r\n", 0, 0, ErrMalformed},
		{"a line that goes on", "PUT /a HTTP/1.1\r\nA: b\r\n Content-Length: 1\r\n\r\n", 0, 0, ErrMalformed},
		{"carriage return in a value", "PUT /a HTTP/1.1\r\nA: b\rContent-Length: 1\r\n\r\n", 0, 0, ErrMalformed},
		{"nul", "PUT /a HTTP/1.1\r\nA: \x00\r\n\r\n", 0, 0, ErrMalformed},
		{"three blanks", "GET /a b HTTP/1.1\r\n\r\n", 0, 0, ErrMalformed},
		{"no version", "GET /a\r\n\r\n", 0, 0, ErrMalformed},
		{"version 2", "PRI * HTTP/2.0\r\n\r\n", 0, 0, ErrMalformed},
	} {
		if n := FindHead([]byte(c.raw)); n != len(c.raw) {
			t.Errorf("%s: the head ends at %d of %d", c.name, n, len(c.raw))
		}
		h, err := ParseRequest([]byte(c.raw))
		if !errors.Is(err, c.err) || c.err == nil && err != nil {
			t.Errorf("%s: %v, want %v", c.name, err, c.err)
			continue
		}
		if err == nil && (h.Framing != c.framing || h.Length != c.length) {
			t.Errorf("%s: framing %d of %d bytes, want %d of %d", c.name, h.Framing, h.Length, c.framing, c.length)
		}
	}
}

func TestAnswersAreReadByTheirRequest(t *testing.T) {
	for _, c := range []struct {
		raw, method string
		framing     Framing
		length      int64
	}{
		{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "GET", Length, 3},
		{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n", "GET", Length, 3},
		{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "HEAD", NoBody, 0},
		{"HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n", "GET", NoBody, 0},
		{"HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n", "GET", NoBody, 0},
		{"HTTP/1.1 100 Continue\r\n\r\n", "PUT", NoBody, 0},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", "GET", Chunked, 0},
		{"HTTP/1.1 200\r\n\r\n", "GET", UntilClose, 0},
		{"HTTP/1.0 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "GET", UntilClose, 0},
	} {
		h, err := ParseResponse([]byte(c.raw), []byte(c.method))
		if err != nil || h.Framing != c.framing || h.Length != c.length {
			t.Errorf("%q of %s: framing %d of %d, %v; want %d of %d", c.raw, c.method, h.Framing, h.Length, err, c.framing, c.length)
		}
	}
	for _, bad := range []string{"HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1 20\r\n\r\n", "ICY 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n"} {
		if _, err := ParseResponse([]byte(bad), []byte("GET")); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestLengthsOfTheHeadAreThoseOfTheJavaProxy(t *testing.T) { // from a capture of its own: 14 and 54
	h, err := ParseRequest([]byte("GET / HTTP/1.1\r\nHost: localhost:9750\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n"))
	if err != nil || h.FirstLine != 14 || h.HeaderBytes != 54 {
		t.Fatalf("first line %d, headers %d, %v; want 14, 54", h.FirstLine, h.HeaderBytes, err)
	}
	if got := string(h.Get("user-agent")); got != "curl/7.88.1" {
		t.Errorf("user agent %q", got)
	}
	var names []string
	for name, value := range h.Fields() {
		names = append(names, string(name)+"="+string(value))
	}
	if got := strings.Join(names, " "); got != "Host=localhost:9750 User-Agent=curl/7.88.1 Accept=*/*" {
		t.Errorf("fields %s", got)
	}
}

const chunkedBody = "5;a=\"b\"\r\nhello\r\n0a\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n"

// Each split of a body in two, and byte by byte, ends where the whole does, and gives the same content.
func TestBodiesAreWalkedInAnyPieces(t *testing.T) {
	for _, c := range []struct {
		body    Body
		raw     string
		content string
	}{
		{Body{framing: Length, left: 5}, "hello", "hello"},
		{Body{framing: Chunked}, chunkedBody, "hello0123456789"},
		{Body{framing: Chunked}, "0\r\n\r\n", ""},
	} {
		for split := range len(c.raw) + 1 {
			body, content := c.body, ""
			after := c.raw + "GET / HTTP/1.1\r\n\r\n"
			for _, piece := range []string{after[:split], after[split:]} {
				content += walk(t, &body, piece, len(c.raw))
			}
			if !body.Done() || content != c.content {
				t.Errorf("%q split at %d: %q, done %v", c.raw, split, content, body.Done())
			}
		}
	}
}

// walk takes what belongs to the body from one piece.
func walk(t *testing.T, body *Body, piece string, most int) (content string) {
	t.Helper()
	p := []byte(piece)
	taken := 0
	for len(p) > 0 && !body.Done() {
		n, isContent, err := body.Next(p)
		if err != nil || n == 0 {
			t.Fatalf("%q: %d, %v", p, n, err)
		}
		if isContent {
			content += string(p[:n])
		}
		p, taken = p[n:], taken+n
	}
	if taken > most {
		t.Fatalf("%d bytes were taken of a body of %d", taken, most)
	}
	return content
}

func TestBadChunksAreRefused(t *testing.T) {
	for _, raw := range []string{
		"\r\n", "x\r\n", "5\nhello\r\n", "5\r\nhello0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "-5\r\nhello\r\n", "0x5\r\nhello\r\n",
		"ffffffffffffffff\r\n", "5 \x00\r\nhello\r\n", "0\r\nA: b\n\r\n\r\n", "0\r\n\rX", strings.Repeat("0", 17) + "\r\n", "5;" + strings.Repeat("a", 5000) + "\r\n",
	} {
		body := Body{framing: Chunked}
		if _, err := body.Skip([]byte(raw)); !errors.Is(err, ErrAmbiguous) {
			t.Errorf("%.40q: %v", raw, err)
		}
	}
}

func BenchmarkParseRequest(b *testing.B) {
	raw := []byte("POST /_bulk HTTP/1.1\r\nHost: 127.0.0.1:9200\r\nAccept-Encoding: identity\r\nContent-Length: 1024\r\ncontent-type: application/x-ndjson\r\nUser-Agent: wrk\r\n\r\n")
	b.ReportAllocs()
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if n := FindHead(raw); n != len(raw) {
			b.Fatal(n)
		}
		if _, err := ParseRequest(raw); err != nil {
			b.Fatal(err)
		}
	}
}
