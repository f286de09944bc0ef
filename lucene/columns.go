package lucene

import "fmt"

// The entries of .dvm vary in length, so that all before the wanted one are walked. None of what they say is
// used but by Describe. Source: Lucene80- and Lucene90DocValuesProducer, methods readNumeric and its like.

func (m columns) skip(kind DocValuesType, field Field) {
	switch kind {
	case Numeric:
		m.skipNumeric()
	case Binary:
		m.skipBinary(field)
	case Sorted:
		m.skipSorted()
	case SortedSet:
		m.skipSortedSet()
	case SortedNumeric:
		m.skipSortedNumeric()
	default:
		m.Expect(false, "a kind of column", kind)
	}
}

// skipSkipper passes over what Lucene 10 puts before the entry of a field with a skip index.
func (m columns) skipSkipper() {
	m.notePlace("skip index")
	m.Note("    at most %d, at least %d", m.I64(), m.I64())
	m.Note("    in %d documents, the last is %d", m.I32(), m.I32())
}

// skipNumeric passes over a numeric entry and returns its number of values.
func (m columns) skipNumeric() int64 {
	m.presence()
	values := m.I64()
	m.Note("    %d values", values)
	table := m.I32()
	if table > 0 {
		m.Skip(int(table) * 8)
	}
	m.Note("    %s", tableNote(table))
	bits := m.U8()
	m.Note("    %d bits each", bits)
	m.Note("    above %d, times %d", m.I64(), m.I64())
	m.notePlace("values")
	if m.format.jumps {
		m.noteJumps()
	}
	return values
}

func (m columns) noteJumps() {
	if jumps := m.I64(); jumps < 0 {
		m.Note("    no jump table")
	} else {
		m.Note("    jump table at %d of .dvd", jumps)
	}
}

// tableNote says how values are coded: numbers in a table, above a minimum, or in blocks with minima of their own.
func tableNote(table int32) string {
	switch {
	case table > 0:
		return fmt.Sprintf("places in a table of %d", table)
	case table < -1:
		return fmt.Sprintf("blocks of %d", 1<<((-2-table)&31))
	default:
		return "no table"
	}
}

func (m columns) skipBinary(field Field) {
	m.notePlace("values")
	m.presence()
	docs, shortest, longest := int64(m.I32()), m.I32(), m.I32()
	m.Note("    %d documents, %d to %d bytes each", docs, shortest, longest)
	compressed := m.binaryCompressed(field) && docs > 0
	if !compressed && shortest >= longest {
		return
	}
	m.Note("    addresses at %d", m.I64())
	addresses := docs + 1
	if compressed {
		addresses = int64(m.VInt())
		m.Note("    %d compressed chunks of %d (a shift), at most %d bytes", addresses, m.VInt(), m.VInt())
	}
	m.skipMonotonic("addresses", addresses, m.VInt())
	m.Note("    %d bytes of them", m.I64())
}

func (m columns) binaryCompressed(field Field) bool {
	if m.format.compressed == 0 || m.version < m.format.compressed {
		return false
	}
	return m.version < m.format.configurable || field.Attributes["Lucene80DocValuesFormat.mode"] == "BEST_COMPRESSION"
}

func (m columns) skipSorted() {
	if m.format.nested {
		m.skipNumeric()
	} else {
		m.presence()
		m.Note("    %d documents", m.I32())
		m.skipOrdinals()
	}
	m.skipTerms()
}

func (m columns) skipOrdinals() {
	bits := m.U8()
	m.Note("    %d bits per ordinal", bits)
	m.notePlace("ordinals")
}

func (m columns) skipSortedSet() {
	multi := m.U8()
	m.Expect(multi <= 1, "0 or 1", multi)
	m.Note("    several values in a document: %v", multi == 1)
	switch {
	case multi == 0:
		m.skipSorted()
		return
	case m.format.nested:
		m.skipSortedNumeric()
	default:
		m.presence()
		m.skipOrdinals()
		docs := int64(m.I32())
		m.Note("    %d documents", docs)
		m.skipAddresses(docs + 1)
	}
	m.skipTerms()
}

func (m columns) skipSortedNumeric() {
	values := m.skipNumeric()
	docs := int64(m.I32())
	m.Note("    in %d documents", docs)
	if docs != values {
		m.skipAddresses(docs + 1)
	}
}

func (m columns) skipAddresses(n int64) {
	m.Note("    addresses at %d", m.I64())
	m.skipMonotonic("addresses", n, m.VInt())
	m.Note("    %d bytes of them", m.I64())
}

const (
	termsPerBlock9  = 6       // shift
	termsCompressed = 0x60001 // shift 6 in the upper half, LZ4
	monotonicEntry  = 8 + 4 + 8 + 1
)

func (m columns) skipTerms() {
	terms := m.VLong()
	m.Note("    %d terms", terms)
	shift, blockSize := termsPerBlock9, m.format.little
	if !m.format.nested {
		if shift = int(m.I32()); shift == termsCompressed {
			shift, blockSize = termsPerBlock9, true
		}
		m.Expect(shift >= 0 && shift < 32, "a block shift", shift)
		m.Note("    in blocks of %d", 1<<(shift&31))
	}
	monotonicShift := int(m.I32())
	m.skipMonotonic("blocks", blocks(terms, shift), monotonicShift)
	m.Note("    the longest has %d bytes", m.I32())
	if blockSize {
		m.Note("    the longest block %d", m.I32())
	}
	m.notePlace("terms")
	m.notePlace("addresses of blocks")
	shift = int(m.I32())
	m.Expect(shift >= 0 && shift < 32, "a block shift", shift)
	m.Note("    an index of every %dth", 1<<(shift&31))
	m.skipMonotonic("index", 1+blocks(terms, shift), monotonicShift)
	m.notePlace("index")
	m.notePlace("addresses of index")
}

// notePlace reads an offset and a length.
func (m columns) notePlace(of string) {
	offset, length := m.I64(), m.I64()
	m.Note("    %s: %d bytes at %d of .dvd", of, length, offset)
}

// skipMonotonic passes over the metadata of n values in blocks of 1<<shift.
func (m columns) skipMonotonic(of string, n int64, shift int) {
	m.Expect(n >= 0 && shift >= 0 && shift < 32, "a number of values and a block shift", fmt.Sprintf("%d, %d", n, shift))
	if m.Err() != nil {
		return
	}
	m.Skip(int(blocks(n, shift) * monotonicEntry))
	m.Note("    %s: %d numbers that rise, in blocks of %d", of, n, 1<<shift)
}

// blocks is how many blocks of 1<<shift hold n values.
func blocks(n int64, shift int) int64 {
	if n <= 0 || shift < 0 || shift >= 32 {
		return 0
	}
	return (n-1)>>shift + 1
}
