package cli

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"migassist/cluster/route"
	"migassist/config"
	"migassist/internal/telemetry"
	"migassist/proxy"
	"migassist/proxy/spool"
)

// proxy is the mode that forwards traffic and captures it.
func (p *program) proxy() *cobra.Command {
	cmd := leaf("proxy", "Forward traffic to a source, and capture it",
		`Proxy stands in front of a source, forwards HTTP byte by byte, and records what
passed: in a folder (--capture-folder), or in Kafka (--kafka-brokers). Requests
that change something are let through when their record is durable; all others
at once.

While the log takes no records, they are kept in --spill-folder and handed over
when it does. When that fails too, requests are let through, and what is missing
is counted and marked in the capture; with --on-capture-failure reject, requests
that change something are refused instead.

SIGTERM ends it when the requests on their way are answered. With
--handover-socket a proxy that is started takes over the listening socket of
the one that runs, which then ends, so that no connection is refused. A socket
from systemd (LISTEN_FDS) is used as well.`,
		`  migassist proxy --listen-port 9200 --destination-uri http://localhost:9201`,
		p.runProxy)
	config.ForProxy.AddFlags(cmd.Flags())
	return cmd
}

func (p *program) runProxy(cmd *cobra.Command) error {
	settings, log, err := p.load(cmd, config.ForProxy)
	if err != nil {
		return err
	}
	limitMemory(settings.Memory)
	debug.SetGCPercent(proxyGC)
	widen()
	ctx := cmd.Context()
	node := settings.Capture.NodeID
	if node == "" {
		node = "proxy-" + rand.Text()[:12]
	}
	forward, err := proxyOptions(settings, node, log)
	if err != nil {
		return err
	}
	front, err := frontTLS(settings.Proxy, log)
	if err != nil {
		return err
	}
	sockets, err := openSockets(ctx, settings.Proxy)
	if err != nil {
		return err
	}
	defer sockets.close()
	kept, err := openCapture(ctx, settings, node, log)
	if err != nil {
		return err
	}
	forward.Spool, forward.RecordBytes = kept.spool, kept.recordBytes
	forwarder, err := proxy.New(forward)
	if err != nil {
		return errors.Join(err, kept.close())
	}
	if err := checkUpstream(ctx, forwarder, log); err != nil {
		return errors.Join(err, kept.close())
	}
	return errors.Join(runForwarder(ctx, forwarder, front, sockets, settings, log), kept.close())
}

// proxyGC has the collector run more than twice as often as usual: the proxy makes little garbage, and stands on machines that others need.
const proxyGC = 40

// widen lets Go use twice as many threads at a time as there are processors, unless the operator said how many. Half of them belong to the
// loops that watch connections, of which each keeps one while it waits.
func widen() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(2 * runtime.GOMAXPROCS(0))
	}
}

// checkUpstream refuses to start where the upstream is another one than it should be. One that is not there may be starting.
func checkUpstream(ctx context.Context, forwarder *proxy.Proxy, log zerolog.Logger) error {
	err := forwarder.Check(ctx)
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &certificate), errors.As(err, &record), errors.As(err, &alert):
		return fmt.Errorf("%w\nsee --destination-uri, --destination-cacert and --destination-client-cert", err)
	}
	log.Error().Err(err).Msg("the source can't be reached: requests are answered with 502 until it can")
	return nil
}

// runForwarder forwards until ctx ends or another process takes over.
func runForwarder(ctx context.Context, forwarder *proxy.Proxy, front *tls.Config, at *sockets, settings *config.Config, log zerolog.Logger) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if at.admin != nil {
		serving := telemetry.Endpoint{Metrics: forwarder.Metrics, Health: func() error { return nil }, Ready: forwarder.Ready}.ServeOn(at.admin)
		defer func() { _ = serving.Close() }()
	}
	var waiting sync.WaitGroup
	if socket := settings.Proxy.HandoverSocket; socket != "" {
		waiting.Go(func() {
			if err := proxy.AwaitSuccessor(ctx, socket, at.all()...); err == nil {
				log.Info().Msg("another process has taken over; this one ends with its connections")
				cancel()
			} else if ctx.Err() == nil {
				log.Error().Err(err).Msg("no other process can take over")
			}
		})
	}
	if at.before != nil {
		if err := at.before.Accepting(); err != nil {
			log.Warn().Err(err).Msg("the process before could not be told that this one accepts")
		}
	}
	log.Info().Str("address", at.clients.Addr().String()).Strs("destination", settings.Proxy.Destinations).Str("capture", captureName(settings)).Msg("proxy starts")
	err := forwarder.Run(ctx, at.clients, front)
	cancel()
	waiting.Wait()
	stats := forwarder.Stats()
	log.Info().Int64("connections", stats.Connections.Load()).Int64("reads", stats.Reads.Load()).Int64("writes", stats.Writes.Load()).Msg("proxy ends")
	return err
}

func captureName(settings *config.Config) string {
	switch {
	case settings.Capture.None:
		return "none"
	case len(settings.Kafka.Brokers) > 0:
		return "topic " + settings.Kafka.Topic
	default:
		return settings.Capture.Folder
	}
}

// sockets are those that the proxy listens on.
type sockets struct {
	clients net.Listener
	admin   net.Listener     // nil where there is none
	before  *proxy.Successor // of the process that they were taken from
}

func (s *sockets) all() []net.Listener {
	if s.admin == nil {
		return []net.Listener{s.clients}
	}
	return []net.Listener{s.clients, s.admin}
}

func (s *sockets) close() {
	for _, l := range s.all() {
		_ = l.Close()
	}
}

// openSockets takes over the sockets of the process before, or one from systemd, or opens them.
func openSockets(ctx context.Context, c config.Proxy) (*sockets, error) {
	s := &sockets{}
	if c.HandoverSocket != "" {
		before, err := proxy.TakeOver(ctx, c.HandoverSocket)
		if err != nil {
			return nil, err
		}
		if before != nil {
			s.before, s.clients = before, before.Listeners[0]
			if len(before.Listeners) > 1 && c.AdminAddress != "" {
				s.admin = before.Listeners[1]
			}
		}
	}
	var err error
	switch {
	case s.clients != nil:
	case os.Getenv("LISTEN_PID") == strconv.Itoa(os.Getpid()) && os.Getenv("LISTEN_FDS") != "":
		s.clients, err = proxy.Inherited(firstDescriptor)
	default:
		s.clients, err = (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(c.ListenAddress, strconv.Itoa(c.ListenPort)))
	}
	if err != nil {
		return nil, fmt.Errorf("listen for clients (--listen-port %d): %w", c.ListenPort, err)
	}
	if c.AdminAddress != "" && s.admin == nil {
		if s.admin, err = telemetry.Listen(ctx, c.AdminAddress); err != nil {
			return nil, errors.Join(err, s.clients.Close())
		}
	}
	return s, nil
}

// firstDescriptor is that of the first socket from systemd (sd_listen_fds).
const firstDescriptor = 3

// frontTLS is TLS with clients; nil where they speak plain HTTP.
func frontTLS(c config.Proxy, log zerolog.Logger) (*tls.Config, error) {
	if c.CertChainFile == "" {
		return nil, nil //nolint:nilnil // said above
	}
	return proxy.Certificates{Cert: c.CertChainFile, Key: c.KeyFile, Trust: c.TrustCertFile, Require: c.RequireClientAuth}.Front(func(err error) {
		log.Error().Err(err).Msg("the certificate changed and can't be read; clients get the last one")
	})
}

// proxyOptions are the choices of the configuration about forwarding.
func proxyOptions(settings *config.Config, node string, log zerolog.Logger) (proxy.Options, error) {
	c := settings.Proxy
	back, err := proxy.Certificates{Cert: c.DestinationClientCert, Key: c.DestinationClientCertKey, Trust: c.DestinationCACert, Insecure: c.DestinationInsecure}.Back()
	if err != nil {
		return proxy.Options{}, err
	}
	headers, err := c.Headers()
	if err != nil {
		return proxy.Options{}, err
	}
	privacy, err := privacyOptions(settings.Capture)
	return proxy.Options{
		Upstreams: c.URLs(), TLS: back, Headers: headers, Node: node, Privacy: privacy,
		Async: settings.Capture.Durability == config.DurabilityAsync, Reject: settings.Capture.OnFailure == config.RejectUncaptured,
		Changes: func(method, target string) bool { return route.Classify(method, target).Changes },
		Limits: proxy.Limits{
			Connections: c.MaxConnections, HeadBytes: int(c.MaxHeaderSize), Idle: c.IdleTimeout, Drain: c.DrainTimeout,
		},
		PoolSize: c.PoolSize, PoolAge: c.PoolTimeout, Now: time.Now, Logger: log,
	}, err
}

// spoolOptions are the choices of the configuration about what stands between taps and log.
func spoolOptions(settings *config.Config, node string, log zerolog.Logger) spool.Options {
	c := settings.Capture
	o := spool.Options{
		Node: node, Reject: c.OnFailure == config.RejectUncaptured, Patience: c.Timeout,
		QueueBytes: int(settings.Memory / 8), Spill: spool.Spill{Folder: settings.Spill(), Bytes: int64(c.SpillBytes)}, Now: time.Now, Logger: log,
	}
	if c.Durability == config.DurabilitySync {
		o.Durability = spool.Each
	}
	if len(settings.Kafka.Brokers) > 0 {
		o.Gather = kafkaGather
	}
	return o
}

// kafkaGather is for brokers, to whom each batch, and each partition's part of it, is a lot of work; a folder is better off with little at a time,
// which keeps nobody from the processor for long.
const kafkaGather = 480 << 10
