package lucene

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"

	"migassist/lucene/docvalues"
	"migassist/lucene/input"
)

// Describe prints what the reader makes of one file of an index: offset, bytes, meaning, from its first byte to its last.
// A file within a compound file goes by its own name. What is not read but may be large is one line. What was
// understood before an error is printed too, also where the file's checksum is wrong, which is said last.
func Describe(ctx context.Context, dir Directory, name string, w io.Writer) error {
	d := describer{dir: dir, name: name, w: w}
	err := d.describe(ctx)
	return errors.Join(err, d.flush())
}

type describer struct {
	dir     Directory
	name    string
	w       io.Writer
	trace   input.Trace // what is not yet printed
	segment *Segment
	files   *files
	decoder Decoder
}

// flush prints what has been noted.
func (d *describer) flush() error {
	_, err := d.trace.WriteTo(d.w)
	d.trace.Lines = d.trace.Lines[:0]
	return err
}

func (d *describer) describe(ctx context.Context) (err error) {
	if strings.HasPrefix(d.name, commitPrefix) {
		file, err := d.dir.Open(ctx, d.name)
		if err != nil {
			return err
		}
		return d.whole(file, func(c *input.Cursor) error {
			_, err := parseCommit(c, d.name)
			return err
		})
	}
	if d.segment, err = d.owner(ctx); err != nil {
		return err
	}
	if path.Ext(d.name) == ".si" {
		file, err := d.dir.Open(ctx, d.name)
		if err != nil {
			return err
		}
		return d.whole(file, d.segment.parseInfo)
	}
	if err := d.segment.readInfo(ctx); err != nil {
		return err
	}
	if d.name == d.segment.Name+".cfe" || d.name == d.segment.Name+".cfs" {
		return d.compound(ctx)
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

// owner finds the segment that the file belongs to.
func (d *describer) owner(ctx context.Context) (*Segment, error) {
	commit, err := readCommit(ctx, d.dir)
	if err != nil {
		return nil, err
	}
	number, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSuffix(d.name, path.Ext(d.name)), "_"), "_")
	for _, segment := range commit.Segments {
		if segment.Name == "_"+number {
			return segment, nil
		}
	}
	return nil, fmt.Errorf("%s belongs to no segment of the commit; its files are %s", d.name, strings.Join(d.dir.Names(), ", "))
}

// whole prints a file of metadata: all that parse notes, and then what is wrong with it. It closes the file.
func (d *describer) whole(file input.File, parse func(*input.Cursor) error) (err error) {
	defer func() { err = closeWith(err, file) }()
	data, err := input.ReadWhole(file)
	if err != nil {
		return err
	}
	if err := parse(d.cursor(data, 0)); err != nil {
		return err
	}
	return checkSum(d.name, data)
}

// cursor reads bytes from an offset of the file, and notes.
func (d *describer) cursor(data []byte, base int64) *input.Cursor {
	c := input.NewCursor(d.name, data, base)
	c.Attach(&d.trace)
	return c
}

func (d *describer) file(ctx context.Context) error {
	s, extension := d.segment, path.Ext(d.name)
	if extension == ".fdt" {
		return d.chunks(ctx)
	}
	file, err := d.files.open(ctx, d.name)
	if err != nil {
		return err
	}
	switch extension {
	case ".fnm":
		return d.whole(file, func(c *input.Cursor) error {
			_, err := s.parseFields(c, d.name)
			return err
		})
	case ".liv", ".del":
		return d.whole(file, d.live)
	case ".dvm":
		return d.describeColumns(ctx, file)
	case ".fdm":
		return d.whole(file, func(c *input.Cursor) error { return d.storedMeta(ctx, c) })
	case ".fdx":
		return d.index(ctx, file)
	case ".dvd":
		return d.values(ctx, file)
	default:
		return d.envelope(ctx, file)
	}
}

// live prints .liv and the numbers of the deleted documents.
func (d *describer) live(c *input.Cursor) error {
	s := d.segment
	live := newBitset(min(s.MaxDoc, c.Remaining()*8))
	live.fill(min(s.MaxDoc, c.Remaining()*8))
	err := s.parseDeletes(c, d.name, live)
	if err == nil {
		for i := range live {
			live[i] = ^live[i]
		}
		d.numbers("deleted", live, s.MaxDoc)
	}
	return err
}

// numbers remarks which documents below end a set holds.
func (d *describer) numbers(what string, set bitset, end int) {
	d.list(what+":", func(yield func(int64) bool) {
		for doc := range end {
			if set.has(doc) && !yield(int64(doc)) {
				return
			}
		}
	})
}

// list remarks numbers, a row at a time.
func (d *describer) list(what string, numbers iter.Seq[int64]) {
	row := what
	for n := range numbers {
		if row += fmt.Sprintf(" %d", n); len(row) > describeWidth {
			d.trace.Remark("%s", row)
			row = what
		}
	}
	if row != what {
		d.trace.Remark("%s", row)
	}
}

// describeWidth is how long a row of numbers becomes.
const describeWidth = 72

// describeColumns prints .dvm; one of a format that is not read only from outside. It closes the file.
func (d *describer) describeColumns(ctx context.Context, file input.File) error {
	c, err := headOf(file)
	if err != nil {
		return closeWith(err, file)
	}
	if codec := c.Header().Codec; c.Err() == nil && docvalues.Check(d.name, codec) != nil {
		return d.envelope(ctx, file)
	}
	return d.whole(file, func(c *input.Cursor) error { return d.columns(ctx, c) })
}

func (d *describer) columns(ctx context.Context, c *input.Cursor) error {
	fields, err := d.segment.readFields(ctx, d.files)
	if err != nil {
		return err
	}
	owner, err := d.segment.columnsOwner(ctx, d.files, fields, strings.TrimSuffix(d.name, path.Ext(d.name)))
	if err != nil {
		return err
	}
	_, err = docvalues.ParseMeta(c, owner)
	return err
}

// envelope prints header and footer of a file that may be large, and checks its CRC. It closes the file.
func (d *describer) envelope(ctx context.Context, file input.File) (err error) {
	defer func() { err = closeWith(err, file) }()
	at, err := d.head(file)
	if err != nil {
		return err
	}
	return d.foot(ctx, file, at, "not read")
}

// head prints the header and returns where it ends.
func (d *describer) head(file input.File) (int64, error) {
	c, err := headOf(file)
	if err != nil {
		return 0, err
	}
	c.Attach(&d.trace)
	d.segment.header(c)
	return c.Offset(), c.Err()
}

// gap explains the bytes from offset from to offset to in one line, without reading them.
func (d *describer) gap(from, to int64, meaning string) {
	if to > from {
		d.trace.Lines = append(d.trace.Lines, input.Line{Offset: from, More: to - from, Meaning: meaning})
	}
}

// foot prints the bytes from at on as a gap, and the footer, and checks the CRC. Files of Lucene before 4.8 end without.
func (d *describer) foot(ctx context.Context, file input.File, at int64, gap string) error {
	if d.segment.plain && !endsInFooter(file) {
		d.gap(at, file.Size(), gap)
		return nil
	}
	begin := max(at, file.Size()-input.FooterSize)
	d.gap(at, begin, gap)
	foot := make([]byte, file.Size()-begin)
	if err := input.ReadFull(file, foot, begin); err != nil {
		return err
	}
	c := d.cursor(foot, begin)
	c.Footer()
	if c.Err() != nil {
		return c.Err()
	}
	return verify(ctx, file)
}

// endsInFooter tells whether the last bytes of a file look like a footer.
func endsInFooter(file input.File) bool {
	foot := make([]byte, input.FooterSize)
	if file.Size() < input.FooterSize || input.ReadFull(file, foot, file.Size()-input.FooterSize) != nil {
		return false
	}
	_, err := input.FooterChecksum(file.Name(), foot, 0)
	return err == nil
}
