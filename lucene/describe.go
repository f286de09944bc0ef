package lucene

import (
	"context"
	"fmt"
	"io"
	"path"
	"strings"

	"migassist/lucene/input"
)

// Describe prints what the reader makes of one file of an index: offset, bytes, meaning. A file within a compound file
// goes by its own name. Of a file that is not read, header and footer are printed. What was understood before
// an error is printed too.
func Describe(ctx context.Context, dir Directory, name string, w io.Writer) error {
	d := describer{dir: dir, name: name, trace: &input.Trace{}}
	err := d.describe(ctx)
	if _, writeErr := d.trace.WriteTo(w); err == nil {
		err = writeErr
	}
	return err
}

type describer struct {
	dir     Directory
	name    string
	trace   *input.Trace
	segment *Segment
	files   *files
}

func (d *describer) describe(ctx context.Context) error {
	if strings.HasPrefix(d.name, "segments_") {
		data, err := readFile(ctx, d.dir, d.name)
		if err != nil {
			return err
		}
		_, err = parseCommit(d.cursor(data), d.name)
		return err
	}
	commit, err := OpenCommit(ctx, d.dir)
	if err != nil {
		return err
	}
	prefix, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSuffix(d.name, path.Ext(d.name)), "_"), "_")
	for _, segment := range commit.Segments {
		if segment.Name == "_"+prefix {
			d.segment = segment
		}
	}
	if d.segment == nil {
		return fmt.Errorf("%s belongs to no segment of the commit; its files are %s", d.name, strings.Join(d.dir.Names(), ", "))
	}
	if d.files, err = d.segment.openFiles(ctx); err != nil {
		return err
	}
	err = d.file(ctx)
	if closeErr := d.files.close(); err == nil {
		err = closeErr
	}
	return err
}

func (d *describer) cursor(data []byte) *input.Cursor {
	c := input.NewCursor(d.name, data, 0)
	c.Attach(d.trace)
	return c
}

func (d *describer) file(ctx context.Context) error {
	switch path.Ext(d.name) {
	case ".fdt":
		return d.stored(ctx)
	case ".cfs", ".dvd", ".fdx":
		return d.envelope(ctx)
	}
	data, err := d.files.read(ctx, d.name)
	if err != nil {
		return err
	}
	c := d.cursor(data)
	switch s := d.segment; path.Ext(d.name) {
	case ".si":
		return s.parseInfo(c)
	case ".cfe":
		_, err = parseEntries(c, s, d.files.compound.Size())
		return err
	case ".fnm":
		_, err = s.parseFields(c, d.name)
		return err
	case ".liv":
		return s.parseDeletes(c, d.name, newBitset(s.MaxDoc))
	case ".dvm":
		return d.columns(ctx, c)
	case ".fdm":
		st := &stored{name: s.Name + ".fdt"}
		if st.data, err = d.files.open(ctx, st.name); err != nil {
			return err
		}
		if err = st.readHeader(s); err == nil {
			err = st.parseMeta(c, s)
		}
		return closeWith(err, st.data)
	default:
		return d.envelope(ctx)
	}
}

func (d *describer) columns(ctx context.Context, c *input.Cursor) error {
	fields, err := d.segment.readFields(ctx, d.files)
	if err != nil {
		return err
	}
	return d.segment.walkColumns(c, fields, func(m columns, kind DocValuesType, field Field) bool {
		m.skip(kind, field)
		return true
	})
}

// envelope prints header and footer of a file that may be large, and checks its CRC.
func (d *describer) envelope(ctx context.Context) (err error) {
	file, err := d.files.open(ctx, d.name)
	if err != nil {
		return err
	}
	defer func() { err = closeWith(err, file) }()
	if err := d.head(file); err != nil {
		return err
	}
	if err := new(input.Checksum).Finish(file, make([]byte, min(verifyBuffer, file.Size()))); err != nil {
		return err
	}
	return d.foot(file)
}

func (d *describer) head(file input.File) error {
	head := make([]byte, min(file.Size(), maxHeader))
	if err := input.ReadFull(file, head, 0); err != nil {
		return err
	}
	c := d.cursor(head)
	c.IndexHeader()
	return c.Err()
}

func (d *describer) foot(file input.File) error {
	foot := make([]byte, input.FooterSize)
	if err := input.ReadFull(file, foot, file.Size()-input.FooterSize); err != nil {
		return err
	}
	c := input.NewCursor(d.name, foot, file.Size()-input.FooterSize)
	c.Attach(d.trace)
	c.Footer()
	return c.Err()
}

// stored prints the head of each chunk and decompresses it, which proves its payload.
func (d *describer) stored(ctx context.Context) error {
	st, err := d.segment.openStored(ctx, d.files)
	if err != nil {
		return err
	}
	defer func() { _ = st.close() }()
	if err := d.head(st.data); err != nil {
		return err
	}
	decoder := Decoder{payload: st.format.payload(), format: st.codec}
	err = st.chunks(0, func(ch chunk) (bool, error) {
		data := make([]byte, ch.to-ch.from)
		if err := input.ReadFull(st.data, data, ch.from); err != nil {
			return false, err
		}
		c := input.NewCursor(st.name, data, ch.from)
		c.Attach(d.trace)
		err := decoder.inflate(c, st, ch)
		c.Note("documents %d to %d: %d bytes, %d compressed", ch.doc, ch.endDoc-1, len(decoder.out), len(data))
		return true, err
	})
	if err != nil {
		return err
	}
	return d.foot(st.data)
}
