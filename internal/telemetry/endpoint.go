package telemetry

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Endpoint is what a worker shows over HTTP: /metrics for Prometheus, /healthz for whoever restarts workers.
type Endpoint struct {
	Metrics func() []Metric
	// Health is nil while the worker is well, else what ails it.
	Health func() error
	// Ready, where it is not nil, is served at /readyz: nil while the process can do its work, else what keeps it.
	Ready func() error
}

// Serving is an endpoint that listens.
type Serving struct {
	server *http.Server
	at     string
	ended  chan struct{}
}

// Serve listens on an address, which is HOST:PORT, or :PORT or PORT for this machine alone.
func (e Endpoint) Serve(ctx context.Context, address string) (*Serving, error) {
	listener, err := Listen(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("--metrics-address: %w", err)
	}
	return e.ServeOn(listener), nil
}

// Listen listens on an address as [Endpoint.Serve] does.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	address, err := listenAddress(address)
	if err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for /metrics and /healthz on %s: %w", address, err)
	}
	return listener, nil
}

// ServeOn serves on a listener.
func (e Endpoint) ServeOn(listener net.Listener) *Serving {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", e.metrics)
	mux.HandleFunc("GET /healthz", answering(e.Health))
	if e.Ready != nil {
		mux.HandleFunc("GET /readyz", answering(e.Ready))
	}
	s := &Serving{
		server: &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10},
		at:     listener.Addr().String(), ended: make(chan struct{}),
	}
	go func() {
		defer close(s.ended)
		_ = s.server.Serve(listener) // until Close
	}()
	return s
}

// Address is where it listens: host and port.
func (s *Serving) Address() string { return s.at }

// Close ends it, and the requests that it is at.
func (s *Serving) Close() error {
	err := s.server.Close()
	<-s.ended
	return err
}

// listenAddress is the address to listen on. Without a host it is loopback: what is open to others is said so.
func listenAddress(given string) (string, error) {
	address := given
	if !strings.Contains(address, ":") {
		address = ":" + address
	}
	host, port, err := net.SplitHostPort(address)
	if n, portErr := strconv.Atoi(port); err != nil || portErr != nil || n < 0 || n > 65535 {
		return "", fmt.Errorf("%q is no address for /metrics; want HOST:PORT, or PORT for this machine alone", given)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}

func (e Endpoint) metrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_ = WriteMetrics(w, e.Metrics()) // the reader went away
}

// answering answers what a function says: nothing is ok.
func answering(said func() error) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if err := said(); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintln(w, err)
			return
		}
		fmt.Fprintln(w, "ok")
	}
}
