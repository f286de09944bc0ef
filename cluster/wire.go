package cluster

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"
)

// maxAnswer bounds what is read of one answer; the largest are pages of a scroll and the mappings of
// many indices.
const maxAnswer = 256 << 20

// transport is what esapi's requests are given to; *wire and its wrappers are the only ones. They
// return an error for every answer of 300 or more, and an answer whose body is in memory otherwise.
type transport interface {
	Perform(*http.Request) (*http.Response, error)
}

// wire sends one request once: deadline, credentials, typed errors. It may be used by several
// goroutines at once.
type wire struct {
	endpoint *endpoint
	client   *elastictransport.Client
	timeout  time.Duration
	reached  *atomic.Bool // an answer came from this server before
}

func newWire(ctx context.Context, e *endpoint) (*wire, error) {
	o := e.options
	dialer := &net.Dialer{Timeout: o.ConnectTimeout, KeepAlive: 30 * time.Second}
	var way http.RoundTripper = &http.Transport{
		DialContext:         dialer.DialContext,
		TLSClientConfig:     e.tls,
		TLSHandshakeTimeout: o.ConnectTimeout,
		DisableCompression:  o.DisableCompression,
		MaxIdleConnsPerHost: 64,               // as many bulks in flight as anyone asks for
		IdleConnTimeout:     30 * time.Second, // below the minute after which load balancers hang up
	}
	if e.signing.Service != "" {
		signing, err := newSigner(ctx, way, e.signing, e.url.Host, o.Side)
		if err != nil {
			return nil, err
		}
		way = signing
	}
	client, err := elastictransport.NewClient(
		elastictransport.WithURLs(e.url),
		elastictransport.WithDisableRetry(), // see retrying
		elastictransport.WithUserAgent(o.UserAgent),
		elastictransport.WithTransport(way),
	)
	if err != nil {
		return nil, fmt.Errorf("transport to %s: %w", e.url, err)
	}
	return &wire{endpoint: e, client: client, timeout: o.RequestTimeout, reached: new(atomic.Bool)}, nil
}

// within is the same wire with another deadline.
func (w *wire) within(timeout time.Duration) *wire {
	other := *w
	other.timeout = timeout
	return &other
}

// Perform sends the request and reads the whole answer. When it returns, nothing reads the request's
// body any more, so that the caller may reuse its bytes.
func (w *wire) Perform(req *http.Request) (*http.Response, error) {
	return w.perform(req, func(answer *http.Response, done func()) (io.ReadCloser, error) {
		defer done()
		body, err := readAnswer(answer)
		return io.NopCloser(bytes.NewReader(body)), err
	})
}

// perform sends the request, and has take say what the body of an answer of success is. Done ends the request, which also
// frees its body; take or what it returns must call it.
func (w *wire) perform(req *http.Request, take func(answer *http.Response, done func()) (io.ReadCloser, error)) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), w.timeout)
	out := req.Clone(ctx)
	if out.URL.RawPath != "" { // elastictransport joins the prefix to Path alone
		out.URL.RawPath = w.endpoint.url.Path + out.URL.RawPath
	}
	if w.endpoint.username != "" {
		out.SetBasicAuth(w.endpoint.username, w.endpoint.password)
	}
	if w.endpoint.apiKey != "" {
		out.Header.Set("Authorization", "ApiKey "+w.endpoint.apiKey)
	}
	if id := w.endpoint.options.OpaqueID; id != "" {
		out.Header.Set("X-Opaque-Id", id)
	}
	sent := watchBody(out, req)
	done := func() {
		cancel()
		sent.Wait()
	}
	answer, err := w.client.Perform(out)
	if err != nil {
		done()
		return nil, w.connectionError(req, err)
	}
	w.reached.Store(true)
	if answer.StatusCode >= http.StatusMultipleChoices {
		defer done()
		body, err := readAnswer(answer)
		if err != nil {
			return nil, w.connectionError(req, err)
		}
		return nil, w.refusal(req, answer, body)
	}
	if answer.Body, err = take(answer, done); err != nil {
		return nil, w.connectionError(req, err)
	}
	return answer, nil
}

// watchBody gives out a body whose end of use can be waited for: the HTTP transport may go on reading it
// after the answer came, or after the deadline passed, until it closes it.
func watchBody(out, req *http.Request) *sync.WaitGroup {
	inUse := new(sync.WaitGroup)
	if req.GetBody == nil || req.ContentLength == 0 {
		return inUse
	}
	out.GetBody = func() (io.ReadCloser, error) {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		inUse.Add(1)
		return &watchedBody{ReadCloser: body, ctx: out.Context(), closed: sync.OnceFunc(inUse.Done)}, nil
	}
	// A body made from memory, as all of ours are, cannot refuse.
	out.Body, _ = out.GetBody()
	return inUse
}

type watchedBody struct {
	io.ReadCloser
	ctx    context.Context //nolint:containedctx // of the request whose body it is
	closed func()
}

// Read gives nothing out after the deadline, even if its timer has not run yet: a process that was frozen while it sent a request
// must not send the rest of it when it wakes.
func (b *watchedBody) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	if deadline, ok := b.ctx.Deadline(); ok && !time.Now().Before(deadline) {
		return 0, context.DeadlineExceeded
	}
	return b.ReadCloser.Read(p)
}

func (b *watchedBody) Close() error {
	defer b.closed()
	return b.ReadCloser.Close()
}

func readAnswer(answer *http.Response) ([]byte, error) {
	defer answer.Body.Close()
	var buffer bytes.Buffer
	if n := answer.ContentLength; n > 0 && n <= maxAnswer {
		buffer.Grow(int(n) + bytes.MinRead)
	}
	n, err := buffer.ReadFrom(io.LimitReader(answer.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if n > maxAnswer {
		return nil, fmt.Errorf("the answer is larger than %d MiB", maxAnswer>>20)
	}
	return buffer.Bytes(), nil
}

func (w *wire) refusal(req *http.Request, answer *http.Response, body []byte) error {
	e := &Error{Status: answer.StatusCode, Method: req.Method, Path: req.URL.Path}
	e.RetryAfter = retryAfter(answer.Header.Get("Retry-After"))
	e.explain(body)
	e.advise(w.endpoint.options.Side, w.endpoint)
	return e
}

// retryAfter reads the form in seconds; the other, a date, is only as good as the two clocks and is not used.
func retryAfter(header string) time.Duration {
	seconds, err := strconv.ParseUint(header, 10, 16)
	if err != nil {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// connectionError tells the caller's own cancellation from what went wrong on the way.
func (w *wire) connectionError(req *http.Request, err error) error {
	if cause := context.Cause(req.Context()); cause != nil {
		return fmt.Errorf("%s %s of %s: %w", req.Method, req.URL.Path, w.endpoint.url, cause)
	}
	e := &ConnectionError{URL: w.endpoint.url.String(), Method: req.Method, Path: req.URL.Path, Err: withoutURL(err)}
	e.diagnose(w.endpoint.options.Side, w.endpoint.url.Scheme == "https", w.reached.Load())
	return e
}

// withoutURL drops the wrapping that repeats the address.
func withoutURL(err error) error {
	if wrapped, ok := err.(*url.Error); ok { //nolint:errorlint // only the outermost wrapping
		return wrapped.Err
	}
	return err
}
