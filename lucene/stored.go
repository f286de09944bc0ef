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
	index    string // begin of the codec names of .fdm and .fdx
	packed   bool   // .fdm says which version of packed integers it uses
}

// storedFormats by the codec name in the header of .fdt. Source: Lucene87- and Lucene90CompressingStoredFieldsReader.
var storedFormats = map[string]storedFormat{
	"Lucene87StoredFieldsFastData": {oldest: 3, newest: 4, dirtyBit: 4, ints: packedInts, payload: newLZ4, index: "Lucene85FieldsIndex", packed: true},
	"Lucene87StoredFieldsHighData": {oldest: 3, newest: 4, dirtyBit: 4, ints: packedInts, payload: newDeflate, index: "Lucene85FieldsIndex", packed: true},
	"Lucene90StoredFieldsFastData": {oldest: 1, newest: 1, little: true, ints: groupedInts, payload: newLZ4, index: "Lucene90FieldsIndex"},
	"Lucene90StoredFieldsHighData": {oldest: 1, newest: 1, little: true, ints: groupedInts, payload: newDeflate, index: "Lucene90FieldsIndex"},
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
	end         int64 // of the last chunk, in data
}

// maxHeader is more bytes than any index header has.
const maxHeader = 512

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
	head := make([]byte, min(st.data.Size(), maxHeader))
	if err := input.ReadFull(st.data, head, 0); err != nil {
		return err
	}
	c := input.NewCursor(st.name, head, 0)
	header := c.IndexHeader()
	format, known := storedFormats[header.Codec]
	if c.Err() == nil && !known {
		return &UnsupportedError{File: st.name, Codec: header.Codec, Known: keys(storedFormats)}
	}
	c.ExpectVersion(header, format.oldest, format.newest)
	c.ExpectID(header, s.ID)
	st.codec, st.format, st.version = header.Codec, format, header.Version
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
	c.Expect(header.Codec == st.format.index+"Meta", st.format.index+"Meta", header.Codec)
	c.ExpectID(header, s.ID)
	c.SetLittleEndian(st.format.little)
	st.chunkSize = c.VInt()
	c.Note("chunk size %d bytes", st.chunkSize)
	if st.format.packed {
		c.Note("packed integers version %d", c.VInt())
	}
	docs := int(c.I32())
	c.Note("%d documents", docs)
	st.maxDoc = int64(docs)
	c.Expect(docs == s.MaxDoc, fmt.Sprintf("%d documents", s.MaxDoc), docs)
	shift, entries := int(c.I32()), int64(c.I32())
	c.Note("block shift %d, %d chunks and an end", shift, entries-1)
	st.docsAt = c.I64()
	c.Note("first documents at %d of .fdx", st.docsAt)
	st.docs = parseMonotonic(c, entries, shift)
	c.Note("first documents of %d blocks", len(st.docs.blocks))
	st.pointersAt = c.I64()
	c.Note("pointers at %d of .fdx", st.pointersAt)
	st.pointers = parseMonotonic(c, entries, shift)
	c.Note("pointers of %d blocks", len(st.pointers.blocks))
	c.Note("end of .fdx at %d", c.I64())
	st.end = c.I64()
	c.Note("end of the last chunk at %d of .fdt", st.end)
	st.parseDirty(c)
	c.Footer()
	c.Expect(st.chunkSize > 0, "a chunk size", st.chunkSize)
	c.Expect(entries > 0, "at least the entry that ends the last chunk", entries)
	c.Expect(st.docsAt >= 0 && st.pointersAt >= 0, "places in .fdx", min(st.docsAt, st.pointersAt))
	return c.Err()
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
	file, err := f.open(ctx, s.Name+".fdx")
	if err != nil {
		return err
	}
	st.index = file
	head := make([]byte, min(file.Size(), maxHeader))
	if err := input.ReadFull(file, head, 0); err != nil {
		return closeWith(err, file)
	}
	c := input.NewCursor(file.Name(), head, 0)
	header := c.IndexHeader()
	c.Expect(header.Codec == st.format.index+"Idx", st.format.index+"Idx", header.Codec)
	c.ExpectID(header, s.ID)
	if c.Err() != nil {
		return closeWith(c.Err(), file)
	}
	if err := new(input.Checksum).Finish(file, make([]byte, min(verifyBuffer, file.Size()))); err != nil {
		return closeWith(err, file)
	}
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
		for len(docs) > 1 {
			ch := chunk{doc: int(docs[0]), endDoc: int(docs[1]), from: pointers[0], to: pointers[1]}
			if err := st.checkChunk(ch); err != nil {
				return err
			}
			docs, pointers = docs[1:], pointers[1:]
			if ch.endDoc <= from {
				continue
			}
			if more, err := yield(ch); err != nil || !more {
				return err
			}
		}
	}
	if docs[0] != st.maxDoc || pointers[0] != st.end {
		return &input.CorruptError{File: st.index.Name(), Offset: st.pointersAt, Want: fmt.Sprintf("the last chunk to end with document %d at %d", st.maxDoc, st.end), Got: fmt.Sprintf("%d at %d", docs[0], pointers[0])}
	}
	return nil
}

func (st *stored) readBlock(b int, docs, pointers []int64) ([]int64, []int64, error) {
	docs, err := st.docs.readBlock(docs, st.index, st.docsAt, b)
	if err == nil {
		pointers, err = st.pointers.readBlock(pointers, st.index, st.pointersAt, b)
	}
	return docs, pointers, err
}

func (st *stored) checkChunk(ch chunk) error {
	if ch.doc >= 0 && ch.doc < ch.endDoc && ch.from > 0 && ch.from < ch.to && ch.to <= st.end && st.end <= st.data.Size()-input.FooterSize {
		return nil
	}
	return &input.CorruptError{
		File: st.index.Name(), Offset: st.docsAt,
		Want: fmt.Sprintf("a chunk of documents within %d bytes", st.end),
		Got:  fmt.Sprintf("documents %d to %d at %d to %d", ch.doc, ch.endDoc, ch.from, ch.to),
	}
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
