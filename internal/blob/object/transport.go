package object

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/xml"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// newTransport is the way to stores other than S3, whose library brings its own. HTTP/2 is off: its window is small for
// large bodies over distance, and one broken connection would break them all.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
		TLSNextProto:          map[string]func(string, *tls.Conn) http.RoundTripper{},
		ResponseHeaderTimeout: 30 * time.Second,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConnsPerHost:   16,
		DisableCompression:    true,
	}
}

// maxAnswer is how much of an error's body is read.
const maxAnswer = 16 << 10

// wordsOf finds what an error's body says, in the JSON of Google, the XML of Microsoft, or as plain text.
func wordsOf(body io.Reader) (message, reason string) {
	text, err := io.ReadAll(io.LimitReader(body, maxAnswer))
	if err != nil || len(text) == 0 {
		return "", ""
	}
	var google struct {
		Error struct {
			Message string `json:"message"`
			Errors  []struct {
				Reason string `json:"reason"`
			} `json:"errors"`
		} `json:"error"`
	}
	if json.Unmarshal(text, &google) == nil && google.Error.Message != "" {
		for _, e := range google.Error.Errors {
			reason = e.Reason
		}
		return google.Error.Message, reason
	}
	var microsoft struct {
		Message string `xml:"Message"`
		Detail  string `xml:"AuthenticationErrorDetail"`
	}
	if xml.Unmarshal([]byte(strings.TrimPrefix(string(text), "\ufeff")), &microsoft) == nil && microsoft.Message != "" {
		message, _, _ = strings.Cut(microsoft.Message, "\n") // ids and times follow
		if microsoft.Detail != "" {
			message += " " + microsoft.Detail
		}
		return message, ""
	}
	if strings.HasPrefix(string(text), "<") { // a page of a proxy
		return "", ""
	}
	message, _, _ = strings.Cut(strings.TrimSpace(string(text)), "\n")
	return message, ""
}

// ended is the error of a context that ended, or nil.
func ended(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}
