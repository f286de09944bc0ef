package verify

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// actionParser reads an action line from the left, without copying what has no escapes. After what it does not expect it is bad.
type actionParser struct {
	rest []byte
	bad  bool
}

// next takes a byte if it comes next.
func (p *actionParser) next(b byte) bool {
	p.rest = bytes.TrimLeft(p.rest, " \t")
	if len(p.rest) == 0 || p.rest[0] != b {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

// take takes a byte, which must come next.
func (p *actionParser) take(b byte) {
	if !p.next(b) {
		p.bad, p.rest = true, nil
	}
}

// text takes a string.
func (p *actionParser) text() []byte {
	p.take('"')
	for i, b := range p.rest {
		switch b {
		case '\\':
			return p.escaped()
		case '"':
			text := p.rest[:i]
			p.rest = p.rest[i+1:]
			return text
		}
	}
	p.bad, p.rest = true, nil
	return nil
}

// escaped takes the rest of a string that has escapes.
func (p *actionParser) escaped() []byte {
	for i := 0; i < len(p.rest); i++ {
		switch p.rest[i] {
		case '\\':
			i++
		case '"':
			quoted := append([]byte{'"'}, p.rest[:i+1]...)
			p.rest = p.rest[i+1:]
			var text string
			p.bad = p.bad || json.Unmarshal(quoted, &text) != nil
			return []byte(text)
		}
	}
	p.bad, p.rest = true, nil
	return nil
}

// number takes a whole number.
func (p *actionParser) number() int64 {
	p.rest = bytes.TrimLeft(p.rest, " \t")
	end := 0
	for end < len(p.rest) && (p.rest[end] == '-' || p.rest[end] >= '0' && p.rest[end] <= '9') {
		end++
	}
	n, err := strconv.ParseInt(string(p.rest[:end]), 10, 64)
	p.bad = p.bad || err != nil
	p.rest = p.rest[end:]
	return n
}

// skip takes a value that does not matter: a string, a number, true, false or null.
func (p *actionParser) skip() {
	p.rest = bytes.TrimLeft(p.rest, " \t")
	if len(p.rest) > 0 && p.rest[0] == '"' {
		p.text()
		return
	}
	end := bytes.IndexAny(p.rest, ",}")
	if end <= 0 {
		p.bad, p.rest = true, nil
		return
	}
	p.rest = p.rest[end:]
}
