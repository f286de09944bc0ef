package rfs

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/rs/zerolog"
)

// Monitor tells how far a run is: a line that rewrites itself on a terminal, a log line now and then
// elsewhere.
type Monitor struct {
	Progress *Headway
	Terminal io.Writer // nil: there is none
	Log      zerolog.Logger
	Now      func() time.Time
}

// How often each form speaks, and over how long a rate is taken.
const (
	terminalEvery = 500 * time.Millisecond
	logEvery      = 30 * time.Second
	rateWindow    = 20 * time.Second
)

// Run speaks until ctx ends.
func (m *Monitor) Run(ctx context.Context) {
	every := logEvery
	if m.Terminal != nil {
		every = terminalEvery
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	var rates meter
	rates.add(m.sample())
	for {
		select {
		case <-ticker.C:
			rates.add(m.sample())
			m.speak(rates.pace(m.Progress.Total()))
		case <-ctx.Done():
			if m.Terminal != nil {
				fmt.Fprint(m.Terminal, "\r\x1b[K")
			}
			return
		}
	}
}

func (m *Monitor) sample() sample {
	p := m.Progress
	return sample{at: m.Now(), walked: p.Walked.Load(), read: p.Read.Load(), bytes: p.Bytes.Load()}
}

func (m *Monitor) speak(p pace) {
	if m.Terminal != nil {
		// Cut at the edge: a line that wraps could not be rewritten, and would fill the screen.
		fmt.Fprintf(m.Terminal, "\r\x1b[K\x1b[?7l%s\x1b[?7h", p)
		return
	}
	m.Log.Info().Int64("documents", p.read).Int64("bytes", p.bytes).Float64("percent", round(p.percent)).
		Float64("documents_per_second", round(p.docsPerSecond)).Float64("mb_per_second", round(p.bytesPerSecond/1e6)).
		Str("eta", p.etaText()).Msg("progress")
}

func round(f float64) float64 { return float64(int64(f*10+0.5)) / 10 }

// sample is the counters at a time.
type sample struct {
	at     time.Time
	walked int64
	read   int64
	bytes  int64
}

// meter keeps the samples of the last window.
type meter struct {
	samples []sample
}

func (m *meter) add(s sample) {
	m.samples = append(m.samples, s)
	for len(m.samples) > 2 && s.at.Sub(m.samples[1].at) >= rateWindow {
		m.samples = m.samples[1:]
	}
}

// pace is what the samples say of a run.
type pace struct {
	read, bytes                   int64
	percent                       float64
	docsPerSecond, bytesPerSecond float64
	eta                           time.Duration // negative: unknown
}

func (m *meter) pace(total int64) pace {
	from, to := m.samples[0], m.samples[len(m.samples)-1]
	p := pace{read: to.read, bytes: to.bytes, percent: 100, eta: -1}
	if total > 0 {
		p.percent = 100 * float64(to.walked) / float64(total)
	}
	seconds := to.at.Sub(from.at).Seconds()
	if seconds <= 0 {
		return p
	}
	p.docsPerSecond = float64(to.read-from.read) / seconds
	p.bytesPerSecond = float64(to.bytes-from.bytes) / seconds
	if walked := to.walked - from.walked; walked > 0 {
		p.eta = time.Duration(float64(total-to.walked) / float64(walked) * seconds * float64(time.Second)).Round(time.Second)
	}
	return p
}

func (p pace) etaText() string {
	if p.eta < 0 {
		return "unknown"
	}
	return p.eta.String()
}

// String is the line for a terminal.
func (p pace) String() string {
	return fmt.Sprintf("%5.1f%%  %d documents  %s  %.0f docs/s  %s/s  eta %s",
		p.percent, p.read, size(float64(p.bytes)), p.docsPerSecond, size(p.bytesPerSecond), p.etaText())
}

// size prints bytes with a decimal unit.
func size(n float64) string {
	units := []string{"B", "kB", "MB", "GB", "TB", "PB"}
	i := 0
	for ; n >= 1000 && i < len(units)-1; i++ {
		n /= 1000
	}
	return fmt.Sprintf("%.1f %s", n, units[i])
}
