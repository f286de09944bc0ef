package proxy

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Path names fields of JSON: names between dots, * for any name, and an empty name (two dots) for any number of levels. Arrays have no
// level of their own: a.b is b in a, and in each object of a list a.
type Path struct{ steps []step }

type step struct {
	name string
	any  bool
	deep bool // any levels may come before it
}

// mostSteps fit into the states of a masker.
const mostSteps = 31

// ParsePath reads a path: user.email, $.user.*, $..password.
func ParsePath(text string) (Path, error) {
	var path Path
	deep := false
	rest := strings.TrimPrefix(text, "$")
	if rest != text {
		rest = strings.TrimPrefix(rest, ".")
		if strings.HasPrefix(rest, ".") {
			rest = rest[1:]
			deep = true
		}
	}
	for name := range strings.SplitSeq(strings.ReplaceAll(rest, "[*]", ""), ".") {
		if name == "" {
			deep = true
			continue
		}
		path.steps = append(path.steps, step{name: name, any: name == "*", deep: deep})
		deep = false
	}
	if len(path.steps) == 0 || deep || len(path.steps) > mostSteps || strings.ContainsAny(rest, " '\"") {
		return path, fmt.Errorf("%q is no path of a field: want names between dots, like user.email, $..password or items[*].price", text)
	}
	return path, nil
}

// masker overwrites values in JSON, or lines of JSON, that comes in pieces, in place: letters by x, digits by 1, true, false and null by null.
// Lengths stay, and JSON stays JSON. What is no JSON is overwritten as a whole from there on.
type masker struct {
	paths  []Path
	state  maskState
	stack  []level
	key    []byte // of the object's field, as it is written
	hidden int    // levels of the stack from which on all is overwritten; 0 is none
	leaf   bool   // the scalar that is read is overwritten
	word   string // the literal that is read
	at     int    // bytes of it so far
	broken bool
}

// level is an object or an array that is open: where the paths stand, as bits.
type level struct {
	at     []uint32 // bit n: n steps of the path are there
	next   []uint32 // of the field whose value comes
	object bool
	hit    bool // the value of the field is overwritten
}

type maskState uint8

const (
	maskValue maskState = iota // a value, or the end of an array
	maskKey                    // a field's name, or the end of an object
	maskInKey
	maskKeyEscape
	maskColon
	maskInString
	maskEscape
	maskNumber
	maskWord
	maskAfter // a comma, or an end
)

// mostLevels are deeper than any server reads.
const mostLevels = 1000

func newMasker(paths []Path) *masker { return &masker{paths: paths} }

// mask overwrites in p.
func (m *masker) mask(p []byte) {
	for i := range p {
		if m.broken {
			if p[i] > ' ' {
				p[i] = 'x'
			}
			continue
		}
		m.step(p, i)
	}
}

func (m *masker) step(p []byte, i int) {
	c := p[i]
	switch m.state {
	case maskInString, maskEscape:
		m.inString(p, i)
	case maskInKey, maskKeyEscape:
		m.inKey(c)
	case maskNumber, maskWord:
		if c == ',' || c == ']' || c == '}' || c <= ' ' {
			m.state = maskAfter
			m.step(p, i)
			return
		}
		m.scalar(p, i)
	default:
		if c == ' ' || c == '\t' || c == '\n' || c == '\r' {
			return
		}
		m.token(p, i)
	}
}

// inString is within a value.
func (m *masker) inString(p []byte, i int) {
	c := p[i]
	switch {
	case m.state == maskEscape:
		m.state = maskInString
	case c == '\\':
		m.state = maskEscape
	case c == '"':
		m.state = maskAfter
		return
	}
	if m.leaf {
		p[i] = 'x'
	}
}

func (m *masker) inKey(c byte) {
	switch {
	case m.state == maskKeyEscape:
		m.state = maskInKey
	case c == '\\':
		m.state = maskKeyEscape
	case c == '"':
		m.state = maskColon
		m.field()
		return
	}
	if len(m.key) < 4<<10 {
		m.key = append(m.key, c)
	}
}

// field finds where the paths stand behind the field's name.
func (m *masker) field() {
	top := &m.stack[len(m.stack)-1]
	name := string(m.key)
	if strings.Contains(name, `\`) {
		if json.Unmarshal([]byte(`"`+name+`"`), &name) != nil {
			m.broken = true
			return
		}
	}
	top.hit = false
	for i, path := range m.paths {
		top.next[i] = 0
		for n, s := range path.steps {
			if top.at[i]&(1<<n) == 0 {
				continue
			}
			if s.deep {
				top.next[i] |= 1 << n
			}
			if s.any || s.name == name {
				top.next[i] |= 1 << (n + 1)
			}
		}
		top.hit = top.hit || top.next[i]&(1<<len(path.steps)) != 0
	}
	// Servers read {"a.b": 1} as {"a": {"b": 1}}.
	if strings.Contains(name, ".") && !top.hit {
		top.hit = m.dotted(top, strings.Split(name, "."))
	}
}

// dotted walks a name with dots as the fields that it stands for.
func (m *masker) dotted(top *level, names []string) (hit bool) {
	for i, path := range m.paths {
		at := top.at[i]
		for _, name := range names {
			next := uint32(0)
			for n, s := range path.steps {
				if at&(1<<n) == 0 {
					continue
				}
				if s.deep {
					next |= 1 << n
				}
				if s.any || s.name == name {
					next |= 1 << (n + 1)
				}
			}
			at = next
			hit = hit || at&(1<<len(path.steps)) != 0
		}
		top.next[i] |= at
	}
	return hit
}

func (m *masker) hides() bool {
	return m.hidden > 0 || len(m.stack) > 0 && m.stack[len(m.stack)-1].hit
}

func (m *masker) token(p []byte, i int) {
	c := p[i]
	switch m.state {
	case maskValue:
		m.value(p, i)
	case maskKey:
		switch c {
		case '"':
			m.state, m.key = maskInKey, m.key[:0]
		case '}':
			m.pop(c)
		default:
			m.wrong(p, i)
		}
	case maskColon:
		if c != ':' {
			m.wrong(p, i)
			return
		}
		m.state = maskValue
	default: // maskAfter
		switch {
		case len(m.stack) == 0: // the next document of several lines
			m.state = maskValue
			m.value(p, i)
		case c == ',' && m.stack[len(m.stack)-1].object:
			m.state = maskKey
		case c == ',':
			m.state = maskValue
		case c == '}' || c == ']':
			m.pop(c)
		default:
			m.wrong(p, i)
		}
	}
}

func (m *masker) value(p []byte, i int) {
	c := p[i]
	switch {
	case c == '{' || c == '[':
		m.push(c == '{')
	case c == ']':
		m.pop(c)
	case c == '"':
		m.state, m.leaf = maskInString, m.hides()
	case c == '-' || c >= '0' && c <= '9':
		m.state, m.leaf = maskNumber, m.hides()
		m.scalar(p, i)
	case words[c] != "":
		m.state, m.leaf, m.word, m.at = maskWord, m.hides(), words[c], 0
		m.scalar(p, i)
	default:
		m.wrong(p, i)
	}
}

// words are the literals by their first letters.
var words = [256]string{'t': "true", 'f': "false", 'n': "null"}

// scalar overwrites a byte of a number or of a literal.
func (m *masker) scalar(p []byte, i int) {
	c := p[i]
	digit := c >= '0' && c <= '9'
	switch {
	case m.state == maskNumber && !digit && !strings.ContainsRune("+-.eE", rune(c)), m.state == maskWord && (m.at >= len(m.word) || m.word[m.at] != c):
		m.wrong(p, i)
		return
	case m.leaf && digit:
		p[i] = '1'
	case m.leaf && m.state == maskWord:
		p[i] = "null "[m.at]
	}
	m.at++
}

func (m *masker) push(object bool) {
	if len(m.stack) >= mostLevels {
		m.broken = true
		return
	}
	l := level{at: make([]uint32, len(m.paths)), next: make([]uint32, len(m.paths)), object: object}
	hides := m.hides()
	if len(m.stack) == 0 {
		for i := range l.at {
			l.at[i] = 1
		}
	} else {
		copy(l.at, m.stack[len(m.stack)-1].next)
	}
	if !object {
		copy(l.next, l.at)
	}
	m.stack = append(m.stack, l)
	if hides && m.hidden == 0 {
		m.hidden = len(m.stack)
	}
	m.state = maskValue
	if object {
		m.state = maskKey
	}
}

func (m *masker) pop(c byte) {
	if len(m.stack) == 0 || m.stack[len(m.stack)-1].object != (c == '}') {
		m.broken = true
		return
	}
	m.stack = m.stack[:len(m.stack)-1]
	if m.hidden > len(m.stack) {
		m.hidden = 0
	}
	m.state = maskAfter
}

func (m *masker) wrong(p []byte, i int) {
	m.broken = true
	if p[i] > ' ' {
		p[i] = 'x'
	}
}
