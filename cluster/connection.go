package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"syscall"
)

// ConnectionError is a request without an answer: what happened between here and the server.
type ConnectionError struct {
	URL    string // of the cluster, without credentials
	Method string
	Path   string
	// Advice says what to do, where that is known.
	Advice string
	// Transient is false for what no repetition will mend: an unknown host, a certificate that is not trusted.
	Transient bool
	// Unsent is true when the request certainly did not reach the server.
	Unsent bool
	Err    error
}

// Error reads "connect to https://host:9200: certificate signed by unknown authority (...)".
func (e *ConnectionError) Error() string {
	text := fmt.Sprintf("%s %s of %s: %v", e.Method, e.Path, e.URL, e.Err)
	if e.Unsent {
		text = fmt.Sprintf("connect to %s: %v", e.URL, e.Err)
	}
	if e.Advice != "" {
		text += " (" + e.Advice + ")"
	}
	return text
}

// Unwrap gives the error of the network.
func (e *ConnectionError) Unwrap() error { return e.Err }

// diagnose fills Advice, Transient and Unsent from the kind of the network's error. reached tells whether
// this server has answered before: a broken connection to one that never did is probably the wrong scheme.
func (e *ConnectionError) diagnose(side string, secure, reached bool) {
	e.Transient = true
	var dial *net.OpError
	e.Unsent = errors.As(e.Err, &dial) && dial.Op == "dial"
	if _, ok := errors.AsType[*credentialsError](e.Err); ok {
		e.Transient, e.Unsent = false, true
		e.Advice = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE, or run where a role is attached"
		return
	}
	switch {
	case e.explainTLS(side):
	case e.explainName(side):
	case errors.Is(e.Err, syscall.ECONNREFUSED):
		e.Advice = fmt.Sprintf("nothing listens there: is the cluster up, and are host and port of --%s-host right?", side)
	case errors.Is(e.Err, context.DeadlineExceeded):
		e.Advice = "the server took the request and did not answer in time"
	case timeout(e.Err) && e.Unsent:
		e.Advice = "a firewall may be in between, or the host is down"
	case !reached && !secure && !timeout(e.Err) && !e.Unsent:
		// A TLS port closes such a connection, resets it, or answers with an alert that is not HTTP.
		e.Advice = fmt.Sprintf("the server hung up on plain http: if it speaks TLS, --%s-host wants https://", side)
	}
}

func (e *ConnectionError) explainTLS(side string) bool {
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var alert *net.OpError
	switch {
	case errors.As(e.Err, &authority):
		e.Advice = fmt.Sprintf("give the authority's certificate with --%s-cacert, or trust any with --%s-insecure", side, side)
	case errors.As(e.Err, &name), errors.As(e.Err, &invalid):
		e.Advice = fmt.Sprintf("the certificate does not fit: use a name that is in it, or accept any with --%s-insecure", side)
	case errors.As(e.Err, &record):
		e.Advice = fmt.Sprintf("the server speaks plain http there: --%s-host wants http://", side)
	case errors.As(e.Err, &alert) && alert.Op == "remote error":
		e.Advice = fmt.Sprintf("the server ends the TLS handshake: it may want a certificate of an authority it trusts, which --%s-client-cert and --%s-client-cert-key show", side, side)
	default:
		return false
	}
	e.Transient = false
	e.Unsent = true
	return true
}

func (e *ConnectionError) explainName(side string) bool {
	var lookup *net.DNSError
	if !errors.As(e.Err, &lookup) {
		return false
	}
	if lookup.IsNotFound {
		e.Transient = false
		e.Advice = fmt.Sprintf("no such host is known: check --%s-host", side)
	}
	return true
}

func timeout(err error) bool {
	var network net.Error
	return errors.As(err, &network) && network.Timeout()
}
