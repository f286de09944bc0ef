package tree

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// MaxDepth is how deep values may lie in each other.
const MaxDepth = 1000

var errDepth = fmt.Errorf("values lie more than %d deep in each other", MaxDepth)

// space returns where white space that begins at i ends.
func space(text []byte, i int) int {
	for i < len(text) && text[i] <= ' ' && (text[i] == ' ' || text[i] == '\n' || text[i] == '\t' || text[i] == '\r') {
		i++
	}
	return i
}

// plain returns where the plain text of a string ends that begins at i: at a quote, a backslash, a control character or the end. It
// looks at eight bytes at a time: in each of the three terms the lowest byte whose high bit is set is one that is looked for.
func plain(text []byte, i int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(text); i += 8 {
		w := binary.LittleEndian.Uint64(text[i:])
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		if found := ((quote-ones)&^quote | (slash-ones)&^slash | (w-ones*' ')&^w) & highs; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for i < len(text) && text[i] != '"' && text[i] != '\\' && text[i] >= ' ' {
		i++
	}
	return i
}

// check returns where the value that begins at i ends.
func check(text []byte, i, depth int) (int, error) {
	if i >= len(text) {
		return i, errors.New("it ends too early")
	}
	switch text[i] {
	case '{':
		return checkObject(text, i, depth)
	case '[':
		return checkArray(text, i, depth)
	case '"':
		return checkString(text, i)
	case 't':
		return checkWord(text, i, "true")
	case 'f':
		return checkWord(text, i, "false")
	case 'n':
		return checkWord(text, i, "null")
	}
	return checkNumber(text, i)
}

func checkWord(text []byte, i int, word string) (int, error) {
	if !bytes.HasPrefix(text[i:], []byte(word)) {
		return i, unexpected(text, i)
	}
	return i + len(word), nil
}

func unexpected(text []byte, i int) error {
	if i >= len(text) {
		return errors.New("it ends too early")
	}
	return fmt.Errorf("byte %d: unexpected %q", i, text[i])
}

func checkObject(text []byte, i, depth int) (int, error) {
	if depth >= MaxDepth {
		return i, errDepth
	}
	i = space(text, i+1)
	if i < len(text) && text[i] == '}' {
		return i + 1, nil
	}
	for {
		var err error
		if i, err = checkMember(text, i, depth); err != nil {
			return i, err
		}
		i = space(text, i)
		if i < len(text) && text[i] == '}' {
			return i + 1, nil
		}
		if i >= len(text) || text[i] != ',' {
			return i, unexpected(text, i)
		}
		i = space(text, i+1)
	}
}

func checkMember(text []byte, i, depth int) (int, error) {
	if i >= len(text) || text[i] != '"' {
		return i, unexpected(text, i)
	}
	i, err := checkString(text, i)
	if err != nil {
		return i, err
	}
	if i = space(text, i); i >= len(text) || text[i] != ':' {
		return i, unexpected(text, i)
	}
	return check(text, space(text, i+1), depth+1)
}

func checkArray(text []byte, i, depth int) (int, error) {
	if depth >= MaxDepth {
		return i, errDepth
	}
	i = space(text, i+1)
	if i < len(text) && text[i] == ']' {
		return i + 1, nil
	}
	for {
		var err error
		if i, err = check(text, i, depth+1); err != nil {
			return i, err
		}
		i = space(text, i)
		if i < len(text) && text[i] == ']' {
			return i + 1, nil
		}
		if i >= len(text) || text[i] != ',' {
			return i, unexpected(text, i)
		}
		i = space(text, i+1)
	}
}

func checkString(text []byte, i int) (int, error) {
	for i++; ; {
		i = plain(text, i)
		switch {
		case i >= len(text):
			return i, unexpected(text, i)
		case text[i] == '"':
			return i + 1, nil
		case text[i] < ' ':
			return i, fmt.Errorf("byte %d: a control character in a string", i)
		}
		var err error
		if i, err = checkEscape(text, i+1); err != nil {
			return i, err
		}
	}
}

// checkEscape returns where what follows a backslash ends.
func checkEscape(text []byte, i int) (int, error) {
	if i >= len(text) {
		return i, unexpected(text, i)
	}
	switch text[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 1, nil
	case 'u':
		if i+4 >= len(text) || !hex(text[i+1:i+5]) {
			return i, fmt.Errorf("byte %d: an escape that is not four hexadecimal digits", i)
		}
		return i + 5, nil
	}
	return i, fmt.Errorf("byte %d: no escape of JSON: \\%c", i, text[i])
}

func hex(digits []byte) bool {
	for _, c := range digits {
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return true
}

func checkNumber(text []byte, i int) (int, error) {
	if i < len(text) && text[i] == '-' {
		i++
	}
	from := i
	if i < len(text) && text[i] == '0' {
		i++
	} else if i = digits(text, i); i == from {
		return i, unexpected(text, i)
	}
	if i < len(text) && text[i] == '.' {
		from = i + 1
		if i = digits(text, from); i == from {
			return i, unexpected(text, i)
		}
	}
	if i < len(text) && text[i]|0x20 == 'e' {
		if i++; i < len(text) && (text[i] == '+' || text[i] == '-') {
			i++
		}
		from = i
		if i = digits(text, from); i == from {
			return i, unexpected(text, i)
		}
	}
	return i, nil
}

// digits returns where the digits that begin at i end.
func digits(text []byte, i int) int {
	for i < len(text) && text[i]-'0' <= 9 {
		i++
	}
	return i
}
