package lucene

import (
	"context"
	"fmt"

	"migassist/lucene/input"
)

// sequences is the chunk index since Lucene 8.5: two rising sequences in .fdx, which .fdm describes. Source:
// FieldsIndexWriter and FieldsIndexReader of lucene84 and lucene90.
type sequences struct {
	file     input.File // .fdx, in memory
	docs     monotonic  // first document of each chunk, and the number of documents
	places   monotonic  // where each chunk begins in .fdt, and where the last ends
	docsAt   int64      // in .fdx
	placesAt int64      // in .fdx
}

var _ chunkIndex = (*sequences)(nil)

func (st *stored) readSequences(ctx context.Context, s *Segment, f *files) (chunkIndex, error) {
	name := s.Name + ".fdm"
	data, err := f.read(ctx, name)
	if err != nil {
		return nil, err
	}
	q, err := st.parseMeta(input.NewCursor(name, data, 0), s)
	if err != nil {
		return nil, err
	}
	return q, q.readFile(ctx, st, s, f)
}

// readFile reads .fdx, some bytes per chunk.
func (q *sequences) readFile(ctx context.Context, st *stored, s *Segment, f *files) error {
	name := s.Name + ".fdx"
	data, err := f.read(ctx, name)
	if err != nil {
		return err
	}
	q.file = input.NewBytes(name, data)
	c := input.NewCursor(name, data, 0)
	header := s.header(c)
	expectCodec(c, header, st.format.index+"Idx")
	c.ExpectVersion(header, 0, 0)
	s.expectOwner(c, header, name)
	return c.Err()
}

func (st *stored) parseMeta(c *input.Cursor, s *Segment) (*sequences, error) {
	header := s.header(c)
	expectCodec(c, header, st.format.index+"Meta")
	c.ExpectVersion(header, 0, st.version)
	s.expectOwner(c, header, s.Name+".fdm")
	c.SetLittleEndian(st.format.little)
	if st.version >= st.format.metaSizes {
		st.parseChunkSize(c)
		if st.format.packed {
			st.parsePacked(c)
		}
	}
	docs := int64(c.I32())
	c.Expect(docs == int64(s.MaxDoc), fmt.Sprintf("%d documents", s.MaxDoc), docs)
	c.Note("%d documents", docs)
	shift := int(c.I32())
	c.Note("block shift %d", shift)
	entries := int64(c.I32())
	st.expectChunks(c, entries-1, docs)
	c.Note("%d chunks, and the end", entries-1)
	q := &sequences{}
	q.docsAt, q.docs = parseSequence(c, "first documents", entries, shift)
	q.placesAt, q.places = parseSequence(c, "chunks in .fdt", entries, shift)
	c.Note("end of both at %d of .fdx", c.I64())
	st.expectEnd(c, c.I64())
	if st.version >= st.format.metaSizes {
		st.parseStatistics(c)
	}
	c.Footer()
	return q, c.Err()
}

// expectChunks checks how many chunks there are said to be.
func (st *stored) expectChunks(c *input.Cursor, chunks, docs int64) {
	c.Expect(chunks >= 0 && chunks <= st.data.Size()/smallestChunk && chunks <= docs && docs <= chunks*maxChunkDocs,
		fmt.Sprintf("a number of chunks, and one, for %d documents in %d bytes", docs, st.data.Size()), chunks+1)
	st.maxDoc = docs
}

// parseSequence reads where n rising numbers lie in .fdx, and how.
func parseSequence(c *input.Cursor, of string, n int64, shift int) (int64, monotonic) {
	at := c.I64()
	c.Expect(at >= 0, "a place in .fdx", at)
	c.Note("%s at %d of .fdx", of, at)
	return at, parseMonotonic(c, n, shift)
}

// parseStatistics reads what only Lucene's merging uses.
func (st *stored) parseStatistics(c *input.Cursor) {
	if st.format.dirtyBit <= st.version {
		c.Note("%d chunks", c.VLong())
	}
	c.Note("%d dirty chunks", c.VLong())
	c.Note("%d dirty documents", c.VLong())
}

func (q *sequences) name() string { return q.file.Name() }

func (q *sequences) blocks() int { return len(q.docs.blocks) }

func (q *sequences) firstDoc(b int) (int64, error) {
	values, err := q.docs.readBlock(nil, q.file, q.docsAt, b)
	if err != nil {
		return 0, err
	}
	return values[0], nil
}

func (q *sequences) appendBlock(docs, places []int64, b int) ([]int64, []int64, error) {
	docs, err := q.docs.readBlock(docs, q.file, q.docsAt, b)
	if err == nil {
		places, err = q.places.readBlock(places, q.file, q.placesAt, b)
	}
	return docs, places, err
}
