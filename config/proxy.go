package config

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Proxy is the capture proxy: where it listens, and what it forwards to.
type Proxy struct {
	ListenAddress string
	ListenPort    int
	Destinations  []string // URLs of the upstreams, tried in turn

	DestinationInsecure      bool   // no check of the upstream's certificate
	DestinationCACert        string // PEM file with the CA to trust, besides those of the system
	DestinationClientCert    string // PEM file with the certificate to show
	DestinationClientCertKey string
	PoolSize                 int // connections to the upstreams that are open in advance
	PoolTimeout              time.Duration
	SetHeader                []string // NAME: VALUE

	CertChainFile     string // PEM file with the certificate that clients are shown; with it they speak TLS
	KeyFile           string
	TrustCertFile     string // PEM file with the CA of clients' certificates
	RequireClientAuth bool

	MaxConnections int
	MaxHeaderSize  Bytes
	IdleTimeout    time.Duration
	DrainTimeout   time.Duration
	AdminAddress   string // where /healthz, /readyz and /metrics are
	HandoverSocket string // over which the next process takes over the listening socket
}

func defaultProxy() Proxy {
	return Proxy{
		ListenAddress: "0.0.0.0",
		PoolTimeout:   30 * time.Second, // shorter than any server closes idle connections
		MaxHeaderSize: 64 * KiB,         // several times what servers take
		IdleTimeout:   time.Hour,        // clients keep pools; servers close earlier where they want to
		DrainTimeout:  30 * time.Second, // a long search; orchestrators kill after as much
	}
}

// proxyKeys are the settings of the proxy, beside those of the capture.
var proxyKeys = []key{
	{
		path: "proxy.listen_port", flag: "listen-port",
		usage: "`PORT` for clients", field: func(c *Config) any { return &c.Proxy.ListenPort },
	},
	{
		path: "proxy.listen_address", flag: "listen-address",
		usage: "`ADDRESS` for clients, without the port", field: func(c *Config) any { return &c.Proxy.ListenAddress },
	},
	{
		path: "proxy.destination_uri", flag: "destination-uri",
		usage: "`URL,…` of the source, http or https; of several those that can be reached are used in turn", field: func(c *Config) any { return &c.Proxy.Destinations },
	},
	{
		path: "proxy.insecure_destination", flag: "insecure-destination",
		usage: "do not check the source's certificate", field: func(c *Config) any { return &c.Proxy.DestinationInsecure },
	},
	{
		path: "proxy.destination_cacert", flag: "destination-cacert",
		usage: "PEM `FILE` with the CA of the source's certificate", field: func(c *Config) any { return &c.Proxy.DestinationCACert },
	},
	{
		path: "proxy.destination_client_cert", flag: "destination-client-cert",
		usage: "PEM `FILE` with the certificate to show the source", field: func(c *Config) any { return &c.Proxy.DestinationClientCert },
	},
	{
		path: "proxy.destination_client_cert_key", flag: "destination-client-cert-key",
		usage: "PEM `FILE` with the key of that certificate", field: func(c *Config) any { return &c.Proxy.DestinationClientCertKey },
	},
	{
		path: "proxy.destination_connection_pool_size", flag: "destination-connection-pool-size",
		usage: "`NUMBER` of connections to the source that are kept open in advance", field: func(c *Config) any { return &c.Proxy.PoolSize },
	},
	{
		path: "proxy.destination_connection_pool_timeout", flag: "destination-connection-pool-timeout",
		usage: "`DURATION` that such a connection is kept for", field: func(c *Config) any { return &c.Proxy.PoolTimeout },
	},
	{
		path: "proxy.set_header", flag: "set-header",
		usage: "`NAME: VALUE` set on all that is forwarded, instead of what the client sent; several as a JSON array, or the flag several times", field: func(c *Config) any { return &c.Proxy.SetHeader },
	},
	{
		path: "proxy.ssl_cert_chain_file", flag: "ssl-cert-chain-file",
		usage: "PEM `FILE` with the certificate for clients, who then speak TLS; read again when it changes", field: func(c *Config) any { return &c.Proxy.CertChainFile },
	},
	{
		path: "proxy.ssl_key_file", flag: "ssl-key-file",
		usage: "PEM `FILE` with the key of that certificate", field: func(c *Config) any { return &c.Proxy.KeyFile },
	},
	{
		path: "proxy.ssl_trust_cert_file", flag: "ssl-trust-cert-file",
		usage: "PEM `FILE` with the CA of clients' certificates", field: func(c *Config) any { return &c.Proxy.TrustCertFile },
	},
	{
		path: "proxy.require_client_auth", flag: "require-client-auth",
		usage: "refuse clients without a certificate", field: func(c *Config) any { return &c.Proxy.RequireClientAuth },
	},
	{
		path: "proxy.max_connections", flag: "max-client-connections",
		usage: "`NUMBER` of clients' connections at a time; 0 is no limit", field: func(c *Config) any { return &c.Proxy.MaxConnections },
	},
	{
		path: "proxy.max_header_size", flag: "max-header-size",
		usage: "`BYTES` that the head of a request may have", field: func(c *Config) any { return &c.Proxy.MaxHeaderSize },
	},
	{
		path: "proxy.idle_timeout", flag: "idle-timeout",
		usage: "`DURATION` after which a connection without bytes is closed; 0s is never", field: func(c *Config) any { return &c.Proxy.IdleTimeout },
	},
	{
		path: "proxy.drain_timeout", flag: "drain-timeout",
		usage: "`DURATION` that requests on their way have when the proxy ends", field: func(c *Config) any { return &c.Proxy.DrainTimeout },
	},
	{
		path: "proxy.admin_address", flag: "admin-address",
		usage: "`HOST:PORT` for /healthz, /readyz and /metrics, or PORT for this machine alone; default nowhere", field: func(c *Config) any { return &c.Proxy.AdminAddress },
	},
	{
		path: "proxy.handover_socket", flag: "handover-socket",
		usage: "`FILE`, a Unix socket, over which a proxy started with the same one takes over the listening socket, and this one ends", field: func(c *Config) any { return &c.Proxy.HandoverSocket },
	},
}

// Headers are what SetHeader says: names and values.
func (p Proxy) Headers() ([][2]string, error) {
	headers := make([][2]string, 0, len(p.SetHeader))
	for _, text := range p.SetHeader {
		name, value, found := strings.Cut(text, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !found || !headerName.MatchString(name) || strings.ContainsAny(value, "\r\n\x00") {
			return nil, fmt.Errorf("%q is no header; want NAME: VALUE", text)
		}
		switch strings.ToLower(name) {
		case "content-length", "transfer-encoding":
			return nil, fmt.Errorf("%s says how long a request is, and can't be set", name)
		}
		headers = append(headers, [2]string{name, value})
	}
	return headers, nil
}

var headerName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

// URLs are the upstreams.
func (p Proxy) URLs() []*url.URL {
	list := make([]*url.URL, 0, len(p.Destinations))
	for _, text := range p.Destinations {
		if u, err := url.Parse(text); err == nil { // Validate saw to it
			list = append(list, u)
		}
	}
	return list
}

// Validate wants a place to listen, upstreams, and files that are there.
func (p Proxy) Validate() Problems {
	var problems Problems
	switch {
	case p.ListenPort == 0:
		problems.missing("proxy.listen_port")
	case p.ListenPort < 0 || p.ListenPort > 65535:
		problems.add("proxy.listen_port", "", "%d is no port; want 1 to 65535", p.ListenPort)
	}
	if net.ParseIP(p.ListenAddress) == nil && p.ListenAddress != "localhost" {
		problems.add("proxy.listen_address", "", "%q is no address of this machine; want one like 0.0.0.0, 127.0.0.1 or ::", p.ListenAddress)
	}
	if len(p.Destinations) == 0 {
		problems.missing("proxy.destination_uri")
	}
	secured := false
	for _, text := range p.Destinations {
		c := Cluster{Host: text}
		c.checkHost(&problems, "proxy.destination_uri")
		u, err := url.Parse(text)
		if err == nil && u.Path != "" && u.Path != "/" {
			problems.add("proxy.destination_uri", "", "%q has a path; requests are forwarded with the path they have", text)
		}
		secured = secured || err == nil && u.Scheme == "https"
	}
	if !secured && (p.DestinationInsecure || p.DestinationCACert != "" || p.DestinationClientCert != "") {
		problems.add("proxy.destination_uri", "", "no destination is https, and certificates are given for it")
	}
	p.checkTLS(&problems)
	if _, err := p.Headers(); err != nil {
		problems.add("proxy.set_header", "", "%s", err)
	}
	p.checkLimits(&problems)
	return problems
}

func (p Proxy) checkTLS(problems *Problems) {
	pair := func(path, a, b string) {
		if (a == "") != (b == "") {
			problems.add(path, "", "a certificate and its key belong together; give both files")
		}
	}
	pair("proxy.ssl_cert_chain_file", p.CertChainFile, p.KeyFile)
	pair("proxy.destination_client_cert", p.DestinationClientCert, p.DestinationClientCertKey)
	if p.TrustCertFile != "" && p.CertChainFile == "" {
		problems.missing("proxy.ssl_cert_chain_file")
	}
	if p.RequireClientAuth && p.TrustCertFile == "" {
		problems.missing("proxy.ssl_trust_cert_file")
	}
	if p.DestinationInsecure && p.DestinationCACert != "" {
		problems.add("proxy.insecure_destination", "", "with it no certificate is checked, and destination_cacert says which to trust; give one of the two")
	}
	for path, name := range map[string]string{
		"proxy.ssl_cert_chain_file": p.CertChainFile, "proxy.ssl_key_file": p.KeyFile, "proxy.ssl_trust_cert_file": p.TrustCertFile,
		"proxy.destination_cacert": p.DestinationCACert, "proxy.destination_client_cert": p.DestinationClientCert, "proxy.destination_client_cert_key": p.DestinationClientCertKey,
	} {
		if name == "" {
			continue
		}
		if _, err := os.Stat(name); err != nil {
			problems.add(path, "", "%s", err)
		}
	}
}

func (p Proxy) checkLimits(problems *Problems) {
	for path, n := range map[string]int{"proxy.max_connections": p.MaxConnections, "proxy.destination_connection_pool_size": p.PoolSize} {
		if n < 0 {
			problems.add(path, "", "%d is too few; want at least 0", n)
		}
	}
	if p.MaxHeaderSize < KiB {
		problems.add("proxy.max_header_size", "", "%s is too little; want at least %s", p.MaxHeaderSize, KiB)
	}
	for path, d := range map[string]time.Duration{"proxy.idle_timeout": p.IdleTimeout, "proxy.drain_timeout": p.DrainTimeout, "proxy.destination_connection_pool_timeout": p.PoolTimeout} {
		if d < 0 {
			problems.add(path, "", "%s is no time to wait", d)
		}
	}
}

// ForProxy is what the capture proxy takes.
var ForProxy = Scope{[]string{"memory", "proxy", "capture", "kafka", "s3", "gcs", "azure"}, (*Config).checkProxy}

func (c *Config) checkProxy() Problems {
	problems := append(c.Proxy.Validate(), c.Capture.validateWriting(c.Kafka)...)
	c.checkShipping(&problems)
	if c.Memory < minMemory {
		problems.add("memory", "", "%s is too little; want at least %s", c.Memory, minMemory)
	}
	return problems
}

// checkShipping wants a capture folder, and files that an object store takes.
func (c *Config) checkShipping(problems *Problems) {
	if c.Capture.ShipTo == "" {
		return
	}
	if c.Capture.None || len(c.Kafka.Brokers) > 0 {
		problems.add("capture.ship_to", "", "only files of a capture folder are shipped, and there is none")
	}
	scheme, _, isURI := strings.Cut(c.Capture.ShipTo, "://")
	switch {
	case !isURI:
	case !slices.Contains(coordinatorSchemes, strings.ToLower(scheme)):
		problems.add("capture.ship_to", "", "%q is no place for files; want a folder, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX", c.Capture.ShipTo)
	default:
		*problems = append(*problems, c.checkStore(scheme)...)
		if c.Capture.SegmentBytes > 16*MiB {
			problems.add("capture.segment_bytes", "", "%s is more than goes to an object store in one piece; want at most %s", c.Capture.SegmentBytes, 16*MiB)
		}
	}
}
