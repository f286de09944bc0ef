package proxy

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// Certificates are the files for TLS with clients, or with the upstream.
type Certificates struct {
	Cert, Key string // PEM; empty is none
	Trust     string // PEM with CAs; empty is those of the system
	Require   bool   // of clients: without a certificate they are refused
	Insecure  bool   // of the upstream: its certificate is not checked
}

// reloadEvery is how often the files are looked at.
const reloadEvery = 2 * time.Second

// Front is TLS with clients, HTTP/2 among it. Files that change are read again; while they can't be read, the last ones hold, and failed is told.
func (c Certificates) Front(failed func(error)) (*tls.Config, error) {
	current, err := c.front()
	if err != nil {
		return nil, err
	}
	r := &reloading{certificates: c, current: current, failed: failed, stamp: c.stamp(), looked: time.Now()}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetConfigForClient: r.config}, nil
}

func (c Certificates) front() (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
	if err != nil {
		return nil, fmt.Errorf("read the certificate %s and its key %s: %w", c.Cert, c.Key, err)
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2", "http/1.1"}}
	if c.Trust != "" {
		if config.ClientCAs, err = pool(c.Trust); err != nil {
			return nil, err
		}
		config.ClientAuth = tls.VerifyClientCertIfGiven
		if c.Require {
			config.ClientAuth = tls.RequireAndVerifyClientCert
		}
	}
	return config, nil
}

// Back is TLS with the upstream. A certificate of ours that changes is read again.
func (c Certificates) Back() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: c.Insecure} //nolint:gosec // the operator's choice
	if c.Trust != "" {
		var err error
		if config.RootCAs, err = pool(c.Trust); err != nil {
			return nil, err
		}
	}
	if c.Cert == "" {
		return config, nil
	}
	load := func() (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
		if err != nil {
			return nil, fmt.Errorf("read the certificate %s and its key %s: %w", c.Cert, c.Key, err)
		}
		return &pair, nil
	}
	if _, err := load(); err != nil {
		return nil, err
	}
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return load() }
	return config, nil
}

// pool is the system's CAs and those of a file.
func pool(name string) (*x509.CertPool, error) {
	content, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	all, err := x509.SystemCertPool()
	if err != nil {
		all = x509.NewCertPool()
	}
	if !all.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("%s has no certificate in PEM form", name)
	}
	return all, nil
}

// reloading reads certificates again when their files change.
type reloading struct {
	certificates Certificates
	failed       func(error)

	mu      sync.Mutex
	current *tls.Config
	stamp   string
	looked  time.Time
}

func (r *reloading) config(*tls.ClientHelloInfo) (*tls.Config, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if now.Sub(r.looked) < reloadEvery {
		return r.current, nil
	}
	r.looked = now
	stamp := r.certificates.stamp()
	if stamp == r.stamp {
		return r.current, nil
	}
	fresh, err := r.certificates.front()
	if err != nil { // half written, maybe: the next look tells
		r.failed(err)
		return r.current, nil
	}
	r.current, r.stamp = fresh, stamp
	return fresh, nil
}

// stamp is different when a file is.
func (c Certificates) stamp() (stamp string) {
	for _, name := range []string{c.Cert, c.Key, c.Trust} {
		if name == "" {
			continue
		}
		info, err := os.Stat(name)
		if err != nil {
			stamp += errors.Unwrap(err).Error() + "|"
			continue
		}
		stamp += fmt.Sprintf("%d %d|", info.ModTime().UnixNano(), info.Size())
	}
	return stamp
}
