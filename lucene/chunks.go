package lucene

import (
	"fmt"
	"sort"

	"migassist/lucene/input"
)

// chunkIndex says which documents each chunk of .fdt holds, and where it lies. It comes in blocks.
type chunkIndex interface {
	// name is the file's, for errors.
	name() string
	// blocks is how many there are, at least one.
	blocks() int
	// firstDoc returns the first document of block b.
	firstDoc(b int) (int64, error)
	// appendBlock appends the first document and the place of each chunk of block b. With the last block comes an entry
	// more: the number of documents, and where the last chunk ends.
	appendBlock(docs, places []int64, b int) ([]int64, []int64, error)
}

// chunks calls yield for the chunks from the one that holds document from on, until it returns false.
func (st *stored) chunks(from int, yield func(chunk) (bool, error)) error {
	first, err := st.blockOf(from)
	if err != nil {
		return err
	}
	var docs, places []int64
	for b := first; b < st.index.blocks(); b++ {
		if docs, places, err = st.appendBlock(docs, places, b); err != nil {
			return err
		}
		for ; len(docs) > 1; docs, places = docs[1:], places[1:] {
			ch := chunk{doc: int(docs[0]), endDoc: int(docs[1]), from: places[0], to: places[1]}
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
	if docs[0] != st.maxDoc || places[0] != st.end {
		return st.indexError(fmt.Sprintf("the last chunk to end with document %d at %d", st.maxDoc, st.end), docs[0], places[0])
	}
	return nil
}

// chunkOf returns the chunk that holds a document, which must be one of the segment's.
func (st *stored) chunkOf(doc int) (found chunk, err error) {
	return found, st.chunks(doc, func(ch chunk) (bool, error) {
		found = ch
		return false, nil
	})
}

// Cuts returns where to cut a segment into ranges of about so many bytes of stored fields, as they lie in the file: the first
// documents of the ranges, at the begin of chunks, 0 the first. A range is larger where a chunk is, and only the last one
// may be much smaller.
func (d *Documents) Cuts(bytes int64) ([]int, error) {
	cuts, begin := []int{0}, d.stored.begin
	err := d.stored.chunks(0, func(ch chunk) (bool, error) {
		if ch.to-begin > bytes && ch.from > begin {
			cuts, begin = append(cuts, ch.doc), ch.from
		}
		return true, nil
	})
	return cuts, err
}

// Bytes returns the size of the stored fields of all documents, compressed, as they lie in the file.
func (d *Documents) Bytes() int64 { return d.stored.end - d.stored.begin }

// appendBlock appends the numbers of block b to those left over from the block before.
func (st *stored) appendBlock(docs, places []int64, b int) ([]int64, []int64, error) {
	docs, places, err := st.index.appendBlock(docs, places, b)
	if err == nil && b == 0 && (docs[0] != 0 || places[0] != st.begin) {
		err = st.indexError(fmt.Sprintf("the first chunk to begin with document 0 at %d", st.begin), docs[0], places[0])
	}
	return docs, places, err
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
func (st *stored) indexError(want string, doc, place int64) error {
	return &input.CorruptError{File: st.index.name(), Want: want, Got: fmt.Sprintf("document %d at %d", doc, place)}
}

// blockOf finds the block of the index that holds the chunk of a document.
func (st *stored) blockOf(doc int) (int, error) {
	var failed error
	after := sort.Search(st.index.blocks(), func(b int) bool {
		first, err := st.index.firstDoc(b)
		if err != nil {
			failed = err
			return true
		}
		return first > int64(doc)
	})
	return max(after-1, 0), failed
}
