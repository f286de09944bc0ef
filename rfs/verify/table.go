package verify

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// table is what the documents of the source come to, less those of the target: where a bucket has the same documents on both sides, all its
// sums are zero.
type table struct {
	cells   []cell
	indices []indexSum // by number
}

// cell is a bucket.
//
//	sum    of the digests of its documents, modulo 2^128: the proof that both sides have the same
//	weight of h, a digest's residue modulo p
//	name   of h * w, for each word w of the document's name
//	check  of h * c, where c is the residue of the name's hash
//
// Where one document alone is missing, extra or different, name / weight is its name, whatever else lies in the bucket: all that is alike on both sides is
// gone from the sums. Check says whether it was one alone.
type cell struct {
	source, target int64
	sum            uint128
	weight, check  uint64
	name           [words]uint64
}

// indexSum is the same of an index, without names.
type indexSum struct {
	source, target int64
	sum            uint128
}

type uint128 struct{ high, low uint64 }

func load128(b [16]byte) uint128 {
	return uint128{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

func (a uint128) plus(b uint128) uint128 {
	low, carry := bits.Add64(a.low, b.low, 0)
	high, _ := bits.Add64(a.high, b.high, carry)
	return uint128{high, low}
}

func (a uint128) minus(b uint128) uint128 {
	low, borrow := bits.Sub64(a.low, b.low, 0)
	high, _ := bits.Sub64(a.high, b.high, borrow)
	return uint128{high, low}
}

func newTable() *table { return &table{cells: make([]cell, buckets)} }

// side says whose document it is.
type side bool

const (
	ofSource side = true
	ofTarget side = false
)

// add adds a document of the source, or takes one of the target away.
func (t *table) add(h *hashed, of side) {
	x, sum := t.index(h.index), load128(h.doc)
	if of == ofSource {
		x.source++
		x.sum = x.sum.plus(sum)
	} else {
		x.target++
		x.sum = x.sum.minus(sum)
	}
	t.cells[h.bucket].add(h, of)
}

// add is the same of a bucket.
func (c *cell) add(h *hashed, of side) {
	if of == ofSource {
		c.source++
		c.change(h, true)
		return
	}
	c.target++
	c.change(h, false)
}

// undo is the reverse of add.
func (c *cell) undo(h *hashed, of side) {
	if of == ofSource {
		c.source--
		c.change(h, false)
		return
	}
	c.target--
	c.change(h, true)
}

// change adds a document to the sums, or takes it away.
func (c *cell) change(h *hashed, add bool) {
	sum := load128(h.doc)
	weight := sum.residue()
	check := times(weight, load128(h.key).residue())
	if add {
		c.sum, c.weight, c.check = c.sum.plus(sum), plus(c.weight, weight), plus(c.check, check)
		for i, w := range h.name {
			c.name[i] = plus(c.name[i], times(weight, w))
		}
		return
	}
	c.sum, c.weight, c.check = c.sum.minus(sum), minus(c.weight, weight), minus(c.check, check)
	for i, w := range h.name {
		c.name[i] = minus(c.name[i], times(weight, w))
	}
}

// residue of a hash, never 0.
func (a uint128) residue() uint64 {
	if r := reduce(a.low ^ a.high<<1); r != 0 {
		return r
	}
	return 1
}

// index returns the sums of an index.
func (t *table) index(number int32) *indexSum {
	if n := int(number) + 1 - len(t.indices); n > 0 {
		t.indices = append(t.indices, make([]indexSum, n)...)
	}
	return &t.indices[number]
}

// merge adds all of another table.
func (t *table) merge(o *table) {
	for i := range t.cells {
		a, b := &t.cells[i], &o.cells[i]
		if b.source == 0 && b.target == 0 {
			continue
		}
		a.source += b.source
		a.target += b.target
		a.sum = a.sum.plus(b.sum)
		a.weight, a.check = plus(a.weight, b.weight), plus(a.check, b.check)
		for j, w := range b.name {
			a.name[j] = plus(a.name[j], w)
		}
	}
	for i, b := range o.indices {
		a := t.index(int32(i))
		a.source += b.source
		a.target += b.target
		a.sum = a.sum.plus(b.sum)
	}
}

// reset makes the table empty.
func (t *table) reset() {
	clear(t.cells)
	t.indices = t.indices[:0]
}

// differs tells whether the two sides have other documents in a bucket.
func (c *cell) differs() bool { return c.source != c.target || c.sum != uint128{} }

func (x *indexSum) differs() bool { return x.source != x.target || x.sum != uint128{} }

// most is how many documents of a side the bucket has.
func (c *cell) most() int64 { return max(c.source, c.target) }

// differing returns the buckets that differ, in their order.
func (t *table) differing() []uint16 {
	var all []uint16
	for i := range t.cells {
		if t.cells[i].differs() {
			all = append(all, uint16(i))
		}
	}
	return all
}

// alone returns the name of the one document in which the two sides of a bucket differ, as [digester.name] wrote it; false where they differ
// in several, or the name is long.
func (c *cell) alone(bucket uint16) ([]byte, bool) {
	if c.weight == 0 {
		return nil, false
	}
	one := inverse(c.weight)
	var name [words]uint64
	for i, w := range c.name {
		name[i] = times(w, one)
	}
	bytes, ok := unpack(name)
	if !ok || len(bytes) == 0 {
		return nil, false
	}
	key := keyOf(bytes)
	return slices.Clone(bytes), binary.BigEndian.Uint16(key[:]) == bucket && times(c.check, one) == load128(key).residue()
}
