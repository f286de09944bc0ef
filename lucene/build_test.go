package lucene

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"strings"

	"migassist/lucene/input"
)

// bytesOut writes what the cursor reads, little-endian where the order is the file's.
type bytesOut struct{ data []byte }

func (b *bytesOut) u8(v byte)     { b.data = append(b.data, v) }
func (b *bytesOut) vint(v uint64) { b.data = binary.AppendUvarint(b.data, v) }
func (b *bytesOut) i32(v int64)   { b.data = binary.LittleEndian.AppendUint32(b.data, uint32(v)) }
func (b *bytesOut) i64(v int64)   { b.data = binary.LittleEndian.AppendUint64(b.data, uint64(v)) }
func (b *bytesOut) be32(v int64)  { b.data = binary.BigEndian.AppendUint32(b.data, uint32(v)) }
func (b *bytesOut) be64(v int64)  { b.data = binary.BigEndian.AppendUint64(b.data, uint64(v)) }

func (b *bytesOut) str(s string) {
	b.vint(uint64(len(s)))
	b.data = append(b.data, s...)
}

func (b *bytesOut) pairs(pairs ...string) {
	b.vint(uint64(len(pairs) / 2))
	for _, s := range pairs {
		b.str(s)
	}
}

func (b *bytesOut) header(codec string, version int64, suffix string) {
	b.be32(0x3FD76C17)
	b.str(codec)
	b.be32(version)
	b.data = append(b.data, testID[:]...)
	b.u8(byte(len(suffix)))
	b.data = append(b.data, suffix...)
}

// seal appends the footer and returns all.
func (b *bytesOut) seal() []byte { return seal(b.data) }

// seal appends a right footer to a copy of body.
func seal(body []byte) []byte {
	data := slices.Clone(body)
	data = append(data, 0xC0, 0x28, 0x93, 0xE8, 0, 0, 0, 0)
	return binary.BigEndian.AppendUint64(data, uint64(crc32.ChecksumIEEE(data)))
}

var testID = [16]byte{0xAB, 1, 2, 3, 15: 0xCD}

// built is an index of one segment _0 in the formats of Lucene 9, made by hand to be wrong in one way. Its zero
// value has no documents; the functions, where not nil, change what is written.
type built struct {
	chunks [][]string // documents, as they are stored
	sliced bool       // chunks are cut into slices of builtSlice bytes
	shift  int        // of the chunk index

	lengths   func(chunk int, lengths []int64)
	firstDocs func(firstDocs []int64)
	pointers  func(pointers []int64)
	meta      func(*builtMeta)
	fields    []builtField
	infos     func(*builtInfo)
	tail      []byte // after the last chunk
}

// builtMeta is what .fdm says.
type builtMeta struct {
	chunkSize                          uint64
	docs, shift, entries, docsAt, ends int64
	bits                               byte
	blockAt                            int64 // added to each block's offset
}

// builtInfo is what segments_1 and .si say.
type builtInfo struct {
	name               string
	times              int // that segments_1 lists the segment
	deletes, fields    int64
	deleted, soft      int64
	marker             byte
	columns            int64
	maxDoc             int64
	lucene             [3]int64
	compound           byte
	blocks             []byte
	diagnostics        []string
	suffix, infoSuffix string
}

type builtField struct {
	name   string
	number uint64
	bits   byte
	kind   byte
	gen    int64
	pairs  []string
}

// storedDoc is a document of bytes fields, the first of number 0.
func storedDoc(values ...string) string {
	var b bytesOut
	for number, value := range values {
		b.vint(uint64(number<<typeBits | typeBytes))
		b.str(value)
	}
	return string(b.data)
}

// fieldsIn counts the fields of a document of bytes fields.
func fieldsIn(doc string) (n int64) {
	for c := input.NewCursor("document", []byte(doc), 0); c.Remaining() > 0; n++ {
		c.VInt()
		c.Skip(c.VInt())
	}
	return n
}

func narrow(values []int64) []int32 {
	out := make([]int32, len(values))
	for i, v := range values {
		out[i] = int32(v)
	}
	return out
}

// someChunks makes chunks of n documents, whose _id is their number.
func someChunks(sizes ...int) [][]string {
	chunks, number := make([][]string, len(sizes)), 0
	for i, n := range sizes {
		for range n {
			chunks[i] = append(chunks[i], storedDoc(fmt.Sprint(number)))
			number++
		}
	}
	return chunks
}

func (b built) index() *memory {
	m := &memory{files: map[string][]byte{}}
	if b.shift == 0 {
		b.shift = 2
	}
	if b.fields == nil {
		b.fields = []builtField{{name: "_id", gen: -1}, {name: "_source", number: 1, gen: -1}}
	}
	docs := b.storedFiles(m)
	info := builtInfo{
		name: "_0", times: 1, deletes: -1, fields: -1, maxDoc: docs, lucene: [3]int64{9, 12, 1}, compound: 0xFF, blocks: []byte{0xFF}, suffix: "1",
		diagnostics: []string{"os", "any", "source", "flush", "lucene.version", "9.12.1"},
	}
	if b.infos != nil {
		b.infos(&info)
	}
	m.files["segments_1"] = info.commit()
	m.files["_0.si"] = info.info()
	m.files["_0.fnm"] = builtFields(b.fields)
	return m
}

func (b built) storedFiles(m *memory) (docs int64) {
	var data bytesOut
	data.header("Lucene90StoredFieldsFastData", 1, "")
	var firstDocs, pointers []int64
	for i, chunk := range b.chunks {
		firstDocs, pointers = append(firstDocs, docs), append(pointers, int64(len(data.data)))
		b.chunk(&data, i, docs)
		docs += int64(len(chunk))
	}
	firstDocs, pointers = append(firstDocs, docs), append(pointers, int64(len(data.data)))
	data.data = append(data.data, b.tail...)
	m.files["_0.fdt"] = data.seal()

	meta := builtMeta{chunkSize: builtSlice, docs: docs, shift: int64(b.shift), entries: int64(len(firstDocs)), bits: 64, ends: pointers[len(pointers)-1]}
	if b.firstDocs != nil {
		b.firstDocs(firstDocs)
	}
	if b.pointers != nil {
		b.pointers(pointers)
	}
	var index bytesOut
	index.header("Lucene90FieldsIndexIdx", 0, "")
	meta.docsAt = int64(len(index.data))
	for _, v := range slices.Concat(firstDocs, pointers) {
		index.i64(v)
	}
	m.files["_0.fdx"] = index.seal()
	if b.meta != nil {
		b.meta(&meta)
	}
	m.files["_0.fdm"] = meta.write(int64(len(firstDocs)))
	return docs
}

// chunk writes one chunk: a literal LZ4 block without dictionary.
func (b built) chunk(out *bytesOut, i int, base int64) {
	docs := b.chunks[i]
	out.vint(uint64(base))
	token := uint64(len(docs)) << 2
	if b.sliced {
		token |= 1
	}
	out.vint(token)
	counts, lengths, total := make([]int64, len(docs)), make([]int64, len(docs)), 0
	for i, doc := range docs {
		counts[i], lengths[i], total = fieldsIn(doc), int64(len(doc)), total+len(doc)
	}
	if b.lengths != nil {
		b.lengths(i, lengths)
	}
	if len(docs) == 1 {
		out.vint(uint64(counts[0]))
		out.vint(uint64(lengths[0]))
	} else {
		out.data = append(out.data, group(narrow(counts), 32)...)
		out.data = append(out.data, group(narrow(lengths), 32)...)
	}
	if !b.sliced {
		builtPayload(out, docs, total)
		return
	}
	for text := range slices.Chunk([]byte(strings.Join(docs, "")), builtSlice) {
		builtPayload(out, []string{string(text)}, len(text))
	}
}

// builtSlice is the bytes of a slice.
const builtSlice = 1 << 16

func builtPayload(out *bytesOut, docs []string, total int) {
	block := literalLZ4(docs, total)
	out.vint(0)
	out.vint(uint64(total))
	out.vint(1)
	out.vint(uint64(len(block)))
	out.u8(0)
	out.data = append(out.data, block...)
}

func literalLZ4(docs []string, total int) []byte {
	out := []byte{byte(min(total, 15) << 4)}
	for left := total - 15; total >= 15; left -= 255 {
		out = append(out, byte(min(left, 255)))
		if left < 255 {
			break
		}
	}
	for _, doc := range docs {
		out = append(out, doc...)
	}
	return out
}

func (m builtMeta) write(values int64) []byte {
	var b bytesOut
	b.header("Lucene90FieldsIndexMeta", 1, "")
	b.vint(m.chunkSize)
	b.i32(m.docs)
	b.i32(m.shift)
	b.i32(m.entries)
	for _, start := range []int64{m.docsAt, m.docsAt + values*8} {
		b.i64(start)
		for at := int64(0); at < m.entries && at>>m.shift < 100; at += 1 << m.shift {
			b.i64(0)
			b.i32(int64(math.Float32bits(0)))
			b.i64(at*8 + m.blockAt)
			b.u8(m.bits)
		}
	}
	b.i64(m.docsAt + values*16)
	b.i64(m.ends)
	b.vint(0)
	b.vint(0)
	b.vint(0)
	return b.seal()
}

func (i builtInfo) commit() []byte {
	var b bytesOut
	b.header("segments", 10, i.suffix)
	b.vint(9)
	b.vint(12)
	b.vint(1)
	b.vint(9)
	b.be64(5)
	b.vint(1)
	b.be32(int64(i.times))
	if i.times > 0 {
		b.data = append(b.data, 9, 12, 1)
	}
	for range i.times {
		b.str(i.name)
		b.data = append(b.data, testID[:]...)
		b.str("Lucene912")
		b.be64(i.deletes)
		b.be32(i.deleted)
		b.be64(i.fields)
		b.be64(-1)
		b.be32(i.soft)
		if b.u8(i.marker); i.marker == 1 {
			b.data = append(b.data, testID[:]...)
		}
		b.vint(0)
		b.be32(i.columns)
	}
	b.pairs("history_uuid", "x")
	return b.seal()
}

func (i builtInfo) info() []byte {
	var b bytesOut
	b.header("Lucene90SegmentInfo", 0, i.infoSuffix)
	for _, v := range i.lucene {
		b.i32(v)
	}
	b.u8(0)
	b.i32(i.maxDoc)
	b.u8(i.compound)
	b.data = append(b.data, i.blocks...)
	b.pairs(i.diagnostics...)
	b.vint(0)
	b.pairs()
	b.vint(0)
	return b.seal()
}

func builtFields(fields []builtField) []byte {
	var b bytesOut
	b.header("Lucene94FieldInfos", 1, "")
	b.vint(uint64(len(fields)))
	for _, f := range fields {
		b.str(f.name)
		b.vint(f.number)
		b.u8(f.bits)
		b.u8(0)
		b.u8(f.kind)
		b.i64(f.gen)
		b.pairs(f.pairs...)
		b.vint(0) // points
		b.vint(0) // vector
		b.u8(0)
		b.u8(0)
	}
	return b.seal()
}
