package docvalues

import (
	"fmt"

	"migassist/lucene/input"
	"migassist/lucene/lz4"
)

// bytesSpec is what .dvm says of the values of a binary column.
type bytesSpec interface {
	// open gives them; none longer than limit, in bytes.
	open(f *source, limit int) bytesSource
}

// bytesSource gives values by index, valid until the next one. false: there is none.
type bytesSource interface {
	at(i int64) (value []byte, ok bool, err error)
}

// pieces are n values one after another.
type pieces struct {
	within extent
	n      int64
	fixed  int64        // bytes of each, where starts is nil
	starts sequenceSpec // where each begins, and the last ends, from where the extent starts
}

func (p *pieces) open(f *source, limit int) bytesSource {
	s := &piecesReader{pieces: p, win: f.window(p.within), limit: limit}
	if p.starts != nil {
		s.places = newSpans(p.starts.open(f))
	}
	return s
}

type piecesReader struct {
	*pieces

	win    *window
	places *spans
	limit  int
	long   []byte // a value larger than the window
}

// at implements bytesSource.
func (p *piecesReader) at(i int64) ([]byte, bool, error) {
	if i < 0 || i >= p.n {
		return nil, false, place{p.win.file, p.within.offset}.outside(i, p.n)
	}
	from, to := i*p.fixed, (i+1)*p.fixed
	if p.places != nil {
		var err error
		if from, to, err = p.places.at(i); err != nil {
			return nil, false, err
		}
	}
	if from < 0 || to < from || to > p.within.length {
		return nil, false, &input.CorruptError{File: p.win.file.Name(), Offset: p.within.offset, Want: fmt.Sprintf("a value from %d on within %d bytes", from, p.within.length), Got: fmt.Sprintf("to %d", to)}
	}
	value, err := p.read(p.within.offset+from, to-from)
	return value, err == nil, err
}

func (p *piecesReader) read(off, n int64) ([]byte, error) {
	if n <= int64(p.win.most) {
		b, err := p.win.bytes(off, int(n))
		if err != nil {
			return nil, err
		}
		return b[:n:n], nil
	}
	if n > int64(p.limit) {
		return nil, &input.CorruptError{File: p.win.file.Name(), Offset: off, Want: fmt.Sprintf("a value of at most %d bytes", p.limit), Got: fmt.Sprint(n)}
	}
	if int64(cap(p.long)) < n {
		p.long = make([]byte, n)
	}
	p.long = p.long[:n]
	return p.long, p.win.read(p.long, off)
}

// chunkedBytes are n values in chunks of 1<<shift, each compressed with LZ4:
//
//	VInt length of the first<<1 | all have it, otherwise a VInt length for each of the others, LZ4
type chunkedBytes struct {
	within  extent
	n       int64
	shift   int
	longest int     // bytes of a chunk, decompressed
	starts  *rising // offset of each chunk in .dvd
}

func (b *chunkedBytes) open(f *source, limit int) bytesSource {
	return &chunkReader{chunkedBytes: b, win: f.window(b.within), places: b.starts.open(f), limit: limit, chunk: -1}
}

type chunkReader struct {
	*chunkedBytes

	win    *window
	places sequence
	limit  int
	chunk  int64 // that is decompressed; -1: none
	raw    []byte
	data   []byte
	ends   []int
	cursor input.Cursor
}

// at implements bytesSource.
func (r *chunkReader) at(i int64) ([]byte, bool, error) {
	if i < 0 || i >= r.n {
		return nil, false, place{r.win.file, r.within.offset}.outside(i, r.n)
	}
	if chunk := i >> r.shift; chunk != r.chunk {
		r.chunk = -1
		if err := r.inflate(chunk); err != nil {
			return nil, false, err
		}
		r.chunk = chunk
	}
	from, j := 0, int(i&(1<<r.shift-1))
	if j > 0 {
		from = r.ends[j-1]
	}
	return r.data[from:r.ends[j]:r.ends[j]], true, nil
}

func (r *chunkReader) inflate(chunk int64) error {
	from, to, err := r.bounds(chunk)
	if err != nil {
		return err
	}
	if err := r.win.check(from, to-from); err != nil {
		return err
	}
	if int64(cap(r.raw)) < to-from {
		r.raw = make([]byte, to-from)
	}
	r.raw = r.raw[:to-from]
	if err := r.win.read(r.raw, from); err != nil {
		return err
	}
	r.cursor = *input.NewCursor(r.win.file.Name(), r.raw, from)
	c := &r.cursor
	total := r.lengths(c)
	if most := min(r.longest, lz4Most*len(r.raw)); total > most {
		c.Expect(false, fmt.Sprintf("at most %d bytes in a chunk", most), total)
	}
	if c.Err() != nil {
		return c.Err()
	}
	if total > r.limit {
		return &input.CorruptError{File: r.win.file.Name(), Offset: from, Want: fmt.Sprintf("values of at most %d bytes", r.limit), Got: fmt.Sprint(total)}
	}
	if cap(r.data) < total {
		r.data = make([]byte, total)
	}
	r.data = r.data[:total]
	if total > 0 {
		inflate(c, r.data, 0)
	}
	return c.Err()
}

// bounds is where a chunk lies: the last one ends with the extent.
func (r *chunkReader) bounds(chunk int64) (from, to int64, err error) {
	if from, err = r.places.at(chunk); err != nil {
		return 0, 0, err
	}
	to = r.within.end()
	if chunk+1 < r.starts.n {
		to, err = r.places.at(chunk + 1)
	}
	return from, to, err
}

// lengths reads where the values of a chunk end, and returns their bytes together.
func (r *chunkReader) lengths(c *input.Cursor) int {
	r.ends = r.ends[:0]
	first := c.VInt()
	total, same := first>>1, first&1 == 1
	r.ends = append(r.ends, total)
	for range 1<<r.shift - 1 {
		if same {
			total += first >> 1
		} else {
			total += c.VInt()
		}
		r.ends = append(r.ends, total)
	}
	return total
}

// lz4Most is how many times its size LZ4 data can grow.
const lz4Most = 255

// inflate decompresses a block of LZ4 from the cursor into out, behind the bytes that are there already, to which it may
// refer.
func inflate(c *input.Cursor, out []byte, there int) {
	at, src := c.Offset(), c.Bytes(c.Remaining())
	if c.Err() != nil {
		return
	}
	if _, err := lz4.Decode(out, there, len(out), src); err != nil {
		c.FailAt(at, fmt.Sprintf("an LZ4 block of %d bytes", len(out)-there), err.Error())
	}
}

// looseTerms are terms that stand alone.
type looseTerms struct{ *pieces }

func (t looseTerms) open(f *source) termSource {
	return looseReader{t.pieces.open(f, longestTerm)}
}

type looseReader struct{ bytesSource }

func (r looseReader) at(ord int64) ([]byte, error) {
	term, _, err := r.bytesSource.at(ord)
	return term, err
}
