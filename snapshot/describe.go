package snapshot

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"migassist/internal/blob"
	"migassist/lucene/input"
)

// footerLines is how many lines [input.Cursor.Footer] notes: magic, algorithm, CRC.
const footerLines = 3

// metadataBlobs are how the names of those begin or end that can be described.
var metadataBlobs = []struct{ prefix, suffix string }{
	{rootPrefix, ""}, // index-N at the root, index-GENERATION in a shard
	{"", ".dat"},
	{oldRoot, ""},     // also index.latest
	{"snapshot-", ""}, // of Elasticsearch 1: info, index metadata and file list
	{"metadata-", ""}, // of Elasticsearch 1
	{incompatibleName, ""},
	{"snapshot_path_", ""}, // of OpenSearch
}

// Describe prints what the reader makes of one metadata blob: offset, bytes, meaning, and the JSON it
// holds. It knows index-N, index.latest and index at the root, and every .dat, index-… and snapshot-… below. What
// was understood before an error is printed too.
func Describe(ctx context.Context, store blob.Reader, name string, w io.Writer) error {
	base := path.Base(name)
	if !slices.ContainsFunc(metadataBlobs, func(m struct{ prefix, suffix string }) bool {
		return strings.HasPrefix(base, m.prefix) && strings.HasSuffix(base, m.suffix)
	}) {
		return fmt.Errorf("describe %s: it is no metadata blob (index-…, %s, *.dat, snapshot-…, metadata-…); give a Lucene file as INDEX/SHARD/FILE", name, latestName)
	}
	data, err := blob.ReadAll(ctx, store, name, maxBlob)
	if err != nil {
		return fmt.Errorf("describe %s: %w", name, err)
	}
	out := &describer{w: w, name: name, data: data}
	switch {
	case base == latestName:
		out.latest()
	case kindOf(data) == kindJSON, kindOf(data) == kindLZF:
		out.bare()
	default:
		out.wrapped()
	}
	return out.err
}

// describer prints one blob; the first error stops it.
type describer struct {
	w    io.Writer
	name string
	data []byte
	err  error
}

func (d *describer) latest() {
	c := input.NewCursor(d.name, d.data, 0)
	t := input.NewTrace(c)
	n := c.BE64()
	c.Note("generation: index-%d is the table of contents", n)
	c.Expect(c.Err() != nil || c.Remaining() == 0, "8 bytes", fmt.Sprintf("%d", len(d.data)))
	d.lines(t.Lines)
	d.fail(c.Err())
}

// bare prints JSON without envelope, as index-N is, or LZF of it.
func (d *describer) bare() {
	d.lines([]input.Line{{Bytes: d.data, Meaning: fmt.Sprintf("%s of %d bytes, without envelope", kindOf(d.data), len(d.data))}})
	text, err := decodeBody(d.name, 0, d.data)
	if err != nil {
		d.fail(err)
		return
	}
	d.json(text)
}

// wrapped prints a blob in its envelope, with the JSON between header and footer.
func (d *describer) wrapped() {
	c := input.NewCursor(d.name, d.data, 0)
	t := input.NewTrace(c)
	e, err := parseEnvelope(c, d.name, d.data)
	split := len(t.Lines)
	if e.body != nil && c.Err() == nil {
		split -= footerLines
	}
	d.lines(t.Lines[:split])
	if e.body != nil {
		text, bodyErr := decodeBody(d.name, e.at, e.body)
		if bodyErr == nil {
			d.json(text)
		} else if err == nil {
			err = bodyErr
		}
	}
	d.lines(t.Lines[split:])
	d.fail(err)
	if d.err == nil {
		want := binary.BigEndian.Uint32(d.data[len(d.data)-4:])
		d.printf("%8s  %23s  | CRC32 %08x is that of the %d bytes before\n", "", "", want, len(d.data)-8)
	}
}

// json prints text indented, each line where the meanings stand.
func (d *describer) json(text []byte) {
	var indented bytes.Buffer
	if err := json.Indent(&indented, text, "", "  "); err != nil {
		d.fail(unmarshal(d.name, text, new(any)))
		return
	}
	for line := range bytes.Lines(append(indented.Bytes(), '\n')) {
		d.printf("%8s  %23s  | %s", "", "", line)
	}
}

func (d *describer) lines(lines []input.Line) {
	if d.err == nil {
		_, d.err = (&input.Trace{Lines: lines}).WriteTo(d.w)
	}
}

func (d *describer) printf(format string, args ...any) {
	if d.err == nil {
		_, d.err = fmt.Fprintf(d.w, format, args...)
	}
}

func (d *describer) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}
