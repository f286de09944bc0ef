package proxy

import (
	"crypto/tls"
	"net/url"
	"time"

	"github.com/rs/zerolog"

	"migassist/proxy/spool"
)

// Options are the choices about a proxy.
type Options struct {
	Upstreams []*url.URL  // http or https, with host and port; tried in turn
	TLS       *tls.Config // to the upstreams of https
	Headers   [][2]string // set on what is forwarded, instead of what the client sent

	Spool       *spool.Spool // nil captures nothing
	Node        string       // id of this process, in records
	RecordBytes int          // that a record may have
	Async       bool         // nobody waits for records
	Reject      bool         // a request whose record is lost does not pass
	// Changes tells which requests change something.
	Changes func(method, target string) bool
	Privacy Privacy

	Limits Limits

	PoolSize int           // connections to the upstreams that are kept open in advance
	PoolAge  time.Duration // that they are kept for

	Now    func() time.Time
	Logger zerolog.Logger
}

// Limits bound what a client can do.
type Limits struct {
	Connections int           // at a time; 0 is no limit
	HeadBytes   int           // of a request
	Idle        time.Duration // after which a connection without bytes is closed; 0 is never
	Dial        time.Duration // for a connection to an upstream
	Drain       time.Duration // for requests that are on their way when the proxy ends
}

// withDefaults fills in what was left out.
func (o Options) withDefaults() Options {
	if o.Limits.HeadBytes <= 0 {
		o.Limits.HeadBytes = 64 << 10
	}
	if o.Limits.Dial <= 0 {
		o.Limits.Dial = 5 * time.Second
	}
	if o.Limits.Drain <= 0 {
		o.Limits.Drain = 30 * time.Second
	}
	if o.RecordBytes <= 0 {
		o.RecordBytes = 1<<20 - 500
	}
	if o.PoolAge <= 0 {
		o.PoolAge = 30 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}
