package lucene

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"migassist/lucene/docvalues"
	"migassist/lucene/input"
)

// values prints .dvd: of the column that marks softly deleted documents which those are, of others nothing.
func (d *describer) values(ctx context.Context, file input.File) (err error) {
	defer func() { err = closeWith(err, file) }()
	at, err := d.head(file)
	if err != nil {
		return err
	}
	end, err := d.marks(ctx, file, at)
	if err != nil {
		return err
	}
	at = max(at, end)
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
		_, err := s.parseEntries(c, data.Size())
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
	entries, err := d.segment.parseEntries(input.NewCursor(d.segment.Name+".cfe", table, 0), file.Size())
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

// marks prints which documents this .dvd marks as softly deleted, and returns where the bytes that say so end: 0 where
// there are none.
func (d *describer) marks(ctx context.Context, file input.File, at int64) (int64, error) {
	fields, err := d.segment.readFields(ctx, d.files)
	if err != nil {
		return 0, err
	}
	base := strings.TrimSuffix(d.name, ".dvd")
	field, ok := softDeletesField(fields)
	if !ok || field.docValuesFile(d.segment.Name) != base {
		return 0, nil
	}
	data, err := d.files.read(ctx, base+".dvm")
	if err != nil {
		return 0, err
	}
	owner, err := d.segment.columnsOwner(ctx, d.files, fields, base)
	if err != nil {
		return 0, err
	}
	meta, err := docvalues.ParseMeta(input.NewCursor(base+".dvm", data, 0), owner)
	if err != nil {
		return 0, err
	}
	set := newBitset(d.segment.MaxDoc)
	offset, length := meta.Place(field.Number)
	if offset < at {
		return 0, nil
	}
	d.gap(at, offset, "columns that are not read")
	if err := meta.Believe(file).Describe(field.Number, set, &d.trace); err != nil {
		return 0, err
	}
	d.numbers("softly deleted", set, d.segment.MaxDoc)
	return offset + length, nil
}

// storedMeta prints .fdm.
func (d *describer) storedMeta(ctx context.Context, c *input.Cursor) error {
	st, err := d.openStored(ctx)
	if err != nil {
		return err
	}
	_, err = st.parseMeta(c, d.segment)
	return closeWith(err, st.data)
}

// openStored opens .fdt and reads its header.
func (d *describer) openStored(ctx context.Context) (*stored, error) {
	st := &stored{name: d.segment.Name + ".fdt"}
	var err error
	if st.data, err = d.files.open(ctx, st.name); err != nil {
		return nil, err
	}
	if err := st.readHeader(d.segment); err != nil {
		return nil, closeWith(err, st.data)
	}
	return st, nil
}

// index prints .fdx. It closes the file.
func (d *describer) index(ctx context.Context, file input.File) (err error) {
	st, err := d.openStored(ctx)
	if err != nil {
		return closeWith(err, file)
	}
	if st.version < st.format.meta && st.format.legacy != "" {
		return closeWith(d.whole(file, func(c *input.Cursor) error {
			_, err := st.parseLegacy(c, d.segment, d.legacyBlock)
			return err
		}), st.data)
	}
	defer func() { err = closeWith(closeWith(err, st.data), file) }()
	at, err := d.head(file)
	if err != nil {
		return err
	}
	index, err := st.readSequences(ctx, d.segment, d.files)
	if err != nil {
		return err
	}
	return d.sequences(ctx, file, index.(*sequences), at)
}

// legacyBlock remarks the chunks of a block of the old .fdx.
func (d *describer) legacyBlock(b legacyBlock) {
	d.list("  first document", slices.Values(b.docs.append(nil, b.chunks)))
	d.list("  offset in .fdt", slices.Values(b.places.append(nil, b.chunks)))
}

// sequences prints the two sequences of .fdx, from offset at on.
func (d *describer) sequences(ctx context.Context, file input.File, q *sequences, at int64) error {
	for _, sequence := range []struct {
		monotonic
		start int64
		of    string
	}{{q.docs, q.docsAt, "first document"}, {q.places, q.placesAt, "offset in .fdt"}} {
		number := 0
		for b := range sequence.blocks {
			values, err := sequence.readBlock(nil, file, sequence.start, b)
			if err != nil {
				return err
			}
			from, packed := sequence.start+sequence.blocks[b].offset, make([]byte, sequence.bytes(b))
			if err := input.ReadFull(file, packed, from); err != nil {
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
	return d.foot(ctx, file, at, "padding")
}

// chunks prints .fdt: the head of each chunk, what its compression says of itself, and its documents.
func (d *describer) chunks(ctx context.Context) (err error) {
	st := &stored{name: d.name}
	if st.data, err = d.files.open(ctx, st.name); err != nil {
		return err
	}
	defer func() { err = closeWith(err, st.data) }()
	c, err := headOf(st.data)
	if err != nil {
		return err
	}
	c.Attach(&d.trace)
	if err := st.parseHeader(c, d.segment); err != nil {
		return err
	}
	if st.index, err = st.readIndex(ctx, d.segment, d.files); err != nil {
		return err
	}
	fields, err := d.segment.readFields(ctx, d.files)
	if err != nil {
		return err
	}
	names := make(map[int]string, len(fields))
	for _, field := range fields {
		names[field.Number] = field.Name
	}
	if err := st.chunks(0, func(ch chunk) (bool, error) { return true, d.chunk(st, ch, names) }); err != nil {
		return err
	}
	if gap := st.bodyEnd() - st.end; gap > 0 {
		d.gap(st.end, st.bodyEnd(), "what merging wants to know")
	}
	return d.foot(ctx, st.data, st.bodyEnd(), "not read")
}

func (d *describer) chunk(st *stored, ch chunk, names map[int]string) error {
	data := make([]byte, ch.to-ch.from)
	if err := input.ReadFull(st.data, data, ch.from); err != nil {
		return err
	}
	if d.decoder.format != st.codec {
		d.decoder.format, d.decoder.payload = st.codec, st.format.payload()
	}
	if _, err := d.decoder.chunk(d.cursor(data, ch.from), st, ch, false); err != nil {
		return err
	}
	at := 0
	for i, length := range d.decoder.lengths {
		d.document(ch.doc+i, d.decoder.out[at:at+int(length)], st.format.numbers, names)
		at += int(length)
	}
	return d.flush()
}

// shownBytes is how many bytes of a value are printed.
const shownBytes = 48

// document remarks what the stored fields of one document are.
func (d *describer) document(number int, doc []byte, coding numberCoding, names map[int]string) {
	d.trace.Remark("document %d, %d bytes", number, len(doc))
	for at := 0; at < len(doc); {
		field, value, next := readField(doc, at, coding)
		if field < 0 {
			d.trace.Remark("  at byte %d: no field", at)
			return
		}
		at = next
		switch value.Kind {
		case Int, Long:
			d.trace.Remark("  %s: %d", names[field], value.Int())
		case Float, Double:
			d.trace.Remark("  %s: %g", names[field], value.Float())
		default:
			shown := ""
			if len(value.Bytes) > shownBytes {
				shown = ", which go on"
			}
			d.trace.Remark("  %s: %d bytes%s: %q", names[field], len(value.Bytes), shown, value.Bytes[:min(len(value.Bytes), shownBytes)])
		}
	}
}
