package httpwire

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"testing"
)

// border finds the end of the first request in p by this package, or -1 where there is no whole request in it.
func border(p []byte) int {
	n := FindHead(p)
	if n == 0 {
		return -1
	}
	h, err := ParseRequest(p[:n])
	if err != nil {
		return -1
	}
	body := h.Body()
	skipped, err := body.Skip(p[n:])
	if err != nil || !body.Done() {
		return -1
	}
	return n + skipped
}

// borderOfStandard finds it by net/http, from where the first line begins.
func borderOfStandard(p []byte) int {
	counted := &counting{r: bytes.NewReader(p)}
	reader := bufio.NewReaderSize(counted, 16)
	request, err := http.ReadRequest(reader)
	if err != nil {
		return -1
	}
	if _, err := io.Copy(io.Discard, request.Body); err != nil {
		return -1
	}
	_ = request.Body.Close()
	return counted.n - reader.Buffered()
}

type counting struct {
	r io.Reader
	n int
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

// FuzzRequestBorders: what this package and net/http both take for a request ends at the same byte for both, however it is cut.
func FuzzRequestBorders(f *testing.F) {
	for _, seed := range []string{
		"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n",
		"POST /_bulk HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n{}\nGET",
		"POST /_bulk HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunkedBody + "GET",
		"PUT / HTTP/1.0\nHost: a\nContent-Length: 1\n\nab",
		"\r\nGET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab",
	} {
		f.Add([]byte(seed), uint16(7))
	}
	f.Fuzz(func(t *testing.T, p []byte, cut uint16) {
		ours := border(p)
		if again := borderInPieces(p, int(cut)); again != ours {
			t.Fatalf("ends at %d, in pieces at %d: %q", ours, again, p)
		}
		p = p[emptyLines(p):] // which net/http does not know before a request
		theirs := borderOfStandard(p)
		if ours = border(p); ours >= 0 && theirs >= 0 && ours != theirs {
			t.Fatalf("ends at %d, for net/http at %d: %q", ours, theirs, p)
		}
	})
}

// borderInPieces does what border does, with the body in two pieces.
func borderInPieces(p []byte, cut int) int {
	n := FindHead(p)
	if n == 0 {
		return -1
	}
	h, err := ParseRequest(p[:n])
	if err != nil {
		return -1
	}
	body, rest := h.Body(), p[n:]
	at := cut % (len(rest) + 1)
	first, err := body.Skip(rest[:at])
	if err != nil || first < at && !body.Done() {
		return -1
	}
	second, err := body.Skip(rest[first:])
	if err != nil || !body.Done() {
		return -1
	}
	return n + first + second
}

// FuzzResponse: no answer makes the reader panic, or take more than there is.
func FuzzResponse(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"+chunkedBody), "GET")
	f.Add([]byte("HTTP/1.1 204 No Content\r\n\r\n"), "HEAD")
	f.Fuzz(func(t *testing.T, p []byte, method string) {
		n := FindHead(p)
		if n == 0 {
			return
		}
		h, err := ParseResponse(p[:n], []byte(method))
		if err != nil {
			return
		}
		body := h.Body()
		if taken, _ := body.Skip(p[n:]); taken > len(p)-n {
			t.Fatalf("%d bytes taken of %d", taken, len(p)-n)
		}
	})
}
