package proxy

import (
	"sync/atomic"

	"migassist/internal/telemetry"
)

// Stats is what the proxy did so far.
type Stats struct {
	Open, Connections       atomic.Int64
	TooMany                 atomic.Int64 // connections that were refused for their number
	Reads, Writes           atomic.Int64 // requests
	Refused                 atomic.Int64 // requests that the proxy answered itself
	Rejected                atomic.Int64 // of these, for want of a capture
	Unreachable             atomic.Int64 // of these, for want of an upstream
	Suppressed              atomic.Int64 // requests left out of the capture on purpose
	Unredactable            atomic.Int64 // messages left out since they were compressed, and had to be redacted
	Switched                atomic.Int64 // connections that went over to another protocol, and are not captured from there
	NotTranslated           atomic.Int64 // requests of HTTP/2 that have no counterpart in HTTP/1.1
	Broken                  atomic.Int64 // connections to the upstream that failed
	Handshakes              atomic.Int64 // of TLS that failed
	BytesRead, BytesWritten atomic.Int64
	Added                   telemetry.Histogram // time that requests and answers were held
}

func (s *Stats) request(changes bool) {
	if changes {
		s.Writes.Add(1)
	} else {
		s.Reads.Add(1)
	}
}

// Stats are the counts; they go on changing.
func (p *Proxy) Stats() *Stats { return &p.stats }

// Metrics are the numbers of the proxy and of its capture.
func (p *Proxy) Metrics() []telemetry.Metric {
	s := &p.stats
	label := func(name, value string) []telemetry.Label { return []telemetry.Label{{Name: name, Value: value}} }
	counter := func(name, help string, v int64, labels ...telemetry.Label) telemetry.Metric {
		return telemetry.Metric{Name: "migassist_proxy_" + name, Kind: telemetry.Counter, Help: help, Value: float64(v), Labels: labels}
	}
	gauge := func(name, help string, v float64) telemetry.Metric {
		return telemetry.Metric{Name: "migassist_proxy_" + name, Kind: telemetry.Gauge, Help: help, Value: v}
	}
	const requests, requestsHelp = "requests_total", "requests, by whether they change something"
	const uncaptured, uncapturedHelp = "uncaptured_total", "what passed and is not in the capture, by reason"
	metrics := []telemetry.Metric{
		gauge("connections", "connections of clients that are open", float64(s.Open.Load())),
		counter("connections_total", "connections of clients", s.Connections.Load()),
		counter("connections_refused_total", "connections that were refused since there were too many", s.TooMany.Load()),
		counter(requests, requestsHelp, s.Reads.Load(), label("class", "read")...),
		counter(requests, requestsHelp, s.Writes.Load(), label("class", "write")...),
		counter("refused_total", "requests that the proxy answered itself", s.Refused.Load()),
		counter("rejected_total", "requests that were refused since the capture took nothing", s.Rejected.Load()),
		counter("unreachable_total", "requests that were refused since no upstream could be reached", s.Unreachable.Load()),
		counter("upstream_failures_total", "connections that the upstream broke off", s.Broken.Load()),
		counter("handshake_failures_total", "TLS handshakes of clients that failed", s.Handshakes.Load()),
		counter("bytes_read_total", "bytes from clients", s.BytesRead.Load()),
		counter("bytes_written_total", "bytes to clients", s.BytesWritten.Load()),
		gauge("upstreams", "upstreams that could be reached last", float64(p.upstreams.well())),
		{Name: "migassist_proxy_added_seconds", Kind: telemetry.Distribution, Help: "time that a request and its answer were held by the proxy", Times: &s.Added},
		counter(uncaptured, uncapturedHelp, s.Suppressed.Load(), label("reason", "suppressed")...),
		counter(uncaptured, uncapturedHelp, s.Unredactable.Load(), label("reason", "compressed")...),
		counter(uncaptured, uncapturedHelp, s.Switched.Load(), label("reason", "switched_protocol")...),
		counter(uncaptured, uncapturedHelp, s.NotTranslated.Load(), label("reason", "not_translated")...),
	}
	if p.options.Spool == nil {
		return metrics
	}
	c := p.options.Spool.Stats()
	away, _ := p.options.Spool.Away()
	return append(metrics,
		counter("records_total", "records of the capture", c.Records.Load()),
		counter("record_bytes_total", "bytes of the records", c.Bytes.Load()),
		counter("record_batches_total", "batches handed to the log", c.Batches.Load()),
		telemetry.Metric{Name: "migassist_proxy_log_seconds", Kind: telemetry.Distribution, Help: "time that the log took for a batch", Times: &c.Latency},
		gauge("queue_bytes", "bytes that wait for the log", float64(p.options.Spool.Queued())),
		gauge("log_away", "1 while the log takes nothing", one(away)),
		counter("spilled_records_total", "records that were kept aside while the log took nothing", c.SpilledRecords.Load()),
		gauge("spill_bytes", "bytes of records that are kept aside", float64(c.SpillBytes.Load())),
		counter("lost_records_total", "records that neither the log nor the spill took", c.LostRecords.Load()),
		counter("lost_requests_total", "pieces of requests that change something among them", c.LostRequests.Load()),
		counter("gaps_total", "gaps that are marked in the log", c.Gaps.Load()),
	)
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
