package lucene

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"migassist/lucene/input"
)

// values prints .dvd: of the column that marks softly deleted documents which those are, of others nothing.
func (d *describer) values(ctx context.Context, file input.File) (err error) {
	defer func() { err = closeWith(err, file) }()
	at, err := d.head(file)
	if err != nil {
		return err
	}
	p, err := d.marks(ctx)
	if err != nil {
		return err
	}
	if p.offset >= at {
		c, err := p.cursor(file, d.name)
		if err != nil {
			return err
		}
		d.gap(at, p.offset, "columns that are not read")
		c.Attach(&d.trace)
		set := newBitset(d.segment.MaxDoc)
		if err := parsePresence(c, p.rankPower, d.segment.MaxDoc, set); err != nil {
			return err
		}
		d.numbers("softly deleted", set, d.segment.MaxDoc)
		at = p.offset + p.length
	}
	return d.foot(ctx, file, at, "columns that are not read")
}

// compound prints .cfe, or .cfs by what .cfe says of it.
func (d *describer) compound(ctx context.Context) (err error) {
	s := d.segment
	if !s.compound {
		return fmt.Errorf("%s is no part of segment %s, which has no compound file", d.name, s.Name)
	}
	data, err := d.dir.Open(ctx, s.Name+".cfs")
	if err != nil {
		return err
	}
	defer func() { err = closeWith(err, data) }()
	if strings.HasSuffix(d.name, ".cfs") {
		return d.parts(ctx, data)
	}
	table, err := d.dir.Open(ctx, d.name)
	if err != nil {
		return err
	}
	return d.whole(table, func(c *input.Cursor) error {
		_, _, err := s.parseEntries(c, data.Size())
		return err
	})
}

// parts prints which part of .cfs is which file.
func (d *describer) parts(ctx context.Context, file input.File) error {
	at, err := d.head(file)
	if err != nil {
		return err
	}
	table, err := readFile(ctx, d.dir, d.segment.Name+".cfe")
	if err != nil {
		return err
	}
	entries, _, err := d.segment.parseEntries(input.NewCursor(d.segment.Name+".cfe", table, 0), file.Size())
	if err != nil {
		return err
	}
	names := slices.SortedFunc(maps.Keys(entries), func(a, b string) int {
		return cmp.Compare(entries[a].offset, entries[b].offset)
	})
	for _, name := range names {
		e := entries[name]
		d.gap(at, e.offset, "padding")
		d.gap(e.offset, e.offset+e.length, name)
		at = e.offset + e.length
	}
	return d.foot(ctx, file, at, "padding")
}

// marks finds where in this .dvd softly deleted documents are marked; offset presentInNone: nowhere.
func (d *describer) marks(ctx context.Context) (presence, error) {
	nowhere := presence{offset: presentInNone}
	fields, err := d.segment.readFields(ctx, d.files)
	if err != nil {
		return nowhere, err
	}
	base := strings.TrimSuffix(d.name, ".dvd")
	field, ok := softDeletesField(fields)
	if !ok || field.docValuesFile(d.segment.Name) != base {
		return nowhere, nil
	}
	meta, err := d.files.read(ctx, base+".dvm")
	if err != nil {
		return nowhere, err
	}
	return d.segment.findColumn(input.NewCursor(base+".dvm", meta, 0), base+".dvm", fields, field)
}

// storedMeta prints .fdm.
func (d *describer) storedMeta(ctx context.Context, c *input.Cursor) error {
	st := &stored{name: d.segment.Name + ".fdt"}
	var err error
	if st.data, err = d.files.open(ctx, st.name); err != nil {
		return err
	}
	if err = st.readHeader(d.segment); err == nil {
		err = st.parseMeta(c, d.segment)
	}
	return closeWith(err, st.data)
}

// stored prints .fdx, or .fdt.
func (d *describer) stored(ctx context.Context, index bool) (err error) {
	st := &stored{name: d.segment.Name + ".fdt"}
	if st.data, err = d.files.open(ctx, st.name); err != nil {
		return err
	}
	if st.index, err = d.files.open(ctx, d.segment.Name+".fdx"); err != nil {
		return closeWith(err, st.data)
	}
	defer func() { err = closeWith(closeWith(err, st.index), st.data) }()
	file := st.data
	if index {
		file = st.index
	}
	at, err := d.head(file)
	if err != nil {
		return err
	}
	if err = st.readHeader(d.segment); err == nil {
		err = st.readMeta(ctx, d.segment, d.files)
	}
	if err != nil {
		return err
	}
	if index {
		return d.sequences(ctx, st, at)
	}
	return d.chunks(ctx, st)
}

// sequences prints the two sequences of .fdx, from offset at on.
func (d *describer) sequences(ctx context.Context, st *stored, at int64) error {
	for _, sequence := range []struct {
		monotonic
		start int64
		of    string
	}{{st.docs, st.docsAt, "first document"}, {st.pointers, st.pointersAt, "offset in .fdt"}} {
		number := 0
		for b := range sequence.blocks {
			values, err := sequence.readBlock(nil, st.index, sequence.start, b)
			if err != nil {
				return err
			}
			from, packed := sequence.start+sequence.blocks[b].offset, make([]byte, sequence.bytes(b))
			if err := input.ReadFull(st.index, packed, from); err != nil {
				return err
			}
			d.gap(at, from, "padding")
			c := d.cursor(packed, from)
			c.Skip(len(packed))
			c.Note("%s of each chunk from number %d on, %d bits above the line", sequence.of, number, sequence.blocks[b].bits)
			d.list("  ", slices.Values(values))
			at, number = max(at, from+int64(len(packed))), number+len(values)
			if err := d.flush(); err != nil {
				return err
			}
		}
	}
	return d.foot(ctx, st.index, at, "padding")
}

// chunks prints the head of each chunk, what its compression says of itself, and its documents.
func (d *describer) chunks(ctx context.Context, st *stored) error {
	fields, err := d.segment.readFields(ctx, d.files)
	if err != nil {
		return err
	}
	names := make(map[int64]string, len(fields))
	for _, field := range fields {
		names[int64(field.Number)] = field.Name
	}
	decoder := Decoder{payload: st.format.payload(), format: st.codec}
	err = st.chunks(0, func(ch chunk) (bool, error) {
		data := make([]byte, ch.to-ch.from)
		if err := input.ReadFull(st.data, data, ch.from); err != nil {
			return false, err
		}
		c := d.cursor(data, ch.from)
		if err := decoder.inflate(c, st, ch); err != nil {
			return false, err
		}
		at := 0
		for i, length := range decoder.lengths {
			d.document(ch.doc+i, decoder.out[at:at+int(length)], names)
			at += int(length)
		}
		return true, d.flush()
	})
	if err != nil {
		return err
	}
	return d.foot(ctx, st.data, st.end, "not read")
}

// shownBytes is how many bytes of a value are printed.
const shownBytes = 48

// document remarks what the stored fields of one document are.
func (d *describer) document(number int, doc []byte, names map[int64]string) {
	d.trace.Remark("document %d, %d bytes", number, len(doc))
	c := input.NewCursor(d.name, doc, 0)
	for c.Remaining() > 0 {
		head := c.VLong()
		kind, name := head&typeMask, names[head>>typeBits]
		if kind > typeBytes {
			next := skipNumber(doc, c.Pos(), uint64(kind))
			c.Expect(next >= 0, "a number", "something else")
			c.Skip(next - c.Pos())
			d.trace.Remark("  %s: a number", name)
			continue
		}
		value := c.Bytes(c.VInt())
		shown := ""
		if len(value) > shownBytes {
			shown = ", which go on"
		}
		d.trace.Remark("  %s: %d bytes%s: %q", name, len(value), shown, value[:min(len(value), shownBytes)])
	}
	if c.Err() != nil {
		d.trace.Remark("  %v", c.Err())
	}
}
