package sandbox

import (
	"compress/gzip"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// Options shape a server. The zero value is an open OpenSearch 2.19.1 without faults.
type Options struct {
	// Username and Password are wanted as basic authentication with every request when Username is set.
	Username string
	Password string
	// MaxContentLength is the largest request body in bytes, after decompression; larger ones are
	// answered with 413. Default 100 MiB, the server's own.
	MaxContentLength int64
	// Prefix is a path below which the server lies, as behind a gateway; "" is none.
	Prefix string
	// Now gives the time for creation dates; default time.Now.
	Now func() time.Time
}

// Server is an OpenSearch in memory: an [http.Handler], which Start puts on a port. It may be used by
// several goroutines at once.
type Server struct {
	options Options
	routes  routes
	faults  faults
	id      string // of the one node

	mu         sync.Mutex // guards all below
	indices    map[string]*index
	templates  templates
	persistent map[string]string
	transient  map[string]string
	scrolls    map[string]*scroll
	requests   map[string]int // by the name of their route

	serving *http.Server
	address string
}

// New makes a server that listens nowhere yet.
func New(options Options) *Server {
	if options.MaxContentLength <= 0 {
		options.MaxContentLength = 100 << 20
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	s := &Server{
		options:    options,
		id:         newUUID(),
		indices:    map[string]*index{},
		templates:  newTemplates(),
		persistent: map[string]string{},
		transient:  map[string]string{},
		scrolls:    map[string]*scroll{},
		requests:   map[string]int{},
	}
	s.routes = s.table()
	return s
}

// Start listens on a free port of the loopback interface.
func (s *Server) Start() error {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("start sandbox: %w", err)
	}
	s.address = listener.Addr().String()
	s.serving = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.serving.Serve(listener) }() // ends with Close
	return nil
}

// URL is where a started server listens, with its prefix.
func (s *Server) URL() string { return "http://" + s.address + s.options.Prefix }

// Close stops listening and breaks off what is under way.
func (s *Server) Close() error {
	if s.serving == nil {
		return nil
	}
	return s.serving.Close()
}

// Requests tells how often a route was worked on, such as "POST /_bulk" or "PUT /{index}".
func (s *Server) Requests(route string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests[route]
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.authorized(r) {
		w.Header().Set("WWW-Authenticate", `Basic realm="OpenSearch Security"`)
		http.Error(w, "Unauthorized", http.StatusUnauthorized)
		return
	}
	body, err := s.body(w, r)
	if err != nil {
		s.refuse(w, err)
		return
	}
	req, err := s.routes.find(r, body, s.options.Prefix)
	if err != nil {
		s.refuse(w, err)
		return
	}
	if req.route.bulk {
		req.fault = s.faults.next()
		if req.fault.before(w, r) {
			return
		}
	}
	result, err := s.handle(req)
	if req.fault.DropAfter {
		panic(http.ErrAbortHandler)
	}
	if err != nil {
		s.refuse(w, err)
		return
	}
	result.write(w, req.filters)
}

// handle runs the route's handler alone: the whole server has one lock.
func (s *Server) handle(req *request) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests[req.route.name]++
	return req.route.handle(req)
}

// refuse answers with a problem; any other error is a fault of the sandbox.
func (s *Server) refuse(w http.ResponseWriter, err error) {
	if p, ok := errors.AsType[*problem](err); ok {
		p.answer().write(w, nil)
		return
	}
	http.Error(w, err.Error(), http.StatusInternalServerError)
}

func (s *Server) authorized(r *http.Request) bool {
	if s.options.Username == "" {
		return true
	}
	username, password, ok := r.BasicAuth()
	return ok && subtle.ConstantTimeCompare([]byte(username), []byte(s.options.Username))&
		subtle.ConstantTimeCompare([]byte(password), []byte(s.options.Password)) == 1
}

func (s *Server) body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	limit := s.options.MaxContentLength
	in := io.Reader(http.MaxBytesReader(w, r.Body, limit))
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(in)
		if err != nil {
			return nil, illegal("request body is not gzip: %v", err)
		}
		in = unzipped
	}
	body, err := io.ReadAll(io.LimitReader(in, limit+1))
	if _, large := errors.AsType[*http.MaxBytesError](err); large || int64(len(body)) > limit {
		return nil, &problem{status: http.StatusRequestEntityTooLarge, empty: true}
	}
	if err != nil {
		return nil, illegal("request body: %v", err)
	}
	return body, nil
}

// newUUID is 16 random bytes in the form the server uses.
func newUUID() string {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails, by its own word
	return base64.RawURLEncoding.EncodeToString(raw[:])
}
