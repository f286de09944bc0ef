package lucene

import (
	"context"
	"fmt"
	"sort"

	"migassist/lucene/input"
)

// storedFormat is a row: how .fdt of a codec name reads.
type storedFormat struct {
	oldest, newest int // header versions
	little         bool
	// dirtyBit is the header version from which a chunk's token has two flag bits instead of one.
	dirtyBit int
	ints     func(c *input.Cursor, values []int32) // the two arrays in a chunk's head
	payload  func() payload
	ratio    int    // how many bytes one compressed byte makes at most
	index    string // begin of the codec names of .fdm and .fdx
	packed   bool   // .fdm says which version of packed integers it uses
}

// One compressed byte makes 255 bytes in LZ4, where a length goes on, and 1032 in DEFLATE, where two bits are a copy
// of 258 bytes.
const (
	ratioLZ4     = 256
	ratioDeflate = 1040
)

// storedFormats by the codec name in the header of .fdt. Source: Lucene87- and Lucene90CompressingStoredFieldsReader.
var storedFormats = map[string]storedFormat{
	"Lucene87StoredFieldsFastData": {oldest: 3, newest: 4, dirtyBit: 4, ints: packedInts, payload: newLZ4, ratio: ratioLZ4, index: "Lucene85FieldsIndex", packed: true},
	"Lucene87StoredFieldsHighData": {oldest: 3, newest: 4, dirtyBit: 4, ints: packedInts, payload: newDeflate, ratio: ratioDeflate, index: "Lucene85FieldsIndex", packed: true},
	"Lucene90StoredFieldsFastData": {oldest: 1, newest: 1, little: true, ints: groupedInts, payload: newLZ4, ratio: ratioLZ4, index: "Lucene90FieldsIndex"},
	"Lucene90StoredFieldsHighData": {oldest: 1, newest: 1, little: true, ints: groupedInts, payload: newDeflate, ratio: ratioDeflate, index: "Lucene90FieldsIndex"},
}

// stored is the stored fields of a segment: documents in compressed chunks, and where each chunk begins.
type stored struct {
	name      string
	codec     string
	format    storedFormat
	version   int
	chunkSize int // bytes of a slice of a chunk that was cut into several compressions

	data, index input.File
	docs        monotonic // first document of each chunk, and the number of documents
	pointers    monotonic // where each chunk begins in data, and where the last ends
	docsAt      int64     // in index
	pointersAt  int64     // in index
	maxDoc      int64
	begin, end  int64 // of the chunks, in data
}

func (s *Segment) openStored(ctx context.Context, f *files) (*stored, error) {
	st := &stored{name: s.Name + ".fdt"}
	var err error
	if st.data, err = f.open(ctx, st.name); err != nil {
		return nil, err
	}
	if err = st.readHeader(s); err == nil {
		err = st.readMeta(ctx, s, f)
	}
	if err == nil {
		err = st.openIndex(ctx, s, f)
	}
	if err != nil {
		return nil, closeWith(err, st.data)
	}
	return st, nil
}

func (st *stored) readHeader(s *Segment) error {
	c, err := headOf(st.data)
	if err != nil {
		return err
	}
	header := c.IndexHeader()
	format, known := storedFormats[header.Codec]
	if c.Err() == nil && !known {
		return &UnsupportedError{File: st.name, Codec: header.Codec, Known: keys(storedFormats)}
	}
	c.ExpectVersion(header, format.oldest, format.newest)
	s.expectOwner(c, header, st.name)
	st.codec, st.format, st.version, st.begin = header.Codec, format, header.Version, c.Offset()
	return c.Err()
}

func (st *stored) readMeta(ctx context.Context, s *Segment, f *files) error {
	name := s.Name + ".fdm"
	data, err := f.read(ctx, name)
	if err != nil {
		return err
	}
	return st.parseMeta(input.NewCursor(name, data, 0), s)
}

func (st *stored) parseMeta(c *input.Cursor, s *Segment) error {
	header := c.IndexHeader()
	expectCodec(c, header, st.format.index+"Meta")
	c.ExpectVersion(header, 0, st.version)
	s.expectOwner(c, header, s.Name+".fdm")
	c.SetLittleEndian(st.format.little)
	st.chunkSize = c.VInt()
	c.Expect(st.chunkSize > 0, "a chunk size", st.chunkSize)
	c.Note("chunk size %d bytes", st.chunkSize)
	if st.format.packed {
		c.Note("packed integers version %d", c.VInt())
	}
	docs := int64(c.I32())
	c.Expect(docs == int64(s.MaxDoc), fmt.Sprintf("%d documents", s.MaxDoc), docs)
	c.Note("%d documents", docs)
	shift := int(c.I32())
	c.Note("block shift %d", shift)
	entries := int64(c.I32())
	chunks := entries - 1
	c.Expect(chunks >= 0 && chunks <= st.data.Size()/smallestChunk && chunks <= docs && docs <= chunks*maxChunkDocs,
		fmt.Sprintf("a number of chunks, and one, for %d documents in %d bytes", docs, st.data.Size()), entries)
	c.Note("%d chunks, and the end", chunks)
	st.maxDoc = docs
	st.docsAt, st.docs = parseSequence(c, "first documents", entries, shift)
	st.pointersAt, st.pointers = parseSequence(c, "chunks in .fdt", entries, shift)
	c.Note("end of both at %d of .fdx", c.I64())
	st.end = c.I64()
	c.Expect(st.end == st.data.Size()-input.FooterSize, fmt.Sprintf("the end of the last chunk at %d", st.data.Size()-input.FooterSize), st.end)
	c.Note("end of the last chunk at %d of .fdt", st.end)
	st.parseDirty(c)
	c.Footer()
	return c.Err()
}

// Bounds of a chunk: fewer bytes and more documents than any has.
const (
	smallestChunk = 4
	maxChunkDocs  = 1 << 17
)

// parseSequence reads where n rising numbers lie in .fdx, and how.
func parseSequence(c *input.Cursor, of string, n int64, shift int) (int64, monotonic) {
	at := c.I64()
	c.Expect(at >= 0, "a place in .fdx", at)
	c.Note("%s at %d of .fdx", of, at)
	return at, parseMonotonic(c, n, shift)
}

// parseDirty reads statistics that only Lucene's merging uses.
func (st *stored) parseDirty(c *input.Cursor) {
	if st.format.dirtyBit <= st.version {
		c.Note("%d chunks", c.VLong())
	}
	c.Note("%d dirty chunks", c.VLong())
	c.Note("%d dirty documents", c.VLong())
}

// openIndex opens .fdx and checks all of it, some bytes per chunk.
func (st *stored) openIndex(ctx context.Context, s *Segment, f *files) error {
	name := s.Name + ".fdx"
	file, err := f.open(ctx, name)
	if err != nil {
		return err
	}
	if err = s.checkHeader(file, name, st.format.index+"Idx", 0); err == nil {
		err = verify(ctx, file)
	}
	if err != nil {
		return closeWith(err, file)
	}
	st.index = file
	return nil
}

func (st *stored) close() error {
	return closeWith(closeWith(nil, st.index), st.data)
}

// chunk is where a chunk lies and which documents it holds.
type chunk struct {
	doc, endDoc int
	from, to    int64 // in .fdt
}

// chunks calls yield for the chunks from the one that holds document from on, until it returns false.
func (st *stored) chunks(from int, yield func(chunk) (bool, error)) error {
	first, err := st.blockOf(from)
	if err != nil {
		return err
	}
	var docs, pointers []int64
	for b := first; b < len(st.docs.blocks); b++ {
		if docs, pointers, err = st.readBlock(b, docs, pointers); err != nil {
			return err
		}
		for ; len(docs) > 1; docs, pointers = docs[1:], pointers[1:] {
			ch := chunk{doc: int(docs[0]), endDoc: int(docs[1]), from: pointers[0], to: pointers[1]}
			if err := st.checkChunk(ch); err != nil {
				return err
			}
			if ch.endDoc <= from {
				continue
			}
			if more, err := yield(ch); err != nil || !more {
				return err
			}
		}
	}
	if docs[0] != st.maxDoc || pointers[0] != st.end {
		return st.indexError(fmt.Sprintf("the last chunk to end with document %d at %d", st.maxDoc, st.end), docs[0], pointers[0])
	}
	return nil
}

// readBlock appends the numbers of block b to those left over from the block before.
func (st *stored) readBlock(b int, docs, pointers []int64) ([]int64, []int64, error) {
	docs, err := st.docs.readBlock(docs, st.index, st.docsAt, b)
	if err == nil {
		pointers, err = st.pointers.readBlock(pointers, st.index, st.pointersAt, b)
	}
	if err == nil && b == 0 && (docs[0] != 0 || pointers[0] != st.begin) {
		err = st.indexError(fmt.Sprintf("the first chunk to begin with document 0 at %d", st.begin), docs[0], pointers[0])
	}
	return docs, pointers, err
}

func (st *stored) checkChunk(ch chunk) error {
	switch {
	case ch.doc < 0 || ch.doc >= ch.endDoc || int64(ch.endDoc) > st.maxDoc:
		return st.indexError(fmt.Sprintf("a chunk to end after document %d, its first, within %d", ch.doc, st.maxDoc), int64(ch.endDoc), ch.to)
	case ch.from < st.begin || ch.from >= ch.to || ch.to > st.end:
		return st.indexError(fmt.Sprintf("a chunk that begins at %d to end within %d", ch.from, st.end), int64(ch.endDoc), ch.to)
	default:
		return nil
	}
}

// indexError says what two numbers of .fdx that belong together are and should be.
func (st *stored) indexError(want string, doc, pointer int64) error {
	return &input.CorruptError{File: st.index.Name(), Offset: st.docsAt, Want: want, Got: fmt.Sprintf("document %d at %d", doc, pointer)}
}

// blockOf finds the block of the index that holds the chunk of a document.
func (st *stored) blockOf(doc int) (int, error) {
	var failed error
	after := sort.Search(len(st.docs.blocks), func(b int) bool {
		values, err := st.docs.readBlock(nil, st.index, st.docsAt, b)
		if err != nil {
			failed = err
			return true
		}
		return values[0] > int64(doc)
	})
	return max(after-1, 0), failed
}
