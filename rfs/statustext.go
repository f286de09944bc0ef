package rfs

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// WriteJSON prints the status for programs.
func (s *Status) WriteJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(s)
}

// WriteLine prints the status for programs that read line by line.
func (s *Status) WriteLine(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(s)
}

// WriteText prints the status for people.
func (s *Status) WriteText(w io.Writer, now time.Time) error {
	t := &textWriter{w: w}
	t.line("session %s: %s since %s, begun %s ago", s.Session, s.State, s.Since.Format(time.RFC3339), seconds(now.Sub(s.Begun).Seconds()))
	t.line("snapshot %s of %s, to %s", s.Source.Snapshot, s.Source.Repository, s.Target)
	t.line("%.1f%%  %d documents  %s  %.0f docs/s  %s/s  eta %s", s.Percent, s.Counts.Read, size(float64(s.Counts.Bytes)), s.DocsPerSecond, size(s.BytesPerSecond), s.eta())
	i, c := s.Items, s.Counts
	t.line("items: %d waiting, %d leased, %d done, %d set aside; %d more were split into some of these", i.Waiting, i.Leased, i.Done, i.SetAside, i.Split)
	t.line("%s", c)
	t.line("limits of all workers: %s", s.Limits)
	if s.LastSuccess != nil {
		t.line("last success: %s ago", seconds(now.Sub(*s.LastSuccess).Seconds()))
	}
	t.workers(s.Workers)
	t.list("stalled:", s.Stalls)
	var aside []string
	for _, finding := range s.SetAside {
		aside = append(aside, finding.String())
	}
	t.list("set aside:", aside)
	if len(s.Tuned) > 0 {
		t.line("tuned until the end: %s", listed(s.Tuned))
	}
	if t.err == nil && s.Summary != nil {
		t.line("")
		t.err = s.Summary.WriteText(w)
	}
	return t.err
}

func (s *Status) eta() string {
	if s.ETASeconds == nil {
		return "unknown"
	}
	return seconds(*s.ETASeconds)
}

// String names the limits that are set.
func (l Limits) String() string {
	var set []string
	if l.DocsPerSecond > 0 {
		set = append(set, fmt.Sprintf("%v documents a second", l.DocsPerSecond))
	}
	if l.MBPerSecond > 0 {
		set = append(set, fmt.Sprintf("%v MB a second", l.MBPerSecond))
	}
	if l.Connections > 0 {
		set = append(set, fmt.Sprintf("%d bulk requests in flight", l.Connections))
	}
	if len(set) == 0 {
		return "none"
	}
	return strings.Join(set, ", ")
}

// textWriter writes lines and keeps the first error.
type textWriter struct {
	w   io.Writer
	err error
}

func (t *textWriter) line(format string, arguments ...any) {
	if t.err == nil {
		_, t.err = fmt.Fprintf(t.w, format+"\n", arguments...)
	}
}

func (t *textWriter) list(title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	t.line("%s", title)
	for _, line := range lines {
		t.line("  %s", line)
	}
}

func (t *textWriter) workers(workers []WorkerStatus) {
	t.line("workers: %d", len(workers))
	if t.err != nil {
		return
	}
	table := tabwriter.NewWriter(t.w, 0, 0, 2, ' ', 0)
	for _, w := range workers {
		doing := w.Doing
		if w.Silent {
			doing = "silent for " + seconds(w.AgeSeconds)
		}
		fmt.Fprintf(table, "  %s\t%s\t%d documents\t%.0f docs/s\t%s/s\t%s\n", w.ID, doing, w.Docs, w.DocsPerSecond, size(w.BytesPerSecond), listed(w.Items))
	}
	t.err = table.Flush()
}
