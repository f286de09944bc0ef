package tree

import (
	"hash/maphash"
	"iter"
)

// parts is what an object or array was taken apart into.
type parts struct {
	members  []member
	elements []place
	tail     []byte // white space before the closing bracket

	table  []int32 // by hash of the name: member+1, of several of a name the last; 0: free. nil: not made yet
	used   int32   // of the table
	gone   int32   // members without a value: removed ones, until there are many
	looked uint8   // how often a name was looked for along all members, as far as it matters
	names  naming  // whether members share names
}

// place is where a value is. In print it is lead, a comma where there is none yet, and the value.
type place struct {
	text  []byte // as it stands in the document: lead, the key of a member, and the value if it is the one that was there
	lead  int    // how much of text is white space and comma
	value *Value
}

// member is a place with a name. In print the key, with the colon and the white space around it, stands between lead and value.
type member struct {
	place
	key      int // where in text the key ends
	name     []byte
	previous int // 1 + the member before it of the same name, if there is a table; 0: none
}

type naming uint8

const (
	unknown naming = iota
	unique
	repeated
)

// From wide members on, the names are hashed when they were looked for patience times: a handful of looks is cheaper without.
const (
	wide     = 24
	patience = 16
)

var seed = maphash.MakeSeed()

// Get returns the member of a name, nil where there is none, or v is no object.
func (v *Value) Get(name string) *Value {
	if v.Kind() != Object {
		return nil
	}
	v.parse()
	if i := lookup(v.parts, name); i >= 0 {
		return v.members[i].value
	}
	return nil
}

// lookup returns the place of the last member of a name; -1: there is none.
func lookup[S string | []byte](p *parts, name S) int {
	if p.table == nil && len(p.members) >= wide && p.looked >= patience {
		p.index()
	}
	if p.table != nil {
		return int(p.table[slot(p, name)]) - 1
	}
	if p.looked < patience {
		p.looked++
	}
	for i := len(p.members) - 1; i >= 0; i-- {
		if m := &p.members[i]; string(m.name) == string(name) && m.value != nil {
			return i
		}
	}
	return -1
}

// slot returns where in the table a name is, or would be. Entries of members that were removed or renamed since are passed over.
func slot[S string | []byte](p *parts, name S) int {
	mask := len(p.table) - 1
	for at := int(maphash.Bytes(seed, []byte(name)) & uint64(mask)); ; at = (at + 1) & mask {
		i := p.table[at]
		if i == 0 {
			return at
		}
		if m := &p.members[i-1]; string(m.name) == string(name) && m.value != nil {
			return at
		}
	}
}

// index makes the table.
func (p *parts) index() {
	size := 128
	for size < 3*len(p.members) {
		size *= 2
	}
	p.table, p.used, p.names = make([]int32, size), 0, unique
	for i := range p.members {
		if p.members[i].previous = 0; p.members[i].value != nil {
			p.enter(i)
		}
	}
}

// enter puts member i into the table.
func (p *parts) enter(i int) {
	at := slot(p, p.members[i].name)
	if before := int(p.table[at]); before == 0 {
		p.used++
	} else if before != i+1 {
		p.members[i].previous = before
		p.names = repeated
	}
	p.table[at] = int32(i + 1)
}

// entered puts a member into the table, if there is one, that was not there before.
func (p *parts) entered(i int) {
	switch {
	case p.table == nil:
	case 2*int(p.used) >= len(p.table):
		p.index()
	default:
		p.enter(i)
	}
}

// examine finds out whether names are repeated.
func (p *parts) examine() {
	switch {
	case p.names != unknown:
	case len(p.members) >= wide:
		p.index()
	default:
		p.names = unique
		for i := range p.members {
			if m := &p.members[i]; m.value != nil && lookup(p, m.name) != i {
				p.names = repeated
			}
		}
	}
}

// counts tells whether readers see member i: it is not removed, and no later one has its name. The names were examined.
func (p *parts) counts(i int) bool {
	m := &p.members[i]
	return m.value != nil && (p.names == unique || lookup(p, m.name) == i)
}

// Set gives the member of a name another value, in its place, or adds one at the end; nil is null. It does nothing where v is no object.
func (v *Value) Set(name string, value *Value) {
	if v.Kind() != Object {
		return
	}
	if value == nil {
		value = NewNull()
	}
	v.parse()
	p := v.parts
	if i := lookup(p, name); i >= 0 {
		m := &p.members[i]
		m.value, m.text = value, m.text[:m.key:m.key]
		p.single(i)
		p.tidy()
		return
	}
	key := append(appendQuoted(make([]byte, 0, len(name)+3), name), ':')
	p.members = append(p.members, member{place: place{text: key, value: value}, key: len(key), name: within(key, name)})
	p.entered(len(p.members) - 1)
}

// within returns a name as a part of its key, if it stands there as it is.
func within(key []byte, name string) []byte {
	if end := 1 + len(name); end < len(key) && key[end] == '"' && string(key[1:end]) == name {
		return key[1:end:end]
	}
	return []byte(name)
}

// single removes the members before i that have its name.
func (p *parts) single(i int) {
	switch m := &p.members[i]; {
	case p.names == unique:
	case p.table != nil:
		for before := m.previous; before > 0; before = p.members[before-1].previous {
			p.drop(before - 1)
		}
		m.previous = 0
	default:
		for before := range i {
			if earlier := &p.members[before]; earlier.value != nil && string(earlier.name) == string(m.name) {
				p.drop(before)
			}
		}
	}
}

func (p *parts) drop(i int) {
	p.members[i].value = nil
	p.gone++
}

// tidy forgets removed members when they are most of them.
func (p *parts) tidy() {
	if p.gone < 16 || 2*int(p.gone) < len(p.members) {
		return
	}
	kept := p.members[:0]
	for _, m := range p.members {
		if m.value != nil {
			kept = append(kept, m)
		}
	}
	clear(p.members[len(kept):])
	p.members, p.gone, p.table = kept, 0, nil
}

// Remove removes the members of a name, and tells whether there were any.
func (v *Value) Remove(name string) bool {
	if v.Kind() != Object {
		return false
	}
	v.parse()
	i := lookup(v.parts, name)
	if i < 0 {
		return false
	}
	v.single(i)
	v.drop(i)
	v.tidy()
	return true
}

// Rename gives the member of a name another one, in its place. A member that had the new name is removed. It tells whether there was
// one to rename.
func (v *Value) Rename(from, to string) bool {
	if v.Kind() != Object {
		return false
	}
	v.parse()
	p := v.parts
	i := lookup(p, from)
	if i < 0 || from == to {
		return i >= 0
	}
	p.single(i)
	if other := lookup(p, to); other >= 0 {
		p.single(other)
		p.drop(other)
	}
	m := &p.members[i]
	text := make([]byte, 0, len(m.text)+len(to)+2)
	text = appendQuoted(append(text, m.text[:m.lead]...), to)
	text = append(text, m.text[skipString(m.text, m.lead):m.key]...) // colon and space
	m.text, m.key, m.name = text, len(text), within(text[m.lead:], to)
	p.entered(i)
	p.tidy()
	return true
}

// Members yields the members of an object in their order; of several of a name the last. None for other kinds. The object must not change
// meanwhile.
func (v *Value) Members() iter.Seq2[string, *Value] {
	return func(yield func(string, *Value) bool) {
		if v.Kind() != Object {
			return
		}
		v.parse()
		v.examine()
		for i := range v.members {
			if m := &v.members[i]; v.counts(i) && !yield(string(m.name), m.value) {
				return
			}
		}
	}
}

// size returns how many members an object has that counts says yes to.
func (p *parts) size() int {
	p.examine()
	n := len(p.members) - int(p.gone)
	if p.names == unique {
		return n
	}
	n = 0
	for i := range p.members {
		if p.counts(i) {
			n++
		}
	}
	return n
}

// Path returns what lies at member names one after the other, nil where nothing does.
func (v *Value) Path(names ...string) *Value {
	for _, name := range names {
		v = v.Get(name)
	}
	return v
}
