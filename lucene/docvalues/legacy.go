package docvalues

import (
	"fmt"
	"math/bits"
)

// Entries of Lucene 4.5 to 6, which all consist of two kinds: numbers and bytes. A sorted column is the bytes of its
// terms and a number per document, and so on; before each part stand the number of the field and its kind again.
// Documents without a value are in the numbers too. Source: Lucene45-, 49-, 410-, 50- and Lucene54DocValuesProducer.

// How numbers are coded.
const (
	oldDelta = iota
	oldGCD
	oldTable
	oldMonotonic
	oldConstant
	oldSparse
)

// How bytes are.
const (
	oldFixed = iota
	oldVariable
	oldPrefixed
)

// How several values of a document are.
const (
	oldAddresses = iota
	oldSingle
	oldSets
)

// What stands where a bitmap of the documents with a value would.
const (
	oldAllPresent  = -1
	oldNonePresent = -2
)

func (c *columns) legacy(kind Kind, field Field) *column {
	e := &column{kind: kind}
	switch kind {
	case Numeric:
		e.docs, e.values = c.oldNumbers(field)
	case Binary:
		e.docs, e.bytes, _ = c.oldBytes()
	case Sorted:
		c.oldSorted(e, field)
	default:
		c.oldSeveral(e, field)
	}
	return e
}

// inner reads what stands before a part.
func (c *columns) inner(field Field, want Kind) {
	number := int(c.SignedVInt())
	c.Expect(number == field.Number, fmt.Sprintf("field %d again", field.Number), number)
	kind := Kind(c.U8()) + Numeric
	c.Expect(kind == want, fmt.Sprintf("a %s part", want), kind)
	c.Note("  of which %s", kind)
}

// oldSorted reads terms and the number of the one that each document has; -1: none.
func (c *columns) oldSorted(e *column, field Field) {
	c.inner(field, Binary)
	_, _, e.terms = c.oldBytes()
	c.inner(field, Numeric)
	e.docs, e.values = c.oldNumbers(field)
}

// oldSeveral reads a SortedSet or SortedNumeric column.
func (c *columns) oldSeveral(e *column, field Field) {
	how := oldAddresses
	if c.format.packed || c.version > 0 { // Lucene 4.5 began without
		how = c.VInt()
		c.Expect(how == oldAddresses || how == oldSingle || how == oldSets && c.format.constants, "a way to keep several values", how)
		c.Note("    several values: %d (0 from addresses on, 1 there are none, 2 sets in a table)", how)
	}
	if how == oldSets {
		e.sets = c.oldTable()
	}
	if how == oldSingle && e.kind == SortedSet {
		c.inner(field, Sorted)
		c.oldSorted(e, field)
		return
	}
	if e.kind == SortedSet {
		c.inner(field, Binary)
		_, _, e.terms = c.oldBytes()
	}
	c.inner(field, Numeric)
	e.docs, e.values = c.oldNumbers(field)
	if how == oldAddresses {
		_, everywhere := e.docs.(everyDoc)
		c.Expect(everywhere || c.maxDoc == 0, "values without gaps", e.docs)
		c.inner(field, Numeric)
		e.docs, e.starts = c.oldAddresses(field)
	}
}

// oldTable reads sets of values, of which each document has one.
func (c *columns) oldTable() [][]int64 {
	total := int(c.I32())
	c.Expect(total >= 0 && total <= maxTable, fmt.Sprintf("at most %d values in sets", maxTable), total)
	if c.Err() != nil {
		return nil
	}
	values := make([]int64, total)
	for i := range values {
		values[i] = c.I64()
	}
	count := int(c.I32())
	c.Expect(count >= 0 && count <= total+1, fmt.Sprintf("at most %d sets", total+1), count)
	if c.Err() != nil {
		return nil
	}
	sets := make([][]int64, count)
	at := 0
	for i := range sets {
		n := int(c.I32())
		c.Expect(n >= 0 && n <= total-at, fmt.Sprintf("at most %d values in a set", total-at), n)
		if c.Err() != nil {
			return nil
		}
		sets[i] = values[at : at+n]
		at += n
	}
	c.Note("    %d sets of %d values together", count, total)
	return sets
}

// oldPresence reads where a bitmap of documents with a value lies.
func (c *columns) oldPresence() docsSpec {
	offset := c.I64()
	switch offset {
	case oldAllPresent:
		c.Note("    documents with a value: all")
		return everyDoc{}
	case oldNonePresent:
		c.Note("    documents with a value: none")
		return noDoc{}
	}
	b := bitmap{extent{offset, int64(c.maxDoc+7) / 8}}
	c.expectExtent("the documents with a value", b.extent)
	c.Note("    documents with a value: a bitmap at %d of .dvd", offset)
	return b
}

// oldNumbers reads the numbers of a column, or ordinals, or addresses.
func (c *columns) oldNumbers(field Field) (docsSpec, sequenceSpec) {
	how := c.VInt()
	if how == oldSparse && c.format.direct {
		return c.oldSparse(field)
	}
	docs := c.oldPresence()
	if !c.format.packed {
		return docs, c.firstNumbers(how)
	}
	n := &numbers{within: extent{offset: c.I64()}, n: c.count("values", c.VLong()), shift: -1, gcd: 1, jumps: -1}
	c.Note("    %d values at %d of .dvd", n.n, n.within.offset)
	switch {
	case how == oldDelta:
		n.min = c.I64()
	case how == oldGCD:
		n.min, n.gcd = c.I64(), c.I64()
	case how == oldTable:
		n.table = c.oldValues()
	case how == oldConstant && c.format.constants:
		n.min = c.I64()
		c.Note("    all %d", n.min)
		c.I64()
		c.Note("    end")
		return docs, n
	case how == oldMonotonic:
		return docs, c.oldRising(n)
	default:
		c.Expect(false, "a way to code numbers", how)
		return docs, n
	}
	n.bits = c.VInt()
	c.Note("    above %d, times %d, %d in a table, %d bits each", n.min, n.gcd, len(n.table), n.bits)
	c.oldEnd(&n.within)
	c.packs(n)
	return docs, n
}

// oldEnd reads where an extent ends.
func (c *columns) oldEnd(e *extent) {
	e.length = c.I64() - e.offset
	c.expectExtent("numbers", *e)
	c.Note("    %d bytes of them", e.length)
}

func (c *columns) oldValues() []int64 {
	n := c.VInt()
	c.Expect(n <= maxTable, fmt.Sprintf("a table of at most %d values", maxTable), n)
	if c.Err() != nil {
		return nil
	}
	table := make([]int64, n)
	for i := range table {
		table[i] = c.I64()
	}
	return table
}

// oldRising reads the addresses of documents' first values: one more than there are documents.
func (c *columns) oldRising(n *numbers) sequenceSpec {
	if c.format.direct {
		r := parseRising(c.Cursor, "addresses", int64(c.maxDoc)+1, c.VInt())
		r.within.offset = n.within.offset
		c.oldEnd(&r.within)
		return r
	}
	s := c.stream(n.within.offset, n.n+1, true)
	c.I64()
	c.Note("    end")
	return s
}

// oldSparse reads numbers of few documents (Lucene 5.4): a list of these, and the numbers.
func (c *columns) oldSparse(field Field) (docsSpec, sequenceSpec) {
	within := extent{offset: c.I64()}
	docs := parseRising(c.Cursor, "documents", c.count("documents", c.VLong()), c.VInt())
	offset := c.I64()
	docs.within = extent{within.offset, offset - within.offset}
	c.expectExtent("documents", docs.within)
	c.Note("    documents with a value: %d bytes at %d of .dvd", docs.within.length, docs.within.offset)
	c.Note("    %d documents; where the others count as %d", c.VLong(), -int64(c.U8()))
	c.inner(field, Numeric)
	if c.sparse {
		c.Expect(false, "numbers that are not sparse again", "others")
		return noDoc{}, nil
	}
	c.sparse = true
	_, values := c.oldNumbers(field)
	c.sparse = false
	c.Note("    end at %d", c.I64())
	return listed{docs}, values
}

// oldAddresses reads where the values of each document begin.
func (c *columns) oldAddresses(field Field) (docsSpec, sequenceSpec) {
	if c.format.packed {
		return c.oldNumbers(field)
	}
	how := c.VInt()
	c.Expect(how == oldDelta, "addresses", how)
	docs := c.oldPresence()
	packing := c.packing()
	s := &stream{offset: c.I64(), n: c.count("addresses", c.VLong()), shift: c.blockShift(), rising: true, packing: packing}
	c.expectExtent("addresses", extent{s.offset, 0})
	c.Note("    %d addresses at %d of .dvd, in blocks of %d", s.n, s.offset, 1<<s.shift)
	return docs, ends{s}
}

// firstNumbers reads numbers as Lucene 4.5 wrote them.
func (c *columns) firstNumbers(how int) sequenceSpec {
	packing := c.packing()
	offset, n := c.I64(), c.count("values", c.VLong())
	shift := c.blockShift()
	c.Note("    %d values at %d of .dvd, in blocks of %d", n, offset, 1<<shift)
	c.expectExtent("values", extent{offset, 0})
	s := &stream{n: n, shift: shift, offset: offset, packing: packing}
	switch how {
	case oldDelta:
		return s
	case oldGCD:
		scale := scaledSpec{sequenceSpec: s, min: c.I64(), gcd: c.I64()}
		c.Note("    above %d, times %d", scale.min, scale.gcd)
		return scale
	case oldTable:
		t := &numbers{n: n, shift: -1, jumps: -1, gcd: 1, table: c.oldValues()}
		t.bits = max(1, bits.Len(uint(max(1, len(t.table))-1)))
		t.within = extent{offset, packedSize(n, t.bits)}
		c.expectExtent("values", t.within)
		c.Note("    places in a table of %d", len(t.table))
		return t
	}
	c.Expect(false, "a way to code numbers", how)
	return s
}

// packing reads a version of packed numbers.
func (c *columns) packing() int {
	version := c.VInt()
	c.Expect(version <= packingPlain, fmt.Sprintf("version 0 to %d of packed numbers", packingPlain), version)
	return version
}

// blockShift reads the size of blocks, a power of two.
func (c *columns) blockShift() int {
	size := c.VInt()
	c.Expect(size >= 64 && size <= 1<<27 && size&(size-1) == 0, "a block size from 64, a power of two", size)
	return bits.Len(uint(max(size, 1))) - 1
}

// stream reads how n numbers behind an offset are packed.
func (c *columns) stream(offset, n int64, rising bool) *stream {
	s := &stream{offset: offset, n: n, rising: rising, packing: c.packing()}
	s.shift = c.blockShift()
	c.count("values", n)
	c.expectExtent("addresses", extent{offset, 0})
	c.Note("    %d numbers at %d of .dvd, in blocks of %d", n, offset, 1<<s.shift)
	return s
}

// oldBytes reads the values of a binary column, or the terms of another.
func (c *columns) oldBytes() (docsSpec, bytesSpec, termsSpec) {
	how := c.VInt()
	docs := c.oldPresence()
	shortest, longest := c.SignedVInt(), c.SignedVInt()
	p := &pieces{n: c.count("values", c.VLong())}
	p.within.offset = c.I64()
	c.Note("    %d values of %d to %d bytes at %d of .dvd", p.n, shortest, longest, p.within.offset)
	switch how {
	case oldFixed:
		c.Expect(longest >= 0, "a length", longest)
		p.fixed, p.within.length = int64(longest), p.n*int64(longest)
	case oldVariable:
		p.starts = c.oldStarts(&p.within, p.n)
	case oldPrefixed:
		t := c.oldPrefixes(p, int(longest))
		return docs, nil, t
	default:
		c.Expect(false, "a way to keep bytes", how)
	}
	c.expectExtent("values", p.within)
	return docs, p, looseTerms{p}
}

// oldStarts reads where n values begin, and the last ends.
func (c *columns) oldStarts(values *extent, n int64) sequenceSpec {
	offset := c.I64()
	values.length = offset - values.offset
	switch {
	case c.format.direct:
		r := parseRising(c.Cursor, "addresses", n+1, c.VInt())
		r.within.offset = offset
		c.oldEnd(&r.within)
		return r
	case c.format.packed:
		return c.stream(offset, n+1, true)
	default:
		return ends{c.stream(offset, n, true)}
	}
}

// oldPrefixes reads how terms in blocks of 16 are laid out.
func (c *columns) oldPrefixes(p *pieces, longest int) *prefixed {
	if p.n == 0 {
		longest = 0
	}
	c.Expect(longest >= 0 && longest <= longestTerm, fmt.Sprintf("terms of at most %d bytes", longestTerm), longest)
	t := &prefixed{n: p.n, shift: prefixShift, longest: longest, within: p.within, shorts: c.format.shorts}
	if !t.shorts {
		interval := c.VInt()
		c.Expect(interval == 1<<prefixShift, fmt.Sprintf("blocks of %d terms", 1<<prefixShift), interval)
	}
	offset := c.I64()
	t.within.length = offset - t.within.offset
	c.expectExtent("terms", t.within)
	t.starts = c.stream(offset, blocks(t.n, t.shift), true)
	if t.shorts {
		c.Note("    an index at %d", c.I64())
	}
	return t
}
