package archive

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"migassist/capture"
)

// MaxLine bounds a line: a record of 16 MiB, which no broker takes, in base64.
const MaxLine = 24 << 20

// Lines reads an archive of lines. It is a [capture.Source].
type Lines struct {
	name    string
	in      *bufio.Scanner
	closers []io.Closer
	line    int64
	value   []byte
}

var _ capture.Source = (*Lines)(nil)

// NewLines reads lines from r, which is decompressed where it is gzip. name is that of the parts of positions. Close closes r if it can be.
func NewLines(name string, r io.Reader) (*Lines, error) {
	l := &Lines{name: name}
	if closer, ok := r.(io.Closer); ok {
		l.closers = append(l.closers, closer)
	}
	buffered := bufio.NewReaderSize(r, 64<<10)
	var content io.Reader = buffered
	if magic, _ := buffered.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		unzipped, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("read %s: %w", name, err), l.Close())
		}
		content = unzipped
	}
	l.in = bufio.NewScanner(content)
	l.in.Buffer(make([]byte, 0, 64<<10), MaxLine)
	return l, nil
}

// Next returns the record of the next line that is not empty. A line that is none is an error that wraps [capture.ErrDamaged]; the one
// after it can be read.
func (l *Lines) Next(ctx context.Context) (capture.Entry, error) {
	for {
		if err := ctx.Err(); err != nil {
			return capture.Entry{}, err
		}
		if !l.in.Scan() {
			if err := l.in.Err(); err != nil {
				return capture.Entry{}, fmt.Errorf("read %s after line %d: %w", l.name, l.line, err)
			}
			return capture.Entry{}, io.EOF
		}
		l.line++
		if line := bytes.TrimSpace(l.in.Bytes()); len(line) > 0 {
			return l.entry(line)
		}
	}
}

func (l *Lines) entry(line []byte) (capture.Entry, error) {
	e := capture.Entry{Position: capture.Position{Part: l.name, Offset: l.line}}
	text := line
	if at := bytes.LastIndexByte(line, '|'); at >= 0 { // base64 has no bar, a key may
		e.Key, text = line[:at], line[at+1:]
	}
	value, err := base64.StdEncoding.AppendDecode(l.value[:0], text)
	if err != nil {
		return e, fmt.Errorf("line %d of %s: %w: %w", l.line, l.name, capture.ErrDamaged, err)
	}
	l.value, e.Value = value, value
	if e.Key == nil {
		var s capture.Stream
		if err := capture.Decode(value, &s); err != nil {
			return e, fmt.Errorf("line %d of %s: %w", l.line, l.name, err)
		}
		e.Key = []byte(s.Connection)
	}
	return e, nil
}

// Close closes what is read.
func (l *Lines) Close() error {
	var err error
	for _, c := range l.closers {
		err = errors.Join(err, c.Close())
	}
	return err
}

// Writer writes an archive of lines, as gzip.
type Writer struct {
	zip  *gzip.Writer
	line []byte
}

// NewWriter writes to w.
func NewWriter(w io.Writer) *Writer { return &Writer{zip: gzip.NewWriter(w)} }

// Write adds a record.
func (w *Writer) Write(r capture.Record) error {
	w.line = append(append(w.line[:0], r.Key...), '|')
	w.line = append(base64.StdEncoding.AppendEncode(w.line, r.Value), '\n')
	_, err := w.zip.Write(w.line)
	return err
}

// Close writes the end of the archive. It does not close what it was written to.
func (w *Writer) Close() error { return w.zip.Close() }
