package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Bytes is a number of bytes. As text it has a binary unit: "10MiB".
type Bytes int64

// The units of Bytes.
const (
	KiB Bytes = 1 << 10
	MiB Bytes = 1 << 20
	GiB Bytes = 1 << 30
	TiB Bytes = 1 << 40
)

var units = []struct {
	name string
	size Bytes
}{{"TiB", TiB}, {"GiB", GiB}, {"MiB", MiB}, {"KiB", KiB}, {"B", 1}}

// ParseBytes reads "10MiB", "512 KiB", "4096B" or "4096", in any case. Units of
// a thousand (kB, MB) are refused, because Elasticsearch writes them and means 1024.
func ParseBytes(text string) (Bytes, error) {
	number, unit := text, Bytes(1)
	for _, u := range units {
		if head, found := cutSuffixFold(text, u.name); found {
			number, unit = strings.TrimSpace(head), u.size
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is no number of bytes: want a whole number with B, KiB, MiB, GiB or TiB, like 10MiB", text)
	}
	if Bytes(n) > math.MaxInt64/unit {
		return 0, fmt.Errorf("%q is more bytes than there can be", text)
	}
	return Bytes(n) * unit, nil
}

func cutSuffixFold(text, suffix string) (head string, found bool) {
	at := len(text) - len(suffix)
	if at < 0 || !strings.EqualFold(text[at:], suffix) {
		return text, false
	}
	return text[:at], true
}

// String gives the exact number in the largest unit that divides it.
func (b Bytes) String() string {
	for _, u := range units {
		if b != 0 && b%u.size == 0 {
			return strconv.FormatInt(int64(b/u.size), 10) + u.name
		}
	}
	return "0B"
}

// MarshalText makes JSON and YAML show what String shows.
func (b Bytes) MarshalText() ([]byte, error) { return []byte(b.String()), nil }
