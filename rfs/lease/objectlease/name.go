package objectlease

import (
	"encoding/hex"
	"strings"
)

const partSize = 200

const upperHex = "0123456789ABCDEF"

// escape makes a part of an object's name of a key: letters and digits and '-' stay, all else becomes a letter for its range
// and two digits, so that names have the order of keys, in bytes, and no store or file system reads anything into
// them. The letter for a range is above what stays below the range, and below what stays above it. Some stores are file systems,
// whose names have at most 255 bytes: a slash after each 200 leaves the order as it is.
//
//	bytes  00-2C  2D    2E-2F  30-39  3A-40  41-5A  5B-60  61-7A  7B-FF
//	       !XX    -     .XX    0-9    =XX    A-Z    _XX    a-z    ~XX
func escape(key string) string {
	var name []byte
	put := func(c byte) {
		if len(name)%(partSize+1) == partSize {
			name = append(name, '/')
		}
		name = append(name, c)
	}
	for i := range len(key) {
		c := key[i]
		sign := signOf(c)
		if sign == 0 {
			put(c)
			continue
		}
		put(sign)
		put(upperHex[c>>4])
		put(upperHex[c&15])
	}
	return string(name)
}

// signOf is what a byte is escaped with, or 0.
func signOf(c byte) byte {
	switch {
	case c < '-':
		return '!'
	case c == '-', '0' <= c && c <= '9', 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z':
		return 0
	case c < '0':
		return '.'
	case c < 'A':
		return '='
	case c < 'a':
		return '_'
	}
	return '~'
}

// unescape is the key that has a name; ok is false where no key has it.
func unescape(name string) (key string, ok bool) {
	var b strings.Builder
	parts := strings.ReplaceAll(name, "/", "")
	for i := 0; i < len(parts); i++ {
		c := parts[i]
		if signOf(c) == 0 {
			b.WriteByte(c)
			continue
		}
		if i+3 > len(parts) {
			return "", false
		}
		decoded, err := hex.DecodeString(parts[i+1 : i+3])
		if err != nil {
			return "", false
		}
		b.Write(decoded)
		i += 2
	}
	key = b.String()
	return key, escape(key) == name
}
