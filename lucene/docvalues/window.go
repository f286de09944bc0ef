package docvalues

import (
	"fmt"

	"migassist/lucene/input"
)

const (
	// defaultWindow is what a cursor holds of a range it reads front to back: enough that reading costs nothing beside
	// decoding, little enough for hundreds of columns at once.
	defaultWindow = 64 << 10
	// firstWindow is what it holds at first, and after a leap.
	firstWindow = 4 << 10
	// slack is how many bytes can be loaded beyond those asked for; what they are means nothing.
	slack = 8
)

// extent is a range of .dvd.
type extent struct{ offset, length int64 }

// end is the offset behind the extent.
func (e extent) end() int64 { return e.offset + e.length }

// window holds a piece of an extent. Pieces grow while they are asked for front to back.
type window struct {
	file   input.File
	within extent
	most   int // bytes held at most, for reads of no more than that
	buf    []byte
	at     int64 // offset of buf[0]
	n      int   // bytes held; slack more can be loaded
	size   int   // of the next piece
	told   bool  // that the extent will be read
	// random is for what is read in any order, as dictionaries are; then parts has a bit for each part that was announced.
	random bool
	parts  uint32
}

const (
	// part is what is announced of an extent that is read in any order: far stores keep so much as long as it is open.
	part = 1 << 20
	// mostParts is how many of them; of a larger extent each read is a request of its own.
	mostParts = 16
)

func newWindow(file input.File, within extent, most int) *window {
	return &window{file: file, within: within, most: most}
}

// bytes returns at least n bytes at an offset, and slack more, valid until the next call.
func (w *window) bytes(off int64, n int) ([]byte, error) {
	if i := off - w.at; i >= 0 && i+int64(n) <= int64(w.n) {
		return w.buf[i:], nil
	}
	return w.fill(off, n)
}

func (w *window) fill(off int64, n int) ([]byte, error) {
	if err := w.check(off, int64(n)); err != nil {
		return nil, err
	}
	if err := w.tell(off, int64(n)); err != nil {
		return nil, err
	}
	if off >= w.at && off-w.at <= int64(w.n) && w.n > 0 {
		w.size = min(2*w.size, w.most)
	} else {
		w.size = min(firstWindow, w.most)
	}
	size := int(min(max(int64(n), int64(w.size)), w.within.end()-off))
	if cap(w.buf) < size+slack {
		w.buf = make([]byte, size+slack)
	}
	w.buf, w.at, w.n = w.buf[:size+slack], off, 0
	if err := input.ReadFull(w.file, w.buf[:size], off); err != nil {
		return nil, err
	}
	w.n = size
	return w.buf, nil
}

// check fails unless n bytes at an offset lie within the extent.
func (w *window) check(off, n int64) error {
	if n < 0 || off < w.within.offset || off > w.within.end() || n > w.within.end()-off {
		return &input.CorruptError{
			File: w.file.Name(), Offset: max(off, 0),
			Want: fmt.Sprintf("%d bytes of a range from %d to %d", n, w.within.offset, w.within.end()), Got: "others",
		}
	}
	return nil
}

// tell announces what is read of the extent: from an offset on all, or the parts that n bytes lie in.
func (w *window) tell(off, n int64) error {
	if !w.random {
		if !w.told {
			w.told = true
			input.WillRead(w.file, off, w.within.end()-off)
		}
		return nil
	}
	if w.within.length > mostParts*part || n == 0 {
		return nil
	}
	for i := (off - w.within.offset) / part; i <= (off+n-1-w.within.offset)/part; i++ {
		if w.parts>>i&1 != 0 {
			continue
		}
		w.parts |= 1 << i
		begin := w.within.offset + i*part
		input.WillRead(w.file, begin, min(part, w.within.end()-begin))
		var first [1]byte // what is read front to back begins there
		if err := input.ReadFull(w.file, first[:], begin); err != nil {
			return err
		}
	}
	return nil
}

// read fills p with the bytes at an offset: from the window where it is small, past it where it is not, or where the next
// one will be elsewhere.
func (w *window) read(p []byte, off int64) error {
	if len(p) <= w.most && !w.random {
		b, err := w.bytes(off, len(p))
		copy(p, b)
		return err
	}
	if err := w.check(off, int64(len(p))); err != nil {
		return err
	}
	if err := w.tell(off, int64(len(p))); err != nil {
		return err
	}
	return input.ReadFull(w.file, p, off)
}
