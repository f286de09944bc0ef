package console

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"migassist/rfs"
	"migassist/snapshot"
	"migassist/xcontent/literal"
)

// Cat prints documents of a snapshot.
type Cat struct {
	Snapshot *snapshot.Snapshot
	Indices  []string
	ID       string // the one to find; empty: all
	Raw      bool   // the bytes of the source as they are stored, and nothing else
	Rebuild  bool   // put documents without _source together again
	Memory   int    // in bytes, for what is decompressed at once
}

// Printed is what was printed, and what was not.
type Printed struct {
	Documents int64
	Problems  int64 // of them, documents whose source is missing
	Refused   int   // indices, and shards of indices, that were not read; the findings name them
	Findings  []rfs.Finding
}

// outputBuffer is how many bytes are gathered before they are written.
const outputBuffer = 64 << 10

// Print writes the documents as NDJSON: {"_index":…,"_type":…,"_id":…,"_routing":…,"_source":…}. The type is left out
// where it is _doc, the routing where there is none; _problem stands instead of a source that is missing. An index of a
// kind that is not read, and what a partial snapshot lacks, are findings, and the others go on; damage is an error.
func (c *Cat) Print(ctx context.Context, out io.Writer) (*Printed, error) {
	p := &printer{cat: c, out: bufio.NewWriterSize(out, outputBuffer), printed: &Printed{}}
	var err error
	for _, name := range c.Indices {
		if err = p.index(ctx, name); err != nil {
			break
		}
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return p.printed, errors.Join(err, p.out.Flush())
}

type printer struct {
	cat     *Cat
	out     *bufio.Writer
	line    []byte
	printed *Printed
}

// index prints one index. What of it is refused does not end the others.
func (p *printer) index(ctx context.Context, name string) error {
	index, err := p.cat.Snapshot.Index(ctx, name)
	if err != nil {
		return p.refuse(name, err)
	}
	look := rfs.NewLook(p.cat.Snapshot, index, p.cat.Rebuild, p.cat.Memory)
	p.printed.Findings = append(p.printed.Findings, look.Findings...)
	for number := range index.Shards {
		if err := p.shard(ctx, look, index.Name, number); err != nil {
			if err := p.refuse(name, err); err != nil {
				return err
			}
		}
	}
	return nil
}

// refuse makes a finding of what is not read, and returns any other error.
func (p *printer) refuse(index string, err error) error {
	finding, refused := rfs.Refusal(index, err)
	if !refused {
		return err
	}
	p.printed.Refused++
	p.printed.Findings = append(p.printed.Findings, finding)
	return nil
}

func (p *printer) shard(ctx context.Context, look *rfs.Look, index string, number int) error {
	for entry, err := range look.Documents(ctx, number) {
		if err != nil {
			return err
		}
		if p.cat.ID != "" && string(entry.ID) != p.cat.ID {
			continue
		}
		if err := p.print(index, entry); err != nil {
			return fmt.Errorf("write documents: %w", err)
		}
	}
	return nil
}

func (p *printer) print(index string, e rfs.Entry) error {
	p.printed.Documents++
	if e.Problem != "" {
		p.printed.Problems++
	}
	if p.cat.Raw {
		_, err := p.out.Write(e.Stored)
		return err
	}
	p.line = appendEntry(p.line[:0], index, e)
	_, err := p.out.Write(p.line)
	return err
}

func appendEntry(line []byte, index string, e rfs.Entry) []byte {
	line = literal.AppendText(append(line, `{"_index":`...), index)
	if len(e.Type) > 0 && string(e.Type) != "_doc" {
		line = literal.AppendText(append(line, `,"_type":`...), e.Type)
	}
	line = literal.AppendText(append(line, `,"_id":`...), e.ID)
	if e.Routing != nil {
		line = literal.AppendText(append(line, `,"_routing":`...), e.Routing)
	}
	if e.Problem != "" {
		line = literal.AppendText(append(line, `,"_problem":`...), e.Problem)
	} else {
		line = rfs.AppendLine(append(line, `,"_source":`...), bytes.TrimPrefix(e.Source, []byte("\uFEFF")))
	}
	return append(line, "}\n"...)
}
