package blobtest

import (
	"bytes"
	"fmt"
	"io"
	"log" //nolint:depguard // see below
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// Bucket is the name of the bucket that test servers have.
const Bucket = "bucket"

// Server is an object store in this process: it counts what it is asked and what it answers, and fails on demand.
// It listens on loopback, and ends with its test.
type Server struct {
	URL string

	next http.Handler // the store itself
	etag func(r *http.Request) string
	put  func(key string, data []byte) error
	keys func() []string

	mu       sync.Mutex
	requests []string
	bytes    int64
	fault    func(r *http.Request, before int) *Fault
}

// Fault is what goes wrong with one request.
type Fault struct {
	Status int           // answered instead of the object, with Body
	Body   string        // XML
	Header http.Header   // of that answer
	Cut    int64         // the connection breaks after so many bytes of the body; -1 before the first of the answer
	Delay  time.Duration // before the answer
	Hang   bool          // after Cut bytes nothing more comes, and the connection stays
}

// NewS3 starts an S3 server (gofakes3) with a bucket that holds files (content by key). What gofakes3 lacks is added: If-Match of reads.
func NewS3(t testing.TB, files map[string][]byte) *Server {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket(Bucket); err != nil {
		t.Fatal(err)
	}
	s := &Server{next: gofakes3.New(backend).Server()}
	s.etag = func(r *http.Request) string {
		object, err := backend.HeadObject(Bucket, strings.TrimPrefix(r.URL.Path, "/"+Bucket+"/"))
		if err != nil {
			return ""
		}
		return fmt.Sprintf("%q", fmt.Sprintf("%x", object.Hash))
	}
	s.put = func(key string, data []byte) error {
		_, err := backend.PutObject(Bucket, key, map[string]string{}, bytes.NewReader(data), int64(len(data)), nil)
		return err
	}
	s.keys = func() (keys []string) {
		all, err := backend.ListBucket(Bucket, &gofakes3.Prefix{}, gofakes3.ListBucketPage{})
		if err != nil {
			t.Error(err)
			return nil
		}
		for _, object := range all.Contents {
			keys = append(keys, object.Key)
		}
		return keys
	}
	for key, data := range files {
		s.Put(t, key, data)
	}
	s.start(t)
	return s
}

// Keys are those of all objects.
func (s *Server) Keys() []string { return s.keys() }

// Put stores or replaces an object.
func (s *Server) Put(t testing.TB, key string, data []byte) {
	t.Helper()
	if err := s.put(key, data); err != nil {
		t.Error(err)
	}
}

func (s *Server) start(t testing.TB) {
	server := httptest.NewUnstartedServer(s)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) //nolint:forbidigo // net/http takes no other; the faults are on purpose
	server.Start()
	s.URL = server.URL
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
}

// Fail makes f decide what goes wrong; before is how many requests came earlier. Nil is nothing.
func (s *Server) Fail(f func(r *http.Request, before int) *Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// Reset forgets what was counted.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests, s.bytes = nil, 0
}

// Requests are the requests since the last Reset: method, path with query, and range.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...)
}

// Bytes is how many bytes of bodies were sent since the last Reset.
func (s *Server) Bytes() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bytes
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	var fault *Fault
	if s.fault != nil {
		fault = s.fault(r, len(s.requests))
	}
	s.requests = append(s.requests, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("Range")))
	s.mu.Unlock()
	if fault != nil {
		if fault.Delay > 0 {
			select {
			case <-time.After(fault.Delay):
			case <-r.Context().Done():
			}
		}
		if fault.Status != 0 {
			maps.Copy(w.Header(), fault.Header)
			w.WriteHeader(fault.Status)
			_, _ = io.WriteString(w, fault.Body)
			return
		}
	}
	if want := r.Header.Get("If-Match"); want != "" && r.Method == http.MethodGet && s.etag != nil && s.etag(r) != want {
		w.WriteHeader(http.StatusPreconditionFailed)
		_, _ = io.WriteString(w, `<Error><Code>PreconditionFailed</Code><Message>At least one of the pre-conditions you specified did not hold</Message></Error>`)
		return
	}
	s.next.ServeHTTP(&counted{ResponseWriter: w, server: s, fault: fault, request: r}, r)
	if fault != nil && fault.Cut < 0 { // an answer that says nothing
		panic(http.ErrAbortHandler)
	}
}

// counted is an answer that is counted, and breaks where its fault says.
type counted struct {
	http.ResponseWriter
	server  *Server
	fault   *Fault
	request *http.Request
	sent    int64
}

// WriteHeader implements http.ResponseWriter.
func (c *counted) WriteHeader(status int) {
	if c.fault != nil && c.fault.Cut < 0 {
		panic(http.ErrAbortHandler)
	}
	c.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer.
func (c *counted) Write(p []byte) (int, error) {
	broken := false
	if f := c.fault; f != nil && (f.Cut != 0 || f.Hang) && c.sent+int64(len(p)) > f.Cut {
		p, broken = p[:max(0, f.Cut-c.sent)], true
	}
	n, err := c.ResponseWriter.Write(p)
	c.sent += int64(n)
	c.server.mu.Lock()
	c.server.bytes += int64(n)
	c.server.mu.Unlock()
	if broken {
		if flusher, ok := c.ResponseWriter.(http.Flusher); ok {
			flusher.Flush()
		}
		if c.fault.Hang {
			<-c.request.Context().Done()
		}
		panic(http.ErrAbortHandler)
	}
	return n, err
}
