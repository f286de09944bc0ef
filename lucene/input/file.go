package input

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// File is a Lucene file wherever it lies: a blob in parts, a slice of a compound file, bytes in memory.
// ReadAt may be called from several goroutines at once.
type File interface {
	io.ReaderAt
	io.Closer
	Name() string
	Size() int64 // in bytes
}

// willReader is a file that can make use of knowing what will be read.
type willReader interface{ WillRead(off, length int64) }

// WillRead tells f that these bytes are about to be read front to back, in pieces. A file in a far store
// fetches them in few large requests and nothing beyond them; for others it means nothing. It may be said
// again, also of ranges that touch. A range that ends beyond the file ends with it.
func WillRead(f File, off, length int64) { willRead(f, f.Size(), off, length) }

func willRead(data any, size, off, length int64) {
	far, ok := data.(willReader)
	if !ok || off < 0 || off >= size || length <= 0 {
		return
	}
	far.WillRead(off, min(length, size-off))
}

// maxWhole bounds a file that is read whole. Metadata files are kilobytes, generations of doc values
// and live documents of the largest segment (2^31 documents) at most some hundred megabytes.
const maxWhole = 1 << 30

// ReadVerified reads all of f and checks the CRC in its footer.
func ReadVerified(f File) ([]byte, error) {
	data, err := ReadWhole(f)
	if err != nil {
		return nil, err
	}
	return data, CheckCRC(f.Name(), data)
}

// ReadWhole reads all of f and believes it.
func ReadWhole(f File) ([]byte, error) {
	if f.Size() < 0 || f.Size() > maxWhole {
		return nil, &CorruptError{File: f.Name(), Offset: 0, Want: fmt.Sprintf("at most %d bytes for a file of this kind", maxWhole), Got: fmt.Sprint(f.Size())}
	}
	data := make([]byte, f.Size())
	return data, ReadFull(f, data, 0)
}

// ReadFull fills p from offset off of f; a file that ends before is corrupt.
func ReadFull(f File, p []byte, off int64) error {
	n, err := f.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return &CorruptError{File: f.Name(), Offset: off + int64(n), Want: fmt.Sprintf("%d more bytes", len(p)-n), Got: "the end of the file"}
	}
	return fmt.Errorf("read %d bytes of %s at %d: %w", len(p), f.Name(), off, err)
}

// Checksum is the running CRC of a file that is read front to back, for files too large to hold.
type Checksum struct {
	sum uint32
	at  int64
}

// Add takes the next bytes of the file.
func (s *Checksum) Add(p []byte) {
	s.sum = crc32.Update(s.sum, crc32.IEEETable, p)
	s.at += int64(len(p))
}

// At returns how many bytes have been added.
func (s *Checksum) At() int64 { return s.at }

// AddFrom adds the bytes of f up to offset end, reading them through buf, or through memory of its own
// where buf is empty.
func (s *Checksum) AddFrom(f File, end int64, buf []byte) error {
	if len(buf) == 0 {
		buf = make([]byte, max(0, min(end-s.at, ownBuffer)))
	}
	for s.at < end {
		p := buf[:min(int64(len(buf)), end-s.at)]
		if err := ReadFull(f, p, s.at); err != nil {
			return err
		}
		s.Add(p)
	}
	return nil
}

const ownBuffer = 64 << 10

// Finish adds the rest of f, compares with its footer and says whether the whole file was as written.
func (s *Checksum) Finish(f File, buf []byte) error {
	if f.Size() < FooterSize {
		return tooShort(f.Name(), f.Size())
	}
	if err := s.AddFrom(f, f.Size()-FooterSize, buf); err != nil {
		return err
	}
	footer := make([]byte, FooterSize)
	if err := ReadFull(f, footer, f.Size()-FooterSize); err != nil {
		return err
	}
	s.Add(footer[min(s.at-(f.Size()-FooterSize), 8):8])
	want, err := FooterChecksum(f.Name(), footer, f.Size()-FooterSize)
	if err != nil {
		return err
	}
	return compareCRC(f.Name(), f.Size(), want, s.sum)
}

// NewBytes is a File in memory.
func NewBytes(name string, data []byte) File {
	return &section{name: name, data: byteReader(data), size: int64(len(data))}
}

// NewSection is the n bytes of f from offset off, as a file of its own. Closing it closes nothing.
func NewSection(name string, f File, off, n int64) File {
	return &section{name: name, data: f, off: off, size: n}
}

type section struct {
	name      string
	data      io.ReaderAt
	off, size int64
}

func (s *section) Name() string { return s.name }
func (s *section) Size() int64  { return s.size }
func (s *section) Close() error { return nil }

// WillRead tells the file that the section lies in. The range lies within the section.
func (s *section) WillRead(off, length int64) {
	willRead(s.data, s.off+s.size, s.off+off, length)
}

// ReadAt implements io.ReaderAt within the section.
func (s *section) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= s.size {
		return 0, io.EOF
	}
	short := false
	if int64(len(p)) > s.size-off {
		p, short = p[:s.size-off], true
	}
	n, err := s.data.ReadAt(p, s.off+off)
	if err == nil && short {
		err = io.EOF
	}
	return n, err
}

type byteReader []byte

func (b byteReader) ReadAt(p []byte, off int64) (int, error) {
	n := copy(p, b[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
