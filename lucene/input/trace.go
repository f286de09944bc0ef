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

// Line explains a run of bytes.
type Line struct {
	Offset  int64 // within the file
	Bytes   []byte
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

// Note says what the bytes since the last note mean. Without a trace it does nothing, so that a decoder
// may note all it reads; hot loops leave it out.
func (c *Cursor) Note(format string, args ...any) {
	if c.trace == nil || c.err != nil {
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

func (l Line) print(out *strings.Builder) {
	meaning := l.Meaning
	rest := l.Bytes
	for row := 0; row == 0 || len(rest) > 0; row++ {
		if row == traceRows-1 && len(rest) > traceWidth {
			fmt.Fprintf(out, "%08x  %-*s  | … %d more bytes\n", l.Offset+int64(len(l.Bytes)-len(rest)), traceWidth*3-1, "…", len(rest))
			return
		}
		part := rest[:min(traceWidth, len(rest))]
		rest = rest[len(part):]
		row := fmt.Sprintf("%08x  %-*s  | %s", l.Offset+int64(len(l.Bytes)-len(rest)-len(part)), traceWidth*3-1, fmt.Sprintf("% x", part), meaning)
		out.WriteString(strings.TrimRight(row, " ") + "\n")
		meaning = ""
	}
}
