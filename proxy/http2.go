package proxy

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// http2 takes connections that speak HTTP/2, and makes a connection of HTTP/1.1 out of each stream: it has one request, and an id of its own,
// <connection>.h2.<stream>. The framing of the client's bytes is net/http's; method, path, headers, body and trailers are passed on.
type http2 struct {
	proxy  *Proxy
	server *http.Server
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
	start  sync.Once
}

// streams numbers the streams of a connection as clients do: 1, 3, 5 and so on.
type streams struct {
	id   string
	next atomic.Int64
}

type streamsKey struct{}

func newHTTP2(p *Proxy) *http2 {
	h := &http2{proxy: p, conns: make(chan net.Conn), closed: make(chan struct{})}
	var protocols http.Protocols
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	h.server = &http.Server{
		Handler: http.HandlerFunc(h.translate), Protocols: &protocols,
		MaxHeaderBytes: p.options.Limits.HeadBytes, ReadHeaderTimeout: time.Minute, IdleTimeout: p.options.Limits.Idle,
		ConnContext: func(ctx context.Context, _ net.Conn) context.Context {
			s := &streams{id: p.run + "-" + strconv.FormatUint(p.number.Add(1), 36)}
			s.next.Store(-1)
			return context.WithValue(ctx, streamsKey{}, s)
		},
	}
	return h
}

// Accept is a method of net.Listener.
func (h *http2) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

// Close is a method of net.Listener.
func (h *http2) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

// Addr is a method of net.Listener.
func (h *http2) Addr() net.Addr { return &net.TCPAddr{} }

// serve hands a connection to the server, and waits for its end.
func (h *http2) serve(c net.Conn) {
	h.start.Do(func() { go func() { _ = h.server.Serve(h) }() }) // until Close
	watched := &watched{Conn: c, ended: make(chan struct{})}
	select {
	case h.conns <- watched:
		<-watched.ended
	case <-h.closed:
		_ = c.Close()
	}
}

// drain lets streams end, for so long.
func (h *http2) drain(ctx context.Context, most time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	if err := h.server.Shutdown(ctx); err != nil {
		_ = h.server.Close()
	}
	_ = h.Close()
}

// watched tells when its user has closed it.
type watched struct {
	net.Conn
	once  sync.Once
	ended chan struct{}
}

// Close closes the connection.
func (w *watched) Close() error {
	defer w.once.Do(func() { close(w.ended) })
	return w.Conn.Close()
}

// translate sends a request of HTTP/2 through a connection of its own, and its answer back.
func (h *http2) translate(w http.ResponseWriter, r *http.Request) {
	s, ok := r.Context().Value(streamsKey{}).(*streams)
	if !ok || r.Method == http.MethodConnect {
		h.proxy.stats.NotTranslated.Add(1)
		http.Error(w, "CONNECT is not forwarded", http.StatusNotImplemented)
		return
	}
	near, far := net.Pipe()
	c := h.proxy.conn(s.id+".h2."+strconv.FormatInt(s.next.Add(2), 10), far)
	c.stream = true
	ended, forever := make(chan struct{}), context.WithoutCancel(r.Context())
	go func() {
		defer close(ended)
		_ = c.serve(forever) // its errors are answers, or the end of the stream
		h.proxy.forget(c)
	}()
	stop := context.AfterFunc(r.Context(), func() { _ = near.Close() })
	err := h.exchange(w, r, near)
	stop()
	_ = near.Close()
	<-ended
	if err != nil {
		panic(http.ErrAbortHandler) // resets the stream: what of the answer is there is not all
	}
}

// exchange writes the request while it reads the answer.
func (h *http2) exchange(w http.ResponseWriter, r *http.Request, near net.Conn) error {
	sent := make(chan error, 1)
	go func() { sent <- writeRequest(near, r) }()
	answer, err := readAnswer(near, r)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	for name, values := range answer.Header {
		if !hopByHop(name) {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(answer.StatusCode)
	if err := copyFlushing(w, answer.Body); err != nil {
		return err
	}
	for name, values := range answer.Trailer {
		w.Header()[http.TrailerPrefix+name] = values
	}
	select {
	case err = <-sent:
	default: // the answer came before all of the request was taken, and is what counts
	}
	return err
}

// readAnswer reads the head of the answer, past those that only announce it.
func readAnswer(near net.Conn, r *http.Request) (*http.Response, error) {
	in := bufio.NewReader(near)
	for {
		answer, err := http.ReadResponse(in, r)
		if err != nil {
			return nil, err
		}
		if answer.StatusCode >= 200 {
			return answer, nil
		}
		_ = answer.Body.Close()
	}
}

// copyFlushing hands on what comes as it comes.
func copyFlushing(w http.ResponseWriter, from io.Reader) error {
	flusher := http.NewResponseController(w)
	buf := large()
	defer giveBack(buf)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				return err
			}
			if err := flusher.Flush(); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// writeRequest writes a request in the form of HTTP/1.1: names as HTTP/2 writes them, in the order of the alphabet.
func writeRequest(to io.Writer, r *http.Request) error {
	var head strings.Builder
	fmt.Fprintf(&head, "%s %s HTTP/1.1\r\nhost: %s\r\n", r.Method, r.RequestURI, r.Host)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		if hopByHop(name) || name == "Content-Length" || name == "Expect" {
			continue
		}
		for _, value := range r.Header[name] {
			fmt.Fprintf(&head, "%s: %s\r\n", strings.ToLower(name), value)
		}
	}
	chunked := r.ContentLength < 0
	switch {
	case chunked && len(r.Trailer) > 0:
		fmt.Fprintf(&head, "trailer: %s\r\n", strings.ToLower(strings.Join(slices.Sorted(maps.Keys(r.Trailer)), ", ")))
		fallthrough
	case chunked:
		head.WriteString("transfer-encoding: chunked\r\n")
	case r.ContentLength > 0 || len(r.Header["Content-Length"]) > 0:
		fmt.Fprintf(&head, "content-length: %d\r\n", r.ContentLength)
	}
	head.WriteString("\r\n")
	if _, err := io.WriteString(to, head.String()); err != nil {
		return err
	}
	if chunked {
		return writeChunks(to, r)
	}
	_, err := io.Copy(to, r.Body)
	return err
}

func writeChunks(to io.Writer, r *http.Request) error {
	buf := large()
	defer giveBack(buf)
	for {
		n, err := r.Body.Read(buf)
		if n > 0 {
			if _, err := fmt.Fprintf(to, "%x\r\n%s\r\n", n, buf[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	var end strings.Builder
	end.WriteString("0\r\n")
	for _, name := range slices.Sorted(maps.Keys(r.Trailer)) {
		for _, value := range r.Trailer[name] {
			fmt.Fprintf(&end, "%s: %s\r\n", strings.ToLower(name), value)
		}
	}
	end.WriteString("\r\n")
	_, err := io.WriteString(to, end.String())
	return err
}

// hopByHop are the headers of one connection, not of a message.
func hopByHop(name string) bool {
	switch name {
	case "Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Upgrade", "Te", "Trailer":
		return true
	}
	return false
}
