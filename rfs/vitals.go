package rfs

import (
	"fmt"
	"time"

	"migassist/internal/telemetry"
	"migassist/rfs/bulk"
)

// vitals are what a worker shows of itself to monitoring.
type vitals struct {
	Presence

	counts   Counts
	heard    time.Time // last answer of the coordinator
	unheard  string    // why it does not answer
	run      Run
	workers  int
	limits   bulk.Limits
	halted   bool
	tolerant time.Duration
}

// Metrics are this worker's numbers for Prometheus. docs/backfill-fleet.md lists them.
func (b *Backfill) Metrics() []telemetry.Metric {
	all := []telemetry.Metric{{
		Name: "migassist_build_info", Kind: telemetry.Gauge, Help: "1, with the version of the binary.",
		Labels: []telemetry.Label{{Name: "version", Value: b.options.Version}}, Value: 1,
	}}
	if b.options.Flow != nil {
		flow := b.options.Flow()
		all = append(all,
			gauge("requests_in_flight", "Bulk requests at the target.", float64(flow.InFlight)),
			gauge("requests_window", "Bulk requests that the target would get at once: it follows how fast it answers.", float64(flow.Window)),
			gauge("requests_waiting", "Bulk requests that wait for their turn.", float64(flow.Waiting)))
	}
	joined := b.shown.Load()
	if joined == nil {
		return all
	}
	v := joined.vitals()
	return append(append(all, v.documents()...), v.state()...)
}

func gauge(name, help string, value float64) telemetry.Metric {
	return telemetry.Metric{Name: "migassist_backfill_" + name, Kind: telemetry.Gauge, Help: help, Value: value}
}

func counter(name, help string, value int64, labels ...telemetry.Label) telemetry.Metric {
	return telemetry.Metric{Name: "migassist_backfill_" + name + "_total", Kind: telemetry.Counter, Help: help, Labels: labels, Value: float64(value)}
}

// documents are the counts of what this worker did since it began.
func (v vitals) documents() []telemetry.Metric {
	const help = "Documents that this worker read, by what became of them."
	fate := func(name string, n int64) telemetry.Metric {
		return counter("documents", help, n, telemetry.Label{Name: "fate", Value: name})
	}
	c := v.counts
	return []telemetry.Metric{
		fate("written", c.Written), fate("superseded", c.Superseded), fate("skipped", c.Skipped), fate("refused", c.Refused), fate("dropped", c.Dropped),
		counter("made", "Operations beyond one of a document, that transforms made.", c.Made),
		counter("bytes", "Bytes of the bulk lines of the documents that this worker read.", c.Bytes),
	}
}

// state is how the worker and its run are.
func (v vitals) state() []telemetry.Metric {
	all := []telemetry.Metric{
		gauge("items_held", "Items that this worker has a lease of.", float64(len(v.Items))),
		gauge("workers", "Workers of the run that are alive.", float64(v.workers)),
		gauge("stalled", "1 while something is known to keep this worker from sending.", truth(v.Stall != "")),
		gauge("last_success_timestamp_seconds", "When the target last acknowledged documents of this worker; 0: never.", unix(v.LastSuccess)),
		gauge("coordinator_last_success_timestamp_seconds", "When the coordinator last answered this worker.", unix(v.heard)),
		gauge("limit_documents_per_second", "This worker's share of the run's limit; 0: none.", v.limits.DocsPerSecond),
		gauge("limit_bytes_per_second", "This worker's share of the run's limit; 0: none.", v.limits.BytesPerSecond),
		gauge("limit_connections", "This worker's share of the run's limit; 0: none.", float64(v.limits.Connections)),
	}
	for _, state := range []ControlState{Running, Paused, Stopped} {
		m := gauge("run_state", "1 for the state that the operator wants the run to be in.", truth(v.run.Control.State == state))
		m.Labels = []telemetry.Label{{Name: "state", Value: string(state)}}
		all = append(all, m)
	}
	return all
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func unix(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.Unix())
}

// Health is nil while the worker is well: the coordinator answers, and documents are written, or it is known why not. It does not say that
// the target is well, which starting the worker anew would not mend.
func (b *Backfill) Health() error {
	if joined := b.shown.Load(); joined != nil {
		return joined.vitals().ails(time.Now())
	}
	return nil // planning
}

// ails says what is wrong with the worker.
func (v vitals) ails(now time.Time) error {
	if silent := now.Sub(v.heard); silent > v.tolerant {
		return fmt.Errorf("the coordinator has not answered for %s: %s", silent.Round(time.Second), v.unheard)
	}
	if len(v.Items) == 0 || v.halted || v.Stall != "" { // it waits, and rightly
		return nil
	}
	moved := v.LastSuccess
	if v.Since.After(moved) {
		moved = v.Since
	}
	if idle := now.Sub(moved); idle > v.tolerant {
		return fmt.Errorf("no document was written for %s, although the worker holds %s, and nothing is known to hinder it", idle.Round(time.Second), listed(v.Items))
	}
	return nil
}

// vitals reads how the worker is.
func (j *Joined) vitals() vitals {
	v := vitals{Presence: j.presence(), tolerant: j.Tolerance}
	a := j.activity
	a.mu.Lock()
	v.counts, v.heard, v.unheard = a.counts, a.heard, a.unheard
	a.mu.Unlock()
	j.mu.Lock()
	defer j.mu.Unlock()
	v.run, v.workers, v.limits, v.halted = j.run, j.workers, j.limits, j.halt != nil
	return v
}
