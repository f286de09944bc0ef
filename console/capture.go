package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"migassist/capture"
	"migassist/capture/archive"
)

// CaptureList is what there is of a capture.
type CaptureList struct {
	Parts       []*CapturePart              `json:"parts"`
	Records     int64                       `json:"records"`
	Bytes       int64                       `json:"bytes"`
	Connections int                         `json:"connections"`
	Exchanges   int64                       `json:"exchanges"`
	Faults      map[capture.FaultKind]int64 `json:"faults,omitempty"`
	Gaps        []capture.Gap               `json:"gaps,omitempty"`
	Damaged     []string                    `json:"damaged,omitempty"`
}

// CapturePart is a partition, the folder of a proxy, or a file.
type CapturePart struct {
	Name    string    `json:"name"`
	Records int64     `json:"records"`
	Bytes   int64     `json:"bytes"`
	First   time.Time `json:"first"` // time of the first and of the last observation
	Last    time.Time `json:"last"`
}

// reading joins the entries of a source into exchanges, and remembers what is damaged.
type reading struct {
	assembler capture.Assembler
	stream    capture.Stream
	each      func(e capture.Entry, s *capture.Stream)
	damaged   func(error)
	seen      time.Time
}

// expiry is the time without an observation after which a connection is given up.
const expiry = 10 * time.Minute

func (r *reading) run(ctx context.Context, source capture.Source) error {
	for n := 1; ; n++ {
		entry, err := source.Next(ctx)
		if err == nil {
			err = capture.Decode(entry.Value, &r.stream)
		}
		switch {
		case errors.Is(err, io.EOF):
			r.assembler.End()
			return nil
		case errors.Is(err, capture.ErrDamaged):
			r.damaged(err)
			continue
		case err != nil:
			return err
		}
		if r.each != nil {
			r.each(entry, &r.stream)
		}
		r.assembler.Add(&r.stream)
		if o := r.stream.Observations; len(o) > 0 && o[len(o)-1].Time.After(r.seen) {
			r.seen = o[len(o)-1].Time
		}
		if n%10_000 == 0 {
			r.assembler.Expire(r.seen.Add(-expiry))
		}
	}
}

// ListCapture reads a capture to its end.
func ListCapture(ctx context.Context, source capture.Source) (*CaptureList, error) {
	list := &CaptureList{Faults: map[capture.FaultKind]int64{}}
	parts, connections := map[string]*CapturePart{}, map[string]bool{}
	r := reading{
		assembler: capture.Assembler{
			Exchange: func(*capture.Exchange) { list.Exchanges++ },
			Fault: func(f capture.Fault) {
				list.Faults[f.Kind]++
				if f.Gap != nil {
					list.Gaps = append(list.Gaps, *f.Gap)
				}
			},
		},
		damaged: func(err error) { list.Damaged = append(list.Damaged, err.Error()) },
		each: func(e capture.Entry, s *capture.Stream) {
			part := parts[e.Position.Part]
			if part == nil {
				part = &CapturePart{Name: e.Position.Part}
				parts[e.Position.Part] = part
				list.Parts = append(list.Parts, part)
			}
			part.add(e, s)
			list.Records++
			list.Bytes += int64(e.Size())
			if s.Gap == nil {
				connections[s.Connection] = true
			}
		},
	}
	if err := r.run(ctx, source); err != nil {
		return nil, err
	}
	list.Connections = len(connections)
	slices.SortFunc(list.Parts, func(a, b *CapturePart) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

func (p *CapturePart) add(e capture.Entry, s *capture.Stream) {
	p.Records++
	p.Bytes += int64(e.Size())
	for _, o := range s.Observations {
		if p.First.IsZero() || o.Time.Before(p.First) {
			p.First = o.Time
		}
		if o.Time.After(p.Last) {
			p.Last = o.Time
		}
	}
}

// Findings tells whether something is missing in the capture, or can't be read.
func (l *CaptureList) Findings() bool {
	return len(l.Damaged) > 0 || l.Faults[capture.GapMarked] > 0 || l.Faults[capture.Missing] > 0 || l.Faults[capture.Unreadable] > 0
}

// WriteText prints the list for people.
func (l *CaptureList) WriteText(w io.Writer) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "PART\tRECORDS\tBYTES\tFIRST\tLAST\n")
	for _, p := range l.Parts {
		fmt.Fprintf(table, "%s\t%d\t%d\t%s\t%s\n", p.Name, p.Records, p.Bytes, instant(p.First), instant(p.Last))
	}
	_ = table.Flush() // the stream below keeps its error
	fmt.Fprintf(w, "%d records, %d connections, %d exchanges\n", l.Records, l.Connections, l.Exchanges)
	for _, kind := range []capture.FaultKind{
		capture.GapMarked, capture.Missing, capture.Unreadable, capture.CutOff, capture.Unanswered, capture.Stray, capture.Switched, capture.DroppedByUse, capture.Repeated,
	} {
		if n := l.Faults[kind]; n > 0 {
			fmt.Fprintf(w, "%s: %d\n", kind, n)
		}
	}
	for _, g := range l.Gaps {
		fmt.Fprintf(w, "gap of %s from %s to %s: %d records with %d pieces of requests that change something: %s\n", g.Node, instant(g.From), instant(g.To), g.Records, g.Requests, g.Reason)
	}
	for _, damage := range l.Damaged {
		fmt.Fprintf(w, "damaged: %s\n", damage)
	}
}

func instant(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format(time.RFC3339Nano)
}

// Dump is how a capture is printed.
type Dump struct {
	Raw  bool // records, not exchanges
	JSON bool
}

// dumped is the line of an exchange.
type dumped struct {
	Time         time.Time `json:"time"`
	Connection   string    `json:"connection"`
	Node         string    `json:"node"`
	Index        int       `json:"index"`
	Method       string    `json:"method"`
	Target       string    `json:"target"`
	RequestBytes int       `json:"request_bytes"`
	Status       int       `json:"status,omitempty"` // none where no answer was captured
	AnswerBytes  int       `json:"response_bytes"`
	Milliseconds float64   `json:"milliseconds,omitempty"`
	Whole        bool      `json:"whole"`
}

// DumpCapture prints a capture as it reads it, and counts what could not be read or joined.
func DumpCapture(ctx context.Context, source capture.Source, w io.Writer, how Dump) (faults int, err error) {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	r := reading{
		assembler: capture.Assembler{
			Exchange: func(e *capture.Exchange) {
				if !how.Raw {
					dumpExchange(w, encoder, how, e)
				}
			},
			Fault: func(f capture.Fault) {
				switch f.Kind {
				case capture.GapMarked, capture.Missing, capture.Unreadable:
					faults++
				}
				if how.JSON {
					_ = encoder.Encode(map[string]any{"fault": f.Kind, "connection": f.Connection, "node": f.Node, "number": f.Number, "what": f.What})
					return
				}
				fmt.Fprintf(w, "! %s %s %d %s\n", f.Kind, f.Connection, f.Number, f.What)
			},
		},
		damaged: func(err error) { faults++; fmt.Fprintf(w, "! damaged %s\n", err) },
	}
	if how.Raw {
		r.each = func(e capture.Entry, s *capture.Stream) { dumpRecord(w, encoder, how, e, s) }
	}
	return faults, r.run(ctx, source)
}

func dumpExchange(w io.Writer, encoder *json.Encoder, how Dump, e *capture.Exchange) {
	line := dumped{
		Time: e.Request.First, Connection: e.Connection, Node: e.Node, Index: e.Index, Method: string(e.Request.Head.Method), Target: string(e.Request.Head.Target),
		RequestBytes: len(e.Request.Raw), Whole: e.Request.Whole,
	}
	status := "-"
	if e.Response != nil {
		line.Status, line.AnswerBytes, line.Whole = e.Response.Head.Status, len(e.Response.Raw), line.Whole && e.Response.Whole
		line.Milliseconds = float64(e.Response.Last.Sub(e.Request.First).Microseconds()) / 1000
		status = fmt.Sprint(line.Status)
	}
	if how.JSON {
		_ = encoder.Encode(line) // the stream below keeps its error
		return
	}
	fmt.Fprintf(w, "%s %s.%d %s %s %s %d→%d bytes %.3f ms\n", instant(line.Time), line.Connection, line.Index, line.Method, line.Target, status, line.RequestBytes, line.AnswerBytes, line.Milliseconds)
}

func dumpRecord(w io.Writer, encoder *json.Encoder, how Dump, e capture.Entry, s *capture.Stream) {
	type observed struct {
		Kind  string    `json:"kind"`
		Time  time.Time `json:"time"`
		Bytes int       `json:"bytes,omitempty"`
	}
	all := make([]observed, len(s.Observations))
	for i, o := range s.Observations {
		all[i] = observed{o.Kind.String(), o.Time, len(o.Data)}
	}
	if how.JSON {
		_ = encoder.Encode(map[string]any{
			"part": e.Position.Part, "offset": e.Position.Offset, "connection": s.Connection, "node": s.Node, "number": s.Number, "last": s.Last, "observations": all, "gap": s.Gap,
		})
		return
	}
	fmt.Fprintf(w, "p:%s o:%d ncs:%s.%s.%d:", e.Position.Part, e.Position.Offset, s.Node, s.Connection, s.Number)
	for _, o := range all {
		fmt.Fprintf(w, " %s", o.Kind)
		if o.Bytes > 0 {
			fmt.Fprintf(w, "[%d]", o.Bytes)
		}
	}
	fmt.Fprintln(w)
}

// ExportCapture writes all records that can be read as an archive of lines.
func ExportCapture(ctx context.Context, source capture.Source, w io.Writer) (records, damaged int64, err error) {
	to := archive.NewWriter(w)
	for {
		entry, err := source.Next(ctx)
		switch {
		case errors.Is(err, io.EOF):
			return records, damaged, to.Close()
		case errors.Is(err, capture.ErrDamaged):
			damaged++
			continue
		case err != nil:
			return records, damaged, err
		}
		if err := to.Write(entry.Record); err != nil {
			return records, damaged, err
		}
		records++
	}
}

// Records and bytes that an import hands over at once.
const (
	importRecords = 1000
	importBytes   = 1 << 20
)

// ImportCapture appends all records that can be read to a log, durably.
func ImportCapture(ctx context.Context, source capture.Source, to capture.Appender) (records, damaged int64, err error) {
	var batch []capture.Record
	size := 0
	var s capture.Stream
	for {
		entry, err := source.Next(ctx)
		if err == nil {
			err = capture.Decode(entry.Value, &s) // what is no TrafficStream is not let in
		}
		end := errors.Is(err, io.EOF)
		switch {
		case end:
		case errors.Is(err, capture.ErrDamaged):
			damaged++
			continue
		case err != nil:
			return records, damaged, err
		default:
			batch = append(batch, capture.Record{Key: slices.Clone(entry.Key), Value: slices.Clone(entry.Value)})
			size += entry.Size()
		}
		if len(batch) >= importRecords || size >= importBytes || end && len(batch) > 0 {
			if err := to.Append(ctx, batch); err != nil {
				return records, damaged, err
			}
			records += int64(len(batch))
			batch, size = batch[:0], 0
		}
		if end {
			return records, damaged, to.Sync(ctx)
		}
	}
}
