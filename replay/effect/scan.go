package effect

import (
	"bytes"
	"encoding/json"
)

// cursor walks JSON without parsing what nobody asks for. After the first thing that is no JSON it is broken: it stays where it is, and
// every method gives nothing. It takes some texts for JSON that are none: it is for what a server has taken, or has made.
type cursor struct {
	text   []byte
	at     int
	broken bool
}

// deepest is how deep values that are passed over may lie in each other.
const deepest = 1000

func (c *cursor) fail() { c.broken = true }

// peek passes white space, and gives the byte after it; 0 at the end.
func (c *cursor) peek() byte {
	if c.broken {
		return 0
	}
	for c.at < len(c.text) {
		switch b := c.text[c.at]; b {
		case ' ', '\t', '\n', '\r':
			c.at++
		default:
			return b
		}
	}
	return 0
}

// take passes a byte, if it comes next.
func (c *cursor) take(b byte) bool {
	if c.peek() != b || c.broken || c.at >= len(c.text) {
		return false
	}
	c.at++
	return true
}

// want passes a byte that must come next.
func (c *cursor) want(b byte) {
	if !c.take(b) {
		c.fail()
	}
}

// more tells whether another member or element comes, of an object or array that ends in end, and passes what is before it.
func (c *cursor) more(first *bool, end byte) bool {
	if c.broken || c.take(end) {
		return false
	}
	if !*first {
		c.want(',')
	}
	*first = false
	return !c.broken
}

// name passes the name of a member, and its colon.
func (c *cursor) name() []byte {
	name := c.string()
	c.want(':')
	return name
}

// string passes a string, and gives what it says; the bytes are the cursor's where nothing is escaped.
func (c *cursor) string() []byte {
	raw, escaped := c.quoted()
	if !escaped || c.broken {
		return raw
	}
	var plain string
	if json.Unmarshal(raw, &plain) != nil {
		c.fail()
		return nil
	}
	return []byte(plain)
}

// quoted passes a string: what lies between the quotes, or all of it where something is escaped.
func (c *cursor) quoted() (raw []byte, escaped bool) {
	c.want('"')
	if c.broken {
		return nil, false
	}
	from := c.at
	for {
		end := bytes.IndexByte(c.text[c.at:], '"')
		if end < 0 {
			c.fail()
			return nil, false
		}
		part := c.text[c.at : c.at+end]
		slash := bytes.IndexByte(part, '\\')
		if slash < 0 {
			c.at += end + 1
			break
		}
		escaped = true
		c.at += slash + 2
		if c.at > len(c.text) {
			c.fail()
			return nil, false
		}
	}
	if escaped {
		return c.text[from-1 : c.at], true
	}
	return c.text[from : c.at-1], false
}

// scalar passes any value, and gives what a string says, or a number or boolean as it is written; nil for the others.
func (c *cursor) scalar() []byte {
	switch c.peek() {
	case '"':
		return c.string()
	case '{', '[':
		c.skip()
		return nil
	}
	word := c.word()
	if string(word) == "null" {
		return nil
	}
	return word
}

// word passes a number, or one of the three words.
func (c *cursor) word() []byte {
	c.peek()
	from := c.at
	for !c.broken && c.at < len(c.text) {
		b := c.text[c.at]
		if b != '-' && b != '+' && b != '.' && (b < '0' || b > '9') && (b < 'a' || b > 'z') && (b < 'A' || b > 'Z') {
			break
		}
		c.at++
	}
	if c.at == from {
		c.fail()
	}
	return c.text[from:c.at]
}

// number passes a value, and gives the whole number that it is.
func (c *cursor) number() (n int64, ok bool) {
	return whole(c.scalar())
}

// whole reads a whole number of at most 18 digits, or of 19 that fit.
func whole(word []byte) (n int64, ok bool) {
	digits := bytes.TrimPrefix(word, []byte("-"))
	if len(digits) == 0 || len(digits) > 19 {
		return 0, false
	}
	for _, b := range digits {
		if b < '0' || b > '9' {
			return 0, false
		}
		n = n*10 + int64(b-'0')
		if n < 0 {
			return 0, false
		}
	}
	if len(digits) < len(word) {
		n = -n
	}
	return n, true
}

// skip passes a value.
func (c *cursor) skip() {
	depth := 0
	for {
		switch c.peek() {
		case 0:
			c.fail()
			return
		case '"':
			c.quoted()
		case '{', '[':
			c.at++
			depth++
		case '}', ']':
			c.at++
			depth--
		case ',', ':':
			if depth == 0 {
				c.fail()
				return
			}
			c.at++
		default:
			c.word()
		}
		if c.broken || depth < 0 || depth > deepest {
			c.fail()
			return
		}
		if depth == 0 {
			return
		}
	}
}
