package object

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Kind is what went wrong, as far as it makes a difference to the one who asked.
type Kind int

// The kinds of errors.
const (
	Other       Kind = iota
	Missing          // there is no such object
	NoBucket         // there is no such bucket or container
	Denied           // we are known, and may not
	Credentials      // we are not known: none, wrong or expired credentials
	Region           // the bucket lies in another region
	Clock            // the clock of this machine is wrong
	Archived         // the object must be restored first
	Changed          // the object is not of the version asked for
	OutOfRange       // the range begins beyond the object's end
	Busy             // asked to come again later
	Broken           // the server failed, or the connection to it
	Unreachable      // nothing answers there
	Malformed        // the answer makes no sense
)

// Error is an answer that is not what was asked for, or none at all.
type Error struct {
	Kind    Kind
	Status  int    // of HTTP; 0 where there was no answer
	Code    string // the store's own name for it
	Message string // the store's own words, or the network's
	Advice  string // what to do
	// Region is where the bucket is, with kind [Region], if the store said so.
	Region string
	// Size is that of the object, with kind [OutOfRange], or -1.
	Size int64
	// RetryAfter is what a busy store asked for.
	RetryAfter time.Duration
	Err        error
}

// Error reads "access denied (403 AccessDenied: Access Denied): ask for …".
func (e *Error) Error() string {
	var text strings.Builder
	text.WriteString(kinds[e.Kind])
	said := make([]string, 0, 3)
	if e.Status != 0 {
		said = append(said, strconv.Itoa(e.Status))
	}
	if e.Code != "" {
		said = append(said, e.Code)
	}
	answer := strings.Join(said, " ")
	if e.Message != "" {
		if answer != "" {
			answer += ": "
		}
		answer += e.Message
	}
	if answer != "" {
		fmt.Fprintf(&text, " (%s)", answer)
	}
	if e.Advice != "" {
		text.WriteString("; " + e.Advice)
	}
	return text.String()
}

// kinds are the words for kinds.
var kinds = map[Kind]string{ //nolint:gosec // words, no credentials
	Other:       "refused",
	Missing:     fs.ErrNotExist.Error(),
	NoBucket:    "no such bucket",
	Denied:      "access denied",
	Credentials: "no valid credentials",
	Region:      "wrong region",
	Clock:       "clock skew",
	Archived:    "archived",
	Changed:     "replaced while it was read",
	OutOfRange:  "beyond its end",
	Busy:        "the store is busy",
	Broken:      "the connection or the store failed",
	Unreachable: "the store is not reachable",
	Malformed:   "the answer makes no sense",
}

// Is makes fs.ErrNotExist and fs.ErrPermission of the kinds that mean them.
func (e *Error) Is(target error) bool {
	switch target {
	case fs.ErrNotExist:
		return e.Kind == Missing
	case fs.ErrPermission:
		return e.Kind == Denied || e.Kind == Credentials
	}
	return false
}

// Unwrap gives the error of the network or the library.
func (e *Error) Unwrap() error { return e.Err }

// Retryable tells whether asking again may help.
func (e *Error) Retryable() bool {
	return e.Kind == Busy || e.Kind == Broken || e.Kind == Unreachable
}

// KindOf is the kind of an error, Other where it has none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Other
}

// kindOfStatus is what an HTTP status means where the store gives no better name.
func kindOfStatus(status int) Kind {
	switch {
	case status == http.StatusNotFound:
		return Missing
	case status == http.StatusUnauthorized:
		return Credentials
	case status == http.StatusForbidden:
		return Denied
	case status == http.StatusPreconditionFailed:
		return Changed
	case status == http.StatusRequestedRangeNotSatisfiable:
		return OutOfRange
	case status == http.StatusMovedPermanently || status == http.StatusTemporaryRedirect:
		return Region
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		return Busy
	case status == http.StatusRequestTimeout || status >= 500 && status != http.StatusNotImplemented:
		return Broken
	case status < 300: // an answer that broke off
		return Broken
	}
	return Other
}

// retryAfter reads the header in seconds; a date is not worth the code.
func retryAfter(header http.Header) time.Duration {
	seconds, err := strconv.Atoi(header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// network makes an Error of one that is not an answer, or nil where it is neither answer nor network: the context's end.
func network(err error, option string) *Error {
	var dns *net.DNSError
	var dial *net.OpError
	e := &Error{Kind: Broken, Message: rootOf(err).Error(), Err: err}
	switch {
	case errors.As(err, &dns):
		e.Kind, e.Advice = Unreachable, "no such host is known: check "+option
	case untrusted(err):
		e.Kind = Other
		e.Advice = "the certificate is not trusted: name its authority with SSL_CERT_FILE (or AWS_CA_BUNDLE, for S3)"
	case errors.As(err, new(tls.RecordHeaderError)), strings.Contains(e.Message, "HTTP response to HTTPS client"): // net/http has no type for it
		e.Kind, e.Advice = Other, "the server speaks plain http there: write http:// in "+option
	case errors.As(err, &dial) && dial.Op == "dial":
		e.Kind, e.Advice = Unreachable, "check "+option+", and whether a proxy or firewall is in between"
		if errors.Is(err, syscall.ECONNREFUSED) {
			e.Advice = "nothing listens there: check " + option
		}
	case errors.Is(err, context.DeadlineExceeded):
		e.Message = "no answer in time"
	}
	return e
}

func untrusted(err error) bool {
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &certificate) || errors.As(err, new(x509.UnknownAuthorityError)) || errors.As(err, new(x509.HostnameError))
}

// rootOf digs for the last words: libraries wrap theirs in many layers, with URLs that may hold a token.
func rootOf(err error) error {
	for {
		if dial, ok := err.(*net.OpError); ok { //nolint:errorlint // this layer, not one below: it names the address
			return dial
		}
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
