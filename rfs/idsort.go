package rfs

import (
	"bufio"
	"bytes"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
)

// idRecord is the id of a document as a hash, and where the document is. On disk:
//
//	┌──────────┬───────────┬────────────┬────────┐
//	│ hash  16 │ origin  4 │ segment  4 │ doc  4 │  little endian
//	└──────────┴───────────┴────────────┴────────┘
type idRecord struct {
	hash                 [16]byte
	origin, segment, doc uint32
}

const idRecordSize = 28

func (r idRecord) compare(o idRecord) int { return bytes.Compare(r.hash[:], o.hash[:]) }

func (r idRecord) append(dst []byte) []byte {
	dst = append(dst, r.hash[:]...)
	for _, number := range [...]uint32{r.origin, r.segment, r.doc} {
		dst = binary.LittleEndian.AppendUint32(dst, number)
	}
	return dst
}

func parseIDRecord(b *[idRecordSize]byte) (r idRecord) {
	copy(r.hash[:], b[:])
	r.origin, r.segment, r.doc = binary.LittleEndian.Uint32(b[16:]), binary.LittleEndian.Uint32(b[20:]), binary.LittleEndian.Uint32(b[24:])
	return r
}

// idSorter sorts records by their hashes within bounded memory: what does not fit goes, sorted, to runs of one file, which
// are merged at the end. Where the system allows, the file has no name any more as soon as it is open, so that a kill leaves
// nothing behind.
type idSorter struct {
	dir     string
	most    int // records that are held
	records []idRecord
	file    *os.File // nil: all is held
	named   bool     // the file still has its name
	size    int64
	runs    []*io.SectionReader
}

// newIDSorter holds so many bytes of records.
func newIDSorter(dir string, memory int) *idSorter {
	return &idSorter{dir: dir, most: max(1, memory/idRecordSize)}
}

func (s *idSorter) add(records []idRecord) error {
	for len(s.records)+len(records) > s.most {
		fit := s.most - len(s.records)
		s.records = append(s.records, records[:fit]...)
		records = records[fit:]
		if err := s.spill(); err != nil {
			return fmt.Errorf("keep the hashes of ids on disk: %w", err)
		}
	}
	s.records = append(s.records, records...)
	return nil
}

// spill writes what is held as one run.
func (s *idSorter) spill() error {
	if s.file == nil {
		file, err := os.CreateTemp(s.dir, "migassist-ids-")
		if err != nil {
			return err
		}
		s.file, s.named = file, os.Remove(file.Name()) != nil
	}
	slices.SortFunc(s.records, idRecord.compare)
	out := bufio.NewWriterSize(s.file, 1<<20)
	var line [idRecordSize]byte
	for _, record := range s.records {
		if _, err := out.Write(record.append(line[:0])); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	length := int64(len(s.records)) * idRecordSize
	s.runs = append(s.runs, io.NewSectionReader(s.file, s.size, length))
	s.size += length
	s.records = s.records[:0]
	return nil
}

// sorted yields all records in the order of their hashes. The error ends the sequence.
func (s *idSorter) sorted() iter.Seq2[idRecord, error] {
	return func(yield func(idRecord, error) bool) {
		slices.SortFunc(s.records, idRecord.compare)
		if len(s.runs) == 0 {
			for _, record := range s.records {
				if !yield(record, nil) {
					return
				}
			}
			return
		}
		err := s.merge(yield)
		if err != nil {
			yield(idRecord{}, fmt.Errorf("read the hashes of ids from disk: %w", err))
		}
	}
}

// merge yields the records of all runs, and of what is held.
func (s *idSorter) merge(yield func(idRecord, error) bool) error {
	buffer := min(max(s.most*idRecordSize/len(s.runs), 4<<10), 1<<20)
	queue := idRuns{&idRun{held: s.records}}
	for _, run := range s.runs {
		queue = append(queue, &idRun{in: bufio.NewReaderSize(run, buffer), left: run.Size()})
	}
	for i := 0; i < len(queue); {
		switch more, err := queue[i].next(); {
		case err != nil:
			return err
		case !more:
			queue = slices.Delete(queue, i, i+1)
		default:
			i++
		}
	}
	heap.Init(&queue)
	for len(queue) > 0 {
		if !yield(queue[0].first, nil) {
			return nil
		}
		more, err := queue[0].next()
		if err != nil {
			return err
		}
		if more {
			heap.Fix(&queue, 0)
		} else {
			heap.Pop(&queue)
		}
	}
	return nil
}

func (s *idSorter) close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	if s.named {
		err = errors.Join(err, os.Remove(s.file.Name()))
	}
	return err
}

// idRun is a sorted run that is being read, from disk or from memory.
type idRun struct {
	in    *bufio.Reader // nil: held
	left  int64         // bytes
	line  [idRecordSize]byte
	held  []idRecord
	first idRecord
}

// next goes to the next record, and tells whether there is one.
func (r *idRun) next() (bool, error) {
	if r.in == nil {
		if len(r.held) == 0 {
			return false, nil
		}
		r.first, r.held = r.held[0], r.held[1:]
		return true, nil
	}
	if r.left == 0 {
		return false, nil
	}
	if _, err := io.ReadFull(r.in, r.line[:]); err != nil {
		return false, fmt.Errorf("%d bytes are missing: %w", r.left, err)
	}
	r.left -= idRecordSize
	r.first = parseIDRecord(&r.line)
	return true, nil
}

// idRuns is a heap of runs by their first records.
type idRuns []*idRun

var _ heap.Interface = (*idRuns)(nil)

func (q idRuns) Len() int           { return len(q) }
func (q idRuns) Less(i, j int) bool { return q[i].first.compare(q[j].first) < 0 }
func (q idRuns) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push implements heap.Interface.
func (q *idRuns) Push(x any) { *q = append(*q, x.(*idRun)) } //nolint:forcetypeassert // nothing else is put there

// Pop implements heap.Interface.
func (q *idRuns) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
