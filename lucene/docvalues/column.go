package docvalues

import (
	"fmt"

	"migassist/lucene/input"
)

// Columns is a pair of .dvm and .dvd, opened for reading. It may be used by several goroutines; the caller closes .dvd
// when no cursor is used any more.
type Columns struct {
	// Window bounds how many bytes a cursor holds of each of the three or four ranges that it reads; 64 KiB at first. With
	// thousands of columns at once, less will do.
	Window int
	// Limit bounds the bytes that the values of one document may take; 64 MiB at first. A document with more ends in
	// a *[TooLargeError], before memory is taken for it.
	Limit int

	meta *Meta
	data input.File
}

// defaultLimit is far above what the largest request that servers take can hold (100 MB of JSON).
const defaultLimit = 64 << 20

// Open checks header and footer of the .dvd that belongs to the .dvm. Its checksum is the caller's business.
func (m *Meta) Open(data input.File) (*Columns, error) {
	head := make([]byte, max(0, min(data.Size(), maxHeader)))
	if err := input.ReadFull(data, head, 0); err != nil {
		return nil, err
	}
	c := input.NewCursor(data.Name(), head, 0)
	header := c.Header()
	c.Expect(header.Codec == m.format.data, fmt.Sprintf("codec %q", m.format.data), fmt.Sprintf("%q", header.Codec))
	c.Expect(header.Version == m.version, fmt.Sprintf("version %d, as .dvm has", m.version), header.Version)
	m.expectOwner(c, header)
	if c.Err() != nil {
		return nil, c.Err()
	}
	if m.HasFooter() {
		foot := make([]byte, min(input.FooterSize, data.Size()))
		if err := input.ReadFull(data, foot, data.Size()-int64(len(foot))); err != nil {
			return nil, err
		}
		if _, err := input.FooterChecksum(data.Name(), foot, data.Size()-int64(len(foot))); err != nil {
			return nil, err
		}
	}
	return m.Believe(data), nil
}

// Believe is Open that reads nothing, where each read costs: it takes the .dvd for the right one.
func (m *Meta) Believe(data input.File) *Columns {
	return &Columns{Window: defaultWindow, Limit: defaultLimit, meta: m, data: data}
}

// maxHeader is more bytes than any header has.
const maxHeader = 512

func (x *Columns) source() *source {
	return &source{data: x.data, maxDoc: x.meta.owner.MaxDoc, most: max(firstWindow, x.Window)}
}

// Present sets the bit of each document that has a value in the column of the field with that number. set has a bit
// for each document of the segment.
func (x *Columns) Present(field int, set []uint64) error {
	return x.present(field, set, nil)
}

// Describe is Present that explains to trace the bytes of .dvd that it reads, if it does: see [Meta.Place].
func (x *Columns) Describe(field int, set []uint64, trace *input.Trace) error {
	return x.present(field, set, trace)
}

// Place is where in .dvd it is said which documents have a value in the column of the field with that number; an
// offset below 0: nowhere.
func (m *Meta) Place(field int) (offset, length int64) {
	if e, ok := m.columns[field]; ok {
		if p, ok := e.docs.(presence); ok {
			return p.offset, p.length
		}
	}
	return -1, 0
}

func (x *Columns) present(field int, set []uint64, trace *input.Trace) error {
	e, ok := x.meta.columns[field]
	if !ok {
		return ErrNoColumn
	}
	if p, ok := e.docs.(presence); ok {
		return p.fill(x.source(), set, trace)
	}
	col, err := x.Column(field)
	if err != nil {
		return err
	}
	for doc := range x.meta.owner.MaxDoc {
		has, err := col.Advance(doc)
		if err != nil {
			return err
		}
		if has {
			set[doc>>6] |= 1 << (doc & 63)
		}
	}
	return nil
}

// Column returns a cursor over the column of the field with that number, before the first document; or [ErrNoColumn].
func (x *Columns) Column(field int) (*Column, error) {
	e, ok := x.meta.columns[field]
	if !ok {
		return nil, ErrNoColumn
	}
	f := x.source()
	col := &Column{kind: e.kind, file: x.data, maxDoc: x.meta.owner.MaxDoc, limit: x.Limit, doc: -1, docs: e.docs.open(f), sets: e.sets}
	if e.values != nil {
		col.values = e.values.open(f)
	}
	if e.starts != nil {
		col.starts = newSpans(e.starts.open(f))
	}
	if e.terms != nil {
		col.terms = e.terms.open(f.inAnyOrder())
	}
	if e.bytes != nil {
		col.bytes = e.bytes.open(f, x.Limit)
	}
	return col, nil
}

// Column is a cursor over the values of one field, for one goroutine.
type Column struct {
	kind   Kind
	file   input.File
	maxDoc int
	limit  int
	docs   docSet
	values sequence
	starts *spans
	sets   [][]int64
	terms  termSource
	bytes  bytesSource

	doc   int // that it stands at
	has   bool
	err   error // of an Advance: what was read after it would be wrong
	ints  []int64
	out   [][]byte
	arena []byte // of several terms, which end at ends
	ends  []int
}

// Kind returns the kind of the column.
func (c *Column) Kind() Kind { return c.kind }

// Ints returns the values of the document in a Numeric or SortedNumeric column: ascending, duplicates kept. They are
// valid until the next Advance. A floating-point number is there as its mapping type codes it.
func (c *Column) Ints() []int64 {
	if c.terms != nil || c.bytes != nil {
		return nil
	}
	return c.ints
}

// Terms returns the values of the document in a Binary column (one), a Sorted (one) or SortedSet column: ascending,
// each once. They are valid until the next Advance.
func (c *Column) Terms() [][]byte { return c.out }

// Advance goes to a document, never backwards, and tells whether it has values. It is cheap to begin at any document,
// and cheapest to go from each to the next.
func (c *Column) Advance(doc int) (bool, error) {
	if c.err != nil {
		return false, c.err
	}
	if doc == c.doc {
		return c.has, nil
	}
	if doc < c.doc || doc >= c.maxDoc {
		return false, fmt.Errorf("advance in %s to document %d: the cursor stands at %d of %d", c.file.Name(), doc, c.doc, c.maxDoc)
	}
	c.doc, c.ints, c.out = doc, c.ints[:0], c.out[:0]
	c.has, c.err = c.read(doc)
	return c.has, c.err
}

func (c *Column) read(doc int) (bool, error) {
	place, ok, err := c.docs.find(doc)
	if err != nil || !ok {
		return false, err
	}
	if c.bytes != nil {
		value, ok, err := c.bytes.at(place)
		if ok {
			c.out = append(c.out, value)
		}
		return ok, err
	}
	if err := c.readNumbers(place); err != nil {
		return false, err
	}
	if c.terms != nil {
		return c.readTerms()
	}
	return len(c.ints) > 0, nil
}

// readNumbers reads the values, or ordinals, of the document at a place.
func (c *Column) readNumbers(place int64) error {
	if c.sets != nil {
		return c.readSet(place)
	}
	from, to, err := c.span(place)
	if err != nil {
		return err
	}
	for i := from; i < to; i++ {
		v, err := c.values.at(i)
		if err != nil {
			return err
		}
		if i > from {
			if last := c.ints[len(c.ints)-1]; v < last || v == last && c.terms != nil {
				return c.corrupt("ascending values", fmt.Sprintf("%d after %d", v, last))
			}
		}
		c.ints = append(c.ints, v)
	}
	return nil
}

// span is which values belong to the document at a place.
func (c *Column) span(place int64) (from, to int64, err error) {
	if c.starts == nil {
		return place, place + 1, nil
	}
	from, to, err = c.starts.at(place)
	switch {
	case err != nil:
		return 0, 0, err
	case from < 0 || to < from:
		return 0, 0, c.corrupt(fmt.Sprintf("values from %d on", from), fmt.Sprintf("to %d", to))
	case to-from > int64(c.limit/8):
		return 0, 0, &TooLargeError{File: c.file.Name(), Doc: c.doc, Limit: c.limit}
	}
	return from, to, nil
}

// corrupt says that the document's values are wrong.
func (c *Column) corrupt(want, got string) error {
	return &input.CorruptError{File: c.file.Name(), Want: fmt.Sprintf("%s in document %d", want, c.doc), Got: got}
}

// readSet reads which set of values the document at a place has.
func (c *Column) readSet(place int64) error {
	set, err := c.values.at(place)
	if err != nil {
		return err
	}
	if set < 0 || set >= int64(len(c.sets)) {
		return c.corrupt(fmt.Sprintf("one of %d sets of values", len(c.sets)), fmt.Sprint(set))
	}
	c.ints = append(c.ints, c.sets[set]...)
	return nil
}

// readTerms resolves ordinals. An only one of -1 stands for none, before Lucene 7.
func (c *Column) readTerms() (bool, error) {
	if len(c.ints) == 1 && c.ints[0] == -1 {
		return false, nil
	}
	if len(c.ints) == 1 { // as in most: need not be kept from the next term
		term, err := c.terms.at(c.ints[0])
		c.out = append(c.out, term)
		return err == nil, err
	}
	c.arena, c.ends = c.arena[:0], c.ends[:0]
	for _, ord := range c.ints {
		term, err := c.terms.at(ord)
		if err != nil {
			return false, err
		}
		if len(c.arena)+len(term) > c.limit {
			return false, &TooLargeError{File: c.file.Name(), Doc: c.doc, Limit: c.limit}
		}
		c.arena = append(c.arena, term...)
		c.ends = append(c.ends, len(c.arena))
	}
	from := 0
	for _, end := range c.ends {
		c.out = append(c.out, c.arena[from:end:end])
		from = end
	}
	return len(c.out) > 0, nil
}
