package lucene

import (
	"context"
	"fmt"
	"hash/crc32"

	"migassist/lucene/input"
)

// storedFormat is a row: how .fdt of a codec name reads. Versions are those of its header.
type storedFormat struct {
	oldest, newest int
	little         bool
	// sizes is the version from which .fdt itself says the size of slices, and metaSizes the one from which .fdm does.
	sizes, metaSizes int
	// flags is how many bits of a chunk's token are flags, the lowest of which says that it is sliced; from version
	// dirtyBit on there are two. Without flags, whether it is sliced follows from its size.
	flags, dirtyBit int
	ints            func(c *input.Cursor, values []int32) // the two arrays in a chunk's head
	packed          bool                                  // says which version of packed integers it uses
	payload         func() payload
	ratio           int // how many bytes one compressed byte makes at most
	// index is the begin of the codec names of .fdm and .fdx. Below version meta there is only .fdx, of codec legacy.
	index, legacy string
	meta          int
	// statistics is the version from which two numbers lie between the last chunk and the footer.
	statistics int
	// ends is the version from which a legacy .fdx says where the last chunk ends.
	ends    int
	numbers numberCoding
}

// Rows that several codec names share. Source: CompressingStoredFieldsReader of Lucene 4.10, 5.5, 8.4, 8.6, 8.11
// (in 8.7 and later Lucene87…, Lucene90CompressingStoredFieldsReader).
var (
	stored41 = storedFormat{
		newest: 2, sizes: 1, metaSizes: never, dirtyBit: never, ints: packedInts, packed: true,
		legacy: "Lucene41StoredFieldsIndex", meta: never, statistics: never, ends: 2, numbers: fixedNumbers,
	}
	stored50 = storedFormat{
		newest: 4, metaSizes: 3, flags: 1, dirtyBit: 4, ints: packedInts, packed: true,
		index: "Lucene85FieldsIndex", meta: 2, statistics: 1, numbers: bigNumbers,
	}
	stored87 = storedFormat{
		oldest: 3, newest: 4, metaSizes: 3, flags: 1, dirtyBit: 4, ints: packedInts, packed: true,
		index: "Lucene85FieldsIndex", statistics: 1, numbers: bigNumbers,
	}
	stored90 = storedFormat{
		oldest: 1, newest: 1, metaSizes: 1, flags: 1, dirtyBit: 1, ints: groupedInts,
		index: "Lucene90FieldsIndex", statistics: 1, numbers: littleNumbers, little: true,
	}
)

// storedFormats by the codec name in the header of .fdt.
var storedFormats = map[string]storedFormat{
	"Lucene41StoredFieldsData":     stored41.with(newLZ4Stream, ratioLZ4),
	"Lucene50StoredFieldsFastData": stored50.with(newLZ4Stream, ratioLZ4).before("Lucene50StoredFieldsFastIndex"),
	"Lucene50StoredFieldsHighData": stored50.with(newDeflateStream, ratioDeflate).before("Lucene50StoredFieldsHighIndex"),
	"Lucene87StoredFieldsFastData": stored87.with(newLZ4, ratioLZ4),
	"Lucene87StoredFieldsHighData": stored87.with(newDeflate, ratioDeflate),
	"Lucene90StoredFieldsFastData": stored90.with(newLZ4, ratioLZ4),
	"Lucene90StoredFieldsHighData": stored90.with(newDeflate, ratioDeflate),
	// Elasticsearch 8.14 and later, index.codec best_compression.
	"ZstdStoredFields814": stored90.with(newZstdFrame, ratioZstd),
	// OpenSearch's custom-codecs, index.codec zstd, zstd_no_dict, and qat_*.
	"CustomStoredFieldsZstd":       stored90.with(newZstdPreset, ratioZstd),
	"CustomStoredFieldsZstdNoDict": stored90.with(newZstdBlocks, ratioZstd),
	"QatStoredFieldsLz4":           stored90.with(newLZ4Frames, ratioLZ4),
	"QatStoredFieldsDeflate":       stored90.with(newGzipBlocks, ratioDeflate),
	"QatStoredFieldsZstd":          stored90.with(newZstdBlocks, ratioZstd),
}

// with returns the row with a way to compress.
func (f storedFormat) with(payload func() payload, ratio int) storedFormat {
	f.payload, f.ratio = payload, ratio
	return f
}

// before returns the row with the codec name of the .fdx that stood in the place of .fdm and .fdx.
func (f storedFormat) before(codec string) storedFormat {
	f.legacy = codec
	return f
}

// stored is the stored fields of a segment: documents in compressed chunks, and where each chunk begins.
type stored struct {
	name      string
	codec     string
	format    storedFormat
	version   int
	chunkSize int // bytes of a slice of a chunk that was cut into several compressions
	ints      func(c *input.Cursor, values []int32)

	data       input.File
	index      chunkIndex
	maxDoc     int64
	begin, end int64  // of the chunks, in data
	headSum    uint32 // CRC of what lies before
}

func (s *Segment) openStored(ctx context.Context, f *files) (*stored, error) {
	st := &stored{name: s.Name + ".fdt"}
	var err error
	if st.data, err = f.open(ctx, st.name); err != nil {
		return nil, err
	}
	if err = st.readHeader(s); err == nil {
		st.index, err = st.readIndex(ctx, s, f)
	}
	if err != nil {
		return nil, closeWith(err, st.data)
	}
	return st, nil
}

func (st *stored) close() error { return closeWith(nil, st.data) }

func (st *stored) readHeader(s *Segment) error {
	c, err := headOf(st.data)
	if err != nil {
		return err
	}
	head := *c
	if err := st.parseHeader(c, s); err != nil {
		return err
	}
	st.headSum = crc32.ChecksumIEEE(head.Bytes(int(st.begin)))
	return head.Err()
}

func (st *stored) parseHeader(c *input.Cursor, s *Segment) error {
	header := s.header(c)
	format, known := storedFormats[header.Codec]
	if c.Err() == nil && !known {
		return &UnsupportedError{File: st.name, Codec: header.Codec, Known: keys(storedFormats)}
	}
	c.ExpectVersion(header, format.oldest, format.newest)
	s.expectOwner(c, header, st.name)
	st.codec, st.format, st.version, st.ints = header.Codec, format, header.Version, format.ints
	if st.version < format.metaSizes {
		if st.version >= format.sizes {
			st.parseChunkSize(c)
		}
		st.parsePacked(c)
	}
	st.begin = c.Offset()
	return c.Err()
}

func (st *stored) parseChunkSize(c *input.Cursor) {
	st.chunkSize = c.VInt()
	c.Expect(st.chunkSize > 0, "a chunk size", st.chunkSize)
	c.Note("chunk size %d bytes", st.chunkSize)
}

// Versions of packed integers. Source: org.apache.lucene.util.packed.PackedInts.
const (
	packedAligned = 1 // streams end with their last byte, not with a word of eight
	packedNewest  = 2
)

func (st *stored) parsePacked(c *input.Cursor) {
	version := c.VInt()
	c.Expect(version <= packedNewest, "a version of packed integers", version)
	c.Note("packed integers version %d", version)
	if version < packedAligned {
		st.ints = paddedInts
	}
}

// readIndex reads which documents lie where, and st.end with it.
func (st *stored) readIndex(ctx context.Context, s *Segment, f *files) (chunkIndex, error) {
	if st.version < st.format.meta && st.format.legacy != "" {
		return st.readLegacy(ctx, s, f)
	}
	return st.readSequences(ctx, s, f)
}

// bodyEnd is where the footer begins, or would.
func (st *stored) bodyEnd() int64 {
	if hasFooter(input.Header{Codec: st.codec, Version: st.version}) {
		return st.data.Size() - input.FooterSize
	}
	return st.data.Size()
}

// maxStatistics is how many bytes two VLongs take at most, smallStatistics at least.
const minStatistics, maxStatistics = 2, 18

// expectEnd checks where an index says that the last chunk ends.
func (st *stored) expectEnd(c *input.Cursor, end int64) {
	st.end = end
	first, last := st.bodyEnd(), st.bodyEnd()
	if st.version >= st.format.statistics && st.version < st.format.metaSizes {
		first, last = first-maxStatistics, last-minStatistics
	}
	c.Expect(end >= max(first, st.begin) && end <= last, fmt.Sprintf("the end of the last chunk at %d to %d", first, last), end)
	c.Note("end of the last chunk at %d of .fdt", end)
}

// chunk is where a chunk lies and which documents it holds.
type chunk struct {
	doc, endDoc int
	from, to    int64 // in .fdt
}

// Bounds of a chunk: fewer bytes and more documents than any has.
const (
	smallestChunk = 4
	maxChunkDocs  = 1 << 17
)
