package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/rs/zerolog"

	"migassist/rfs/verify"
)

// verifyMonitor tells how far a verification is: a line that rewrites itself on a terminal, a log line now and then elsewhere.
type verifyMonitor struct {
	progress *verify.Progress
	terminal io.Writer // nil: there is none
	log      zerolog.Logger
	now      func() time.Time
}

// How often each form speaks.
const (
	verifyTerminalEvery = 500 * time.Millisecond
	verifyLogEvery      = 30 * time.Second
)

// run speaks until ctx ends.
func (m *verifyMonitor) run(ctx context.Context) {
	every := verifyLogEvery
	if m.terminal != nil {
		every = verifyTerminalEvery
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	began := m.now()
	for {
		select {
		case <-ticker.C:
			m.speak(m.now().Sub(began))
		case <-ctx.Done():
			if m.terminal != nil {
				fmt.Fprint(m.terminal, "\r\x1b[K")
			}
			return
		}
	}
}

func (m *verifyMonitor) speak(took time.Duration) {
	p := m.progress
	source, target := &p.Source, &p.Target
	if m.terminal == nil {
		m.log.Info().Str("stage", p.Stage()).Int64("source_documents", source.Docs.Load()).Int64("source_bytes", source.Bytes.Load()).Int64("source_total", source.Total.Load()).
			Int64("target_documents", target.Docs.Load()).Int64("target_bytes", target.Bytes.Load()).Int64("target_total", target.Total.Load()).
			Int64("candidates", p.Candidates.Load()).Int64("differences", p.Found.Load()).Stringer("took", took.Round(time.Second)).Msg("progress")
		return
	}
	line := fmt.Sprintf("%s: source %s, target %s documents", p.Stage(), of(source), of(target))
	if candidates := p.Candidates.Load(); candidates > 0 {
		line += fmt.Sprintf("; %d may differ, %d do", candidates, p.Found.Load())
	}
	// Cut at the edge: a line that wraps could not be rewritten, and would fill the screen.
	fmt.Fprintf(m.terminal, "\r\x1b[K\x1b[?7l%s, %s\x1b[?7h", line, took.Round(time.Second))
}

// of is how many documents of a side were read, of how many if that is known.
func of(side *verify.Side) string {
	if total := side.Total.Load(); total > 0 {
		return fmt.Sprintf("%d of %d", side.Docs.Load(), total)
	}
	return fmt.Sprint(side.Docs.Load())
}
