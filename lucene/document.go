package lucene

import (
	"encoding/binary"
	"iter"
	"math"
)

// Doc is a live document of a segment. Its bytes are valid until the next one.
type Doc struct {
	Number int     // within the segment
	Values []Value // by place in the wanted names of [Segment.Open]; of a field that is stored several times the last

	docs  *Documents
	raw   []byte // its stored fields
	count int    // of them
}

// Value is a stored field's value; the zero value is an absent one.
type Value struct {
	Kind  Kind
	Bytes []byte // of a String or Bytes

	bits uint64 // of a number: the integer, or the bits of a float64
}

// Kind tells how a value was stored.
type Kind byte

// The kinds of values.
const (
	Absent Kind = iota
	String      // UTF-8
	Bytes
	Int    // 32 bits
	Float  // 32 bits
	Long   // 64 bits
	Double // 64 bits
)

// Int returns the number of an Int or Long.
func (v Value) Int() int64 { return int64(v.bits) }

// Float returns the number of a Float or Double. That of a Float is exact, too.
func (v Value) Float() float64 { return math.Float64frombits(v.bits) }

// Fields yields all stored fields of the document in the order in which they were stored, those that repeat
// each time. It walks the document once more; the values are valid as long as the document is.
func (d *Doc) Fields() iter.Seq2[Field, Value] {
	return func(yield func(Field, Value) bool) {
		numbers, at := d.docs.byNumber(), 0
		for range d.count {
			number, value, next := readField(d.raw, at, d.docs.stored.format.numbers)
			field, known := numbers[number]
			if !known {
				field.Number = number // and no name
			}
			if number < 0 || !yield(field, value) {
				return
			}
			at = next
		}
	}
}

// Types of stored values, the lowest bits before a value; from CompressingStoredFieldsWriter. The kinds of values
// follow in the same order.
const (
	typeString = iota
	typeBytes
	typeInt
	typeFloat
	typeLong
	typeDouble

	typeBits = 3
	typeMask = 1<<typeBits - 1
)

// readValues walks the fields of a document, takes the wanted ones and tells whether its bytes were
// exactly as many fields as they should. This is the hot loop: no cursor, one bounds check a step.
func readValues(d *Doc, slots []int16, coding numberCoding) bool {
	doc, at := d.raw, 0
	for range d.count {
		head, n := binary.Uvarint(doc[at:])
		if n <= 0 {
			return false
		}
		at += n
		kind, number := head&typeMask, head>>typeBits
		wanted := number < uint64(len(slots)) && slots[number] >= 0
		if kind > typeBytes {
			var value Value
			if value, at = number64(doc, at, kind, coding, wanted); at < 0 {
				return false
			}
			if wanted {
				d.Values[slots[number]] = value
			}
			continue
		}
		length, n := binary.Uvarint(doc[at:])
		if n <= 0 || length > uint64(len(doc)-at-n) {
			return false
		}
		at += n
		if wanted {
			d.Values[slots[number]] = Value{Kind: Kind(kind) + String, Bytes: doc[at : at+int(length) : at+int(length)]}
		}
		at += int(length)
	}
	return at == len(doc)
}

// readSome takes the wanted ones of the fields that the begin of a document has whole.
func readSome(d *Doc, begin []byte, slots []int16, coding numberCoding) {
	for at := 0; at < len(begin); {
		number, value, next := readField(begin, at, coding)
		if number < 0 {
			return
		}
		if number < len(slots) && slots[number] >= 0 {
			d.Values[slots[number]] = value
		}
		at = next
	}
}

// number64 reads a number that is wanted, and passes over another; next is -1 where it is none.
func number64(doc []byte, at int, kind uint64, coding numberCoding, wanted bool) (v Value, next int) {
	if wanted {
		return readNumber(doc, at, kind, coding)
	}
	return v, skipNumber(doc, at, kind, coding)
}

// readField reads one field at a position and returns the position after it; the number of a field that is not
// sound is -1.
func readField(doc []byte, at int, coding numberCoding) (number int, v Value, next int) {
	head, n := binary.Uvarint(doc[at:])
	if n <= 0 || head>>typeBits > maxFieldNumber {
		return -1, v, at
	}
	at, number = at+n, int(head>>typeBits)
	if kind := head & typeMask; kind > typeBytes {
		if v, next = readNumber(doc, at, kind, coding); next < 0 {
			return -1, v, at
		}
		return number, v, next
	}
	length, n := binary.Uvarint(doc[at:])
	if n <= 0 || length > uint64(len(doc)-at-n) {
		return -1, v, at
	}
	at += n
	next = at + int(length)
	return number, Value{Kind: Kind(head&typeMask) + String, Bytes: doc[at:next:next]}, next
}
