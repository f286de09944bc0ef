package tree

import (
	"bytes"
	"math/big"
	"strconv"
	"strings"
)

// Equal tells whether two values are the same: members in any order, numbers by their exact value (1.0 is 1, 1e2 is 100, -0 is 0).
func Equal(a, b *Value) bool {
	d := differ{limit: 1}
	d.compare("", a, b)
	return len(d.found) == 0
}

// Difference is one place where two values differ.
type Difference struct {
	Path string // member names joined by dots, elements by number; "": the value itself
	Want *Value // nil: nothing is there
	Got  *Value // nil: nothing is there
}

// Diff returns the places where got differs from want, in the order of want, limit of them at most.
func Diff(want, got *Value, limit int) []Difference {
	d := differ{limit: limit}
	d.compare("", want, got)
	return d.found
}

type differ struct {
	found []Difference
	limit int
}

func (d *differ) full() bool { return len(d.found) >= d.limit }

func (d *differ) add(path string, want, got *Value) {
	if !d.full() {
		d.found = append(d.found, Difference{path, want, got})
	}
}

func (d *differ) compare(path string, want, got *Value) {
	switch {
	case d.full() || want == got || want != nil && got != nil && !want.parsed && !got.parsed && bytes.Equal(want.raw, got.raw):
	case want == nil || got == nil || want.kind != got.kind:
		d.add(path, want, got)
	case want.kind == Object:
		d.objects(path, want, got)
	case want.kind == Array:
		d.arrays(path, want, got)
	case !equalScalars(want, got):
		d.add(path, want, got)
	}
}

func (d *differ) objects(path string, want, got *Value) {
	for name, value := range want.Members() {
		if d.compare(join(path, name), value, got.Get(name)); d.full() {
			return
		}
	}
	for name, value := range got.Members() {
		if want.Get(name) == nil {
			d.add(join(path, name), nil, value)
		}
	}
}

func (d *differ) arrays(path string, want, got *Value) {
	for i := range max(want.Len(), got.Len()) {
		if d.compare(join(path, strconv.Itoa(i)), want.At(i), got.At(i)); d.full() {
			return
		}
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func equalScalars(a, b *Value) bool {
	switch a.kind {
	case Bool:
		return a.raw[0] == b.raw[0]
	case Number:
		return equalNumbers(a.raw, b.raw)
	case String:
		return bytes.Equal(unquote(a.raw), unquote(b.raw))
	}
	return true
}

func equalNumbers(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	x, y := decimalOf(string(a)), decimalOf(string(b))
	return x.negative == y.negative && x.digits == y.digits && x.exponent.Cmp(y.exponent) == 0
}

// decimal is digits × 10^exponent; the digits neither begin nor end with a zero. Nothing is expanded.
type decimal struct {
	negative bool
	digits   string // "": zero
	exponent *big.Int
}

func decimalOf(literal string) decimal {
	d := decimal{exponent: new(big.Int)}
	literal, d.negative = strings.CutPrefix(literal, "-")
	if at := strings.IndexAny(literal, "eE"); at >= 0 {
		d.exponent.SetString(strings.TrimPrefix(literal[at+1:], "+"), 10)
		literal = literal[:at]
	}
	whole, fraction, _ := strings.Cut(literal, ".")
	digits := whole + fraction
	d.digits = strings.TrimRight(digits, "0")
	d.exponent.Add(d.exponent, big.NewInt(int64(len(digits)-len(d.digits)-len(fraction))))
	if d.digits = strings.TrimLeft(d.digits, "0"); d.digits == "" {
		return decimal{exponent: new(big.Int)}
	}
	return d
}
