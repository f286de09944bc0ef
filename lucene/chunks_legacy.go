package lucene

import (
	"context"
	"fmt"

	"migassist/lucene/input"
)

// legacyIndex is the chunk index before Lucene 8.5, all in .fdx. Source: CompressingStoredFieldsIndexReader.
//
//	header | VInt version of packed integers | block | … | VInt 0 | VLong end of the chunks | footer
//
//	block   VInt chunks, VInt first document, VInt documents per chunk,  VInt width, packed
//	                     VLong first place,   VLong bytes per chunk,     VInt width, packed
//
// A packed number says how far a chunk lies off the line that the numbers before it are.
type legacyIndex struct {
	file   string
	list   []legacyBlock
	maxDoc int64
	end    int64
}

var _ chunkIndex = (*legacyIndex)(nil)

type legacyBlock struct {
	chunks       int
	docs, places legacyLine
}

// legacyLine is value(i) = from + step*i + zigzag(packed(i)).
type legacyLine struct {
	from, step int64
	width      int
	packed     []byte
}

// smallestLegacyBlock is the least number of bytes of a block, and maxLegacyChunks the most chunks of one.
const (
	smallestLegacyBlock = 7
	maxLegacyChunks     = 1 << 20
)

func (st *stored) readLegacy(ctx context.Context, s *Segment, f *files) (chunkIndex, error) {
	name := s.Name + ".fdx"
	data, err := f.read(ctx, name)
	if err != nil {
		return nil, err
	}
	return st.parseLegacy(input.NewCursor(name, data, 0), s, nil)
}

// parseLegacy reads .fdx. Each block is shown, where it is not nil, after what has been noted of it.
func (st *stored) parseLegacy(c *input.Cursor, s *Segment, show func(legacyBlock)) (chunkIndex, error) {
	name := s.Name + ".fdx"
	header := s.header(c)
	expectCodec(c, header, st.format.legacy)
	c.ExpectVersion(header, 0, st.version)
	s.expectOwner(c, header, name)
	version := c.VInt()
	c.Expect(version <= packedNewest, "a version of packed integers", version)
	c.Note("packed integers version %d", version)
	index, chunks := &legacyIndex{file: name, maxDoc: int64(s.MaxDoc)}, int64(0)
	for c.Err() == nil {
		block := parseLegacyBlock(c, version)
		if block.chunks == 0 {
			break
		}
		index.list, chunks = append(index.list, block), chunks+int64(block.chunks)
		if show != nil && c.Err() == nil {
			show(block)
		}
	}
	c.Note("no more blocks")
	st.expectChunks(c, chunks, index.maxDoc)
	if header.Version >= st.format.ends {
		st.expectEnd(c, c.VLong())
	} else {
		st.end = st.bodyEnd()
	}
	index.end = st.end
	finish(c, header)
	return index, c.Err()
}

func parseLegacyBlock(c *input.Cursor, version int) legacyBlock {
	b := legacyBlock{chunks: c.VInt()}
	c.Expect(b.chunks <= maxLegacyChunks, "a number of chunks in a block", b.chunks)
	if b.chunks == 0 || c.Err() != nil {
		return legacyBlock{}
	}
	c.Note("block of %d chunks", b.chunks)
	b.docs = legacyLine{from: int64(c.VInt()), step: int64(c.VInt())}
	b.docs.parse(c, b.chunks, 32, version)
	c.Note("  first documents: from %d, %d more each, plus %d bits", b.docs.from, b.docs.step, b.docs.width)
	b.places = legacyLine{from: c.VLong(), step: c.VLong()}
	b.places.parse(c, b.chunks, 64, version)
	c.Note("  chunks in .fdt: from %d, %d more each, plus %d bits", b.places.from, b.places.step, b.places.width)
	return b
}

func (l *legacyLine) parse(c *input.Cursor, n, widest, version int) {
	l.width = c.VInt()
	c.Expect(l.width <= widest, fmt.Sprintf("a width of at most %d bits", widest), l.width)
	if c.Err() == nil {
		l.packed = c.Bytes(packedBytes(n, l.width, version))
	}
}

func (l *legacyLine) append(values []int64, n int) []int64 {
	bits := bitReader{data: l.packed}
	for i := range n {
		value := l.from + l.step*int64(i)
		if l.width > 0 {
			v := bits.next(l.width)
			value += int64(v>>1) ^ -int64(v&1)
		}
		values = append(values, value)
	}
	return values
}

func (x *legacyIndex) name() string { return x.file }

func (x *legacyIndex) blocks() int { return max(len(x.list), 1) }

func (x *legacyIndex) firstDoc(b int) (int64, error) {
	if len(x.list) == 0 {
		return 0, nil
	}
	return x.list[b].docs.append(nil, 1)[0], nil
}

func (x *legacyIndex) appendBlock(docs, places []int64, b int) ([]int64, []int64, error) {
	if len(x.list) > 0 {
		block := x.list[b]
		docs, places = block.docs.append(docs, block.chunks), block.places.append(places, block.chunks)
	}
	if b == x.blocks()-1 {
		docs, places = append(docs, x.maxDoc), append(places, x.end)
	}
	return docs, places, nil
}
