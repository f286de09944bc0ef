package docvalues

import (
	"fmt"
	"math"
)

// Entries of Lucene 7, 8 and 9. Source: Lucene70-, Lucene80- and Lucene90DocValuesProducer, readNumeric and its like.

func (c *columns) entry(kind Kind, field Field) *column {
	if field.Skipper {
		c.skipSkipper()
	}
	e := &column{kind: kind}
	switch kind {
	case Numeric:
		c.numeric(e)
	case Binary:
		c.binary(e, field)
	case Sorted:
		c.sorted(e)
	case SortedSet:
		c.sortedSet(e)
	default:
		c.sortedNumeric(e)
	}
	return e
}

// skipSkipper passes over what Lucene 10 puts before the entry of a field with a skip index.
func (c *columns) skipSkipper() {
	c.place("skip index")
	c.Note("    at most %d, at least %d", c.I64(), c.I64())
	c.Note("    in %d documents, the last is %d", c.I32(), c.I32())
}

func (c *columns) presence() presence {
	p := presence{extent: extent{c.I64(), c.I64()}, rankPower: -1, little: c.format.little}
	if c.format.jumps {
		p.jumps, p.rankPower = max(0, int(int16(c.U16()))), int(int8(c.U8()))
	}
	if p.offset != presentInAll && p.offset != presentInNone {
		c.expectExtent("the documents with a value", p.extent)
		c.Expect(p.rankPower == -1 || p.rankPower >= 7 && p.rankPower <= 15, "a rank power of 7 to 15, or -1", p.rankPower)
		c.Expect(int64(p.jumps)*8 <= p.length, fmt.Sprintf("a jump table within %d bytes", p.length), p.jumps)
	}
	c.Note("    documents with a value: %v", p)
	return p
}

// maxTable is how many values a table has at most.
const maxTable = 256

func (c *columns) numeric(e *column) *numbers {
	e.docs = c.presence()
	n := &numbers{n: c.count("values", c.I64()), shift: -1, jumps: -1, little: c.format.little}
	c.Note("    %d values", n.n)
	c.table(n)
	n.bits = int(c.U8())
	c.Note("    %d bits each", n.bits)
	n.min, n.gcd = c.I64(), c.I64()
	c.Note("    above %d, times %d", n.min, n.gcd)
	n.within = c.place("values")
	if c.format.jumps {
		n.jumps = c.I64()
		c.Expect(n.jumps < 0 || n.jumps >= n.within.offset && n.jumps <= n.within.end(), "a jump table among the values", n.jumps)
		c.noteJumps(n.jumps)
	}
	if n.shift < 0 {
		c.packs(n)
	}
	e.values = n
	return n
}

// packs fails unless n numbers of their width fit where they should lie.
func (c *columns) packs(n *numbers) {
	expectWidth(c.Cursor, n.bits)
	c.Expect(packedSize(n.n, n.bits) <= n.within.length, fmt.Sprintf("at least the bytes of %d values of %d bits", n.n, n.bits), n.within.length)
}

func (c *columns) noteJumps(jumps int64) {
	if jumps < 0 {
		c.Note("    no jump table")
	} else {
		c.Note("    jump table at %d of .dvd", jumps)
	}
}

// table reads how values are coded: numbers in a table, above a minimum, or in blocks with minima of their own.
func (c *columns) table(n *numbers) {
	size := c.I32()
	c.Expect(size <= maxTable, fmt.Sprintf("a table of at most %d values", maxTable), size)
	switch {
	case c.Err() != nil:
	case size >= 0:
		n.table = make([]int64, size)
		for i := range n.table {
			n.table[i] = c.I64()
		}
	case size < -1:
		n.shift = -2 - int(size)
		c.Expect(n.shift < 32, "a block shift", n.shift)
	}
	switch {
	case size > 0:
		c.Note("    places in a table of %d", size)
	case size < -1:
		c.Note("    blocks of %d", 1<<(n.shift&31))
	default:
		c.Note("    no table")
	}
}

func (c *columns) sortedNumeric(e *column) {
	values := c.numeric(e)
	docs := int64(c.I32())
	c.Note("    in %d documents", docs)
	if docs != values.n {
		e.starts = c.addresses(docs + 1)
	}
}

func (c *columns) addresses(n int64) *rising {
	offset := c.I64()
	c.Note("    addresses at %d", offset)
	r := parseRising(c.Cursor, "addresses", n, c.VInt())
	r.within = extent{offset, c.I64()}
	c.expectExtent("addresses", r.within)
	c.Note("    %d bytes of them", r.within.length)
	return r
}

func (c *columns) binary(e *column, field Field) {
	data := c.place("values")
	e.docs = c.presence()
	docs, shortest, longest := int64(c.I32()), int64(c.I32()), int64(c.I32())
	c.count("documents", docs)
	c.Note("    %d documents, %d to %d bytes each", docs, shortest, longest)
	compressed := c.compressed(field) && docs > 0
	switch {
	case compressed:
		e.bytes = c.chunks(data, docs)
	case shortest < longest:
		e.bytes = &pieces{within: data, n: docs, starts: c.addresses(docs + 1)}
	default:
		c.Expect(docs == 0 || longest >= 0 && longest <= math.MaxInt32 && docs*longest <= data.length, fmt.Sprintf("at most %d bytes for %d documents", data.length, docs), longest)
		e.bytes = &pieces{within: data, n: docs, fixed: longest}
	}
}

// chunks reads how values compressed in chunks are laid out.
func (c *columns) chunks(data extent, docs int64) *chunkedBytes {
	offset := c.I64()
	c.Note("    addresses at %d", offset)
	b := &chunkedBytes{within: data, n: docs}
	chunks := int64(c.VInt())
	b.shift, b.longest = c.VInt(), c.VInt()
	c.Expect(b.shift < 16 && chunks == blocks(docs, b.shift), fmt.Sprintf("chunks for %d documents", docs), chunks)
	c.Note("    %d compressed chunks of %d (a shift), at most %d bytes", chunks, b.shift, b.longest)
	b.starts = parseRising(c.Cursor, "addresses", chunks, c.VInt())
	b.starts.within = extent{offset, c.I64()}
	c.expectExtent("addresses", b.starts.within)
	c.Note("    %d bytes of them", b.starts.within.length)
	return b
}

// modeAttribute is the field's attribute that says whether its columns are compressed.
const modeAttribute = "Lucene80DocValuesFormat.mode"

func (c *columns) compressed(field Field) bool {
	if c.format.compressed == 0 || c.version < c.format.compressed {
		return false
	}
	if c.version < c.format.configurable {
		return true
	}
	mode := field.Attributes[modeAttribute]
	c.Expect(mode == "BEST_COMPRESSION" || mode == "BEST_SPEED", fmt.Sprintf("attribute %s of field %q to be BEST_SPEED or BEST_COMPRESSION", modeAttribute, field.Name), mode)
	return mode == "BEST_COMPRESSION"
}

func (c *columns) sorted(e *column) {
	if c.format.nested {
		c.numeric(e)
	} else {
		e.docs = c.presence()
		docs := c.count("documents", int64(c.I32()))
		c.Note("    %d documents", docs)
		c.ordinals(e, docs)
	}
	e.terms = c.terms()
}

// ordinals reads where n of them lie; n below 0: as many as fit.
func (c *columns) ordinals(e *column, n int64) {
	o := &numbers{n: n, shift: -1, gcd: 1, bits: int(c.U8())}
	c.Note("    %d bits per ordinal", o.bits)
	o.within = c.place("ordinals")
	if n < 0 && c.Err() == nil {
		o.n = maxCount
		if o.bits > 0 {
			o.n = o.within.length * 8 / int64(o.bits)
		}
	}
	c.packs(o)
	e.values = o
}

func (c *columns) sortedSet(e *column) {
	multi := c.U8()
	c.Expect(multi <= 1, "0 or 1", multi)
	c.Note("    several values in a document: %v", multi == 1)
	switch {
	case multi == 0:
		c.sorted(e)
		return
	case c.format.nested:
		c.sortedNumeric(e)
	default:
		e.docs = c.presence()
		c.ordinals(e, -1)
		docs := int64(c.I32())
		c.Note("    %d documents", docs)
		e.starts = c.addresses(docs + 1)
	}
	e.terms = c.terms()
}

const (
	termsShift9     = 6       // of blocks of terms, since Lucene 9
	termsCompressed = 0x60001 // shift 6 in the upper half, LZ4
	longestTerm     = 32766   // bytes: IndexWriter takes no more
)

func (c *columns) terms() *terms {
	t := &terms{n: c.count("terms", c.VLong()), shift: termsShift9, lz4: c.format.nested, primed: c.format.nested}
	c.Note("    %d terms", t.n)
	if !c.format.nested {
		if t.shift = int(c.I32()); t.shift == termsCompressed {
			t.shift, t.lz4 = termsShift9, true
		}
		c.Expect(t.shift >= 0 && t.shift <= 16, "a block shift", t.shift)
		c.Note("    in blocks of %d", 1<<(t.shift&31))
	}
	shift := int(c.I32())
	t.starts = parseRising(c.Cursor, "blocks", blocks(t.n, t.shift), shift)
	t.longest = int(c.I32())
	c.Expect(t.longest >= 0 && t.longest <= longestTerm, fmt.Sprintf("terms of at most %d bytes", longestTerm), t.longest)
	c.Note("    the longest has %d bytes", t.longest)
	if t.lz4 {
		c.Note("    the longest block %d", c.I32())
	}
	t.within = c.place("terms")
	t.starts.within = c.place("addresses of blocks")
	c.skipIndex(t.n, shift)
	return t
}

// skipIndex passes over where an index of the terms lies, for looking them up.
func (c *columns) skipIndex(terms int64, monotonic int) {
	shift := int(c.I32())
	c.Expect(shift >= 0 && shift < 32, "a block shift", shift)
	c.Note("    an index of every %dth", 1<<(shift&31))
	c.skipRising("index", 1+blocks(terms, shift), monotonic)
	c.place("index")
	c.place("addresses of index")
}

// skipRising passes over the metadata of n values in blocks of 1<<shift.
func (c *columns) skipRising(of string, n int64, shift int) {
	c.Expect(shift >= 0 && shift < 32, "a block shift", shift)
	count := blocks(n, shift)
	c.Expect(count <= int64(c.Remaining()/monotonicEntry), "as many blocks as fit", count)
	if c.Err() == nil {
		c.Skip(int(count) * monotonicEntry)
		c.Note("    %s: %d numbers that rise, in blocks of %d", of, n, 1<<shift)
	}
}
