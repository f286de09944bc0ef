package cluster

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"migassist/internal/awsauth"
)

// Signing says how requests are signed for Amazon's services, with AWS Signature Version 4.
type Signing struct {
	// Service is "es", a domain of OpenSearch Service, or "aoss", a collection of OpenSearch Serverless. Empty: nothing is signed.
	Service string
	// Credentials, a role and the region; a region that is not given is taken from the name of the host.
	awsauth.Options
	// Now is the time of signing. Default: the clock.
	Now func() time.Time
}

// The services that requests are signed for.
const (
	managed    = "es"
	serverless = "aoss"
)

// signer signs what goes through it: the last that touches a request before it is sent.
type signer struct {
	next    http.RoundTripper
	service string
	region  string
	config  aws.Config
	now     func() time.Time
	sign    *v4.Signer
}

func newSigner(ctx context.Context, next http.RoundTripper, s Signing, host, side string) (*signer, error) {
	if s.Service != managed && s.Service != serverless {
		return nil, fmt.Errorf("service %q to sign for is not known (--%s-aws-service-signing-name wants es or aoss)", s.Service, side)
	}
	if s.Region == "" {
		s.Region = regionIn(host)
	}
	config, err := awsauth.Load(ctx, s.Options)
	if err != nil {
		return nil, err
	}
	if config.Region == "" {
		return nil, fmt.Errorf("the region to sign for is neither in the host's name nor in the environment: give --%s-aws-region", side)
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	return &signer{next: next, service: s.Service, region: config.Region, config: config, now: s.Now, sign: v4.NewSigner()}, nil
}

// regionIn is the region in a name like search-x-abc.eu-west-1.es.amazonaws.com, or empty.
func regionIn(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	parts := strings.Split(host, ".")
	for i, part := range parts {
		if (part == managed || part == serverless) && i > 0 && i+1 < len(parts) && parts[i+1] == "amazonaws" {
			return parts[i-1]
		}
	}
	return ""
}

// credentialsError is that of a request that could not be signed: it was not sent.
type credentialsError struct{ err error }

func (e *credentialsError) Error() string { return "sign the request: " + e.err.Error() }
func (e *credentialsError) Unwrap() error { return e.err }

// RoundTrip implements http.RoundTripper.
func (s *signer) RoundTrip(r *http.Request) (*http.Response, error) {
	found, err := awsauth.Retrieve(r.Context(), s.config)
	if err != nil {
		return nil, &credentialsError{err}
	}
	hash, err := hashBody(r)
	if err != nil {
		return nil, err
	}
	signed, err := s.headers(r, found, hash)
	if err != nil {
		return nil, &credentialsError{err}
	}
	out := r.Clone(r.Context())
	for _, name := range []string{"Authorization", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256"} {
		if value := signed.Get(name); value != "" {
			out.Header.Set(name, value)
		}
	}
	return s.next.RoundTrip(out)
}

// headers are those of the signature. Host, time, token and the body's hash are signed and nothing else: what proxies may
// change is not, and a signed Content-Length is refused by aoss.
func (s *signer) headers(r *http.Request, found aws.Credentials, hash string) (http.Header, error) {
	bare := &http.Request{Method: r.Method, URL: r.URL, Host: r.Host, Header: http.Header{"X-Amz-Content-Sha256": {hash}}}
	if bare.Host == "" {
		bare.Host = r.URL.Host
	}
	return bare.Header, s.sign.SignHTTP(r.Context(), found, bare, hash, s.service, s.region, s.now())
}

// hashBody is the SHA-256 of the body, in hex. The body can still be sent.
func hashBody(r *http.Request) (string, error) {
	sum := sha256.New()
	switch {
	case r.Body == nil || r.Body == http.NoBody:
	case r.GetBody != nil:
		body, err := r.GetBody()
		if err != nil {
			return "", err
		}
		_, err = io.Copy(sum, body)
		if err = errors.Join(err, body.Close()); err != nil {
			return "", err
		}
	default:
		all, err := io.ReadAll(r.Body)
		if err = errors.Join(err, r.Body.Close()); err != nil {
			return "", err
		}
		sum.Write(all)
		r.Body = io.NopCloser(bytes.NewReader(all))
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
