package httpwire

import "fmt"

// Body walks the body of one message, cut into pieces anywhere.
type Body struct {
	framing Framing
	left    int64 // of the body, or of the chunk
	chunk   chunkState
	digits  int // of a chunk's size
	extra   int // bytes of a chunk's extensions, or of the trailer
}

// chunkState is what comes next in a chunked body.
type chunkState uint8

const (
	chunkSize      chunkState = iota // digits, an extension, or the line's end
	chunkExtension                   // to the line's end
	chunkSizeLF
	chunkData
	chunkDataCR
	chunkDataLF
	trailerBegin // of a line, which may be the empty one
	trailerLine
	trailerLF
	lastLF
	bodyEnd
)

// Bounds of what no one sends in earnest.
const (
	maxSizeDigits = 15
	maxExtension  = 4 << 10
	maxTrailer    = 16 << 10
)

// Done tells whether the whole body has been walked. One that lasts until the connection ends never is.
func (b *Body) Done() bool {
	switch b.framing {
	case NoBody:
		return true
	case Length:
		return b.left == 0
	case Chunked:
		return b.chunk == bodyEnd
	default:
		return false
	}
}

// Framing is how the end of the body is found.
func (b *Body) Framing() Framing { return b.framing }

// Next takes the first run of p: n bytes that are content, or that are not (sizes of chunks, line ends, the trailer). It takes at
// least one byte unless the body is done or p is empty. After an error nothing more can be said of the body.
func (b *Body) Next(p []byte) (n int, content bool, err error) {
	switch {
	case b.Done() || len(p) == 0:
		return 0, false, nil
	case b.framing == UntilClose:
		return len(p), true, nil
	case b.framing == Length || b.chunk == chunkData:
		n = int(min(int64(len(p)), b.left))
		b.left -= int64(n)
		if b.left == 0 && b.framing == Chunked {
			b.chunk = chunkDataCR
		}
		return n, true, nil
	}
	for n < len(p) && b.chunk != chunkData && b.chunk != bodyEnd {
		if !b.step(p[n]) {
			return n, false, fmt.Errorf("%w: a chunk's border is not where it should be", ErrAmbiguous)
		}
		n++
	}
	return n, false, nil
}

// Skip takes as much of p as belongs to the body.
func (b *Body) Skip(p []byte) (n int, err error) {
	for n < len(p) && !b.Done() {
		taken, _, err := b.Next(p[n:])
		if err != nil {
			return n + taken, err
		}
		n += taken
	}
	return n, nil
}

// step takes one byte of what is not content, and refuses one that can't stand there.
func (b *Body) step(c byte) bool {
	switch b.chunk {
	case chunkSize:
		return b.sizeByte(c)
	case chunkExtension:
		b.extra++
		if c == '\r' {
			b.chunk = chunkSizeLF
		}
		return b.extra <= maxExtension && (c >= ' ' && c != 0x7f || c == '\t' || c == '\r')
	case chunkSizeLF:
		b.chunk = chunkData
		if b.left == 0 {
			b.chunk, b.extra = trailerBegin, 0
		}
		b.digits = 0
		return c == '\n'
	case chunkDataCR:
		b.chunk = chunkDataLF
		return c == '\r'
	case chunkDataLF:
		b.chunk = chunkSize
		return c == '\n'
	default:
		return b.trailerByte(c)
	}
}

func (b *Body) sizeByte(c byte) bool {
	digit := hexDigit(c)
	switch {
	case digit >= 0:
		b.left = b.left<<4 | int64(digit)
		b.digits++
		return b.digits <= maxSizeDigits
	case b.digits == 0:
		return false
	case c == '\r':
		b.chunk = chunkSizeLF
	case c == ';' || c == ' ' || c == '\t':
		b.chunk, b.extra = chunkExtension, 0
	default:
		return false
	}
	return true
}

func (b *Body) trailerByte(c byte) bool {
	b.extra++
	switch b.chunk {
	case trailerBegin:
		b.chunk = trailerLine
		if c == '\r' {
			b.chunk = lastLF
		}
	case trailerLine:
		if c == '\r' {
			b.chunk = trailerLF
		}
	case trailerLF:
		b.chunk = trailerBegin
		return c == '\n'
	case lastLF:
		b.chunk = bodyEnd
		return c == '\n'
	}
	return b.extra <= maxTrailer && (c >= ' ' && c != 0x7f || c == '\t' || c == '\r')
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
