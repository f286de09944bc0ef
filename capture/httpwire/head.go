package httpwire

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
)

// What can be wrong with a message.
var (
	// ErrMalformed marks what is no HTTP/1 message.
	ErrMalformed = errors.New("malformed HTTP message")
	// ErrAmbiguous marks messages that different readers take for different lengths.
	ErrAmbiguous = errors.New("ambiguous length of an HTTP message")
)

// Framing is how the end of a body is found.
type Framing uint8

// The framings of RFC 9112, section 6.3.
const (
	NoBody Framing = iota
	Length
	Chunked
	UntilClose // answers only
)

// Head is the head of a request or an answer. Its slices are those of the bytes it was parsed from.
type Head struct {
	Raw []byte // all of it, with the empty line

	Method, Target []byte // of a request
	Status         int    // of an answer
	Minor          int    // of HTTP/1.Minor

	Framing Framing
	Length  int64 // of the body, in bytes, where Framing is Length

	FirstLine   int // bytes of the first line, without its end
	HeaderBytes int // bytes of the header lines, without their ends

	fields []byte // the header lines, without the empty line
}

// FindHead gives the bytes that a head at the begin of p takes, or 0 while its empty line has not come. Empty lines before the first line belong to it.
func FindHead(p []byte) int {
	at := emptyLines(p)
	for {
		end := bytes.IndexByte(p[at:], '\n')
		if end < 0 {
			return 0
		}
		at += end + 1
		switch rest := p[at:]; {
		case len(rest) > 0 && rest[0] == '\n':
			return at + 1
		case len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n':
			return at + 2
		}
	}
}

// emptyLines are the bytes of line ends that p begins with: a server ignores them before a request (RFC 9112, section 2.2).
func emptyLines(p []byte) int {
	n := 0
	for n < len(p) && (p[n] == '\r' && n+1 < len(p) && p[n+1] == '\n' || p[n] == '\n') {
		n++
	}
	return n
}

// line cuts the first line off p, without its end.
func line(p []byte) (text, rest []byte) {
	end := bytes.IndexByte(p, '\n')
	if end < 0 {
		return p, nil
	}
	text, rest = p[:end], p[end+1:]
	if end > 0 && text[end-1] == '\r' {
		text = text[:end-1]
	}
	return text, rest
}

// ParseRequest reads the head of a request, which is all of raw.
func ParseRequest(raw []byte) (Head, error) {
	first, rest := line(raw[emptyLines(raw):])
	h := Head{Raw: raw, FirstLine: len(first)}
	method, after, ok := bytes.Cut(first, []byte{' '})
	target, protocol, ok2 := bytes.Cut(after, []byte{' '})
	if !ok || !ok2 || !isToken(method) || !isTarget(target) {
		return h, fmt.Errorf("%w: the first line is no request line", ErrMalformed)
	}
	if !h.version(protocol) {
		return h, fmt.Errorf("%w: the version is not HTTP/1.0 or HTTP/1.1", ErrMalformed)
	}
	h.Method, h.Target = method, target
	lengths, err := h.walk(rest)
	if err != nil {
		return h, err
	}
	return h, h.frameRequest(lengths)
}

// frameRequest decides how a request's body ends, where only one reading is possible.
func (h *Head) frameRequest(said lengths) error {
	switch {
	case said.codings > 1 || said.lengths > 1:
		return fmt.Errorf("%w: Content-Length or Transfer-Encoding is there twice", ErrAmbiguous)
	case said.codings == 1 && said.lengths == 1:
		return fmt.Errorf("%w: it has Content-Length and Transfer-Encoding", ErrAmbiguous)
	case said.codings == 1 && (!said.chunked || h.Minor == 0):
		return fmt.Errorf("%w: Transfer-Encoding is not chunked, or not of HTTP/1.1", ErrAmbiguous)
	case said.codings == 1:
		h.Framing = Chunked
	case said.bad:
		return fmt.Errorf("%w: Content-Length is no number", ErrAmbiguous)
	case said.lengths == 1 && said.length > 0:
		h.Framing, h.Length = Length, said.length
	}
	return nil
}

// ParseResponse reads the head of an answer, which is all of raw; method is that of its request.
func ParseResponse(raw, method []byte) (Head, error) {
	first, rest := line(raw[emptyLines(raw):])
	h := Head{Raw: raw, FirstLine: len(first)}
	protocol, after, _ := bytes.Cut(first, []byte{' '})
	if !h.version(protocol) || len(after) < 3 || len(after) > 3 && after[3] != ' ' {
		return h, fmt.Errorf("%w: the first line is no status line", ErrMalformed)
	}
	for _, digit := range after[:3] {
		if digit < '0' || digit > '9' {
			return h, fmt.Errorf("%w: the status is no number", ErrMalformed)
		}
		h.Status = h.Status*10 + int(digit-'0')
	}
	lengths, err := h.walk(rest)
	if err != nil {
		return h, err
	}
	return h, h.frameResponse(lengths, method)
}

func (h *Head) frameResponse(said lengths, method []byte) error {
	switch {
	case h.Status < 200 || h.Status == 204 || h.Status == 304, string(method) == "HEAD", string(method) == "CONNECT" && h.Status < 300:
	case said.codings > 0 && said.chunked:
		h.Framing = Chunked
	case said.codings > 0:
		h.Framing = UntilClose
	case said.bad || said.differ:
		return fmt.Errorf("%w: Content-Length is no number, or two", ErrAmbiguous)
	case said.lengths > 0:
		if said.length > 0 {
			h.Framing, h.Length = Length, said.length
		}
	default:
		h.Framing = UntilClose
	}
	return nil
}

func (h *Head) version(p []byte) bool {
	if len(p) != 8 || string(p[:7]) != "HTTP/1." || p[7] < '0' || p[7] > '9' {
		return false
	}
	h.Minor = int(p[7] - '0')
	return true
}

// lengths is what the header lines say of the body.
type lengths struct {
	lengths, codings int // lines of Content-Length and Transfer-Encoding
	length           int64
	chunked          bool // the last coding is chunked, and there is no other
	bad, differ      bool
}

// walk checks the header lines and picks out those that say where the body ends.
func (h *Head) walk(p []byte) (said lengths, err error) {
	begin := p
	for len(p) > 0 {
		text, rest := line(p)
		if len(text) == 0 {
			break
		}
		name, value, ok := bytes.Cut(text, []byte{':'})
		if !ok || !isToken(name) {
			return said, fmt.Errorf("%w: a header line has no name, or goes on with the line before it", ErrMalformed)
		}
		if !isValue(value) {
			return said, fmt.Errorf("%w: the value of %s has control characters", ErrMalformed, name)
		}
		h.HeaderBytes += len(text)
		said.take(name, value)
		p = rest
	}
	h.fields = begin[:len(begin)-len(p)]
	return said, nil
}

func (l *lengths) take(name, value []byte) {
	switch {
	case len(name) == len("Content-Length") && bytes.EqualFold(name, []byte("Content-Length")):
		n, ok := parseLength(bytes.Trim(value, " \t"))
		l.bad = l.bad || !ok
		l.differ = l.differ || l.lengths > 0 && n != l.length
		l.length = n
		l.lengths++
	case len(name) == len("Transfer-Encoding") && bytes.EqualFold(name, []byte("Transfer-Encoding")):
		l.codings++
		l.chunked = bytes.EqualFold(bytes.Trim(value, " \t"), []byte("chunked"))
	}
}

// parseLength reads digits, and nothing but digits. More than 18 of them are no length.
func parseLength(p []byte) (n int64, ok bool) {
	for _, digit := range p {
		if digit < '0' || digit > '9' {
			return 0, false
		}
		n = n*10 + int64(digit-'0')
	}
	return n, len(p) > 0 && len(p) <= 18
}

// Fields gives the header lines, name and value without the blanks around it, in their order.
func (h *Head) Fields() iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		for p := h.fields; len(p) > 0; {
			var text []byte
			text, p = line(p)
			name, value, _ := bytes.Cut(text, []byte{':'})
			if !yield(name, bytes.Trim(value, " \t")) {
				return
			}
		}
	}
}

// Get returns the value of the first header of that name, or nil.
func (h *Head) Get(name string) []byte {
	for p := h.fields; len(p) > 0; {
		var text []byte
		text, p = line(p)
		if len(text) > len(name) && text[len(name)] == ':' && bytes.EqualFold(text[:len(name)], []byte(name)) {
			return bytes.Trim(text[len(name)+1:], " \t")
		}
	}
	return nil
}

// Body returns where the body of the message begins to be walked.
func (h *Head) Body() Body { return Body{framing: h.Framing, left: h.Length} }

// First is the first line, without its end.
func (h *Head) First() []byte {
	at := emptyLines(h.Raw)
	return h.Raw[at : at+h.FirstLine]
}

// Lines gives the header lines without their ends, each with the name that it begins with, in their order.
func (h *Head) Lines() iter.Seq2[[]byte, []byte] {
	return func(yield func(line, name []byte) bool) {
		for p := h.fields; len(p) > 0; {
			var text []byte
			text, p = line(p)
			if name, _, _ := bytes.Cut(text, []byte{':'}); !yield(text, name) {
				return
			}
		}
	}
}
