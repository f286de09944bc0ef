package input

import (
	"fmt"
	"io"
	"strings"
)

// Trace collects what a decoder says about the bytes it read.
type Trace struct {
	Lines []Line
}

// Line explains a run of bytes, or adds a remark where there are none.
type Line struct {
	Offset  int64 // within the file
	Bytes   []byte
	More    int64 // how many bytes follow that the line explains too, but does not hold
	Meaning string
}

// NewTrace returns a trace and attaches it to c: every [Cursor.Note] from now on becomes a line.
func NewTrace(c *Cursor) *Trace {
	t := &Trace{}
	c.Attach(t)
	return t
}

// Attach makes c note into t.
func (c *Cursor) Attach(t *Trace) {
	c.trace, c.noted = t, c.pos
}

// Traced tells whether notes are kept: where making one costs much, ask first.
func (c *Cursor) Traced() bool { return c.trace != nil && c.err == nil }

// Note says what the bytes since the last note mean. Without a trace it does nothing, so that a decoder
// may note all it reads; hot loops leave it out.
func (c *Cursor) Note(format string, args ...any) {
	if !c.Traced() {
		return
	}
	from := min(c.noted, c.pos)
	c.trace.Lines = append(c.trace.Lines, Line{
		Offset:  c.base + int64(from),
		Bytes:   c.buf[from:c.pos],
		Meaning: fmt.Sprintf(format, args...),
	})
	c.noted = c.pos
}

// Remark adds a line that is about no bytes.
func (t *Trace) Remark(format string, args ...any) {
	t.Lines = append(t.Lines, Line{Meaning: fmt.Sprintf(format, args...)})
}

// traceWidth is how many bytes stand in one printed row; traceRows how many rows of one line are shown.
const (
	traceWidth = 8
	traceRows  = 4
)

// WriteTo prints the lines: offset, bytes (long runs shortened), meaning.
func (t *Trace) WriteTo(w io.Writer) (int64, error) {
	var out strings.Builder
	for _, line := range t.Lines {
		line.print(&out)
	}
	n, err := io.WriteString(w, out.String())
	return int64(n), err
}

// print writes as many rows as the bytes need: the first has the meaning, the last may stand for all that is left.
func (l Line) print(out *strings.Builder) {
	if len(l.Bytes) == 0 && l.More == 0 {
		printRow(out, "", "", l.Meaning)
		return
	}
	meaning, at := l.Meaning, 0
	for row := 0; at < len(l.Bytes); row++ {
		if row == traceRows-1 && len(l.Bytes)-at > traceWidth {
			break
		}
		part := l.Bytes[at:min(at+traceWidth, len(l.Bytes))]
		printRow(out, fmt.Sprintf("%08x", l.Offset+int64(at)), fmt.Sprintf("% x", part), meaning)
		at += len(part)
		meaning = ""
	}
	if left := int64(len(l.Bytes)-at) + l.More; left > 0 {
		more := fmt.Sprintf("… %d more bytes", left)
		if at == 0 {
			more = fmt.Sprintf("%s (%d bytes)", meaning, left)
		}
		printRow(out, fmt.Sprintf("%08x", l.Offset+int64(at)), "…", more)
	}
}

func printRow(out *strings.Builder, offset, bytes, meaning string) {
	row := fmt.Sprintf("%8s  %-*s  | %s", offset, traceWidth*3-1, bytes, meaning)
	out.WriteString(strings.TrimRight(row, " ") + "\n")
}
