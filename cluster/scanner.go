package cluster

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// scanner reads the JSON of an answer while it comes. It trusts the server that values are well formed, and checks only
// that what it looks at is what it expects; bytes of values go out as they came.
type scanner struct {
	in   io.Reader
	buf  []byte
	at   int // next byte in buf
	mark int // first byte in buf that is still wanted; -1: none before at
}

// Limits of what a scanner holds and how deep it looks.
const (
	scanChunk = 256 << 10
	scanMost  = maxAnswer // bytes of one value
	scanDepth = 10000     // of values in each other
)

var errNotJSON = errors.New("the answer is not the JSON of a search")

func newScanner(in io.Reader) *scanner {
	return &scanner{in: in, mark: -1, buf: make([]byte, 0, scanChunk)}
}

// fill reads more, at least a byte.
func (s *scanner) fill() error {
	keep := s.at
	if s.mark >= 0 {
		keep = s.mark
	}
	if keep > 0 {
		n := copy(s.buf, s.buf[keep:])
		s.buf, s.at = s.buf[:n], s.at-keep
		if s.mark >= 0 {
			s.mark = 0
		}
	}
	if len(s.buf) == cap(s.buf) {
		if len(s.buf) > scanMost {
			return fmt.Errorf("a value of the answer is larger than %d MiB", scanMost>>20)
		}
		s.buf = append(make([]byte, 0, 2*cap(s.buf)), s.buf...)
	}
	for {
		n, err := s.in.Read(s.buf[len(s.buf):cap(s.buf)])
		s.buf = s.buf[:len(s.buf)+n]
		switch {
		case n > 0:
			return nil
		case errors.Is(err, io.EOF):
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		}
	}
}

// peek returns the next byte that is no white space.
func (s *scanner) peek() (byte, error) {
	for {
		for s.at < len(s.buf) {
			switch b := s.buf[s.at]; b {
			case ' ', '\n', '\r', '\t':
				s.at++
			default:
				return b, nil
			}
		}
		if err := s.fill(); err != nil {
			return 0, err
		}
	}
}

// take takes the next byte that is no white space, which must be want.
func (s *scanner) take(want byte) error {
	b, err := s.peek()
	if err != nil {
		return err
	}
	if b != want {
		rest := s.buf[s.at:]
		return fmt.Errorf("%w: %q where %q is wanted", errNotJSON, rest[:min(len(rest), 40)], want)
	}
	s.at++
	return nil
}

// object calls member for each member, which must take its value.
func (s *scanner) object(member func(name string) error) error {
	return s.list('{', '}', func() error {
		name, err := s.text(nil)
		if err == nil {
			err = s.take(':')
		}
		if err != nil {
			return err
		}
		return member(string(name))
	})
}

// array calls element for each element, which must take it.
func (s *scanner) array(element func() error) error { return s.list('[', ']', element) }

func (s *scanner) list(begin, end byte, each func() error) error {
	if err := s.take(begin); err != nil {
		return err
	}
	for first := true; ; first = false {
		b, err := s.peek()
		if err != nil {
			return err
		}
		if b == end {
			s.at++
			return nil
		}
		if !first {
			if err := s.take(','); err != nil {
				return err
			}
		}
		if err := each(); err != nil {
			return err
		}
	}
}

// text appends a string, decoded.
func (s *scanner) text(dst []byte) ([]byte, error) {
	if b, err := s.peek(); err != nil || b != '"' {
		return dst, errors.Join(err, s.take('"'))
	}
	raw, err := s.raw()
	if err != nil {
		return dst, err
	}
	if inner := raw[1 : len(raw)-1]; bytes.IndexByte(inner, '\\') < 0 {
		return append(dst, inner...), nil
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return dst, fmt.Errorf("%w: %w", errNotJSON, err)
	}
	return append(dst, text...), nil
}

// raw returns the bytes of the next value, valid until the scanner goes on.
func (s *scanner) raw() ([]byte, error) {
	if _, err := s.peek(); err != nil {
		return nil, err
	}
	s.mark = s.at
	err := s.value()
	value := s.buf[max(s.mark, 0):s.at]
	s.mark = -1
	return value, err
}

// skip passes over the next value.
func (s *scanner) skip() error {
	if _, err := s.peek(); err != nil {
		return err
	}
	return s.value()
}

// value moves behind the value that begins here.
func (s *scanner) value() error {
	for depth := 0; ; {
		if s.at == len(s.buf) {
			if err := s.fill(); err != nil {
				return err
			}
		}
		b := s.buf[s.at]
		s.at++
		var err error
		switch b {
		case '"':
			err = s.quoted()
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		default:
			if depth == 0 {
				return s.literal()
			}
			continue
		}
		if depth < 0 || depth > scanDepth {
			err = fmt.Errorf("%w: an end without a begin, or more than %d values in each other", errNotJSON, scanDepth)
		}
		if err != nil || depth == 0 {
			return err
		}
	}
}

// quoted moves behind the end of a string that was begun.
func (s *scanner) quoted() error {
	escaped := false
	for {
		for i := s.at; i < len(s.buf); i++ {
			switch b := s.buf[i]; {
			case escaped:
				escaped = false
			case b == '\\':
				escaped = true
			case b == '"':
				s.at = i + 1
				return nil
			}
		}
		s.at = len(s.buf)
		if err := s.fill(); err != nil {
			return err
		}
	}
}

// literal moves behind a number, true, false or null.
func (s *scanner) literal() error {
	for {
		for s.at < len(s.buf) {
			switch s.buf[s.at] {
			case ',', '}', ']', ' ', '\n', '\r', '\t':
				return nil
			}
			s.at++
		}
		if err := s.fill(); err != nil {
			return err
		}
	}
}
