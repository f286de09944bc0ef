package verify

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"sync"
)

// buckets is how many there are; a bucket's number has 16 bits.
const buckets = 1 << 16

// hashed is what is left of a document.
type hashed struct {
	index  int32 // number of its name
	bucket uint16
	long   bool     // the name does not fit into the words
	key    [16]byte // hash of index, id and routing, or of the content
	doc    [16]byte // of key and source
	name   [words]uint64
}

// words is how many residues of [prime] hold a document's name: 7 bytes each.
const (
	words     = 12
	wordBytes = 7
)

// digester hashes documents. It belongs to one goroutine.
type digester struct {
	names     *names
	byContent bool
	values    map[int32]bool // indices whose sources are compared as JSON values

	h         hash.Hash
	buf       []byte
	canonical canonizer
}

func newDigester(n *names, byContent bool, values map[int32]bool) *digester {
	return &digester{names: n, byContent: byContent, values: values, h: sha256.New()}
}

// name fills in all but the hash of the source, of which sampled buckets alone are in need. By content that is the name.
func (d *digester) name(doc *Document, into *hashed) error {
	into.index = d.names.number(doc.Index)
	d.buf = binary.BigEndian.AppendUint32(d.buf[:0], uint32(into.index))
	if d.byContent {
		content, err := d.content(doc, into.index, d.buf)
		if err != nil {
			return err
		}
		into.key, into.doc = content, content
		d.buf = append(d.buf[:4], content[:]...)
	} else {
		if doc.ID == nil {
			return fmt.Errorf("documents for %s have no ids of their own, and so are compared by content alone: say --server-generated-ids ALWAYS", doc.Index)
		}
		d.buf = binary.BigEndian.AppendUint16(d.buf, uint16(len(doc.ID)))
		d.buf = append(d.buf, doc.ID...)
		d.buf = append(d.buf, doc.Routing...)
		into.key = keyOf(d.buf)
	}
	into.bucket = binary.BigEndian.Uint16(into.key[:])
	into.pack(d.buf)
	return nil
}

// keyOf hashes a name.
func keyOf(name []byte) [16]byte {
	sum := sha256.Sum256(name)
	return [16]byte(sum[:16])
}

// source fills in the hash of the source.
func (d *digester) source(doc *Document, into *hashed) (err error) {
	if !d.byContent {
		into.doc, err = d.content(doc, into.index, into.key[:])
	}
	return err
}

// content hashes a source, after a prefix: as bytes, or as the value it is. One that is no JSON is its bytes.
func (d *digester) content(doc *Document, index int32, prefix []byte) (sum [16]byte, err error) {
	d.h.Reset()
	d.h.Write(prefix)
	if d.values[index] {
		if value, ok := d.canonical.sum(doc.Source); ok {
			d.h.Write(value[:])
			return [16]byte(d.h.Sum(nil)), nil
		}
	}
	d.h.Write(doc.Source)
	var long [sha256.Size]byte
	return [16]byte(d.h.Sum(long[:0])), nil
}

// pack puts a name into words: its length, and its bytes.
func (h *hashed) pack(name []byte) {
	h.name = [words]uint64{}
	h.long = len(name) > words*wordBytes-1
	if h.long {
		return
	}
	var padded [words * wordBytes]byte
	padded[0] = byte(len(name))
	copy(padded[1:], name)
	for i := range h.name {
		h.name[i] = word(padded[i*wordBytes:])
	}
}

func word(b []byte) uint64 {
	return uint64(b[0])<<48 | uint64(b[1])<<40 | uint64(b[2])<<32 | uint64(b[3])<<24 | uint64(b[4])<<16 | uint64(b[5])<<8 | uint64(b[6])
}

// unpack is the reverse of pack; false for words that pack does not make.
func unpack(name [words]uint64) ([]byte, bool) {
	var padded [words * wordBytes]byte
	for i, w := range name {
		if w >= 1<<(8*wordBytes) {
			return nil, false
		}
		for j := range wordBytes {
			padded[i*wordBytes+j] = byte(w >> (8 * (wordBytes - 1 - j)))
		}
	}
	n := int(padded[0])
	if n > len(padded)-1 {
		return nil, false
	}
	for _, b := range padded[1+n:] {
		if b != 0 {
			return nil, false
		}
	}
	return padded[1 : 1+n], true
}

// keyHash is that of a document with an id.
func keyHash(n *names, k Key) [16]byte {
	name := binary.BigEndian.AppendUint32(nil, uint32(n.number(k.Index)))
	name = binary.BigEndian.AppendUint16(name, uint16(len(k.ID)))
	return keyOf(append(append(name, k.ID...), k.Routing...))
}

// parseName reads the bytes that [digester.name] made of a document that has an id.
func parseName(name []byte, n *names) (Key, bool) {
	if len(name) < 6 {
		return Key{}, false
	}
	index, ok := n.name(int32(binary.BigEndian.Uint32(name)))
	id := int(binary.BigEndian.Uint16(name[4:]))
	if !ok || 6+id > len(name) {
		return Key{}, false
	}
	return Key{index, string(name[6 : 6+id]), string(name[6+id:])}, true
}

// names numbers the indices.
type names struct {
	mu  sync.RWMutex
	by  map[string]int32
	all []string
}

func newNames(all ...string) *names {
	n := &names{by: map[string]int32{}}
	for _, name := range all {
		n.number(name)
	}
	return n
}

func (n *names) number(name string) int32 {
	n.mu.RLock()
	i, ok := n.by[name]
	n.mu.RUnlock()
	if ok {
		return i
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if i, ok := n.by[name]; ok {
		return i
	}
	i = int32(len(n.all))
	n.by[name] = i
	n.all = append(n.all, name)
	return i
}

func (n *names) name(i int32) (string, bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if i < 0 || int(i) >= len(n.all) {
		return "", false
	}
	return n.all[i], true
}

// list returns all names, by number.
func (n *names) list() []string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return append([]string(nil), n.all...)
}
