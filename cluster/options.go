package cluster

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"
)

// Defaults of [Options].
const (
	defaultConnectTimeout = 5 * time.Second  // the Java implementation's
	defaultRequestTimeout = 65 * time.Second // the same; above the server's own minute for cluster changes
	defaultBulkTimeout    = 2 * time.Minute  // a busy target queues a bulk for a minute, as a write waits for its shard; well below a worker's lease
)

// Options say where a cluster is and how it is spoken to. Only URL is required.
//
// No proxy is used and no environment variable is read.
type Options struct {
	// URL is http:// or https://, with a path prefix if the cluster lies behind one. A user and password
	// in it are accepted, and never shown in a message.
	URL string
	// Username and Password are sent as basic authentication with every request when Username is set.
	Username string
	Password string
	// APIKey is sent instead, as "Authorization: ApiKey …": base64 of id and key, as the cluster gave it out.
	APIKey string
	// Signing signs every request for Amazon's services instead.
	Signing Signing
	// ClientCertFile and ClientKeyFile are PEM files with the certificate to show to the server, and its key.
	ClientCertFile string
	ClientKeyFile  string
	// CACertFile is a PEM file of the authorities to trust instead of the system's.
	CACertFile string
	// Insecure accepts any certificate, and any name in it.
	Insecure bool
	// DisableCompression sends request bodies as they are and asks for answers as they are. Otherwise
	// bulk bodies travel as gzip, save over loopback and to a server that does not take it: its settings
	// switch http compression off, or it refuses the first one.
	DisableCompression bool
	// ConnectTimeout bounds connecting and the TLS handshake, each. Default 5 s.
	ConnectTimeout time.Duration
	// RequestTimeout bounds each attempt of a request other than bulk, its answer included. Default 65 s.
	RequestTimeout time.Duration
	// BulkTimeout does the same for bulk. Default 2 min.
	BulkTimeout time.Duration
	// UserAgent names the sender, "migassist/1.2.3". Default "migassist".
	UserAgent string
	// OpaqueID is sent as X-Opaque-Id with every request: servers show it in their lists of tasks and in their slow logs.
	OpaqueID string
	// Side names the flags in advice: "target" speaks of --target-host, "source" of --source-host.
	// Default "target".
	Side string
	// Retry says how often and when requests are repeated; its zero value is the default.
	Retry Retry
}

// endpoint is where requests go and as whom: Options after they have been checked.
type endpoint struct {
	url      *url.URL // without credentials
	username string
	password string
	apiKey   string
	signing  Signing
	tls      *tls.Config
	options  Options
}

// resolve fills in the defaults and checks what can be checked without the network.
func (o Options) resolve() (*endpoint, error) {
	o.ConnectTimeout = or(o.ConnectTimeout, defaultConnectTimeout)
	o.RequestTimeout = or(o.RequestTimeout, defaultRequestTimeout)
	o.BulkTimeout = or(o.BulkTimeout, defaultBulkTimeout)
	if o.UserAgent == "" {
		o.UserAgent = "migassist"
	}
	if o.Side == "" {
		o.Side = "target"
	}
	o.Retry = o.Retry.WithDefaults()

	address, user, err := parseURL(o.URL, o.Side)
	if err != nil {
		return nil, err
	}
	e := &endpoint{url: address, username: o.Username, password: o.Password, apiKey: o.APIKey, signing: o.Signing}
	if user != nil {
		if o.Username != "" {
			return nil, fmt.Errorf("credentials are in the URL of the %s and in --%s-username: give them once", o.Side, o.Side)
		}
		e.username = user.Username()
		e.password, _ = user.Password()
	}
	if e.ways() > 1 {
		return nil, fmt.Errorf("credentials of the %s are given more than once: give user and password, API key or signing", o.Side)
	}
	if e.tls, err = o.tlsConfig(); err != nil {
		return nil, err
	}
	o.URL, o.Username, o.Password, o.APIKey, o.Signing = address.String(), "", "", "", Signing{}
	e.options = o
	return e, nil
}

// ways counts the ways in which we say who we are in a header.
func (e *endpoint) ways() int {
	n := 0
	for _, given := range []bool{e.username != "", e.apiKey != "", e.signing.Service != ""} {
		if given {
			n++
		}
	}
	return n
}

func or(value, otherwise time.Duration) time.Duration {
	if value > 0 {
		return value
	}
	return otherwise
}

// parseURL splits the credentials off. Its errors never repeat the text before an "@".
func parseURL(text, side string) (*url.URL, *url.Userinfo, error) {
	shown := text
	if at := strings.LastIndexByte(text, '@'); at >= 0 {
		shown = "***" + text[at:]
	}
	wrong := func(why string) error {
		return fmt.Errorf("url of the %s %q: %s (--%s-host wants http://HOST:PORT or https://HOST:PORT)", side, shown, why, side)
	}
	if text == "" {
		return nil, nil, wrong("it is empty")
	}
	address, err := url.Parse(text)
	if err != nil {
		var bad *url.Error
		if errors.As(err, &bad) && shown == text {
			return nil, nil, wrong(bad.Err.Error())
		}
		return nil, nil, wrong("it is not a URL")
	}
	switch {
	case address.Scheme != "http" && address.Scheme != "https":
		return nil, nil, wrong("the scheme is neither http nor https")
	case address.Hostname() == "":
		return nil, nil, wrong("it names no host")
	case address.RawQuery != "" || address.Fragment != "":
		return nil, nil, wrong("it has a query or fragment")
	case address.RawPath != "":
		return nil, nil, wrong("its path has escaped characters")
	}
	user := address.User
	address.User = nil
	address.Path = strings.TrimRight(address.Path, "/")
	return address, user, nil
}

func (o Options) tlsConfig() (*tls.Config, error) {
	config := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: o.Insecure, //nolint:gosec // the operator asked for it by name
	}
	if o.ClientCertFile != "" || o.ClientKeyFile != "" {
		shown, err := tls.LoadX509KeyPair(o.ClientCertFile, o.ClientKeyFile)
		if err != nil {
			return nil, fmt.Errorf("certificate to show to the %s (--%s-client-cert, --%s-client-cert-key): %w", o.Side, o.Side, o.Side, err)
		}
		config.Certificates = []tls.Certificate{shown}
	}
	if o.CACertFile == "" {
		return config, nil
	}
	pem, err := os.ReadFile(o.CACertFile)
	if err != nil {
		return nil, fmt.Errorf("certificate authority of the %s (--%s-cacert): %w", o.Side, o.Side, err)
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("certificate authority of the %s (--%s-cacert): %s holds no certificate in PEM form", o.Side, o.Side, o.CACertFile)
	}
	return config, nil
}

// loopback reports whether the server is on this machine, where bandwidth costs less than compression.
func (e *endpoint) loopback() bool {
	host := e.url.Hostname()
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
