package tree

import (
	"bytes"
	"strconv"
	"strings"
)

// Equal tells whether two values are the same: members in any order, numbers by their exact value (1.0 is 1, 1e2 is 100, -0 is 0).
func Equal(a, b *Value) bool {
	d := differ{limit: 1}
	d.compare(a, b)
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
	d.compare(want, got)
	return d.found
}

type differ struct {
	found []Difference
	limit int
	path  []step
}

// step is a member's name, or the number of an element. It becomes text when something is found.
type step struct {
	name   []byte
	number int
}

func (d *differ) full() bool { return len(d.found) >= d.limit }

func (d *differ) add(want, got *Value) {
	if d.full() {
		return
	}
	var path []byte
	for i, s := range d.path {
		if i > 0 {
			path = append(path, '.')
		}
		if path = append(path, s.name...); s.name == nil {
			path = strconv.AppendInt(path, int64(s.number), 10)
		}
	}
	d.found = append(d.found, Difference{string(path), want, got})
}

// at compares what lies at a step from here.
func (d *differ) at(s step, want, got *Value) {
	d.path = append(d.path, s)
	d.compare(want, got)
	d.path = d.path[:len(d.path)-1]
}

func (d *differ) compare(want, got *Value) {
	switch {
	case d.full() || want == got || want != nil && got != nil && want.parts == nil && got.parts == nil && bytes.Equal(want.raw, got.raw):
	case want == nil || got == nil || want.kind != got.kind:
		d.add(want, got)
	case want.kind == Object:
		d.objects(want, got)
	case want.kind == Array:
		for i := 0; i < max(want.Len(), got.Len()) && !d.full(); i++ {
			d.at(step{number: i}, want.At(i), got.At(i))
		}
	case !equalScalars(want, got):
		d.add(want, got)
	}
}

func (d *differ) objects(want, got *Value) {
	want.parse()
	got.parse()
	want.examine()
	aligned := sameNames(want.members, got.members)
	for i := range want.members {
		if d.full() {
			return
		}
		if !want.counts(i) {
			continue
		}
		name, other := want.members[i].name, i
		if !aligned {
			other = lookup(got.parts, name)
		}
		var there *Value
		if other >= 0 {
			there = got.members[other].value
		}
		d.at(step{name: name}, want.members[i].value, there)
	}
	if aligned {
		return
	}
	got.examine()
	for i := range got.members {
		if name := got.members[i].name; got.counts(i) && lookup(want.parts, name) < 0 {
			d.at(step{name: name}, nil, got.members[i].value)
		}
	}
}

// sameNames tells whether members have the same names in the same order.
func sameNames(a, b []member) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if (a[i].value == nil) != (b[i].value == nil) || !bytes.Equal(a[i].name, b[i].name) {
			return false
		}
	}
	return true
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
	x, y := decimalOf(a), decimalOf(b)
	return x == y
}

// decimal is digits × 10^exponent; the digits neither begin nor end with a zero. Nothing is expanded.
type decimal struct {
	negative bool
	digits   string // "": zero
	exponent string // as short as it can be
}

func decimalOf(literal []byte) decimal {
	rest, negative := bytes.CutPrefix(literal, []byte("-"))
	mantissa, exponent := rest, []byte("0")
	if at := bytes.IndexAny(rest, "eE"); at >= 0 {
		mantissa, exponent = rest[:at], rest[at+1:]
	}
	whole, fraction, _ := bytes.Cut(mantissa, []byte("."))
	digits := string(whole) + string(fraction)
	trimmed := strings.TrimRight(digits, "0")
	d := decimal{negative: negative, digits: strings.TrimLeft(trimmed, "0")}
	if d.digits == "" {
		return decimal{}
	}
	d.exponent = shift(string(exponent), len(digits)-len(trimmed)-len(fraction))
	return d
}

// shift adds a number of digits of a text to an exponent, which may have as many digits itself.
func shift(exponent string, by int) string {
	magnitude := strings.TrimLeft(strings.TrimLeft(exponent, "+-"), "0")
	negative := exponent[0] == '-'
	if len(magnitude) <= 17 {
		n, _ := strconv.ParseInt("0"+magnitude, 10, 64)
		if negative {
			n = -n
		}
		return strconv.FormatInt(n+int64(by), 10)
	}
	if negative { // the sign stays, as no text has 10^17 bytes
		by = -by
	}
	digits := []byte("0" + magnitude)
	for i := len(digits) - 1; by != 0; i-- {
		sum := int(digits[i]-'0') + by
		digit := (sum%10 + 10) % 10
		digits[i] = byte('0' + digit)
		by = (sum - digit) / 10
	}
	text := strings.TrimLeft(string(digits), "0")
	if negative {
		return "-" + text
	}
	return text
}
